WITH judged AS (
    SELECT l.*, m.reach FROM ledger l JOIN limits m ON m.kind = 'cash_report' AND m.place = l.branch_country AND m.currency = l.currency
    WHERE l.instrument = 'cash' AND l.direction = 'in' AND NOT coalesce(l.conductor_id = l.party_id, false) AND NOT linked(l.party_id, l.conductor_id, l.ts)
      AND NOT (l.amount > m.reach OR (l.amount = m.reach AND NOT m.over))
)
SELECT txn_id, direction FROM (
    SELECT txn_id, direction, conductor_id, reach, count(DISTINCT conductor_id) FILTER (WHERE conductor_id <> '') OVER w AS persons,
           sum(amount) FILTER (WHERE conductor_id <> '') OVER w AS pooled
    FROM judged WINDOW w AS (PARTITION BY account_id, currency ORDER BY ts RANGE BETWEEN INTERVAL '6 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
) WHERE conductor_id <> '' AND persons >= 3 AND pooled >= reach

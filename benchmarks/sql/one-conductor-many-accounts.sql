WITH judged AS (
    SELECT l.*, m.reach FROM ledger l JOIN limits m ON m.kind = 'cash_report' AND m.place = l.branch_country AND m.currency = l.currency
    LEFT JOIN people c ON c.party_id = l.conductor_id
    WHERE l.instrument = 'cash' AND l.direction = 'in' AND l.conductor_id <> l.party_id AND coalesce(c.party_class, '') NOT IN ('cash_in_transit', 'payroll_provider')
      AND NOT linked(l.party_id, l.conductor_id, l.ts) AND NOT (l.amount > m.reach OR (l.amount = m.reach AND NOT m.over))
)
SELECT txn_id, direction FROM (
    SELECT txn_id, direction, reach, count(DISTINCT party_id) OVER w AS holders, sum(amount) OVER w AS combined
    FROM judged WINDOW w AS (PARTITION BY conductor_id, currency ORDER BY ts RANGE BETWEEN INTERVAL '2 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
) WHERE holders >= 3 AND combined >= reach

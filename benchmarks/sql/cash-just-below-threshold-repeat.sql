WITH judged AS (
    SELECT l.*, m.reach FROM ledger l JOIN limits m ON m.kind = 'cash_report' AND m.place = l.branch_country AND m.currency = l.currency
    WHERE l.instrument = 'cash' AND 5 * l.amount >= 4 * m.reach AND NOT (l.amount > m.reach OR (l.amount = m.reach AND NOT m.over))
)
SELECT txn_id, direction FROM (
    SELECT txn_id, direction, party_id, reach, count(*) OVER w AS times, sum(amount) OVER w AS total,
           count(DISTINCT (ts AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin')::DATE) OVER w AS days
    FROM judged
    WINDOW w AS (PARTITION BY party_id, direction, currency ORDER BY ts RANGE BETWEEN INTERVAL '9 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
) WHERE party_id IS NOT NULL AND times >= 3 AND days >= 2 AND total >= reach

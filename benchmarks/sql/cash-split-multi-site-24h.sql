WITH judged AS (
    SELECT l.*, m.reach,
           CASE WHEN EXISTS (SELECT 1 FROM party_sites s WHERE s.party_id = l.party_id AND s.service_point_id = l.service_point_id
                             AND s.valid_from::TIMESTAMP <= l.ts AND l.ts < coalesce(s.valid_to::TIMESTAMP, TIMESTAMP '2900-01-01'))
                THEN 'own places' ELSE l.service_point_id END AS site
    FROM ledger l JOIN limits m ON m.kind = 'cash_report' AND m.place = l.branch_country AND m.currency = l.currency
    WHERE l.instrument = 'cash' AND NOT (l.amount > m.reach OR (l.amount = m.reach AND NOT m.over))
)
SELECT txn_id, direction FROM (
    SELECT txn_id, direction, party_id, reach, count(DISTINCT site) FILTER (WHERE site <> '') OVER w AS sites, sum(amount) OVER w AS total
    FROM judged WINDOW w AS (PARTITION BY party_id, direction, currency ORDER BY ts RANGE BETWEEN INTERVAL '23:59:59.999999' PRECEDING AND CURRENT ROW)
) WHERE party_id IS NOT NULL AND sites >= 2 AND total >= reach

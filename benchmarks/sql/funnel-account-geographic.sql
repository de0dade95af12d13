WITH needed AS (
    SELECT l.txn_id, l.direction, l.ts, l.account_id, l.region_code, l.amount_base, l.direction = 'out' AS judged,
           l.direction = 'in' AND l.instrument = 'cash' AND l.region_code <> a.home_region
           AND NOT coalesce(list_contains(p.registered_regions, l.region_code), false)
           AND 2 * 6371.0088 * asin(sqrt(least(1, power(sin(radians(a.home_latitude - l.latitude) / 2), 2)
               + cos(radians(l.latitude)) * cos(radians(a.home_latitude)) * power(sin(radians(a.home_longitude - l.longitude) / 2), 2)))) >= 150
           AND NOT (l.amount > m.reach OR (l.amount = m.reach AND NOT m.over)) AS far,
           a.opened_at
    FROM ledger l JOIN own_accounts a USING (account_id) LEFT JOIN people p ON p.party_id = l.party_id
    LEFT JOIN limits m ON m.kind = 'cash_report' AND m.place = l.branch_country AND m.currency = l.currency
    WHERE (l.direction = 'out' AND l.region_code IS NOT NULL) OR (l.direction = 'in' AND l.instrument = 'cash')
), first AS (
    SELECT n.*, count(*) FILTER (WHERE far) OVER (PARTITION BY account_id ORDER BY ts RANGE BETWEEN INTERVAL '2 days 23:59:59.999999' PRECEDING AND CURRENT ROW) AS recent,
           CASE WHEN ts - INTERVAL '30 days' >= first_at OR opened_at >= first_at THEN
           count(*) FILTER (WHERE far) OVER (PARTITION BY account_id, region_code ORDER BY ts RANGE BETWEEN INTERVAL '29 days 23:59:59.999999' PRECEDING AND CURRENT ROW) END AS here
    FROM (SELECT * FROM needed WHERE judged OR far) n, edge
)
SELECT txn_id, direction FROM (
    SELECT txn_id, direction, judged, count(*) FILTER (WHERE far) OVER w AS deposits, count(DISTINCT region_code) FILTER (WHERE far) OVER w AS regions,
           sum(amount_base) FILTER (WHERE far) OVER w AS paid_in, sum(amount_base) FILTER (WHERE judged AND recent > 0 AND here = 0) OVER w AS taken_out
    FROM first WINDOW w AS (PARTITION BY account_id ORDER BY ts RANGE BETWEEN INTERVAL '29 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
) WHERE judged AND regions >= 3 AND deposits >= 5 AND 10 * coalesce(taken_out, 0) >= 7 * paid_in

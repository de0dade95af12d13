WITH judged AS (
    SELECT l.txn_id, l.direction, l.ts, l.party_id, l.amount_base, coalesce(c.area_id, r.area_id, l.counterparty_region) AS area
    FROM ledger l LEFT JOIN geo_risk c ON c.region_code = l.counterparty_region AND c.category = 'conflict'
    LEFT JOIN geo_risk r ON r.region_code = l.counterparty_region AND r.category = 'tf_risk'
    WHERE l.direction = 'out' AND l.cross_border AND l.amount_base < 10000000 AND (c.region_code IS NOT NULL OR r.region_code IS NOT NULL) AND l.party_id IS NOT NULL
), measured AS (
    SELECT *, count(*) OVER w AS sent, sum(amount_base) OVER w AS total,
           coalesce(sum(amount_base) OVER (PARTITION BY party_id, area ORDER BY ts
                    RANGE BETWEEN INTERVAL '544 days 23:59:59.999999' PRECEDING AND INTERVAL '180 days' PRECEDING), 0) AS usual
    FROM judged WINDOW w AS (PARTITION BY party_id, area ORDER BY ts RANGE BETWEEN INTERVAL '179 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
)
SELECT txn_id, direction FROM measured m LEFT JOIN people p USING (party_id), edge
WHERE sent >= 8 AND total >= 20000000 AND total * 365 >= 3 * 180 * usual AND (ts - INTERVAL '545 days' >= first_at OR p.onboarded_at >= first_at)

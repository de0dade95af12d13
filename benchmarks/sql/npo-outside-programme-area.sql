WITH judged AS (
    SELECT l.txn_id, l.direction, l.ts, l.party_id, l.amount_base, l.counterparty_country, p.onboarded_at,
           l.cross_border AND EXISTS (SELECT 1 FROM geo_risk g WHERE g.region_code = l.counterparty_region AND g.category IN ('conflict', 'tf_risk')) AS risk_area, n.programme_countries
    FROM ledger l JOIN people p USING (party_id) LEFT JOIN npo_profiles n USING (party_id)
    WHERE p.party_type = 'npo' AND l.direction = 'out' AND NOT l.own_transfer
), measured AS (
    SELECT *, risk_area AND NOT list_contains(programme_countries, counterparty_country) AS outside,
           coalesce(sum(amount_base) FILTER (WHERE risk_area AND NOT list_contains(programme_countries, counterparty_country)) OVER w, 0) AS away, sum(amount_base) OVER w AS spent
    FROM judged WINDOW w AS (PARTITION BY party_id ORDER BY ts RANGE BETWEEN INTERVAL '179 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
)
SELECT txn_id, direction FROM measured m, edge
WHERE risk_area AND outside AND away >= 50000000 AND 10 * away >= spent AND ts + INTERVAL '30 days' <= last_at
  AND (ts - INTERVAL '180 days' >= first_at OR onboarded_at >= first_at)
  AND NOT EXISTS (SELECT 1 FROM npo_appeals q WHERE q.party_id = m.party_id AND q.country = m.counterparty_country
                  AND q.announced_at::TIMESTAMP > m.ts - INTERVAL '30 days' AND q.announced_at::TIMESTAMP <= m.ts + INTERVAL '30 days')

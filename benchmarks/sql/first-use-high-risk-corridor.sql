WITH abroad AS (
    SELECT l.txn_id, l.direction, l.ts, l.party_id, l.amount_base, l.counterparty_country, p.onboarded_at,
           NOT list_contains(list_concat(coalesce(p.expected_countries, []), [p.residence_country]), l.counterparty_country) AND l.ts - p.onboarded_at >= INTERVAL '180 days' AS judged
    FROM ledger l JOIN people p USING (party_id) WHERE l.cross_border
), measured AS (
    SELECT *, count(*) OVER (PARTITION BY party_id, counterparty_country ORDER BY ts
                             RANGE BETWEEN INTERVAL '743 days 23:59:59.999999' PRECEDING AND INTERVAL '14 days' PRECEDING) AS earlier,
           sum(amount_base) FILTER (WHERE judged) OVER (PARTITION BY party_id, counterparty_country ORDER BY ts
                             RANGE BETWEEN INTERVAL '13 days 23:59:59.999999' PRECEDING AND CURRENT ROW) AS amount
    FROM abroad
)
SELECT txn_id, direction FROM measured m LEFT JOIN country_scores s ON s.index_name = 'composite' AND s.country = m.counterparty_country, edge
WHERE judged AND earlier = 0 AND (ts - INTERVAL '744 days' >= first_at OR onboarded_at >= first_at) AND amount >= 50000000
  AND (on_list('fatf_increased_monitoring', m.counterparty_country, m.ts) OR s.score >= 0.6)

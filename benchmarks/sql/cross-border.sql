-- Two rules over the cross-border rows of a party: one relation, one key, two frames.
WITH abroad AS (
    SELECT l.txn_id, l.direction, l.ts, l.party_id, l.amount_base, l.counterparty_country, l.counterparty_bank_country, p.residence_country, p.expected_countries, p.group_countries
    FROM ledger l JOIN people p USING (party_id) WHERE l.cross_border
), placed AS (
    SELECT *, list_concat(coalesce(expected_countries, []), coalesce(group_countries, []), [residence_country]) AS ties,
           coalesce(counterparty_country, counterparty_bank_country) AS payee, coalesce(counterparty_bank_country, counterparty_country) AS bank,
           on_list('fatf_increased_monitoring', counterparty_country, ts)
           AND NOT list_contains(list_concat(coalesce(expected_countries, []), [residence_country]), counterparty_country) AS monitored
    FROM abroad
), scored AS (
    SELECT q.*, coalesce((on_list('eu_tax_non_cooperative_annex_i', payee, ts) OR a.score >= 65) AND NOT list_contains(ties, payee), false)
             OR coalesce((on_list('eu_tax_non_cooperative_annex_i', bank, ts) OR b.score >= 65) AND NOT list_contains(ties, bank), false) AS secret
    FROM placed q LEFT JOIN country_scores a ON a.index_name = 'fsi' AND a.country = payee LEFT JOIN country_scores b ON b.index_name = 'fsi' AND b.country = bank
), measured AS (
    SELECT *, coalesce(sum(amount_base) FILTER (WHERE secret) OVER half, 0) AS hidden, sum(amount_base) OVER half AS value_half,
           count(*) FILTER (WHERE secret AND payee <> bank) OVER half AS third,
           coalesce(sum(amount_base) FILTER (WHERE monitored) OVER quarter, 0) AS there, count(*) FILTER (WHERE monitored) OVER quarter AS times, sum(amount_base) OVER quarter AS value_quarter
    FROM scored
    WINDOW half AS (PARTITION BY party_id ORDER BY ts RANGE BETWEEN INTERVAL '179 days 23:59:59.999999' PRECEDING AND CURRENT ROW),
           quarter AS (PARTITION BY party_id ORDER BY ts RANGE BETWEEN INTERVAL '89 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
)
SELECT 'secrecy-jurisdiction-no-nexus' AS rule, txn_id, direction FROM measured WHERE secret AND hidden >= 250000000 AND (10 * hidden >= 3 * value_half OR third >= 1)
UNION ALL
SELECT 'fatf-increased-monitoring-concentration', txn_id, direction FROM measured WHERE monitored AND there >= 150000000 AND 10 * there >= 4 * value_quarter AND times >= 3

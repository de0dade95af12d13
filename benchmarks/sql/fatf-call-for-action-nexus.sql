WITH placed AS (
    SELECT l.txn_id, l.direction, l.ts, l.party_id, l.amount_base, p.expected_countries, p.residence_country, p.onboarded_at,
           on_list('fatf_call_for_action', l.counterparty_country, l.ts) AS one, on_list('fatf_call_for_action', l.counterparty_bank_country, l.ts) AS two,
           on_list('fatf_call_for_action', l.ip_country, l.ts) AS three, l.counterparty_country, l.counterparty_bank_country, l.ip_country, l.intermediary_countries
    FROM ledger l LEFT JOIN people p USING (party_id)
    WHERE l.counterparty_country IN (SELECT country FROM jl WHERE list_id = 'fatf_call_for_action')
       OR l.counterparty_bank_country IN (SELECT country FROM jl WHERE list_id = 'fatf_call_for_action')
       OR l.ip_country IN (SELECT country FROM jl WHERE list_id = 'fatf_call_for_action') OR l.intermediary_countries IS NOT NULL
), judged AS (
    SELECT *, CASE WHEN one THEN counterparty_country WHEN two THEN counterparty_bank_country WHEN three THEN ip_country END AS country
    FROM placed q WHERE one OR two OR three OR EXISTS (
        SELECT 1 FROM jl WHERE list_id = 'fatf_call_for_action' AND list_contains(q.intermediary_countries, jl.country) AND jl.valid_from <= q.ts AND q.ts < jl.valid_to)
), tied AS (
    SELECT *, CASE WHEN expected_countries IS NULL THEN NULL WHEN country IS NULL THEN EXISTS (
                  SELECT 1 FROM jl WHERE list_id = 'fatf_call_for_action' AND list_contains(j.expected_countries, jl.country) AND jl.valid_from <= j.ts AND j.ts < jl.valid_to)
              ELSE list_contains(expected_countries, country) END AS stated
    FROM judged j
), measured AS (
    SELECT *, count(*) FILTER (WHERE NOT stated AND country IS DISTINCT FROM residence_country) OVER w AS unannounced, sum(amount_base) OVER w AS recent,
           CASE WHEN ts - INTERVAL '395 days' >= first_at OR onboarded_at >= first_at THEN coalesce(sum(amount_base) OVER (PARTITION BY party_id ORDER BY ts
                RANGE BETWEEN INTERVAL '394 days 23:59:59.999999' PRECEDING AND INTERVAL '30 days' PRECEDING), 0) END AS usual
    FROM tied, edge WHERE party_id IS NOT NULL
    WINDOW w AS (PARTITION BY party_id ORDER BY ts RANGE BETWEEN INTERVAL '29 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
)
SELECT txn_id, direction FROM measured WHERE unannounced >= 1 OR (recent * 365 >= 3 * 30 * usual AND (usual > 0 OR stated IS NULL))

WITH noted AS (
    SELECT l.txn_id, l.direction, l.ts, l.party_id, l.amount_base, l.counterparty_key, coalesce(lower(trim(l.purpose_text)), '') AS note
    FROM ledger l JOIN people p USING (party_id)
    WHERE l.direction = 'out' AND NOT l.own_transfer AND l.amount_base >= 30000000 AND p.party_type <> 'person'
      AND coalesce(l.purpose_code, '') NOT IN ('SALA', 'PAYR', 'BONU', 'PENS', 'TAXS', 'VATX', 'WHLD', 'SSBE', 'UBIL', 'ELEC', 'GASB', 'WTER', 'PHON', 'RENT')
), worded AS (
    SELECT *, CASE WHEN length(regexp_replace(note, '[^0-9]', '', 'g')) >= 3 THEN note
              ELSE trim(regexp_replace(lower(strip_accents(note)), '[^\p{L}]+', ' ', 'g')) END AS wording FROM noted
), judged AS (SELECT *, wording = '' OR wording IN (SELECT term FROM generic_terms) AS vague FROM worded)
SELECT txn_id, direction FROM (
    SELECT txn_id, direction, count(*) OVER w AS payments, sum(amount_base) OVER w AS paid, coalesce(sum(amount_base) FILTER (WHERE vague) OVER w, 0) AS unexplained,
           count(DISTINCT counterparty_key) FILTER (WHERE wording <> '')
           OVER (PARTITION BY party_id, wording ORDER BY ts RANGE BETWEEN INTERVAL '59 days 23:59:59.999999' PRECEDING AND CURRENT ROW) AS payees
    FROM judged WINDOW w AS (PARTITION BY party_id ORDER BY ts RANGE BETWEEN INTERVAL '59 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
) WHERE payments >= 8 AND (10 * unexplained >= 6 * paid OR payees >= 5)

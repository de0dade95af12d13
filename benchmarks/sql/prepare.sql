-- The ledger with what the rules read, and the lists as macros. Amounts are whole 1/10,000 units, as exact as the engine's.
CREATE TEMP TABLE links AS
SELECT party_id AS a, related_party_id AS b, role, valid_from, coalesce(valid_to, TIMESTAMPTZ '2900-01-01') AS valid_to FROM party_links
UNION ALL
SELECT related_party_id, party_id, role, valid_from, coalesce(valid_to, TIMESTAMPTZ '2900-01-01') FROM party_links;

CREATE TEMP TABLE jl AS
SELECT list_id, country, measure, coalesce(valid_from::DATE, DATE '1900-01-01')::TIMESTAMP AS valid_from, coalesce(valid_to::DATE, DATE '2900-01-01')::TIMESTAMP AS valid_to
FROM jurisdiction_lists;

CREATE TEMP TABLE own_accounts AS
SELECT a.account_id, a.party_id AS holder, a.account_type, a.opened_at::TIMESTAMP AS opened_at, a.home_region, a.home_latitude, a.home_longitude FROM accounts a;

CREATE TEMP TABLE moves AS
SELECT t.* EXCLUDE (booked_at, amount, amount_base, from_party_id, to_party_id),
       t.booked_at::TIMESTAMP AS ts, (t.amount * 10000)::BIGINT AS amount, (t.amount_base * 10000)::BIGINT AS amount_base,
       coalesce(t.from_party_id, f.holder) AS from_party_id, coalesce(t.to_party_id, o.holder) AS to_party_id,
       f.account_id IS NOT NULL AS own_from, o.account_id IS NOT NULL AS own_to,
       coalesce(t.from_account_id = t.to_account_id, false) OR coalesce(coalesce(t.from_party_id, f.holder) = coalesce(t.to_party_id, o.holder), false) AS own_transfer,
       coalesce(t.from_country <> t.to_country, false) AS cross_border
FROM transactions t LEFT JOIN own_accounts f ON f.account_id = t.from_account_id LEFT JOIN own_accounts o ON o.account_id = t.to_account_id
WHERE t.status IS NULL OR t.status = 'booked';

CREATE MACRO other_key(account, party, name, bank, country) AS coalesce(
    account, 'party:' || party,
    'name:' || nullif(trim(regexp_replace(lower(name), '[^\p{L}\p{N}]+', ' ', 'g')), ''),
    CASE WHEN bank IS NOT NULL OR country IS NOT NULL THEN 'bank:' || coalesce(bank, '?') || '|' || coalesce(country, '?') END);

CREATE TEMP TABLE ledger AS
SELECT txn_id, 'in' AS direction, ts, txn_type, instrument, amount, currency, amount_base, to_account_id AS account_id, to_party_id AS party_id,
       to_country AS own_country, from_account_id AS counterparty_account_id, from_party_id AS counterparty_party_id, from_country AS counterparty_country,
       from_bank_country AS counterparty_bank_country, from_region AS counterparty_region, from_country,
       other_key(from_account_id, from_party_id, from_name, from_bank_id, from_country) AS counterparty_key, own_transfer, cross_border,
       branch_country, service_point_id, conductor_id, ip_country, region_code, latitude, longitude, purpose_code, purpose_text,
       intermediary_countries, provider_id, initiator, reversal_of, loan_id
FROM moves WHERE own_to
UNION ALL
SELECT txn_id, 'out', ts, txn_type, instrument, amount, currency, amount_base, from_account_id, from_party_id,
       from_country, to_account_id, to_party_id, to_country, to_bank_country, to_region, from_country,
       other_key(to_account_id, to_party_id, to_name, to_bank_id, to_country), own_transfer, cross_border,
       branch_country, service_point_id, conductor_id, ip_country, region_code, latitude, longitude, purpose_code, purpose_text,
       intermediary_countries, provider_id, initiator, reversal_of, loan_id
FROM moves WHERE own_from;

CREATE TEMP TABLE edge AS SELECT min(booked_at)::TIMESTAMP AS first_at, max(booked_at)::TIMESTAMP AS last_at FROM transactions;
CREATE TEMP TABLE people AS
SELECT party_id, party_type, party_class, residence_country, onboarded_at::TIMESTAMP AS onboarded_at, (declared_income_annual * 10000)::BIGINT AS income,
       (expected_monthly_turnover * 10000)::BIGINT AS turnover, expected_countries, group_countries, registered_regions, industry_code
FROM parties;

CREATE MACRO linked(one, two, moment) AS EXISTS (
    SELECT 1 FROM links l WHERE l.a = one AND l.b = two AND l.valid_from::TIMESTAMP <= moment AND moment < l.valid_to::TIMESTAMP);
CREATE MACRO on_list(list, place, moment) AS EXISTS (
    SELECT 1 FROM jl WHERE jl.list_id = list AND jl.country = place AND jl.valid_from <= moment AND moment < jl.valid_to);

-- Legal limits for each place and currency: the place's own, its bloc's, the profile's (EU), the global one, then the institution's
-- 10,000 base units. None of them changes within the data, so that one moment stands for all.
CREATE TEMP TABLE limits AS
WITH asked AS (
    SELECT DISTINCT 'cash_report' AS kind, branch_country AS place, currency FROM moves WHERE branch_country IS NOT NULL
    UNION SELECT DISTINCT 'originator_info', from_country, currency FROM moves WHERE from_country IS NOT NULL
    UNION SELECT DISTINCT 'originator_info', own_country, 'EUR' FROM ledger WHERE own_country IS NOT NULL
), valid AS (
    SELECT kind, jurisdiction, (amount::DECIMAL(18, 4) * 10000)::HUGEINT AS amount, currency, operator FROM thresholds
    WHERE coalesce(valid_from, '1900-01-01')::DATE <= DATE '2025-06-01' AND coalesce(valid_to, '2900-01-01')::DATE > DATE '2025-06-01'
), rates AS (SELECT currency, (rate_to_base * 1000000)::HUGEINT AS rate FROM fx_rates),
tried AS (
    SELECT a.*, v.amount, v.currency AS theirs, v.operator, CASE WHEN v.jurisdiction = a.place THEN 0 WHEN v.jurisdiction = b.bloc THEN 1 WHEN v.jurisdiction = 'EU' THEN 2 ELSE 3 END AS rank
    FROM asked a LEFT JOIN blocs b ON b.country = a.place AND b.valid_from::DATE <= DATE '2025-06-01' AND coalesce(b.valid_to, '2900-01-01')::DATE > DATE '2025-06-01'
    JOIN valid v ON v.kind = a.kind AND v.jurisdiction IN (a.place, b.bloc, 'EU', 'FATF')
    UNION ALL SELECT a.*, 100000000, 'EUR', '>=', 4 FROM asked a
), turned AS (
    SELECT t.*, t.amount * r.rate AS num, o.rate AS den FROM tried t JOIN rates r ON r.currency = t.theirs JOIN rates o ON o.currency = t.currency
)
SELECT kind, place, currency,
       (CASE WHEN 2 * (num % den) > den OR (2 * (num % den) = den AND (num // den) % 2 = 1) THEN num // den + 1 ELSE num // den END)::BIGINT AS reach,
       operator = '>' AS over
FROM turned QUALIFY row_number() OVER (PARTITION BY kind, place, currency ORDER BY rank, theirs <> currency, num // den) = 1;

CREATE TEMP TABLE hits (rule VARCHAR, row_id VARCHAR);

WITH judged AS (
    SELECT l.txn_id, l.direction, l.ts, l.party_id, l.counterparty_key, l.amount_base, coalesce(l.provider_id, l.instrument) AS route, m.reach, m.over
    FROM ledger l JOIN limits m ON m.kind = 'originator_info' AND m.place = l.own_country AND m.currency = 'EUR'
    WHERE l.direction = 'out' AND NOT l.own_transfer AND l.counterparty_key IS NOT NULL AND coalesce(l.provider_id, l.instrument) <> '' AND l.party_id IS NOT NULL
      AND NOT (l.amount_base > m.reach OR (l.amount_base = m.reach AND NOT m.over))
)
SELECT txn_id, direction FROM (
    SELECT *, count(DISTINCT route) OVER w AS routes, sum(amount_base) OVER w AS total
    FROM judged WINDOW w AS (PARTITION BY party_id, counterparty_key ORDER BY ts RANGE BETWEEN INTERVAL '6 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
) WHERE routes >= 3 AND (total > reach OR (total = reach AND NOT over))

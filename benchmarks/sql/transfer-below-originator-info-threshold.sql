WITH judged AS (
    SELECT l.*, m.reach FROM ledger l JOIN limits m ON m.kind = 'originator_info' AND m.place = l.from_country AND m.currency = l.currency
    WHERE (l.instrument IN ('wire', 'e_money', 'virtual_asset') OR coalesce(l.txn_type, 'other') = 'remittance') AND NOT l.own_transfer
      AND 5 * l.amount >= 4 * m.reach AND NOT (l.amount > m.reach OR (l.amount = m.reach AND NOT m.over))
      AND l.party_id IS NOT NULL AND l.counterparty_key IS NOT NULL
)
SELECT txn_id, direction FROM (
    SELECT txn_id, direction, reach, count(*) OVER w AS times, sum(amount) OVER w AS total
    FROM judged WINDOW w AS (PARTITION BY party_id, counterparty_key, direction, currency ORDER BY ts
                             RANGE BETWEEN INTERVAL '13 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
) WHERE times >= 4 AND total >= 3 * reach

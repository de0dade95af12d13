WITH paid AS (
    SELECT l.txn_id, l.direction, l.ts, l.party_id, l.counterparty_key, l.amount_base,
           l.instrument IS DISTINCT FROM 'cash' AND NOT l.own_transfer AND l.amount_base > 200000
           AND NOT EXISTS (SELECT 1 FROM known_payees k WHERE k.party_id = l.party_id AND k.account_id = l.counterparty_account_id
                           AND k.valid_from::TIMESTAMP <= l.ts AND l.ts < coalesce(k.valid_to::TIMESTAMP, TIMESTAMP '2900-01-01')) AS judged
    FROM ledger l WHERE l.direction = 'out' AND l.counterparty_key IS NOT NULL
), measured AS (
    SELECT *, count(*) OVER past AS earlier, sum(amount_base) FILTER (WHERE judged) OVER days AS larger,
           first_value(amount_base ORDER BY ts, txn_id) OVER days AS opening,
           max(amount_base) FILTER (WHERE amount_base <= 200000) OVER (k RANGE BETWEEN INTERVAL '2 days 23:59:59.999999' PRECEDING AND INTERVAL '1 microsecond' PRECEDING) AS test
    FROM paid
    WINDOW k AS (PARTITION BY party_id, counterparty_key ORDER BY ts),
           past AS (PARTITION BY party_id, counterparty_key ORDER BY ts RANGE BETWEEN INTERVAL '367 days 23:59:59.999999' PRECEDING AND INTERVAL '3 days' PRECEDING),
           days AS (PARTITION BY party_id, counterparty_key ORDER BY ts RANGE BETWEEN INTERVAL '2 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
)
SELECT txn_id, direction FROM measured m LEFT JOIN people p USING (party_id), edge
WHERE judged AND earlier = 0 AND (ts - INTERVAL '368 days' >= first_at OR p.onboarded_at >= first_at)
  AND opening <= 200000 AND (ts - INTERVAL '3 days' >= first_at OR p.onboarded_at >= first_at)
  AND larger >= 100 * test AND larger >= 30000000

WITH judged AS (
    SELECT l.txn_id, l.direction, l.ts, l.party_id, l.amount_base FROM ledger l
    WHERE l.direction = 'in' AND NOT l.own_transfer AND l.reversal_of IS NULL AND l.loan_id IS NULL
      AND coalesce(l.txn_type, '') NOT IN ('loan_disbursement', 'asset_sale', 'redemption', 'surrender', 'claim_payout', 'refund', 'card_refund', 'expense_refund', 'chargeback', 'reversal')
      AND coalesce(l.purpose_code, '') NOT IN ('LOAN', 'SECU', 'SAVG', 'HLST') AND l.party_id IS NOT NULL
), credits AS (
    SELECT *, sum(amount_base) OVER (PARTITION BY party_id ORDER BY ts RANGE BETWEEN INTERVAL '179 days 23:59:59.999999' PRECEDING AND CURRENT ROW) AS credits FROM judged
), holders AS (
    SELECT l.party_id, l.ts, k.related_party_id AS holder, coalesce(h.income, 12 * h.turnover) AS means,
           lead(l.ts) OVER (PARTITION BY l.party_id, k.related_party_id ORDER BY l.ts) AS until
    FROM ledger l JOIN party_links k ON k.party_id = l.party_id AND k.role = 'joint_holder'
      AND k.valid_from::TIMESTAMP <= l.ts AND l.ts < coalesce(k.valid_to::TIMESTAMP, TIMESTAMP '2900-01-01')
    LEFT JOIN people h ON h.party_id = k.related_party_id
-- The latest row of a holder counts from its moment until the next one or the end of the window: a step up and a step down.
), steps AS (
    SELECT party_id, ts, coalesce(means, 0) AS means, (means IS NULL)::INT AS lacking, NULL::VARCHAR AS txn_id, NULL::VARCHAR AS direction, NULL::HUGEINT AS credits FROM holders
    UNION ALL SELECT party_id, least(coalesce(until, TIMESTAMP '2900-01-01'), ts + INTERVAL '180 days'), -coalesce(means, 0), -(means IS NULL)::INT, NULL, NULL, NULL FROM holders
    UNION ALL SELECT party_id, ts, 0, 0, txn_id, direction, credits FROM credits
), measured AS (
    SELECT *, sum(means) OVER w AS joint_means, sum(lacking) OVER w AS unknown FROM steps WINDOW w AS (PARTITION BY party_id ORDER BY ts RANGE UNBOUNDED PRECEDING)
)
SELECT txn_id, direction FROM (
    SELECT m.*, coalesce(p.income, 12 * p.turnover) + joint_means AS declared FROM measured m JOIN people p USING (party_id), edge
    WHERE txn_id IS NOT NULL AND unknown = 0 AND (ts - INTERVAL '180 days' >= first_at OR p.onboarded_at >= first_at)
) WHERE credits * 365 >= 500000000 * 180::HUGEINT AND credits * 365 >= 3 * 180 * declared AND credits * 365 - 180 * declared >= 500000000 * 180::HUGEINT

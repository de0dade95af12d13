WITH paid AS (
    SELECT l.txn_id, l.direction, l.ts, l.account_id, l.counterparty_key, l.amount_base,
           NOT l.own_transfer AND l.counterparty_key IS NOT NULL AND coalesce(l.purpose_code, 'none') NOT IN ('SALA', 'PAYR', 'BONU', 'PENS')
           AND NOT EXISTS (SELECT 1 FROM links k WHERE k.a = l.party_id AND k.b = l.counterparty_party_id AND k.role = 'employee'
                           AND k.valid_from::TIMESTAMP <= l.ts AND l.ts < k.valid_to::TIMESTAMP) AS judged,
           CASE WHEN l.counterparty_key IS NOT NULL AND (l.ts - INTERVAL '368 days' >= first_at OR a.opened_at >= first_at) THEN
           count(*) OVER (PARTITION BY l.account_id, l.counterparty_key ORDER BY l.ts
                          RANGE BETWEEN INTERVAL '367 days 23:59:59.999999' PRECEDING AND INTERVAL '3 days' PRECEDING) END AS known
    FROM ledger l JOIN own_accounts a USING (account_id), edge WHERE l.direction = 'out'
), rows_read AS (
    SELECT txn_id, direction, ts, account_id, counterparty_key, amount_base, judged, known, false AS large FROM paid WHERE judged
    UNION ALL SELECT txn_id, direction, ts, account_id, NULL, amount_base, false, NULL, true FROM ledger WHERE direction = 'in' AND amount_base >= 50000000
), credited AS (
    SELECT *, coalesce(sum(amount_base) FILTER (WHERE large) OVER w, 0) AS credit FROM rows_read
    WINDOW w AS (PARTITION BY account_id ORDER BY ts RANGE BETWEEN INTERVAL '2 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
)
SELECT txn_id, direction FROM (
    SELECT txn_id, direction, judged, known, credit, count(DISTINCT counterparty_key) FILTER (WHERE judged AND known = 0 AND credit > 0) OVER w AS beneficiaries,
           sum(amount_base) FILTER (WHERE judged AND known = 0 AND credit > 0) OVER w AS spread,
           avg(amount_base) FILTER (WHERE judged AND known = 0 AND credit > 0) OVER w AS typical,
           stddev_samp(amount_base) FILTER (WHERE judged AND known = 0 AND credit > 0) OVER w AS deviation
    FROM credited WHERE judged WINDOW w AS (PARTITION BY account_id ORDER BY ts RANGE BETWEEN INTERVAL '2 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
) WHERE judged AND known = 0 AND beneficiaries >= 5 AND credit > 0 AND 10 * spread >= 7 * credit AND deviation <= 0.6 * typical

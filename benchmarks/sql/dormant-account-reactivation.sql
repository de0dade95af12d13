WITH moved AS (
    SELECT l.txn_id, l.direction, l.ts, l.account_id, l.amount_base, coalesce(l.initiator = 'customer', l.txn_type NOT IN ('interest', 'fee')) AS judged,
           l.ts - a.opened_at >= INTERVAL '180 days' AS aged, a.opened_at,
           (l.ts AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin')::DATE AS day
    FROM ledger l JOIN own_accounts a USING (account_id)
), woken AS (
    SELECT *, CASE WHEN count(*) FILTER (WHERE judged) OVER (PARTITION BY account_id ORDER BY ts
                        RANGE BETWEEN INTERVAL '179 days 23:59:59.999999' PRECEDING AND INTERVAL '1 microsecond' PRECEDING) > 0 THEN false ELSE aged END AS wakes
    FROM moved
), measured AS (
    SELECT txn_id, direction, judged, ts, opened_at, count(*) FILTER (WHERE wakes) OVER recent AS wakings,
           coalesce(sum(amount_base) FILTER (WHERE judged AND direction = 'in') OVER recent, 0) AS received,
           coalesce(sum(amount_base) FILTER (WHERE judged AND direction = 'out') OVER recent, 0) AS sent,
           coalesce(sum(amount_base) FILTER (WHERE judged AND direction = 'in') OVER history, 0) AS past,
           count(DISTINCT 12 * year(day) + month(day)) FILTER (WHERE judged AND direction = 'in') OVER history AS months
    FROM woken
    WINDOW recent AS (PARTITION BY account_id ORDER BY ts RANGE BETWEEN INTERVAL '29 days 23:59:59.999999' PRECEDING AND CURRENT ROW),
           history AS (PARTITION BY account_id ORDER BY ts RANGE BETWEEN INTERVAL '539 days 23:59:59.999999' PRECEDING AND INTERVAL '180 days' PRECEDING)
)
SELECT txn_id, direction FROM measured, edge
WHERE judged AND wakings >= 1 AND (ts - INTERVAL '540 days' >= first_at OR opened_at >= first_at)
  AND received >= 50000000 AND received * months >= 3 * past AND 10 * sent >= 6 * received

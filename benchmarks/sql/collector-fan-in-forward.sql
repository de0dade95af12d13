WITH came AS (
    SELECT l.txn_id, l.direction, l.ts, l.account_id, l.counterparty_key, l.instrument, l.amount_base,
           NOT l.own_transfer AND l.counterparty_key IS NOT NULL AND NOT linked(l.party_id, l.counterparty_party_id, l.ts) AS stranger,
           CASE WHEN l.counterparty_key IS NOT NULL AND (l.ts - INTERVAL '180 days' >= first_at OR a.opened_at >= first_at) THEN
           count(*) OVER (PARTITION BY l.account_id, l.counterparty_key ORDER BY l.ts
                          RANGE BETWEEN INTERVAL '179 days 23:59:59.999999' PRECEDING AND INTERVAL '1 microsecond' PRECEDING) END AS seen
    FROM ledger l JOIN own_accounts a USING (account_id), edge WHERE l.direction = 'in'
), went AS (
    SELECT l.txn_id, l.direction, l.ts, l.account_id, l.counterparty_key, l.instrument, l.amount_base
    FROM ledger l JOIN own_accounts a USING (account_id)
    WHERE l.direction = 'out' AND NOT l.own_transfer AND coalesce(a.account_type, 'other') NOT IN ('merchant', 'payroll', 'tax', 'collection')
), both_ways AS (
    SELECT txn_id, direction, ts, account_id, counterparty_key, amount_base, true AS source, seen FROM came WHERE stranger
    UNION ALL SELECT txn_id, direction, ts, account_id, counterparty_key, amount_base, false, NULL FROM went
), measured AS (
    SELECT txn_id, direction, ts, account_id, source, count(DISTINCT counterparty_key) FILTER (WHERE source) OVER w AS senders,
           count(DISTINCT counterparty_key) FILTER (WHERE source AND seen = 0) OVER w AS new_senders, sum(amount_base) FILTER (WHERE source) OVER w AS gathered
    FROM both_ways WINDOW w AS (PARTITION BY account_id ORDER BY ts RANGE BETWEEN INTERVAL '13 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
), likely AS (SELECT * FROM measured WHERE NOT source AND senders >= 10 AND 10 * new_senders >= 6 * senders),
-- The largest two receivers of a window: no window function gives them, so that they are asked only where the rest is true.
receivers AS (
    SELECT c.txn_id, sum(g.amount_base) AS sent FROM likely c
    JOIN went g ON g.account_id = c.account_id AND g.ts > c.ts - INTERVAL '14 days' AND g.ts <= c.ts
    GROUP BY c.txn_id, coalesce(g.counterparty_key, g.instrument)
), largest AS (
    SELECT txn_id, sum(sent) AS moved_on FROM (SELECT * FROM receivers QUALIFY row_number() OVER (PARTITION BY txn_id ORDER BY sent DESC) <= 2) GROUP BY txn_id
)
SELECT c.txn_id, c.direction FROM likely c JOIN largest m USING (txn_id) WHERE 10 * m.moved_on >= 8 * c.gathered

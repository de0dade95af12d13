WITH judged AS (
    SELECT l.txn_id, l.direction, l.ts, l.account_id, l.amount, l.currency, l.amount_base, l.counterparty_key, a.opened_at
    FROM ledger l JOIN own_accounts a USING (account_id) LEFT JOIN people p ON p.party_id = l.party_id
    WHERE l.direction = 'in' AND NOT l.own_transfer AND coalesce(p.party_type, '') NOT IN ('npo', 'public_body', 'financial_institution')
      AND coalesce(p.industry_code, '') NOT IN ('fitness', 'education', 'childcare', 'events', 'rental', 'club', 'utility', 'ticketing')
)
SELECT txn_id, direction FROM (
    SELECT txn_id, direction, ts, opened_at, count(DISTINCT counterparty_key) OVER w AS senders, sum(amount_base) OVER w AS same,
           sum(amount_base) OVER (PARTITION BY account_id ORDER BY ts RANGE BETWEEN INTERVAL '13 days 23:59:59.999999' PRECEDING AND CURRENT ROW) AS received
    FROM judged WINDOW w AS (PARTITION BY account_id, amount, currency ORDER BY ts RANGE BETWEEN INTERVAL '13 days 23:59:59.999999' PRECEDING AND CURRENT ROW)
), edge WHERE senders >= 12 AND (ts - INTERVAL '14 days' >= first_at OR opened_at >= first_at) AND 10 * same >= 4 * received

"""The signs of the typologies about trade, non-profits, small sums and owners, told again in plain loops."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from tests.generate.signs import DAY, SIGNS, total, windows


def _by_id(view, table, key):
    cache = view.__dict__.setdefault("_tables", {})
    if table not in cache:
        cache[table] = {row[key]: row for row in view.bank[table].to_dicts()}
    return cache[table]


def _invoice(view, row):
    return _by_id(view, "invoices", "invoice_id").get(row.t["invoice_ref"])


def unit_price(view, rows):
    """Paid invoices of a seller whose prices lie beyond the quartiles and beyond half again, or half, of the median."""
    odd = [(r, value) for r in rows if not r.out and (value := _beyond_the_market(view, r))]
    return any(
        sum({r.t["invoice_ref"]: value for r, value in odd if last.at - 180 * DAY < r.at <= last.at}.values()) >= 20_000
        for last, _ in odd
    )


def _beyond_the_market(view, row):
    """What an invoice that lies beyond the usual prices moves above or below them."""
    invoice = _invoice(view, row)
    if invoice is None or invoice["seller_party_id"] != row.party or invoice["is_service"]:
        return 0
    references = view.__dict__.setdefault("_prices", view.bank["price_reference"].to_dicts())
    for ref in references:
        at = invoice["issued_at"]
        if (ref["hs_code"], ref["unit"]) != (invoice["hs_code"], invoice["unit"]):
            continue
        if ref["valid_from"] > at or (ref["valid_to"] is not None and ref["valid_to"] <= at):
            continue
        price, middle = float(invoice["unit_price"]), float(ref["median"])
        spread = float(ref["q3"]) - float(ref["q1"])
        dear = price > float(ref["q3"]) + 1.5 * spread and price >= 1.5 * middle
        cheap = price < float(ref["q1"]) - 1.5 * spread and price <= 0.5 * middle
        if dear or cheap:
            return abs(float(invoice["total_amount"]) * (1 - middle / price))
    return 0


def changed_account(view, rows):
    """Money for an invoice goes to an account named within ten days, which was never paid before."""
    changes = {
        (c["invoice_id"], c["new_account"]): c["changed_at"] for c in view.bank["payment_instructions"].to_dicts()
    }
    paid_before = view.__dict__.setdefault("_paid", defaultdict(list))
    if not paid_before:
        for r in view.rows:
            if r.out:
                paid_before[r.other].append((r.at, r.t["invoice_ref"]))
    for r in rows:
        at = changes.get((r.t["invoice_ref"], r.other))
        if not r.out or at is None or not dt.timedelta() <= r.at - at <= 10 * DAY or r.cents < 10_000_00:
            continue
        if all(ref == r.t["invoice_ref"] or when >= r.at for when, ref in paid_before[r.other]):
            return True
    return False


def strangers_pay(view, rows):
    """A quarter of what is paid on a seller's invoices comes from two others than the buyer, or from elsewhere."""
    financiers = {f["party_id"] for f in view.bank["known_financiers"].to_dicts()}
    for _, w in windows([r for r in rows if not r.out and _invoice(view, r)], 90 * DAY):
        theirs = [r for r in w if _invoice(view, r)["seller_party_id"] == r.party]
        strange = [
            r for r in theirs
            if r.t["from_party_id"] not in (None, _invoice(view, r)["buyer_party_id"], *financiers)
        ]  # fmt: skip
        many = len({r.t["from_party_id"] for r in strange}) >= 2
        if strange and total(theirs) >= 20_000_00 and total(strange) >= 0.25 * total(theirs) and many:
            return True
    return False


def private_accounts(view, rows):
    if view.parties[rows[0].party]["party_type"] != "npo":
        return False
    for _, w in windows([r for r in rows if r.out], 90 * DAY):
        private = [
            r for r in w
            if r.t["txn_type"] != "salary" and r.other is not None
            and (view.parties.get(r.t["to_party_id"]) or {}).get("party_type") == "person"
            and not view.linked(r.party, r.t["to_party_id"], "employee", "supplier", "beneficiary")
        ]  # fmt: skip
        if len(private) >= 2 and total(private) >= max(5_000_00, 0.3 * total(w)):
            return True
    return False


def unknown_donor(view, rows):
    if view.parties[rows[0].party]["party_type"] != "npo":
        return False
    received = [r for r in rows if not r.out]
    for k, r in enumerate(received):
        past = [x for x in received[:k] if r.at - x.at < 365 * DAY]
        if len(past) < 5 or any(x.other == r.other for x in past) or r.cents < 1_000_00 or not view.judged(r, 365):
            continue
        usual = sorted(x.cents for x in past)[int(0.99 * (len(past) - 1))]
        gone = [x.cents for x in rows if x.out and dt.timedelta() < x.at - r.at <= 10 * DAY]
        if r.cents >= 3 * usual and any(0.9 * r.cents <= x <= 1.1 * r.cents for x in [*gone, sum(gone)]):
            return True
    return False


def donor_bucket(view, rows):
    if view.parties[rows[0].party]["party_type"] != "person":
        return False
    kept = {"card_payment", "direct_debit", "standing_order", "loan_repayment", "fee"}
    for row, w in windows([r for r in rows if r.out or r.cents <= 200_00], 40 * DAY):
        gifts = [r for r in w if not r.out and r.other and not view.own(r)]
        sent = sorted((r.cents for r in w if r.out and r.abroad and r.t["txn_type"] not in kept), reverse=True)[:2]
        if row.out and row.abroad and len({r.other for r in gifts}) >= 15 and sent:
            share = sum(sent) / max(total(gifts), 1)
            if 0.7 <= share <= 1.5 or 0.7 <= sent[0] / max(total(gifts), 1) <= 1.5:
                return True
    return False


def prepaid_loads(view, rows):
    cards = _by_id(view, "cards", "card_id")
    for _, w in windows([r for r in rows if r.out and r.t["txn_type"] == "prepaid_load"], 30 * DAY):
        near = [r for r in w if 0.9 * float(cards[r.t["card_id"]]["load_limit"]) <= r.cents / 100]
        if len({r.t["card_id"] for r in w}) >= 4 and len(near) >= 0.6 * len(w):
            return True
    return False


def nowhere(view, rows):
    """Dividends go to an owner that leads back to the firm, through four layers abroad, or to nobody named."""
    owners = view.__dict__.setdefault("_owners", defaultdict(list))
    if not owners:
        for link in view.bank["party_links"].to_dicts():
            if link["role"] == "owner":
                owners[link["party_id"]].append((link["related_party_id"], float(link["share_pct"] or 0)))
    party = rows[0].party
    paid = {r.t["to_party_id"] for r in rows if r.out}
    if not paid & {owner for owner, _ in owners[party]}:
        return False

    def climb(node, share, path):
        """Persons reached with their share, the longest path, and whether it closes."""
        if node in path:
            return 0.0, len(path), True
        if view.parties[node]["party_type"] == "person":
            return share, len(path), False
        found = [climb(owner, share * part, (*path, node)) for owner, part in owners[node] if part > 0]
        if not found:
            return (1.0 if view.parties[node]["is_listed"] else 0.0) * share, len(path), False
        return sum(f[0] for f in found), max(f[1] for f in found), any(f[2] for f in found)

    traced, depth, ring = climb(party, 1.0, ())
    return ring or depth >= 4 or traced < 0.75


SIGNS.update(
    {
        "unit-price-outlier": ("party", unit_price),
        "late-payment-instruction-change": ("party", changed_account),
        "invoice-paid-by-unrelated-third-party": ("party", strangers_pay),
        "npo-to-personal-accounts": ("party", private_accounts),
        "npo-sudden-unknown-donor": ("party", unknown_donor),
        "tf-donor-bucket-then-lump": ("account", donor_bucket),
        "tf-prepaid-multi-load": ("account", prepaid_loads),
        "opaque-or-circular-ownership": ("party", nowhere),
    }
)

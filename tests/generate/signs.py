"""What each typology looks like, told again in plain loops over an account view: no code of the engine.

Each function takes one subject's rows in time order and says whether the typology's signs hold at any of
them, at the catalogue's default parameters. Amounts are in cents.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

DAY = dt.timedelta(days=1)
CASH_LINE = 10_000_00
INFO_LINE = 1_000_00
GENERIC = {"", "payment", "services", "transfer", "invoice", "goods"}
# As of the second quarter of 2026: those of the published lists that the sample's countries touch.
CALL_FOR_ACTION = {"KP", "IR", "MM"}
INCREASED = {
    "BG",
    "CM",
    "CI",
    "CD",
    "HT",
    "KE",
    "LA",
    "LB",
    "MC",
    "NP",
    "SS",
    "SY",
    "VE",
    "VN",
    "VG",
    "YE",
    "BO",
    "AO",
}
TAX_ANNEX = {"PA", "RU", "VN", "VU"}


@dataclass
class Row:
    txn: str
    at: dt.datetime
    out: bool
    cents: int
    account: str
    party: str
    other: str | None
    t: dict[str, Any] = field(repr=False)

    @property
    def country(self):
        return self.t["to_country" if self.out else "from_country"]

    @property
    def bank_country(self):
        return self.t["to_bank_country" if self.out else "from_bank_country"]

    @property
    def region(self):
        return self.t["to_region" if self.out else "from_region"]

    @property
    def abroad(self):
        return self.country is not None and self.t["from_country"] != self.t["to_country"]

    @property
    def cash(self):
        return self.t["instrument"] == "cash"


class View:
    """The account view of a bank, and its registers, as plain dictionaries."""

    def __init__(self, bank):
        self.bank = bank
        self.accounts = {row["account_id"]: row for row in bank["accounts"].to_dicts()}
        self.parties = {row["party_id"]: row for row in bank["parties"].to_dicts()}
        self.links = defaultdict(set)
        for row in bank["party_links"].to_dicts():
            self.links[row["party_id"], row["related_party_id"]].add(row["role"])
            self.links[row["related_party_id"], row["party_id"]].add(row["role"])
        self.sites = {(row["party_id"], row["service_point_id"]) for row in bank["party_sites"].to_dicts()}
        self.payees = {(row["party_id"], row["account_id"]) for row in bank["known_payees"].to_dicts()}
        self.areas = {row["region_code"]: row["area_id"] for row in bank["geo_risk"].to_dicts()}
        self.programmes = {row["party_id"]: row["programme_countries"] for row in bank["npo_profiles"].to_dicts()}
        self.appeals = {
            (row["party_id"], row["country"]): row["announced_at"] for row in bank["npo_appeals"].to_dicts()
        }
        self.scores = {
            (row["index_name"], row["country"]): float(row["score"])
            for row in bank["country_scores"].to_dicts()
            if row["valid_to"] is None
        }
        self.start = bank["transactions"]["booked_at"].min()
        self.covered = {(row["party_id"], row["country"]): row["valid_to"] for row in bank["carve_outs"].to_dicts()}
        self.rows = []
        for t in bank["transactions"].to_dicts():
            if t["status"] != "booked":
                continue
            cents = int(t["amount_base"] * 100)
            for side, other in (("from", "to"), ("to", "from")):
                account = t[f"{side}_account_id"]
                if account in self.accounts:
                    party = self.accounts[account]["party_id"]
                    self.rows.append(
                        Row(
                            t["txn_id"],
                            t["booked_at"],
                            side == "from",
                            cents,
                            account,
                            party,
                            t[f"{other}_account_id"],
                            t,
                        )
                    )
        self.by_party, self.by_account, self.by_conductor = (defaultdict(list) for _ in range(3))
        for row in self.rows:
            self.by_party[row.party].append(row)
            self.by_account[row.account].append(row)
            if row.cash and row.t["conductor_id"]:
                self.by_conductor[row.t["conductor_id"]].append(row)

    def linked(self, a, b, *roles):
        found = self.links.get((a, b), set())
        return bool(found & set(roles)) if roles else bool(found)

    def judged(self, row, days):
        """Whether the data reaches back far enough to say what is new at a row, or the account is younger."""
        opened = self.accounts[row.account]["opened_at"]
        return opened > self.start or row.at - days * DAY >= self.start

    def own(self, row):
        return row.other in self.accounts and self.accounts[row.other]["party_id"] == row.party


def windows(rows, span):
    """For each row, the rows of the window that ends with it."""
    start = 0
    for end, row in enumerate(rows):
        while rows[start].at <= row.at - span:
            start += 1
        yield row, rows[start : end + 1]


def total(rows):
    return sum(row.cents for row in rows)


def just_below(_view, rows):
    band = [r for r in rows if r.cash and not r.out and 0.8 * CASH_LINE <= r.cents < CASH_LINE]
    return any(len(w) >= 3 and len({r.at.date() for r in w}) >= 2 for _, w in windows(band, 10 * DAY))


def split_sites(view, rows):
    small = [r for r in rows if r.cash and not r.out and r.cents < CASH_LINE]

    def site(r):
        point = r.t["service_point_id"]
        return "own" if (r.party, point) in view.sites else point

    return any(len({site(r) for r in w}) >= 2 and total(w) >= CASH_LINE for _, w in windows(small, DAY))


def many_depositors(view, rows):
    strange = [
        r for r in rows
        if r.cash and not r.out and r.cents < CASH_LINE and r.t["conductor_id"] not in (None, r.party)
        and not view.linked(r.party, r.t["conductor_id"])
    ]  # fmt: skip
    return any(
        len({r.t["conductor_id"] for r in w}) >= 3 and total(w) >= CASH_LINE for _, w in windows(strange, 7 * DAY)
    )


def one_conductor(view, rows):
    strange = [
        r for r in rows
        if not r.out and r.cents < CASH_LINE and r.t["conductor_id"] != r.party
        and not view.linked(r.party, r.t["conductor_id"])
    ]  # fmt: skip
    return any(len({r.party for r in w}) >= 3 and total(w) >= CASH_LINE for _, w in windows(strange, 3 * DAY))


def below_information_line(_view, rows):
    kinds = ("wire", "remittance", "va_transfer")
    band = [r for r in rows if r.t["txn_type"] in kinds and 0.8 * INFO_LINE <= r.cents <= INFO_LINE]
    return any(
        sum(r.other == row.other for r in w) >= 4 and total(r for r in w if r.other == row.other) >= 3 * INFO_LINE
        for row, w in windows(band, 14 * DAY)
    )


def test_then_escalate(view, rows):
    for payee, sent in _by_payee(r for r in rows if r.out and (r.party, r.other) not in view.payees).items():
        if payee is None:
            continue
        for row, w in windows(sent, 72 * dt.timedelta(hours=1)):
            tests = [r for r in w if r.cents <= 20_00]
            large = total(r for r in w if r.cents > 20_00)
            known = any(row.at - 730 * DAY < r.at <= w[0].at and r not in w for r in sent)
            if tests and not known and large >= 100 * max(r.cents for r in tests) and large >= 3_000_00:
                return True
    return False


def _by_payee(rows):
    groups = defaultdict(list)
    for row in rows:
        groups[row.other].append(row)
    return groups


def funnel(view, rows):
    account = view.accounts[rows[0].account]
    regions = {account["home_region"], *(view.parties[rows[0].party]["registered_regions"] or ())}

    def far(r):
        return r.cash and not r.out and r.cents < CASH_LINE and r.t["region_code"] not in regions

    for _, w in windows([r for r in rows if far(r) or (r.out and r.t["region_code"])], 30 * DAY):
        deposits = [r for r in w if far(r)]
        places = {r.t["region_code"] for r in deposits}
        if len(deposits) < 5 or len(places) < 3 or min(_km(r, account) for r in deposits) < 150:
            continue
        drawn = [
            r for r in w
            if r.out and r.t["region_code"] not in places
            and any(dt.timedelta() <= r.at - d.at <= 3 * DAY for d in deposits)
        ]  # fmt: skip
        if total(drawn) >= 0.7 * total(deposits):
            return True
    return False


def _km(row, account):
    north, home = math.radians(row.t["latitude"]), math.radians(account["home_latitude"])
    turn = math.radians(row.t["longitude"] - account["home_longitude"])
    half = math.sin((home - north) / 2) ** 2 + math.cos(north) * math.cos(home) * math.sin(turn / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


def collector(view, rows):
    if view.accounts[rows[0].account]["account_type"] in ("merchant", "payroll", "tax", "collection"):
        return False
    first: dict[Any, dt.datetime] = {}
    for r in rows:
        if not r.out:
            first.setdefault(r.other, r.at)
    for row, w in windows(rows, 14 * DAY):
        received = [
            r for r in w
            if not r.out and r.other and not view.own(r) and not view.linked(r.party, r.t["from_party_id"])
        ]  # fmt: skip
        senders = {r.other for r in received}
        if not row.out or len(senders) < 10 or not view.judged(row, 365):
            continue
        fresh = sum(first[s] > row.at - 14 * DAY for s in senders)
        paid = sorted((total(rs) for rs in _by_payee(r for r in w if r.out and r.other).values()), reverse=True)
        if fresh >= 0.6 * len(senders) and sum(paid[:2]) >= 0.8 * total(received):
            return True
    return False


def distributor(view, rows):
    seen: dict[str, dt.datetime] = {}
    fresh: list[Row] = []
    for r in rows:
        if r.out and r.other:
            excluded = r.t["purpose_code"] == "SALA" or view.linked(r.party, r.t["to_party_id"], "employee")
            if not excluded and (r.other not in seen or r.at - seen[r.other] > 365 * DAY):
                fresh.append(r)
            seen[r.other] = r.at
        elif not r.out:
            fresh.append(r)
    for row, w in windows(fresh, 3 * DAY):
        if not view.judged(row, 365):
            continue
        fed = max((r.cents for r in w if not r.out), default=0)
        paid = [r.cents for r in w if r.out]
        if fed < 5_000_00 or len({r.other for r in w if r.out}) < 5 or sum(paid) < 0.7 * fed:
            continue
        if statistics.pstdev(paid) <= 0.6 * statistics.mean(paid):
            return True
    return False


def dormant(view, rows):
    acts = [r for r in rows if r.t["initiator"] == "customer"]
    opened = view.accounts[rows[0].account]["opened_at"]
    for before, row in zip([None, *acts], acts, strict=False):
        if row.at - (before.at if before else max(opened, view.start)) < 180 * DAY or not view.judged(row, 360):
            continue
        w = [r for r in acts if row.at <= r.at < row.at + 30 * DAY]
        came, gone = total(r for r in w if not r.out), total(r for r in w if r.out)
        past = total(r for r in acts if not r.out and row.at - 540 * DAY < r.at <= row.at - 180 * DAY)
        if came >= max(5_000_00, 3 * past / 12) and gone >= 0.6 * came:
            return True
    return False


def vague_texts(view, rows):
    large = [
        r for r in rows
        if r.out and r.cents >= 3_000_00 and not view.own(r)
        and r.t["purpose_code"] not in ("SALA", "TAXS", "UBIL")
    ]  # fmt: skip
    for row, w in windows(large, 60 * DAY):
        text = _plain(row)
        same = {r.other for r in w if text and _plain(r) == text}
        if len(w) >= 8 and (total(r for r in w if _plain(r) in GENERIC) >= 0.6 * total(w) or len(same) >= 5):
            return True
    return False


def _plain(row):
    return " ".join("".join(c for c in (row.t["purpose_text"] or "").lower() if c.isalpha() or c == " ").split())


def secrecy(view, rows):
    party = view.parties[rows[0].party]
    known = {*(party["expected_countries"] or ()), *(party["group_countries"] or ())}
    abroad = [r for r in rows if r.abroad]
    for _, w in windows(abroad, 180 * DAY):
        hidden = [
            r for r in w
            if r.country not in known
            and (r.country in TAX_ANNEX or view.scores.get(("fsi", r.country), 0) >= 65)
        ]  # fmt: skip
        third = any(r.country != r.bank_country for r in hidden)
        if total(hidden) >= 25_000_00 and (third or total(hidden) >= 0.3 * total(w)):
            return True
    return False


def split_channels(_view, rows):
    pieces = [r for r in rows if r.out and r.other and r.cents <= INFO_LINE]
    return any(
        len({r.t["provider_id"] or r.t["instrument"] for r in w}) >= 3 and total(w) > INFO_LINE
        for group in _by_payee(pieces).values()
        for _, w in windows(group, 7 * DAY)
    )


def beyond_means(view, rows):
    def base(party):
        found = view.parties[party]
        return float(found["declared_income_annual"] or 12 * (found["expected_monthly_turnover"] or 0))

    party = rows[0].party
    means = base(party) + sum(base(b) for (a, b), roles in view.links.items() if a == party and "joint_holder" in roles)
    received = [
        r for r in rows
        if not r.out and not view.own(r) and not r.t["reversal_of"]
        and not r.t["loan_id"] and r.t["purpose_code"] != "HLST"
    ]  # fmt: skip
    return any(
        (year := total(w) / 100 * 365 / 180) >= 3 * means and year - means >= 50_000
        for _, w in windows(received, 180 * DAY)
    )


def identical_amounts(view, rows):
    if view.parties[rows[0].party]["industry_code"] in (
        "fitness",
        "education",
        "childcare",
        "events",
        "rental",
    ):
        return False
    for row, w in windows([r for r in rows if not r.out], 14 * DAY):
        same = [r for r in w if r.cents == row.cents]
        if len({r.other for r in same if r.other}) >= 12 and total(same) >= 0.4 * total(w):
            return True
    return False


def first_corridor(view, rows):
    party = view.parties[rows[0].party]
    groups = defaultdict(list)
    for r in rows:
        risky = r.country in INCREASED or view.scores.get(("composite", r.country), 0) >= 0.6
        if r.abroad and risky and r.country not in (party["expected_countries"] or ()):
            groups[r.country].append(r)
    return any(
        r.at - party["onboarded_at"] >= 180 * DAY and total(x for x in group[k:] if x.at < r.at + 14 * DAY) >= 5_000_00
        for group in groups.values()
        for k, r in enumerate(group[:1])
    )


def call_for_action(view, rows):
    """A place on the list and, beside it, something new: a first dealing of size, or a new device."""
    expected = view.parties[rows[0].party]["expected_countries"] or ()
    seen: set[Any] = set()
    devices: set[Any] = set()
    fresh: list[Row] = []
    for r in rows:
        places = {r.country, r.bank_country, r.t["ip_country"], *(r.t["intermediary_countries"] or ())}
        hit = places & CALL_FOR_ACTION - set(expected)
        if (r.party, r.country) in view.covered:
            continue
        if hit and (r.other not in seen or fresh or (r.t["device_id"] and r.t["device_id"] not in devices)):
            fresh.append(r)
        seen.add(r.other)
        devices.add(r.t["device_id"])
    return total(fresh) >= 3_000_00


def increased_monitoring(view, rows):
    expected = view.parties[rows[0].party]["expected_countries"] or ()
    abroad = [r for r in rows if r.abroad]
    for _, w in windows(abroad, 90 * DAY):
        grey = [r for r in w if r.country in INCREASED and r.country not in expected]
        if len(grey) >= 3 and total(grey) >= max(15_000_00, 0.4 * total(w)):
            return True
    return False


def outside_programme(view, rows):
    party = rows[0].party
    if party not in view.programmes:
        return False
    for row, w in windows([r for r in rows if r.out], 180 * DAY):
        away = [
            r for r in w
            if r.region in view.areas and r.country not in view.programmes[party]
            and not ((a := view.appeals.get((party, r.country))) and abs(r.at - a) <= 30 * DAY)
        ]  # fmt: skip
        if row in away and total(away) >= 5_000_00 and total(away) >= 0.1 * total(w):
            return True
    return False


def low_value_repeat(view, rows):
    groups = defaultdict(list)
    for r in rows:
        if r.out and r.cents < 1_000_00 and r.region in view.areas:
            groups[view.areas[r.region]].append(r)
    for group in groups.values():
        for row, w in windows(group, 180 * DAY):
            past = total(r for r in group if row.at - 545 * DAY < r.at <= row.at - 180 * DAY)
            if view.judged(row, 545) and len(w) >= 8 and total(w) >= 2_000_00 and total(w) * 365 >= 3 * past * 180:
                return True
    return False


SIGNS = {
    "cash-just-below-threshold-repeat": ("party", just_below),
    "cash-split-multi-site-24h": ("party", split_sites),
    "cash-many-depositors-one-account": ("account", many_depositors),
    "one-conductor-many-accounts": ("conductor", one_conductor),
    "transfer-below-originator-info-threshold": ("party", below_information_line),
    "test-then-escalate": ("party", test_then_escalate),
    "funnel-account-geographic": ("account", funnel),
    "collector-fan-in-forward": ("account", collector),
    "distributor-fan-out-new-beneficiaries": ("account", distributor),
    "dormant-account-reactivation": ("account", dormant),
    "vague-or-recycled-narrative": ("party", vague_texts),
    "secrecy-jurisdiction-no-nexus": ("party", secrecy),
    "tf-split-across-channels": ("party", split_channels),
    "turnover-exceeds-declared-means": ("party", beyond_means),
    "identical-amounts-many-senders": ("account", identical_amounts),
    "first-use-high-risk-corridor": ("party", first_corridor),
    "fatf-call-for-action-nexus": ("party", call_for_action),
    "fatf-increased-monitoring-concentration": ("party", increased_monitoring),
    "npo-outside-programme-area": ("party", outside_programme),
    "tf-low-value-repeat-risk-area": ("party", low_value_repeat),
}


def holds_for(view, rule):
    """All subjects for whom a typology's signs hold."""
    kind, sign = SIGNS[rule]
    groups = {"party": view.by_party, "account": view.by_account, "conductor": view.by_conductor}[kind]
    return {subject for subject, rows in groups.items() if sign(view, rows)}

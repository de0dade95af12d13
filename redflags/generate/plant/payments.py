"""Payments whose size, order or text is the sign."""

from __future__ import annotations

import numpy as np

from redflags.generate.clock import DAY, HOUR
from redflags.generate.geography import NEAR, REMITTANCE
from redflags.generate.plant.case import Case, euros
from redflags.generate.tape import Side, sides
from redflags.generate.words import GENERIC_TEXTS, GOODS

__all__ = [
    "below_information_line",
    "identical_amounts",
    "split_channels",
    "test_then_escalate",
    "vague_texts",
]


def below_information_line(case: Case) -> None:
    """Transfers to one beneficiary that each stay just under the line for originator information."""
    who = case.world.cast_person()
    count, low, high, days = case.by_strength((7, 940, 995, 8), (5, 880, 990, 11), (4, 830, 880, 12))
    target = case.world.outsider(case.rng, case.world.names.person(), REMITTANCE[int(case.rng.integers(4))])
    at = case.spread(case.start(days), days, count, 8, 21)
    case.put(
        "transfer",
        at,
        euros(case.rng, low, high, count),
        ends=sides(who.main, target),
        txn_type="remittance",
        instrument="wire",
        channel="mobile",
        provider_id=case.world.providers[0],
        device_id=who.device,
        ip_country=who.main.country,
        purpose_text="family support",
    )
    case.tell(
        who,
        f"{count} transfers of {low} to {high} to one beneficiary within {days} days, each under the line.",
    )


def test_then_escalate(case: Case) -> None:
    """A tiny payment to somebody new, then large ones."""
    who = case.world.cast_person()
    test, large, wait = case.by_strength(
        (1_00, [9_400_00, 8_750_00], [5, 26]),
        (2_50, [4_180_00], [44]),
        (15_00, [1_720_00, 1_790_00], [30, 62]),
    )
    payee = case.world.outsider(case.rng, case.world.names.person())
    begin = case.start(case.by_strength(1, 2, 3)) * DAY + 9 * HOUR + int(case.rng.integers(0, HOUR))
    case.send("test", np.array([begin]), [test], who.main, payee, device=who.device, text="hello")
    at = begin + np.array(wait) * HOUR + case.rng.integers(0, 40 * 60, len(wait))
    case.send("large", at, large, who.main, payee, device=who.device, text="as discussed")
    case.tell(
        who,
        f"{test / 100:.2f} to a new payee, then {sum(large) / 100:,.0f} within {wait[-1] + 1} hours.",
    )


def vague_texts(case: Case) -> None:
    """A firm pays large sums with empty or generic texts, or one text to many unrelated payees."""
    firm = case.world.cast_firm()
    count, days = case.by_strength((14, 40), (11, 45), (9, 40))
    goods = GOODS[int(case.rng.integers(len(GOODS)))]
    recycled = case.strength == "plain"
    payees = [case.world.outsider(case.rng, case.world.names.firm()) for _ in range(count if recycled else 4)]
    at = case.spread(case.start(days), days, count)
    texts = [
        f"advice under frame deal {goods}" if recycled else GENERIC_TEXTS[int(i)]
        for i in case.rng.integers(0, len(GENERIC_TEXTS), count)
    ]
    # Large beside the firm's ordinary invoices, so that their share of the value is plain.
    size = firm.turnover // 100
    low = max(3_200, size // case.by_strength(6, 9, 5))
    case.send(
        "payment",
        at,
        euros(case.rng, low, low * 3 // 2, count, 10),
        firm.main,
        [payees[k % len(payees)] for k in range(count)],
        device=firm.device,
        text=texts,
    )
    told = f"one text to {len(payees)} unrelated payees" if recycled else "empty or generic texts"
    case.tell(firm, f"{count} payments of {low:,} or more within {days} days with {told}.")


def identical_amounts(case: Case) -> None:
    """Many people pay exactly the same amount into one private account."""
    who = case.world.cast_person("student")
    count, amount, days = case.by_strength((26, 250_00, 9), (17, 120_00, 10), (13, 85_00, 12))
    senders = [case.world.outsider(case.rng, case.world.names.person()) for _ in range(count)]
    at = case.spread(case.start(days), days, count, 7, 23)
    case.receive("credit", at, np.full(count, amount), senders, who.main, text="share")
    case.tell(who, f"{count} senders each pay {amount / 100:.2f} within {days} days.", account=who.main)


def split_channels(case: Case) -> None:
    """One recipient is paid in pieces by several routes within days, each piece under the line."""
    who = case.world.cast_person()
    count, low, high, days = case.by_strength((6, 420, 780, 4), (4, 300, 420, 5), (3, 350, 410, 5))
    country = NEAR[int(case.rng.integers(len(NEAR)))]
    target: Side = case.world.outsider(case.rng, case.world.names.person(), country)
    at = case.spread(case.start(days), days, count, 8, 21)
    cents = euros(case.rng, low, high, count)
    remitter, wallets = case.world.providers[1], case.world.providers[2]
    routes = (
        ("wire", "wire", "online", None),
        ("remittance", "wire", "agent", remitter),
        ("wallet_load", "e_money", "mobile", wallets),
        ("card_payment", "card", "online", None),
    )
    for k in range(count):
        txn_type, instrument, channel, provider = routes[k % (4 if case.strength == "blatant" else 3)]
        case.put(
            "piece",
            at[k : k + 1],
            [int(cents[k])],
            ends=sides(who.main, target),
            txn_type=txn_type,
            instrument=instrument,
            channel=channel,
            provider_id=provider,
            device_id=who.device,
            ip_country=who.main.country,
        )
    case.tell(who, f"{count} pieces of {low} to {high} to one recipient by several routes within {days} days.")

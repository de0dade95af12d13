"""Planted cases: one function per typology, written from what the authorities describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from redflags.errors import UsageError
from redflags.generate.plant import cash, charity, flow, owners, payments, places, small, trade
from redflags.generate.plant.case import STRENGTHS, Case

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from redflags.generate.world import World

__all__ = ["PLANTS", "USUAL_CASES", "plant"]

#: Rule id of each typology to the function that plants one case of it.
PLANTS: Final[Mapping[str, Callable[[Case], None]]] = {
    "cash-just-below-threshold-repeat": cash.just_below,
    "cash-split-multi-site-24h": cash.split_sites,
    "cash-many-depositors-one-account": cash.many_depositors,
    "one-conductor-many-accounts": cash.one_conductor,
    "transfer-below-originator-info-threshold": payments.below_information_line,
    "test-then-escalate": payments.test_then_escalate,
    "funnel-account-geographic": flow.funnel,
    "collector-fan-in-forward": flow.collector,
    "distributor-fan-out-new-beneficiaries": flow.distributor,
    "dormant-account-reactivation": flow.dormant,
    "vague-or-recycled-narrative": payments.vague_texts,
    "secrecy-jurisdiction-no-nexus": places.secrecy,
    "tf-split-across-channels": payments.split_channels,
    "turnover-exceeds-declared-means": flow.beyond_means,
    "identical-amounts-many-senders": payments.identical_amounts,
    "first-use-high-risk-corridor": places.first_corridor,
    "fatf-call-for-action-nexus": places.call_for_action,
    "fatf-increased-monitoring-concentration": places.increased_monitoring,
    "npo-outside-programme-area": places.outside_programme,
    "tf-low-value-repeat-risk-area": places.low_value_repeat,
    "unit-price-outlier": trade.unit_price,
    "late-payment-instruction-change": trade.changed_account,
    "invoice-paid-by-unrelated-third-party": trade.strangers_pay,
    "npo-to-personal-accounts": charity.private_accounts,
    "npo-sudden-unknown-donor": charity.unknown_donor,
    "tf-donor-bucket-then-lump": small.donor_bucket,
    "tf-prepaid-multi-load": small.prepaid_loads,
    "opaque-or-circular-ownership": owners.nowhere,
}

#: How many cases of each typology the shipped sample holds.
USUAL_CASES: Final[Mapping[str, int]] = dict.fromkeys(PLANTS, 3)

# Of these, the first case planted ends on the last day, so that the newest batch has something to show.
_LATE: Final = (
    "cash-just-below-threshold-repeat",
    "cash-split-multi-site-24h",
    "funnel-account-geographic",
    "collector-fan-in-forward",
    "tf-low-value-repeat-risk-area",
    "test-then-escalate",
)


def plant(world: World, cases: Mapping[str, int]) -> list[Case]:
    """Plant so many cases of each typology, from blatant to subtle in turn.

    Args:
        world: The bank, its ordinary people in place.
        cases: Rule id to number of cases.

    Returns:
        The cases, told and labelled.

    Raises:
        UsageError: When a typology is not known, or the bank has too few people left.
    """
    planted: list[Case] = []
    for rule in cases:
        if rule not in PLANTS:
            raise UsageError.unknown_name("typology", rule, PLANTS)
    for rule, build in PLANTS.items():
        for number in range(cases.get(rule, 0)):
            case = Case(
                world,
                f"C{len(planted) + 1:03d}",
                rule,
                STRENGTHS[number % len(STRENGTHS)],
                late=number == 0 and rule in _LATE,
                rng=world.rng("case", rule, number),
            )
            build(case)
            planted.append(case)
    return planted

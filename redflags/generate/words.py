"""The closed vocabulary of the invented bank: lines, codes and texts."""

from __future__ import annotations

from typing import Final

__all__ = [
    "GENERIC_TEXTS",
    "GOODS",
    "HOME",
    "HOME_CURRENCY",
    "ORIGINATOR_LINE",
    "RATES",
    "REPORT_LINE",
    "SMALL_TALK",
    "TIMEZONE",
]

#: Country, currency and clock of the bank's head office.
HOME: Final = "DE"
HOME_CURRENCY: Final = "EUR"
TIMEZONE: Final = "Europe/Berlin"

#: Cents. The cash amount that the institution monitors; it set it itself (the EU has no such report).
REPORT_LINE: Final = 10_000_00
#: Cents. The amount above which full originator and beneficiary data must travel with a transfer.
ORIGINATOR_LINE: Final = 1_000_00

#: Invented, constant rates: base units for one unit of a currency, in ten-thousandths.
RATES: Final = {"EUR": 10_000, "USD": 9_200}

#: What firms sell to each other; two words make a reference that no other supplier of a firm shares.
GOODS: Final = (
    "valve housings",
    "oak panels",
    "printed labels",
    "cold storage",
    "roof tiles",
    "copper tubing",
    "office chairs",
    "bread flour",
    "olive oil",
    "paper rolls",
    "site cleaning",
    "crane hire",
    "web hosting",
    "shelf units",
    "engine parts",
    "cotton sheets",
    "garden soil",
    "glass jars",
    "steel beams",
    "coffee beans",
    "fish boxes",
    "floor varnish",
    "cable drums",
    "safety gloves",
    "bike frames",
    "lamp shades",
    "door handles",
    "plum jam",
    "solar clamps",
    "water filters",
    "brick pallets",
    "wool yarn",
    "paint tins",
    "pump seals",
    "tool hire",
    "map printing",
    "carton sleeves",
    "tyre service",
    "lift checks",
    "seed mixes",
)

#: Texts that say nothing about a deal.
GENERIC_TEXTS: Final = ("payment", "services", "transfer", "invoice", "goods", None, None)

#: What people write to people.
SMALL_TALK: Final = (
    "dinner",
    "thanks",
    "tickets",
    "birthday",
    "shared taxi",
    "trip share",
    "present for mum",
    "old bike",
    "groceries",
    "concert",
    "gym bag",
    "weekend",
    None,
    None,
)

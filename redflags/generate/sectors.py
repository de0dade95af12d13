"""What the last words of an invented firm's name say about its trade: sector, class and merchant category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Trade", "trade_of"]


@dataclass(frozen=True)
class Trade:
    """A line of trade: its sector, the institution's class of such payees, and its merchant category (ISO 18245)."""

    sector: str
    payee_class: str | None = None
    mcc: str = "5999"


_TRADES: Final = {
    "Trading": Trade("wholesale", None, "5399"),
    "Works": Trade("manufacturing", None, "7699"),
    "House": Trade("retail", "merchant", "5712"),
    "Supply": Trade("wholesale", None, "5200"),
    "Services": Trade("consulting", None, "7299"),
    "Group": Trade("retail", "merchant", "5311"),
    "Studio": Trade("software", None, "7221"),
    "Partners": Trade("consulting", None, "8999"),
    "Logistics": Trade("transport", None, "4215"),
    "Foods": Trade("food", "merchant", "5411"),
    "Systems": Trade("software", None, "5734"),
    "Craft": Trade("retail", "merchant", "5970"),
    "Homes": Trade("property", "landlord", "6513"),
    "Estates": Trade("property", "landlord", "6513"),
    "Stays": Trade("lodging", "merchant", "7011"),
    "Hotel": Trade("lodging", "merchant", "7011"),
    "Airways": Trade("transport", "merchant", "4511"),
    "Rail": Trade("transport", "merchant", "4112"),
    "Fuel": Trade("retail", "merchant", "5541"),
    "Outdoor": Trade("retail", "merchant", "5941"),
    "Table": Trade("restaurant", "merchant", "5812"),
    "Stores": Trade("retail", "merchant", "5311"),
    "Haulage": Trade("transport", None, "4215"),
    "Notaries": Trade("notary", "notary", "8111"),
    "Lawyers": Trade("law", "lawyer", "8111"),
    "Coaches": Trade("transport", "merchant", "4131"),
    "Fund": Trade("fund", "fund"),
    "Trade": Trade("wholesale"),
    "Holdings": Trade("holding"),
    "Maritime": Trade("shipping"),
    "Clinic": Trade("health", "hospital", "8062"),
    "College": Trade("education", "school", "8220"),
    "Motors": Trade("vehicles", "merchant", "5511"),
    "Jewellers": Trade("jewellery", "merchant", "5944"),
    "Drilling": Trade("construction"),
    "Pharma": Trade("health"),
    "Seeds": Trade("agriculture"),
    "Grain": Trade("agriculture"),
    "Books": Trade("education"),
    "Field Office": Trade("aid", "charity"),
    "Foundation": Trade("foundation", "charity"),
    "Hall": Trade("events"),
    "Bank": Trade("banking", "lender"),
    "Lending": Trade("banking", "lender"),
    "Factors": Trade("banking", "financier"),
    "Insurance": Trade("insurance", "insurer"),
    "Exchange": Trade("virtual_assets", "exchange"),
    "Platform": Trade("payments", "crowdfunding"),
    "Card house": Trade("payments", "acquirer"),
    "Power company": Trade("energy", "utility", "4900"),
    "Tax office": Trade("state", "public_body", "9311"),
    "Pension office": Trade("state", "public_body"),
    "Study office": Trade("state", "public_body"),
    "Benefit office": Trade("state", "public_body"),
}
_OTHER: Final = Trade("other")


def trade_of(words: str) -> Trade:
    """The trade that a firm's last words stand for.

    Example:
        >>> trade_of("Clinic").sector, trade_of("Whatever").sector
        ('health', 'other')
    """
    return _TRADES.get(words, _OTHER)

"""The world outside the bank: countries, invented regions, invented risk areas and invented scores.

Country codes are real, so that dated lists of countries apply. Everything said *about* them here is invented:
regions, areas and scores are made up for the sample and describe no place.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

__all__ = ["CORRIDOR", "NEAR", "REGION_PLACES", "REMITTANCE", "RISKY", "RISK_REGIONS", "geo_risk_rows", "score_rows"]

#: Countries that ordinary customers trade with and travel to.
NEAR: Final = ("NL", "BE", "AT", "FR", "DK", "PL", "CZ", "IT", "ES", "SE")
#: Countries that ordinary customers send family support to; scored low here.
REMITTANCE: Final = ("RS", "MA", "TN", "GE", "PE", "GH", "LK", "MD")

#: Invented region, invented area, country, category.
RISK_REGIONS: Final = (
    ("SO-XA1", "AREA-1", "SO", "conflict"),
    ("SO-XA2", "AREA-1", "SO", "tf_risk"),
    ("SY-XB1", "AREA-2", "SY", "conflict"),
    ("YE-XC1", "AREA-3", "YE", "conflict"),
    ("ML-XD1", "AREA-4", "ML", "tf_risk"),
    ("NE-XD2", "AREA-4", "NE", "tf_risk"),
    ("AF-XE1", "AREA-5", "AF", "conflict"),
    ("SS-XF1", "AREA-6", "SS", "conflict"),
    ("CD-XG1", "AREA-7", "CD", "conflict"),
)

#: Invented regions on an invented corridor towards an area of risk, in the order in which it is travelled.
CORRIDOR: Final = (
    ("RS-XS1", "RS", "transit"),
    ("BG-XS2", "BG", "transit"),
    ("TR-XT2", "TR", "transit"),
    ("TR-XT1", "TR", "hub"),
    ("SY-XB1", "SY", "border"),
)

#: Where invented regions abroad lie on the invented map: latitude, longitude.
REGION_PLACES: Final = {
    "ES-XC1": (39.6, 2.7),
    "IT-XB1": (43.7, 11.3),
    "FR-XD1": (43.5, 6.9),
    "AT-XF1": (47.3, 11.4),
    "DK-XA1": (55.6, 9.2),
    "SE-XC1": (57.8, 14.2),
    "PL-XE1": (50.1, 19.9),
    "GR-XA1": (37.9, 23.7),
    "RS-XS1": (44.8, 20.5),
    "BG-XS2": (42.7, 23.3),
    "TR-XT2": (41.0, 28.9),
    "TR-XT1": (37.0, 37.3),
}

_SOURCE: Final = "invented for the sample"
_EPOCH: Final = dt.datetime(2023, 1, 1, tzinfo=dt.UTC)
_FROM_2026: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

# Invented. fsi: secrecy, 0 to 100, higher is more secret. composite: risk, 0 to 1, higher is riskier.
_FSI: Final = {
    "KY": 78,
    "BS": 74,
    "SC": 71,
    "MH": 69,
    "BM": 70,
    "VG": 73,
    "PA": 72,
    "LU": 66,
    "CH": 61,
    "AE": 64,
    "SG": 62,
    "HK": 63,
    "DE": 45,
    "NL": 52,
    "BE": 44,
    "AT": 50,
    "FR": 46,
    "GB": 49,
    "US": 60,
    "PL": 41,
    "DK": 40,
    "CY": 58,
    "MT": 57,
}
_COMPOSITE: Final = {
    "AF": 0.93,
    "SO": 0.91,
    "SY": 0.9,
    "YE": 0.9,
    "KP": 0.97,
    "IR": 0.92,
    "MM": 0.86,
    "SS": 0.88,
    "CD": 0.84,
    "ML": 0.82,
    "NE": 0.76,
    "HT": 0.84,
    "TD": 0.78,
    "LA": 0.74,
    "KH": 0.69,
    "NG": 0.68,
    "KE": 0.63,
    "VN": 0.62,
    "LB": 0.72,
    "CI": 0.61,
    "PK": 0.66,
    "TJ": 0.65,
    "ZW": 0.67,
    "UG": 0.62,
    "BO": 0.61,
    "AO": 0.66,
    "CM": 0.67,
    "NP": 0.61,
    "VE": 0.74,
    "IQ": 0.8,
    "TR": 0.55,
    "AE": 0.52,
    "RS": 0.48,
    "MA": 0.47,
    "TN": 0.5,
    "GE": 0.44,
    "PE": 0.46,
    "GH": 0.49,
    "LK": 0.51,
    "MD": 0.5,
    "BG": 0.39,
    "DE": 0.2,
    "NL": 0.2,
    "BE": 0.22,
    "AT": 0.21,
    "FR": 0.22,
    "DK": 0.15,
    "PL": 0.28,
    "CZ": 0.27,
    "IT": 0.3,
    "ES": 0.26,
    "SE": 0.16,
    "GB": 0.22,
    "CH": 0.24,
    "US": 0.3,
    "PA": 0.56,
    "KY": 0.45,
    "BS": 0.5,
    "SC": 0.49,
    "MH": 0.5,
    "BM": 0.4,
    "VG": 0.5,
    "LU": 0.27,
    "HK": 0.42,
    "SG": 0.33,
    "CY": 0.36,
    "MT": 0.38,
}

#: Countries that the institution scores as risky.
RISKY: Final = frozenset(country for country, score in _COMPOSITE.items() if score >= 0.6)


def geo_risk_rows() -> list[dict[str, object]]:
    """Rows of `geo_risk`.

    Example:
        >>> geo_risk_rows()[0]["region_code"]
        'SO-XA1'
    """
    areas: list[dict[str, object]] = [
        {
            "region_code": region,
            "area_id": area,
            "category": category,
            "legal_basis": "risk assessment of the institution, invented",
            "source": _SOURCE,
            "valid_from": _EPOCH,
        }
        for region, area, _, category in RISK_REGIONS
    ]
    steps: list[dict[str, object]] = [
        {
            "region_code": region,
            "area_id": "AREA-2",
            "category": category,
            "corridor_id": "COR-1",
            "corridor_order": order,
            "legal_basis": "risk assessment of the institution, invented",
            "source": _SOURCE,
            "valid_from": _EPOCH,
        }
        for order, (region, _, category) in enumerate(CORRIDOR, 1)
    ]
    return areas + steps


def score_rows() -> list[dict[str, object]]:
    """Rows of `country_scores`: editions of each index, the second valid from 2026 on.

    Example:
        >>> {row["index_name"] for row in score_rows()} == {"fsi", "composite"}
        True
    """
    return [
        {
            "index_name": index,
            "country": country,
            "score": round(score * drift, 4),
            "source": _SOURCE,
            "valid_from": since,
            "valid_to": until,
        }
        for index, scores in (("fsi", _FSI), ("composite", _COMPOSITE))
        for country, score in sorted(scores.items())
        for since, until, drift in ((_EPOCH, _FROM_2026, 0.98), (_FROM_2026, None, 1.0))
    ]

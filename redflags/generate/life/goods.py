"""Goods and ways: invented prices, weights, ports and routes; codes are real, everything said about them is made up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from redflags.generate.words import HOME_CURRENCY
from redflags.generate.world import utc

if TYPE_CHECKING:
    from redflags.generate.world import World

__all__ = ["CHAPTERS", "GOODS_TRADED", "PORTS", "Good", "register"]


@dataclass(frozen=True)
class Good:
    """One kind of goods: code, words on invoices, official words, unit, usual price of a unit, its weight."""

    hs: str
    words: str
    official: str
    unit: str
    price: float
    kg: float


GOODS_TRADED: Final = (
    Good("090111", "green coffee beans arabica", "Coffee, not roasted, not decaffeinated", "kg", 5.2, 1.0),
    Good("150910", "virgin olive oil", "Olive oil, virgin", "kg", 6.1, 1.0),
    Good("392690", "plastic fittings and clips", "Other articles of plastics", "kg", 8.4, 1.0),
    Good("440710", "sawn pine boards", "Wood sawn lengthwise, coniferous", "m3", 310.0, 520.0),
    Good("520512", "cotton yarn single", "Cotton yarn, single, uncombed", "kg", 4.4, 1.0),
    Good("611020", "cotton pullovers", "Jerseys and pullovers, of cotton", "piece", 9.5, 0.4),
    Good("690721", "ceramic floor tiles", "Ceramic flags and paving, floor tiles", "m2", 11.0, 20.0),
    Good("730890", "steel frames and columns", "Structures and parts of structures, of iron or steel", "kg", 2.6, 1.0),
    Good("841381", "water pumps for wells", "Pumps for liquids", "piece", 420.0, 31.0),
    Good("848180", "brass valves and taps", "Taps, cocks, valves and similar appliances", "piece", 14.0, 0.7),
    Good("850440", "power supply units", "Static converters", "piece", 62.0, 2.1),
    Good("870899", "car body parts", "Parts and accessories of motor vehicles", "kg", 12.0, 1.0),
    Good("940360", "oak tables and shelves", "Other wooden furniture", "piece", 130.0, 24.0),
    Good("100199", "milling wheat in bulk", "Wheat and meslin, other than seed", "t", 235.0, 1_000.0),
    Good("284690", "cerium compounds for polishing", "Compounds of rare-earth metals", "kg", 18.0, 1.0),
)

#: Chapters of the Harmonized System that are ordinary for a sector.
CHAPTERS: Final = {
    "import_export": ("09", "15", "39", "44", "52", "61", "69", "73", "84", "85", "87", "94", "10"),
    "wholesale": ("09", "15", "39", "52", "61", "69", "84", "85", "94"),
    "manufacturing": ("39", "44", "73", "84", "85", "87", "28", "94"),
    "construction": ("44", "69", "73", "84", "94"),
    "retail": ("09", "15", "61", "69", "94"),
}

#: Port, country, latitude, longitude, free zone, hub. The codes are invented.
PORTS: Final = (
    ("DEXHA", "DE", 53.5, 9.9, False, True),
    ("NLXRO", "NL", 51.9, 4.2, False, True),
    ("BEXAN", "BE", 51.3, 4.3, False, True),
    ("ITXGE", "IT", 44.4, 8.9, False, False),
    ("ESXVA", "ES", 39.4, -0.3, False, False),
    ("PLXGD", "PL", 54.4, 18.7, False, False),
    ("TRXIZ", "TR", 38.4, 27.1, False, False),
    ("MAXCA", "MA", 33.6, -7.6, False, False),
    ("CNXSH", "CN", 31.2, 121.5, False, True),
    ("BRXSA", "BR", -23.9, -46.3, False, False),
    ("USXNY", "US", 40.7, -74.0, False, True),
    ("AEXFZ", "AE", 25.0, 55.1, True, True),
    ("SGXSI", "SG", 1.3, 103.8, True, True),
)

#: Usual length in kilometres and slow passage in days from a country's port to the home port.
_ROUTES: Final = {
    "NL": (480, 6), "BE": (640, 6), "IT": (4_300, 19), "ES": (3_600, 16), "PL": (900, 8), "TR": (6_200, 24),
    "MA": (3_100, 15), "CN": (19_800, 52), "BR": (10_300, 33), "US": (6_400, 22), "AE": (12_200, 38),
    "SG": (15_600, 42),
}  # fmt: skip


def register(world: World) -> None:
    """Write prices, weights, ports, routes and what is plausible for whom."""
    since = utc(world.period.first - 400)
    for good in GOODS_TRADED:
        _prices(world, good)
        world.add(
            "goods_physics",
            hs_code=good.hs,
            unit=good.unit,
            kg_min=round(good.kg * 0.6, 3),
            kg_max=round(good.kg * 1.6, 3),
            valid_from=since,
        )
        world.add("hs_texts", hs_code=good.hs, text=good.official, valid_from=since)
    for sector, chapters in CHAPTERS.items():
        for chapter in sorted({good.hs[:2] for good in GOODS_TRADED} | {"30", "71", "93"}):
            usual = 0.6 if chapter in chapters else 0.08 if chapter < "70" else 0.04
            world.add(
                "industry_goods_map",
                industry_code=sector,
                hs_chapter=chapter,
                plausibility=0.01 if chapter in ("71", "93") else usual,
                valid_from=since,
            )
    for kind, weight, volume in (
        ("20GP", 28_000, 33),
        ("40GP", 26_500, 67),
        ("40HC", 26_300, 76),
        ("TRUCK", 24_000, 90),
    ):
        world.add("container_limits", container_type=kind, max_kg=weight, max_m3=volume, valid_from=since)
    _ways(world, since)
    _watched(world, since)


def _prices(world: World, good: Good) -> None:
    """Two editions: last year's, and one valid from this year on."""
    new_year = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for since, until, drift in ((utc(world.period.first - 400), new_year, 0.97), (new_year, None, 1.0)):
        middle = good.price * drift
        world.add(
            "price_reference",
            hs_code=good.hs,
            origin_country="*",
            destination_country="*",
            unit=good.unit,
            currency=HOME_CURRENCY,
            period=f"{since.year}",
            n_obs=180 + len(good.words),
            **{
                name: round(middle * factor, 4)
                for name, factor in (
                    ("p05", 0.7), ("p10", 0.78), ("q1", 0.88), ("median", 1.0), ("q3", 1.12), ("p90", 1.25), ("p95", 1.35),
                )
            },
            source="invented for the sample",
            valid_from=since,
            valid_to=until,
        )  # fmt: skip


def _ways(world: World, since: dt.datetime) -> None:
    for port, country, latitude, longitude, free, hub in PORTS:
        world.add(
            "ports",
            port=port,
            country=country,
            is_free_zone=free,
            is_hub=hub,
            latitude=latitude,
            longitude=longitude,
            valid_from=since,
        )
        if country == "DE":
            continue
        km, slow = _ROUTES[country]
        for load, discharge in ((port, "DEXHA"), ("DEXHA", port)):
            world.add(
                "route_reference",
                load_port=load,
                discharge_port=discharge,
                typical_km=km,
                typical_stops=1 if km > 8_000 else 0,
                p95_days=slow,
                valid_from=since,
            )


def _watched(world: World, since: dt.datetime) -> None:
    for code, category in (
        ("284690", "dual_use"), ("854231", "dual_use"), ("880730", "dual_use"), ("9301", "arms"), ("9306", "arms"),
        ("9705", "cultural_goods"), ("0507", "wildlife"), ("7108", "precious"), ("2710", "refining"),
    ):  # fmt: skip
        world.add("hs_watch", hs_code=code, category=category, source="invented for the sample", valid_from=since)
    for code, region in (("9301", "KP"), ("9306", "SO"), ("2710", "KP"), ("8542", "IR")):
        world.add("embargoes", hs_code=code, region_code=region, instrument="invented for the sample", valid_from=since)
    sectors = sorted({*CHAPTERS, "restaurant", "transport", "consulting", "software", "cleaning", "property", "energy"})
    for a in sectors:
        for b in sectors:
            odd = {a, b} in ({"restaurant", "software"}, {"cleaning", "import_export"})
            world.add("sector_affinity", industry_a=a, industry_b=b, plausibility=0.2 if odd else 0.6, valid_from=since)

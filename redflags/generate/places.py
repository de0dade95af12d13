"""Where the invented bank stands: regions on an invented map, and the service points in them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redflags.generate.names import IdPool
from redflags.generate.words import HOME

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Atlas", "Region", "ServicePoint", "distance_km"]

# Invented regions of a real country's code: latitude, longitude of an invented chief town.
_REGIONS = (
    (HOME, 53.9, 9.4),
    (HOME, 53.4, 13.1),
    (HOME, 52.6, 7.4),
    (HOME, 52.3, 10.6),
    (HOME, 52.4, 13.6),
    (HOME, 51.1, 6.9),
    (HOME, 51.2, 12.2),
    (HOME, 50.2, 8.4),
    (HOME, 49.5, 11.2),
    (HOME, 48.6, 8.9),
    (HOME, 48.2, 11.9),
    ("NL", 52.1, 5.1),
    ("BE", 50.8, 4.3),
    ("AT", 48.1, 15.7),
)


@dataclass(frozen=True)
class ServicePoint:
    """A counter, cash machine or deposit machine; `kind` is the channel that it serves."""

    service_point_id: str
    kind: str
    branch_id: str
    country: str
    region: str
    latitude: float
    longitude: float

    def columns(self) -> dict[str, object]:
        """The columns of a transaction booked here."""
        return {
            "service_point_id": self.service_point_id,
            "branch_id": self.branch_id,
            "branch_country": self.country,
            "region_code": self.region,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "channel": self.kind,
        }


@dataclass(frozen=True)
class Region:
    """A region with a branch: two counters, two cash machines, two deposit machines."""

    code: str
    country: str
    latitude: float
    longitude: float
    points: tuple[ServicePoint, ...]

    def of_kind(self, kind: str) -> tuple[ServicePoint, ...]:
        """The service points that serve one channel."""
        return tuple(point for point in self.points if point.kind == kind)


def distance_km(a: Region | ServicePoint, b: Region | ServicePoint) -> float:
    """Great-circle distance.

    Example:
        >>> import numpy as np
        >>> atlas = Atlas.invented(np.random.default_rng(1))
        >>> distance_km(atlas.regions[0], atlas.regions[0])
        0.0
    """
    north, other = math.radians(a.latitude), math.radians(b.latitude)
    turn = math.radians(b.longitude - a.longitude)
    half = math.sin((other - north) / 2) ** 2 + math.cos(north) * math.cos(other) * math.sin(turn / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


@dataclass(frozen=True)
class Atlas:
    """All regions of the bank."""

    regions: tuple[Region, ...]

    @classmethod
    def invented(cls, rng: np.random.Generator) -> Atlas:
        """Lay out the regions and scatter service points around their towns."""
        points, branches = IdPool(rng, "SP", 4), IdPool(rng, "BR", 3)
        counts: dict[str, int] = {}
        regions: list[Region] = []
        for country, latitude, longitude in _REGIONS:
            counts[country] = counts.get(country, 0) + 1
            code = f"{country}-X{chr(64 + counts[country])}1"
            branch = branches.take()
            around = tuple(
                ServicePoint(
                    points.take(),
                    kind,
                    branch,
                    country,
                    code,
                    round(latitude + float(rng.uniform(-0.08, 0.08)), 4),
                    round(longitude + float(rng.uniform(-0.1, 0.1)), 4),
                )
                for kind in ("branch", "branch", "atm", "atm", "deposit_machine", "deposit_machine")
            )
            regions.append(Region(code, country, latitude, longitude, around))
        return cls(tuple(regions))

    def home_regions(self) -> list[Region]:
        """Regions of the head office's country."""
        return [region for region in self.regions if region.country == HOME]

    def away_from(self, region: Region, km: float) -> list[Region]:
        """Regions whose every service point lies at least `km` from a region's town."""
        return [
            other
            for other in self.regions
            if other is not region and min(distance_km(region, point) for point in other.points) >= km
        ]

"""The bank under construction: its parties, accounts, registers and tape, and how new ones are made."""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar, cast

import numpy as np

from redflags.errors import UsageError
from redflags.generate.names import IdPool, Names
from redflags.generate.places import Atlas, Region, ServicePoint
from redflags.generate.tape import Side, Tape
from redflags.generate.words import HOME, HOME_CURRENCY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redflags.generate.clock import Period

__all__ = ["CASH_TRADES", "Firm", "Npo", "Person", "World", "utc"]


#: Trades that live on cash.
CASH_TRADES: Final = ("restaurant", "retail")

T = TypeVar("T", "Person", "Firm", "Npo")


def utc(day: int) -> dt.datetime:
    """Midnight, UTC, of a day given as days since the epoch.

    Example:
        >>> utc(1)
        datetime.datetime(1970, 1, 2, 0, 0, tzinfo=datetime.timezone.utc)
    """
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=day)


@dataclass
class Person:
    """A customer who is a person, with what makes up an ordinary life."""

    party_id: str
    main: Side
    kind: str
    home: Region
    device: str
    employer: Side
    landlord: Side
    pay: int = 0
    payday: int = 25
    rent: int = 0
    savings: Side | None = None
    kin: Side | None = None
    kin_amount: int = 0
    parent: Side | None = None
    away: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Firm:
    """A customer who is a firm."""

    party_id: str
    main: Side
    kind: str
    home: Region
    device: str
    turnover: int
    staff: list[str] = field(default_factory=list)
    clients: list[Side] = field(default_factory=list)
    suppliers: list[tuple[Side, str]] = field(default_factory=list)
    reserve: Side | None = None
    banks_takings: bool = True


@dataclass
class Npo:
    """A customer who is a non-profit."""

    party_id: str
    main: Side
    work: str
    home: Region
    device: str
    partners: list[Side] = field(default_factory=list)


class World:
    """Everything that exists so far.

    Attributes:
        period: The time the data speaks about.
        tape: The transactions.
        tables: Rows of the other tables, by table name; `parties` and `accounts` stand apart, by id.
    """

    def __init__(self, seed: int, period: Period) -> None:
        self.seed = seed
        self.period = period
        self.tape = Tape()
        self.parties: dict[str, dict[str, object]] = {}
        self.accounts: dict[str, dict[str, object]] = {}
        self.tables: dict[str, list[dict[str, object]]] = {}
        #: Accounts at other banks, with the name and the country that go with them.
        self.outside: dict[str, tuple[str, str]] = {}
        #: Network address of a device, where several share one.
        self.networks: dict[str, str] = {}
        #: Who plays a part in a case or a look-alike.
        self.cast: set[str] = set()
        self.people: list[Person] = []
        self.firms: list[Firm] = []
        self.npos: list[Npo] = []
        self.names = Names(self.rng("names"))
        self.atlas = Atlas.invented(self.rng("atlas"))
        self.bank_id = "B4170"
        self._ids = {
            kind: IdPool(self.rng("ids", kind), prefix, digits)
            for kind, prefix, digits in (
                ("party", "P", 5),
                ("account", "A", 7),
                ("outside", "X", 8),
                ("device", "D", 6),
                ("provider", "V", 3),
                ("loan", "L", 6),
                ("appeal", "Q", 4),
                ("carve_out", "H", 4),
                ("programme", "G", 4),
                ("address", "ADR", 5),
                ("phone", "TEL", 6),
                ("card", "K", 6),
                ("paper", "W", 7),
                ("record", "R", 6),
                ("file", "F", 6),
            )
        }
        banks = IdPool(self.rng("ids", "bank"), "B", 4)
        self._banks: dict[str, list[str]] = {}
        self._new_bank = banks.take
        self.providers = [self.id("provider") for _ in range(4)]
        self._order: dict[str, list[int]] = {}

    def rng(self, *labels: str | int) -> np.random.Generator:
        """A stream of random numbers of its own for each label, so that one more case moves no other."""
        words = [zlib.crc32(str(label).encode()) for label in labels]
        return np.random.default_rng(np.random.SeedSequence([self.seed, *words]))

    @staticmethod
    def moment(at: int) -> dt.datetime:
        """A moment of the local clock, as a register holds it; the hour of summer time is let go."""
        return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=at - 3_600)

    def id(self, kind: str) -> str:
        """A new id of one kind."""
        return self._ids[kind].take()

    def add(self, table: str, **row: object) -> None:
        """Add a row to a register."""
        self.tables.setdefault(table, []).append(row)

    def link(
        self, party: str, related: str, role: str, since: int, share: float | None = None, *, until: int | None = None
    ) -> None:
        """Put a relation on file: `related` is the `role` of `party`."""
        self.add(
            "party_links",
            link_id=self.id("record"),
            party_id=party,
            related_party_id=related,
            role=role,
            share_pct=share,
            is_nominee=False if role in ("director", "owner", "ubo") else None,
            valid_from=utc(since),
            valid_to=None if until is None else utc(until),
        )

    def known(self, kind: str, side: Side) -> None:
        """Put an account on the list of payees that are ordinary for everybody."""
        self.add("known_payees", account_id=side.account_id, **{"class": kind}, valid_from=utc(self.period.first - 900))

    def party(self, party_type: str, name: str, **fields: object) -> str:
        """Put a party on file; customers get an account besides."""
        party = self.id("party")
        usual: dict[str, object] = {
            "party_id": party,
            "party_type": party_type,
            "name": name,
            "is_customer": True,
            "residence_country": HOME,
            "status": "active",
            "is_pep": False,
            "expected_countries": [],
            "group_countries": [],
            "registered_regions": [],
        }
        self.parties[party] = {**usual, **fields}
        return party

    def account(self, party: str, home: Region, account_type: str, opened: int, **fields: object) -> Side:
        """Open an account and say how it looks in a payment message."""
        account = self.id("account")
        point = home.points[0]
        self.accounts[account] = {
            "account_id": account,
            "party_id": party,
            "account_type": account_type,
            "product": f"{account_type}_basic",
            "currency": HOME_CURRENCY,
            "country": home.country,
            "opened_at": utc(opened),
            "status": "active",
            "home_region": home.code,
            "home_latitude": point.latitude,
            "home_longitude": point.longitude,
            "timezone": "Europe/Berlin",
            "bank_id": self.bank_id,
            **fields,
        }
        return Side(
            account,
            party,
            str(self.parties[party]["name"]),
            self.bank_id,
            home.country,
            home.country,
            home.code,
        )

    def outsider(
        self,
        rng: np.random.Generator,
        name: str,
        country: str = HOME,
        region: str | None = None,
        bank_in: str | None = None,
        party: str | None = None,
    ) -> Side:
        """Somebody with an account at another bank, in `bank_in` or else in `country`; `party` where on file."""
        seat = bank_in or country
        banks = self._banks.setdefault(seat, [])
        if len(banks) < 4:
            banks.append(self._new_bank())
        bank = banks[int(rng.integers(len(banks)))]
        if region is None:
            letter = "ABCDEFGH"[int(rng.integers(8))]
            region = f"{country}-X{letter}1"
        side = Side(self.id("outside"), party, name, bank, country, seat, region)
        self.outside[side.account_id] = (name, country)
        return side

    def stranger(self, rng: np.random.Generator, since: int) -> str:
        """A person on file who is no customer: identified once at a counter."""
        return self.party(
            "person",
            self.names.person(),
            is_customer=False,
            onboarded_at=utc(since),
            segment="occasional",
            is_pep=None,
            expected_countries=None,
            group_countries=None,
            registered_regions=None,
            region_code=self.atlas.regions[int(rng.integers(len(self.atlas.regions)))].code,
        )

    def point(self, rng: np.random.Generator, region: Region, kind: str) -> ServicePoint:
        """One service point of a kind in a region."""
        points = region.of_kind(kind)
        return points[int(rng.integers(len(points)))]

    def expect(self, party: str, *countries: str) -> None:
        """Put countries on file as ones that a customer said it would deal with."""
        known = cast("list[str]", self.parties[party]["expected_countries"])
        self.parties[party]["expected_countries"] = sorted({*known, *countries})

    def cast_person(self, kind: str = "worker") -> Person:
        """A person with an ordinary life who has no other part to play."""
        return self._cast(kind, [person for person in self.people if person.kind == kind])

    def cast_firm(self, *, cash: bool = False) -> Firm:
        """A firm with an ordinary life that has no other part to play."""
        kind = "cash firm" if cash else "firm"
        return self._cast(kind, [firm for firm in self.firms if (firm.kind in CASH_TRADES) == cash])

    def cast_npo(self) -> Npo:
        """A non-profit with an ordinary life that has no other part to play."""
        return self._cast("npo", self.npos)

    def _cast(self, kind: str, members: Sequence[T]) -> T:
        # Drawn once per kind; who joins the bank later plays a part of their own.
        order = self._order.setdefault(kind, self.rng("cast", kind).permutation(len(members)).tolist())
        if not order:
            raise UsageError(f"no {kind} is left for another case; ask for more parties or for fewer cases")
        chosen = members[order.pop()]
        self.cast.add(chosen.party_id)
        return chosen

    def idle_people(self, kind: str | None = "worker") -> list[Person]:
        """People with an ordinary life who play no part, of one kind or of all."""
        return [p for p in self.people if p.party_id not in self.cast and kind in (None, p.kind)]

    def idle_person(self, number: int) -> Person:
        """One worker who plays no part; in a small bank the same one may be met again."""
        people = self.idle_people() or self.people
        return people[number % len(people)]

    def idle_npos(self) -> list[Npo]:
        """Aid organisations that play no part."""
        return [npo for npo in self.npos if npo.party_id not in self.cast]

    def idle_firms(self, *kinds: str) -> list[Firm]:
        """Firms with an ordinary life that play no part, of some trades or of all."""
        return [f for f in self.firms if f.party_id not in self.cast and (not kinds or f.kind in kinds)]

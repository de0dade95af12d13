"""One planted case: its place in time, its strength, and the label on each of its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from redflags.errors import UsageError
from redflags.generate.clock import DAY, HOUR, Ints
from redflags.generate.tape import Label, Side, sides

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from redflags.generate.world import Firm, Npo, Person, World

__all__ = ["STRENGTHS", "Case", "euros"]

#: How plain a case is to see; all of them lie beyond the default parameters.
STRENGTHS: Final = ("blatant", "plain", "subtle")

T = TypeVar("T")


def euros(rng: np.random.Generator, low: int, high: int, count: int, step: int = 5) -> Ints:
    """Amounts in cents between two amounts in whole euros, in steps that people use.

    Example:
        >>> sorted(set(euros(np.random.default_rng(1), 10, 20, 50).tolist()))
        [1000, 1500, 2000]
    """
    return rng.integers(-(-low // step), high // step + 1, count) * step * 100


@dataclass
class Case:
    """A case under construction.

    Attributes:
        world: The bank it is planted in.
        case_id: Its id in the answer key.
        rule_id: The typology that it shows.
        strength: How plain it is.
        late: Whether it ends on the last day of the data.
    """

    world: World
    case_id: str
    rule_id: str
    strength: str
    late: bool
    rng: np.random.Generator
    moments: list[Ints] = field(default_factory=list)
    subject: tuple[str, str, str | None] | None = None
    story: str = ""

    def by_strength(self, blatant: T, plain: T, subtle: T) -> T:
        """The value that fits the case's strength."""
        return {"blatant": blatant, "plain": plain, "subtle": subtle}[self.strength]

    def start(self, length: int, *, quiet: int = 10, tail: int = 2) -> int:
        """First day of a story of so many days inside the full life.

        Args:
            length: Days from its first to its last row.
            quiet: Days of full life to leave before it.
            tail: Days to leave after it, unless the case is late.
        """
        period = self.world.period
        latest = period.last - length
        if self.late:
            return latest
        earliest = period.full + quiet
        if latest - tail < earliest:
            raise UsageError(
                f"a {self.rule_id} case needs {length + quiet + tail + 1} full days; "
                f"there are {period.last - period.full + 1}, ask for more full months"
            )
        return int(self.rng.integers(earliest, latest - tail + 1))

    def spread(self, first: int, length: float, count: int, earliest: float = 9.2, latest: float = 17.5) -> Ints:
        """Moments, in order, from `first` on over `length` days: one on the first day, one on the last."""
        if count == 1:
            days = np.array([first + int(length)])
        else:
            inner = np.sort(self.rng.integers(0, int(length) + 1, count - 2))
            days = first + np.concatenate([[0], inner, [int(length)]])
        clock = self.rng.integers(int(earliest * HOUR), int(latest * HOUR), count)
        at = np.sort(days.astype(np.int64) * DAY + clock)
        return at + np.arange(count)

    def put(
        self,
        role: str,
        at: Ints,
        cents: Ints | list[int],
        *,
        ends: Mapping[str, object],
        where: Mapping[str, object] | None = None,
        **columns: object,
    ) -> None:
        """Write labelled rows."""
        label = Label(self.case_id, self.rule_id, role, self.strength)
        self.world.tape.put(at, cents, ends={**ends, **columns}, where=where, label=label)
        self.moments.append(np.asarray(at))

    def send(
        self,
        role: str,
        at: Ints,
        cents: Ints | list[int],
        source: Side,
        target: Side | list[Side],
        *,
        device: str | None = None,
        text: object = None,
        **columns: object,
    ) -> None:
        """Write labelled transfers: domestic ones as `transfer`, others as `wire`."""
        targets = [target] * len(at) if isinstance(target, Side) else target
        plain: dict[str, object] = {
            "txn_type": ["wire" if source.country != end.country else "transfer" for end in targets],
            "instrument": "wire",
            "channel": "online",
            "purpose_text": text,
            "device_id": device,
            "ip_country": source.country if device else None,
        }
        self.put(role, at, cents, ends={**sides(source, targets), **plain, **columns})

    def receive(
        self,
        role: str,
        at: Ints,
        cents: Ints | list[int],
        sources: list[Side],
        target: Side,
        *,
        text: object = None,
        **columns: object,
    ) -> None:
        """Write labelled transfers into an account."""
        kinds = ["wire" if source.country != target.country else "transfer" for source in sources]
        self.put(
            role,
            at,
            cents,
            ends={**sides(sources, target), **columns},
            txn_type=kinds,
            instrument="wire",
            channel="online",
            purpose_text=text,
        )

    def deposit(
        self,
        role: str,
        at: Ints,
        cents: Ints,
        target: Side,
        *,
        points: Sequence[Mapping[str, object]],
        conductors: Sequence[str | None],
    ) -> None:
        """Write labelled cash deposits, each at its own service point."""
        where = {name: [point[name] for point in points] for name in points[0]}
        self.put(
            role,
            at,
            cents,
            ends=sides(None, target),
            where=where,
            txn_type="cash_deposit",
            instrument="cash",
            conductor_id=list(conductors),
        )

    def tell(self, who: Person | Firm | Npo, story: str, *, account: Side | None = None) -> None:
        """Say whom the case is about, and its story in one sentence."""
        if account is not None:
            self.subject = ("account", account.account_id, who.party_id)
        else:
            self.subject = ("party", who.party_id, who.party_id)
        self.story = story

    def row(self) -> dict[str, object]:
        """The case's row in the answer key, its moments still on the local clock."""
        if self.subject is None or not self.moments:
            raise ValueError(f"{self.case_id} was never told")
        kind, subject, party = self.subject
        at = np.concatenate(self.moments)
        return {
            "case_id": self.case_id,
            "rule_id": self.rule_id,
            "strength": self.strength,
            "subject_kind": kind,
            "subject_id": subject,
            "party_id": party,
            "story": self.story,
            "_rows": len(at),
        }

"""Invented names: syllables that belong to no language, joined until they are new."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["IdPool", "Names"]

_HEADS = (
    "ba",
    "bel",
    "cor",
    "dax",
    "dol",
    "fen",
    "fir",
    "gal",
    "hov",
    "jun",
    "kel",
    "lom",
    "mir",
    "nep",
    "ost",
    "pel",
    "quo",
    "ral",
    "sov",
    "tam",
    "ulv",
    "ven",
    "wix",
    "yor",
    "zan",
)
_MIDDLES = ("a", "e", "i", "o", "u", "ar", "en", "il", "or", "un", "ax", "ey")
_TAILS = (
    "bo",
    "da",
    "fe",
    "gu",
    "ki",
    "lo",
    "mu",
    "ne",
    "pa",
    "ri",
    "so",
    "ta",
    "vu",
    "xo",
    "ze",
    "dix",
    "mon",
    "lent",
    "rusk",
)
_TRADES = (
    "Trading",
    "Works",
    "House",
    "Supply",
    "Services",
    "Group",
    "Studio",
    "Partners",
    "Logistics",
    "Foods",
    "Systems",
    "Craft",
)


class Names:
    """Gives names that were not given before.

    Example:
        >>> import numpy as np
        >>> names = Names(np.random.default_rng(1))
        >>> names.person() != names.person()
        True
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._given: set[str] = set()
        #: Name given to what it names: a kind of party and, for firms, the last words.
        self.kinds: dict[str, tuple[str, str]] = {}

    def _word(self) -> str:
        parts = (_HEADS, _MIDDLES, _TAILS)
        return "".join(str(part[int(self._rng.integers(len(part)))]) for part in parts).capitalize()

    def _new(self, shape: str, words: int) -> str:
        while True:
            name = shape.format(*(self._word() for _ in range(words)))
            if name not in self._given:
                self._given.add(name)
                return name

    def person(self) -> str:
        """A given name and a family name."""
        name = self._new("{} {}", 2)
        self.kinds[name] = ("person", "")
        return name

    def firm(self, trade: str | None = None) -> str:
        """A firm's name, its trade as the last word."""
        trade = trade or _TRADES[int(self._rng.integers(len(_TRADES)))]
        name = self._new("{} " + trade, 1)
        self.kinds[name] = ("company", trade)
        return name

    def npo(self, work: str) -> str:
        """A non-profit's name, its work as the last words."""
        name = self._new("{} " + work, 1)
        self.kinds[name] = ("npo", work)
        return name


class IdPool:
    """Gives ids in random order, so that an id says nothing about when or why it was made.

    Example:
        >>> import numpy as np
        >>> pool = IdPool(np.random.default_rng(1), "P", 4)
        >>> first, second = pool.take(), pool.take()
        >>> (len(first), first != second)
        (5, True)
    """

    def __init__(self, rng: np.random.Generator, prefix: str, digits: int) -> None:
        self._rng = rng
        self._prefix = prefix
        self._digits = digits
        self._given: set[int] = set()

    def take(self) -> str:
        """The next id."""
        low, high = 10 ** (self._digits - 1), 10**self._digits
        while (number := int(self._rng.integers(low, high))) in self._given:
            pass
        self._given.add(number)
        return f"{self._prefix}{number}"

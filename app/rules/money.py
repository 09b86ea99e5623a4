"""Money: one rounding, and grids of prices by quotient. Prices are `Decimal` euros, amounts are integer
cents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from app.rules.words import NBSP, money_words, number_words


def round_half_up(euros: Decimal) -> int:
    """Cents, half up and away from zero (1.525 -> 153, -1.525 -> -153), as every published grid rounds."""
    return int((euros * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Bracket:
    """The price of the quotients of [from_qf, to_qf), half-open; None is no bound on that side."""

    from_qf: Decimal | None
    to_qf: Decimal | None
    price: Decimal

    def __contains__(self, qf: Decimal) -> bool:
        return (self.from_qf is None or self.from_qf <= qf) and (self.to_qf is None or qf < self.to_qf)

    @property
    def start(self) -> Decimal:
        """The lower bound; quotients begin at 0."""
        return max(self.from_qf or Decimal(0), Decimal(0))

    @property
    def words(self) -> str:
        if self.to_qf is None:
            return f"à partir de {number_words(self.start)}" if self.start else "tarif unique"
        return f"{number_words(self.start)} à {number_words(self.to_qf)}"


@dataclass(frozen=True, slots=True)
class BadGrid:
    """One thing wrong in a grid: the quotients from `from_qf` (included) to `to_qf` (excluded, None:
    without end).
    """

    kind: str  # "hole", "overlap", "empty" or "negative"
    from_qf: Decimal
    to_qf: Decimal | None
    message: str


@dataclass(frozen=True, slots=True)
class Price:
    """A unit price in euros, up to four decimals, and the French words that explain it."""

    euros: Decimal
    explanation: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Prices by bracket of quotient. A grid is published only when `problems()` finds none; a draft may be
    priced.

    `without_qf` is the price when no quotient is known; None stands for the highest of the grid.
    """

    brackets: tuple[Bracket, ...]
    without_qf: Decimal | None = None

    def problems(self) -> tuple[BadGrid, ...]:
        """Every hole, overlap, empty bracket and negative price, from the lowest quotient to the highest."""
        return tuple(self._problems())

    def price(self, qf: Decimal | None) -> Price | None:
        """The price for a quotient, explained. None only where a draft has a hole.

        A negative quotient is read as 0. Where a draft's brackets overlap, the one that begins lowest wins.
        """
        if qf is None:
            return self._price_without_quotient()
        qf = max(qf, Decimal(0))
        for bracket in self._in_order():
            if qf in bracket:
                which = f"quotient {number_words(qf)}, tranche {bracket.words}"
                if bracket.start == 0 and bracket.to_qf is None:
                    which = bracket.words
                return Price(bracket.price, f"{which}{NBSP}: {money_words(bracket.price)}")
        return None

    def _price_without_quotient(self) -> Price | None:
        if self.without_qf is not None:
            return Price(self.without_qf, f"quotient non fourni{NBSP}: {money_words(self.without_qf)}")
        highest = max((bracket.price for bracket in self.brackets), default=None)
        if highest is None:
            return None
        return Price(highest, f"quotient non fourni, prix le plus haut{NBSP}: {money_words(highest)}")

    def _in_order(self) -> list[Bracket]:
        return sorted(
            (one for one in self.brackets if one.to_qf is None or one.start < one.to_qf),
            key=lambda one: (one.start, one.to_qf is None, one.to_qf or Decimal(0), one.price),
        )

    def _problems(self) -> Iterator[BadGrid]:
        for one in self.brackets:
            if one.to_qf is not None and one.to_qf <= one.start:
                words = f"La tranche {one.words} est vide{NBSP}: sa fin doit dépasser son début."
                yield BadGrid("empty", one.start, one.to_qf, words)
            if one.price < 0:
                words = f"Le prix de la tranche {one.words} est négatif{NBSP}: {money_words(one.price)}."
                yield BadGrid("negative", one.start, one.to_qf, words)
        reached: Decimal | None = Decimal(0)
        for one in self._in_order():
            if reached is None or one.start < reached:
                end = min((to for to in (reached, one.to_qf) if to is not None), default=None)
                yield BadGrid("overlap", one.start, end, f"{_between(one.start, end)}, il y a deux prix.")
            elif one.start > reached:
                yield BadGrid(
                    "hole", reached, one.start, f"{_between(reached, one.start)}, il n’y a pas de prix."
                )
            if reached is not None:
                reached = None if one.to_qf is None else max(reached, one.to_qf)
        if reached is not None:
            yield BadGrid("hole", reached, None, f"{_between(reached, None)}, il n’y a pas de prix.")


def _between(from_qf: Decimal, to_qf: Decimal | None) -> str:
    if to_qf is None:
        return f"À partir du quotient {number_words(from_qf)}"
    return f"Entre les quotients {number_words(from_qf)} et {number_words(to_qf)}"

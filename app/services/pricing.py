"""From tariff rows to prices: which grid holds for a unit on a day, and what a quotient pays."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.access.database import db
from app.models import Quotient, Tariff
from app.rules.money import Bracket, Grid, Price, round_half_up


@dataclass(frozen=True)
class DatedGrid:
    """A grid from a day (included) to a day (excluded, None: no end)."""

    from_on: date
    until_on: date | None
    grid: Grid


@dataclass(frozen=True)
class Prices:
    """The grids of units and of activities, and the quotients of households, over a stretch of time."""

    by_unit: Mapping[int, tuple[DatedGrid, ...]]
    by_activity: Mapping[int, tuple[DatedGrid, ...]]
    quotients: Mapping[int, tuple[Quotient, ...]]

    def price(self, unit_id: int, activity_id: int, family_id: int, on: date) -> Price | None:
        """The explained unit price; the unit's own grid comes before its activity's. None: no tariff."""
        for grids in (self.by_unit.get(unit_id, ()), self.by_activity.get(activity_id, ())):
            for one in grids:
                if one.from_on <= on and (one.until_on is None or on < one.until_on):
                    return one.grid.price(self.quotient(family_id, on))
        return None

    def cents(self, unit_id: int, activity_id: int, family_id: int, on: date) -> int | None:
        """The unit price in cents."""
        found = self.price(unit_id, activity_id, family_id, on)
        return None if found is None else round_half_up(found.euros)

    def quotient(self, family_id: int, on: date) -> Decimal | None:
        """The household's quotient that day; the latest begun wins. None: unknown."""
        for row in self.quotients.get(family_id, ()):
            if row.from_on <= on and (row.until_on is None or on <= row.until_on):
                return row.amount
        return None


def load_prices(activity_ids: Iterable[int], family_ids: Iterable[int]) -> Prices:
    """Every grid of these activities and every quotient of these households. Three statements."""
    by_unit: dict[int, list[DatedGrid]] = defaultdict(list)
    by_activity: dict[int, list[DatedGrid]] = defaultdict(list)
    rows = db.session.scalars(
        select(Tariff)
        .where(Tariff.activity_id.in_(sorted(activity_ids)))
        .options(selectinload(Tariff.brackets))
        .order_by(Tariff.from_on.desc(), Tariff.id)
    )
    for row in rows:
        grid = Grid(tuple(Bracket(b.from_quotient, b.until_quotient, b.price) for b in row.brackets))
        dated = DatedGrid(row.from_on, row.until_on, grid)
        if row.unit_id is None:
            by_activity[row.activity_id].append(dated)
        else:
            by_unit[row.unit_id].append(dated)
    quotients: dict[int, list[Quotient]] = defaultdict(list)
    wanted = (
        select(Quotient)
        .where(Quotient.family_id.in_(sorted(family_ids)))
        .order_by(Quotient.from_on.desc(), Quotient.id.desc())
    )
    for quotient in db.session.scalars(wanted):
        quotients[quotient.family_id].append(quotient)
    return Prices(
        {key: tuple(value) for key, value in by_unit.items()},
        {key: tuple(value) for key, value in by_activity.items()},
        {key: tuple(value) for key, value in quotients.items()},
    )



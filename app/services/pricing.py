"""What a unit costs a household on a day: the grid in force, read with the household's quotient."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select

from app.access.database import db
from app.models import Quotient
from app.rules.money import Price, round_half_up
from app.services.catalogue import Catalogue


class Dated(NamedTuple):
    """A household's quotient from a day to another, both included; None: until the next one."""

    amount: Decimal
    from_on: date
    until_on: date | None


@dataclass(frozen=True)
class Prices:
    """The catalogue's grids and the dated quotients of some households."""

    catalogue: Catalogue
    quotients: Mapping[int, tuple[Dated, ...]]
    # A price is read thousands of times in a billing, its words are put together once.
    _read: dict[tuple[int, Decimal | None], Price | None] = field(default_factory=dict, repr=False)

    def price(self, unit_id: int, family_id: int, on: date) -> Price | None:
        """The explained unit price; the unit's own grid comes before its activity's. None: no tariff."""
        activity_id = self.catalogue.by_id[unit_id].activity_id
        grids = (
            self.catalogue.unit_grids.get(unit_id, ()),
            self.catalogue.activity_grids.get(activity_id, ()),
        )
        for dated in (one for some in grids for one in some):
            if dated.from_on <= on and (dated.until_on is None or on < dated.until_on):
                quotient = self.quotient(family_id, on)
                key = (id(dated), quotient)
                if key not in self._read:
                    self._read[key] = dated.grid.price(quotient)
                return self._read[key]
        return None

    def cents(self, unit_id: int, family_id: int, on: date) -> int | None:
        """The unit price in cents."""
        found = self.price(unit_id, family_id, on)
        return None if found is None else round_half_up(found.euros)

    def quotient(self, family_id: int, on: date) -> Decimal | None:
        """The household's quotient that day; the latest begun wins. None: unknown."""
        for row in self.quotients.get(family_id, ()):
            if row.from_on <= on and (row.until_on is None or on <= row.until_on):
                return row.amount
        return None


def load_prices(known: Catalogue, family_ids: Iterable[int] | None) -> Prices:
    """The quotients of these households, of every one when None. One statement."""
    wanted = select(Quotient.family_id, Quotient.amount, Quotient.from_on, Quotient.until_on).order_by(
        Quotient.from_on.desc(), Quotient.id.desc()
    )
    if family_ids is not None:
        wanted = wanted.where(Quotient.family_id.in_(sorted(family_ids)))
    quotients: dict[int, list[Dated]] = defaultdict(list)
    for family_id, *row in db.session.execute(wanted):
        quotients[family_id].append(Dated(*row))
    return Prices(known, {key: tuple(value) for key, value in quotients.items()})

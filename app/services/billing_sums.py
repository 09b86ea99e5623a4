"""The sums behind billing: what was booked and what was billed, as plain tuples that compare fast.

A year holds hundreds of thousands of squares, and from one run to the next almost nothing moves: a
household's month whose quantities and cents are those billed so far needs no rule.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Select, String, func, or_, select, type_coerce

from app.access.database import db
from app.entities.billing import InvoiceStatus
from app.entities.booking import BookingStatus, Presence
from app.models import Booking, Invoice, InvoiceLine, Person, Unit
from app.rules.billing import Line, Policy, Usage, UsageKind
from app.rules.calendar import ONE_DAY
from app.rules.money import Price, round_half_up
from app.services.catalogue import Catalogue, code_of
from app.services.pricing import Prices

KINDS = {
    Presence.PRESENT.value: UsageKind.ATTENDED,
    Presence.ABSENT.value: UsageKind.ABSENT,
    Presence.EXCUSED.value: UsageKind.EXCUSED,
    None: UsageKind.BOOKED,
}

Counted = tuple[int, int, int, str | None, int]
"""(household, child, unit, presence, how many squares)"""
Key = tuple[int, int, int, Decimal]
"""(household, child, unit, unit price): how the rules key the lines of a month."""
PricedUsage = tuple[str, int, date]


def months_until(first: date, month: date) -> list[date]:
    """The first days of the months from one to another, both included."""
    found, day = [], first.replace(day=1)
    while day <= month:
        found.append(day)
        day = end_of(day)
    return found


def end_of(month: date) -> date:
    """The first day after the month."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def label_of(unit: Unit) -> str:
    """A unit as an invoice names it; an activity whose name says it already is enough."""
    activity = unit.activity
    return (
        activity.name
        if unit.name.lower() in activity.name.lower()
        else f"{activity.name}, {unit.name.lower()}"
    )


@dataclass(frozen=True)
class Stretch:
    """Squares summed from a day on, in days of one price for each household."""

    on: date
    rows: Sequence[Counted]


@dataclass(frozen=True)
class Month:
    """The confirmed squares of a month, and what was billed of it so far: quantity and cents by key.

    Cancelled invoices don't count.
    """

    on: date
    stretches: tuple[Stretch, ...]
    billed: Mapping[Key, tuple[Decimal, int]]

    @property
    def known(self) -> set[int]:
        """The households that were billed for it."""
        return {family_id for family_id, *_ in self.billed}


@dataclass(frozen=True)
class Sums:
    """How the sums of a month are priced, compared and told to the rules; the months are read one by one.

    A year at once would weigh a hundred megabytes in a web process.
    """

    prices: Prices
    words: Mapping[int, tuple[str, str]]
    policies: Mapping[str, Policy]
    names: Mapping[int, str]
    billed_kinds: Mapping[int, frozenset[str | None]]

    def months(self, first: date, last: date) -> Iterator[Month]:
        """Each month from one to another, both included. Two statements a month, one more a cut."""
        cuts, moving = _price_changes(self.prices)
        for on in months_until(first, last):
            yield Month(on, tuple(_stretches(on, cuts, moving)), _billed(on))

    def differing(self, month: Month) -> set[int]:
        """The households whose sums, or whose prices, are not those billed so far."""
        due: dict[Key, int] = defaultdict(int)
        differing: set[int] = set()
        for stretch in month.stretches:
            # A price is read once a stretch for a unit and a household, and not once a child and presence.
            euros: dict[tuple[int, int], Decimal | None] = {}
            for family_id, child_id, unit_id, presence, count in stretch.rows:
                if presence not in self.billed_kinds[unit_id]:
                    continue
                asked = (unit_id, family_id)
                if asked not in euros:
                    price = self.prices.price(unit_id, family_id, stretch.on)
                    euros[asked] = None if price is None else price.euros
                unit_price = euros[asked]
                if unit_price is None:
                    differing.add(family_id)
                else:
                    due[family_id, child_id, unit_id, unit_price] += count
        cents_of = cache(lambda count, unit_price: round_half_up(count * unit_price))
        paid = month.billed
        for key, count in due.items():
            before = paid.get(key)
            if before is None or before[0] != count or before[1] != cents_of(count, key[3]):
                differing.add(key[0])
        for key, (quantity, cents) in paid.items():
            if (quantity or cents) and key not in due:
                differing.add(key[0])
        return differing

    def usages(
        self, month: Month, of: Collection[int]
    ) -> tuple[list[Usage], dict[PricedUsage, Price | None]]:
        """What the rules need for these households, each usage with its price."""
        found: list[Usage] = []
        prices: dict[PricedUsage, Price | None] = {}
        for stretch in month.stretches:
            for family_id, child_id, unit_id, presence, count in stretch.rows:
                if family_id not in of:
                    continue
                code, label = self.words[unit_id]
                if (code, family_id, stretch.on) not in prices:
                    price = self.prices.price(unit_id, family_id, stretch.on)
                    prices[code, family_id, stretch.on] = price
                found.append(
                    Usage(
                        family_id=family_id,
                        child_id=child_id,
                        child_name=self.names[child_id],
                        unit=code,
                        unit_label=label,
                        on=stretch.on,
                        kind=KINDS[presence],
                        quantity=Decimal(count),
                    )
                )
        return found, prices

    def billed(self, month: Month, of: Collection[int]) -> Iterator[Line]:
        """The lines billed so far to these households, for the rules."""
        for (family_id, child_id, unit_id, unit_price), (quantity, cents) in month.billed.items():
            if family_id in of:
                code, label = self.words[unit_id]
                yield Line(
                    family_id=family_id,
                    month=month.on,
                    child_id=child_id,
                    child_name=self.names[child_id],
                    unit=code,
                    unit_label=label,
                    unit_price=unit_price,
                    quantity=quantity,
                    amount_cents=cents,
                    explanation="",
                )


def words_of(known: Catalogue) -> dict[int, tuple[str, str]]:
    """Each unit's code and name on an invoice, read once: a row has thousands of readers."""
    return {unit.id: (code_of(unit), label_of(unit)) for unit in known.units}


def read_sums(known: Catalogue, prices: Prices) -> Sums:
    """What pricing the sums of every household takes. One statement."""
    named = select(Person.id, Person.first_name, Person.last_name)
    policies = {
        one.code: Policy(Policy().billed - (set() if one.absence_is_billed else {UsageKind.ABSENT}))
        for one in known.activities.values()
    }
    return Sums(
        prices=prices,
        words=words_of(known),
        policies=policies,
        names={number: f"{first} {last}" for number, first, last in db.session.execute(named)},
        billed_kinds={
            unit.id: frozenset(
                told for told, kind in KINDS.items() if kind in policies[unit.activity.code].billed
            )
            for unit in known.units
        },
    )


def _stretches(on: date, cuts: set[date], moving: Mapping[int, set[date]]) -> Iterator[Stretch]:
    """Sums of a month, cut where a tariff changes in it; by day for the households whose quotient does."""
    stop = end_of(on)
    inside = sorted(cut for cut in cuts if on < cut < stop)
    movers = {family_id for family_id, days in moving.items() if any(on < day < stop for day in days)}
    for from_on, until_on in zip([on, *inside], [*inside, stop], strict=True):
        yield Stretch(from_on, _counted(from_on, until_on, but=movers))
    if movers:
        yield from _by_day(on, stop, movers)


def _price_changes(prices: Prices) -> tuple[set[date], dict[int, set[date]]]:
    """The days on which a tariff changes for everyone, and those on which one household's quotient does."""
    cuts = {
        day
        for grids in (*prices.catalogue.unit_grids.values(), *prices.catalogue.activity_grids.values())
        for one in grids
        for day in (one.from_on, one.until_on)
        if day is not None
    }
    moving: dict[int, set[date]] = defaultdict(set)
    for family_id, rows in prices.quotients.items():
        for row in rows:
            moving[family_id].add(row.from_on)
            if row.until_on is not None:
                moving[family_id].add(row.until_on + ONE_DAY)
    return cuts, moving


# Told as the database keeps it: making a choice of each of a year's rows takes longer than reading them.
PRESENCE = type_coerce(Booking.presence, String)
BY_CHILD = (Booking.family_id, Booking.child_id, Booking.unit_id, PRESENCE)


def _counted(from_on: date, until_on: date, but: Collection[int]) -> Sequence[Counted]:
    counting = (
        select(*BY_CHILD, func.count())
        .where(
            Booking.booked_on >= from_on,
            Booking.booked_on < until_on,
            Booking.status == BookingStatus.CONFIRMED,
        )
        .group_by(*BY_CHILD)
    )
    if but:
        counting = counting.where(Booking.family_id.not_in(sorted(but)))
    return _rows(counting)


def _rows(statement: Select[Any]) -> Sequence[Any]:
    """The rows as the database gives them: half the time of a session's, over a year of squares."""
    return db.session.connection().execute(statement).all()


def _by_day(start: date, stop: date, of: Collection[int]) -> Iterator[Stretch]:
    counting = (
        select(Booking.booked_on, *BY_CHILD, func.count())
        .where(
            Booking.booked_on >= start,
            Booking.booked_on < stop,
            Booking.status == BookingStatus.CONFIRMED,
            Booking.family_id.in_(sorted(of)),
        )
        .group_by(Booking.booked_on, *BY_CHILD)
    )
    days: dict[date, list[Counted]] = defaultdict(list)
    for on, *row in _rows(counting):
        days[on].append(tuple(row))
    for on in sorted(days):
        yield Stretch(on, days[on])


def _billed(on: date) -> dict[Key, tuple[Decimal, int]]:
    """Every line billed so far on a month, of invoices and of credit notes, by key. One statement.

    A line with no child or no unit (a fee) is nobody's square: it is left alone. So are the lines of a
    cancelled invoice: what it billed is to bill again.
    """
    keys = (InvoiceLine.family_id, InvoiceLine.child_id, InvoiceLine.unit_id, InvoiceLine.unit_price)
    summing = (
        select(*keys, func.sum(InvoiceLine.quantity), func.sum(InvoiceLine.amount_cents))
        .outerjoin(InvoiceLine.invoice)
        .where(
            InvoiceLine.month_on == on,
            InvoiceLine.child_id.is_not(None),
            InvoiceLine.unit_id.is_not(None),
            or_(Invoice.id.is_(None), Invoice.status != InvoiceStatus.CANCELLED),
        )
        .group_by(*keys)
    )
    return {
        (family_id, child_id, unit_id, unit_price): (Decimal(quantity), int(cents))
        for family_id, child_id, unit_id, unit_price, quantity, cents in _rows(summing)
    }

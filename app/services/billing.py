"""Billing a month: owed from bookings and tariffs, billed from the lines so far, a run bills the difference.

The school year up to the month is computed again each time, in sums grouped by the database: a late
certificate, a corrected tick or a new quotient shows up as a regularisation. Run twice, the second
bills nothing. One statement a month of the year, and a dozen more, whatever the number of households.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus, Presence
from app.models import Booking, Family, InvoiceLine, Person, SchoolYear, Unit
from app.rules.billing import (
    Line,
    NoPrice,
    Outcome,
    Policy,
    Settlement,
    Usage,
    UsageKind,
    difference,
    owed,
    settle,
)
from app.rules.money import Price
from app.services.catalogue import Catalogue, catalogue, code_of
from app.services.pricing import Prices, load_prices
from app.services.settings import Town, read_town

KINDS = {
    Presence.PRESENT: UsageKind.ATTENDED,
    Presence.ABSENT: UsageKind.ABSENT,
    Presence.EXCUSED: UsageKind.EXCUSED,
    None: UsageKind.BOOKED,
}
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class FamilyBill:
    """What a run would do for one household."""

    family: Family
    settlement: Settlement


@dataclass(frozen=True)
class Preview:
    """What a run would do, before it is done. ``unpriced`` names what has no tariff: nothing can run then."""

    month: date
    bills: tuple[FamilyBill, ...]
    unticked: int = 0
    unpriced: str = ""
    last_of_year: bool = False

    def of(self, outcome: Outcome) -> list[FamilyBill]:
        """The households with that outcome."""
        return [one for one in self.bills if one.settlement.outcome is outcome]

    def total_cents(self, outcome: Outcome = Outcome.BILL) -> int:
        """The sum over the households with that outcome."""
        return sum(one.settlement.total_cents for one in self.of(outcome))

    @property
    def to_bill(self) -> list[FamilyBill]:
        """The households that would get an invoice."""
        return self.of(Outcome.BILL)

    @property
    def carried(self) -> list[FamilyBill]:
        """The households whose amount is carried to the next month."""
        return self.of(Outcome.CARRY)

    @property
    def without_email(self) -> list[FamilyBill]:
        """The households that would get an invoice and gave no address to send it to."""
        return [one for one in self.to_bill if not one.family.billing_email]


def months_until(first: date, month: date) -> list[date]:
    """The first days of the months from one to another, both included."""
    found, day = [], first.replace(day=1)
    while day <= month:
        found.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    return found


def end_of(month: date) -> date:
    """The first day after the month."""
    return (month + timedelta(days=32)).replace(day=1)


def preview(month: date, town: Town | None = None) -> Preview:
    """What billing that month would do now; writes nothing."""
    month = month.replace(day=1)
    town = town or read_town()
    year = _school_year(month)
    first = year.starts_on.replace(day=1) if year else month
    last_of_year = year is not None and month == year.ends_on.replace(day=1)
    known = catalogue()
    with unscoped("la facturation calcule tous les foyers à la fois"):
        families = {one.id: one for one in db.session.scalars(select(Family))}
        names = dict(db.session.execute(select(Person.id, Person.first_name)).tuples().all())
        prices = load_prices(known, None)
        usages = list(_usages(first, month, known, names, prices))
        billed = _billed(first, month, known, names)
    policies = {
        one.code: Policy(Policy().billed - ({UsageKind.ABSENT} if not one.absence_is_billed else set()))
        for one in known.activities.values()
    }
    seen: dict[tuple[str, int, date], Price | None] = {}

    def price(usage: Usage) -> Price | None:
        key = (usage.unit, usage.family_id, usage.on)
        if key not in seen:
            seen[key] = prices.price(known.by_code[usage.unit].id, usage.family_id, usage.on)
        return seen[key]

    try:
        lines = difference(owed(usages, price, policies), billed)
    except NoPrice as error:
        return Preview(month, (), _unticked(month), str(error), last_of_year)
    by_family: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        by_family[line.family_id].append(line)
    bills = tuple(
        FamilyBill(families[family_id], settle(found, town.billing_threshold_cents, last_of_year))
        for family_id, found in sorted(by_family.items(), key=lambda item: (families[item[0]].name, item[0]))
    )
    return Preview(month, bills, _unticked(month), "", last_of_year)


def _school_year(month: date) -> SchoolYear | None:
    return db.session.scalars(
        select(SchoolYear)
        .where(SchoolYear.starts_on < end_of(month), SchoolYear.ends_on >= month)
        .order_by(SchoolYear.starts_on)
    ).first()


def _unticked(month: date) -> int:
    """Confirmed squares of the month that nobody ticked: they count as attended."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Booking)
            .where(
                Booking.booked_on >= month,
                Booking.booked_on < end_of(month),
                Booking.status == BookingStatus.CONFIRMED,
                Booking.presence.is_(None),
            )
        )
        or 0
    )


def _usages(
    first: date,
    month: date,
    known: Catalogue,
    names: Mapping[int, str],
    prices: Prices,
) -> Iterator[Usage]:
    """Confirmed squares summed by household, child, unit and month; cut where a price changes inside one."""
    cuts, moving = _price_changes(prices)
    for start in months_until(first, month):
        stop = end_of(start)
        inside = sorted(cut for cut in cuts if start < cut < stop)
        movers = {family_id for family_id, days in moving.items() if any(start < d < stop for d in days)}
        for from_on, until_on in zip([start, *inside], [*inside, stop], strict=True):
            yield from _summed(from_on, until_on, known, names, but=movers)
        if movers:
            for day in (start + ONE_DAY * n for n in range((stop - start).days)):
                yield from _summed(day, day + ONE_DAY, known, names, only=movers)


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


def _summed(
    from_on: date,
    until_on: date,
    known: Catalogue,
    names: Mapping[int, str],
    but: Iterable[int] = (),
    only: Iterable[int] = (),
) -> Iterator[Usage]:
    counting = (
        select(Booking.family_id, Booking.child_id, Booking.unit_id, Booking.presence, func.count())
        .where(
            Booking.booked_on >= from_on,
            Booking.booked_on < until_on,
            Booking.status == BookingStatus.CONFIRMED,
        )
        .group_by(Booking.family_id, Booking.child_id, Booking.unit_id, Booking.presence)
    )
    if but:
        counting = counting.where(Booking.family_id.not_in(sorted(but)))
    if only:
        counting = counting.where(Booking.family_id.in_(sorted(only)))
    for family_id, child_id, unit_id, presence, count in db.session.execute(counting):
        unit = known.by_id[unit_id]
        yield Usage(
            family_id=family_id,
            child_id=child_id,
            child_name=names[child_id],
            unit=code_of(unit),
            unit_label=label_of(unit),
            on=from_on,
            kind=KINDS[presence],
            quantity=Decimal(count),
        )


def label_of(unit: Unit) -> str:
    """A unit as an invoice names it; an activity whose name says it already is enough."""
    activity = unit.activity
    return (
        activity.name
        if unit.name.lower() in activity.name.lower()
        else f"{activity.name}, {unit.name.lower()}"
    )


def _billed(
    first: date,
    month: date,
    known: Catalogue,
    names: Mapping[int, str],
) -> list[Line]:
    """Every line billed so far on these months, summed by household, month, child, unit and price."""
    summing = (
        select(
            InvoiceLine.family_id,
            InvoiceLine.month_on,
            InvoiceLine.child_id,
            InvoiceLine.unit_id,
            InvoiceLine.unit_price,
            func.sum(InvoiceLine.quantity),
            func.sum(InvoiceLine.amount_cents),
        )
        .where(InvoiceLine.month_on >= first, InvoiceLine.month_on <= month)
        .group_by(
            InvoiceLine.family_id,
            InvoiceLine.month_on,
            InvoiceLine.child_id,
            InvoiceLine.unit_id,
            InvoiceLine.unit_price,
        )
    )
    found = []
    for family_id, month_on, child_id, unit_id, unit_price, quantity, amount_cents in db.session.execute(
        summing
    ):
        unit = known.by_id[unit_id]
        found.append(
            Line(
                family_id=family_id,
                month=month_on,
                child_id=child_id,
                child_name=names[child_id],
                unit=code_of(unit),
                unit_label=label_of(unit),
                unit_price=unit_price,
                quantity=Decimal(quantity),
                amount_cents=int(amount_cents),
                explanation="",
            )
        )
    return found

"""Billing a month: owed from bookings and tariffs, billed from the lines so far, a run bills the difference.

The school year up to the month and the one before are computed again each time, in sums grouped by the
database: a late certificate, a corrected tick or a new quotient shows up as a regularisation. Run twice,
the second bills nothing. Two or three statements a month, and a dozen more, whatever the number of
households. The sums are compared as plain tuples (``billing_sums``); only the households and months that
differ go through the rules.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus
from app.models import Booking, Family, SchoolYear
from app.rules.billing import Line, NoPrice, Outcome, Settlement, Usage, difference, owed, settle
from app.rules.calendar import add_months, school_year
from app.rules.money import Price
from app.rules.words import NBSP, month_words
from app.services.billing_sums import PricedUsage, Sums, end_of, months_until, read_sums
from app.services.catalogue import catalogue
from app.services.pricing import load_prices
from app.services.settings import Town, read_town

__all__ = ["FamilyBill", "Preview", "end_of", "months_until", "preview"]


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
    year_from: date = date.min
    """The first month of the school year: what comes before is put right, and said apart."""

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
    def to_credit(self) -> list[FamilyBill]:
        """The households that would get a credit note: the end of a year, and the town owes them."""
        return self.of(Outcome.CREDIT)

    @property
    def carried(self) -> list[FamilyBill]:
        """The households whose amount is carried to the next month."""
        return self.of(Outcome.CARRY)

    @property
    def earlier(self) -> tuple[int, int]:
        """How many households have lines of an earlier school year, and the sum of these lines in cents."""
        sums = [
            sum(line.amount_cents for line in lines)
            for one in self.bills
            if (lines := [line for line in one.settlement.lines if line.month < self.year_from])
        ]
        return len(sums), sum(sums)

    @property
    def without_email(self) -> list[FamilyBill]:
        """The households that would get an invoice and gave no address to send it to."""
        return [one for one in self.to_bill if not one.family.billing_email]


@dataclass(frozen=True)
class Span:
    """The months that billing one month looks at, and whether what is left over is settled by it.

    From ``first``; those before ``year_from`` are of the school year before, and only put right.
    """

    first: date
    year_from: date
    is_last_of_year: bool


def span_of(month: date, years: list[SchoolYear]) -> Span:
    """From the start of the school year before the month's to the month; ``years`` in their order.

    A year lasts until the month before the next one begins (August, with what a late certificate
    changes), and without a next one until its own last month; a month after it ends a year too.
    """
    begun = [one for one in years if one.starts_on.replace(day=1) <= month]
    if not begun:
        year_from = school_year(month).from_on
        return Span(add_months(year_from, -12, 1), year_from, False)
    to_come = [one for one in years if one.starts_on.replace(day=1) > month]
    if to_come:
        is_last = end_of(month) == to_come[0].starts_on.replace(day=1)
    else:
        is_last = month >= begun[-1].ends_on.replace(day=1)
    return Span(begun[-2:][0].starts_on.replace(day=1), begun[-1].starts_on.replace(day=1), is_last)


def preview(month: date, town: Town | None = None) -> Preview:
    """What billing that month would do now, for the whole town; writes nothing."""
    month = month.replace(day=1)
    town = town or read_town()
    known = catalogue()
    with unscoped("la facturation calcule tous les foyers à la fois"):
        span = span_of(month, list(db.session.scalars(select(SchoolYear).order_by(SchoolYear.starts_on))))
        unticked = _unticked(month)
        first = max(span.first, town.billing_starts_on or date.min)
        sums = read_sums(known, load_prices(known, None))
        try:
            lines = _difference(sums, first, month, span.year_from)
        except NoPrice as error:
            return Preview(month, (), unticked, _unpriced(error), span.is_last_of_year)
        by_family: dict[int, list[Line]] = defaultdict(list)
        for line in lines:
            by_family[line.family_id].append(line)
        families = list(db.session.scalars(select(Family).where(Family.id.in_(sorted(by_family)))))
    bills = tuple(
        FamilyBill(one, settle(by_family[one.id], town.billing_threshold_cents, span.is_last_of_year))
        for one in sorted(families, key=lambda one: (one.name, one.id))
    )
    return Preview(month, bills, unticked, "", span.is_last_of_year, span.year_from)


def _difference(sums: Sums, first: date, last: date, year_from: date) -> list[Line]:
    """The rules, month by month, over the households whose sums are not those billed so far.

    Of an earlier school year, only those that were billed here: the rest was billed elsewhere, or never.
    Raises NoPrice naming what has no price in all these months.
    """
    lines: list[Line] = []
    unpriced: list[Usage] = []
    for month in sums.months(first, last):
        differing = sums.differing(month)
        if month.on < year_from:
            differing &= month.known
        if not differing:
            continue
        usages, prices = sums.usages(month, differing)

        def price(usage: Usage, known: dict[PricedUsage, Price | None] = prices) -> Price | None:
            return known[usage.unit, usage.family_id, usage.on]

        try:
            due = owed(usages, price, sums.policies)
        except NoPrice as error:
            unpriced += error.usages
        else:
            lines += difference(due, sums.billed(month, differing))
    if unpriced:
        raise NoPrice(tuple(unpriced))
    return lines


def _unpriced(error: NoPrice) -> str:
    """What has no price, by month: the day of a sum is only the first that it counts."""
    named = sorted({(one.on.replace(day=1), one.unit_label) for one in error.usages})
    words = f"{NBSP}; ".join(f"{label}, en {month_words(month)}" for month, label in named)
    return f"Il n’y a pas de prix pour{NBSP}: {words}. Complétez le tarif."


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

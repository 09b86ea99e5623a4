"""Whatever happens between the runs, in whatever order they are made, what is billed ends as what is owed.

Owed is computed here day by day, without the sums that billing takes from the database.
"""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.billing import InvoiceStatus
from app.entities.booking import BookingStatus, Presence
from app.models import (
    Booking,
    Bracket,
    CreditNote,
    Invoice,
    InvoiceLine,
    Quotient,
    SchoolYear,
    Setting,
    Tariff,
)
from app.rules.billing import Usage, UsageKind, owed
from app.services import billing, billing_run
from app.services.billing_run import Done
from app.services.catalogue import catalogue, code_of
from app.services.pricing import load_prices
from tests.money import book, days
from tests.people import Town

JANUARY, FEBRUARY, MARCH, AUGUST = (date(2027, month, 1) for month in (1, 2, 3, 8))
KINDS = {
    None: UsageKind.BOOKED,
    Presence.PRESENT: UsageKind.ATTENDED,
    Presence.ABSENT: UsageKind.ABSENT,
    Presence.EXCUSED: UsageKind.EXCUSED,
}


@pytest.fixture
def moving(priced: Town) -> Town:
    """A tariff that changes on 10 February to a price of four decimals, and a year after this one."""
    with unscoped("un tarif qui change au milieu d’un mois"):
        db.session.add(SchoolYear(code="2027-2028", starts_on=date(2027, 9, 1), ends_on=date(2028, 7, 1)))
        before = db.session.scalars(select(Tariff).where(Tariff.code == "cantine.repas")).one()
        before.until_on = date(2027, 2, 10)
        after = Tariff(
            code="repas-fevrier",
            name="Repas, dès février",
            activity_id=priced.activities["cantine"],
            unit_id=priced.units["cantine.repas"],
            from_on=date(2027, 2, 10),
        )
        db.session.add_all([after, Bracket(tariff=after, price=Decimal("2.1255"))])
        db.session.commit()
    return priced


def run(month: date) -> Done:
    with unscoped("la régie"):
        done = billing_run.run(month, "Régie", datetime(2027, 9, 15, tzinfo=UTC))
    assert isinstance(done, Done)
    return done


def owed_now() -> dict[int, int]:
    """Cents by household, from each day's square."""
    known = catalogue()
    prices = load_prices(known, None)
    usages = [
        Usage(
            family_id=one.family_id,
            child_id=one.child_id,
            child_name="",
            unit=code_of(known.by_id[one.unit_id]),
            unit_label="",
            on=one.booked_on,
            kind=KINDS[one.presence],
        )
        for one in db.session.scalars(select(Booking).where(Booking.status == BookingStatus.CONFIRMED))
    ]
    found: dict[int, int] = defaultdict(int)
    for line in owed(usages, lambda one: prices.price(known.by_code[one.unit].id, one.family_id, one.on)):
        found[line.family_id] += line.amount_cents
    return {family: cents for family, cents in found.items() if cents}


def billed_now() -> dict[int, int]:
    """Cents by household, over the invoices that stand and the credit notes."""
    found: dict[int, int] = defaultdict(int)
    for row in db.session.scalars(select(Invoice).where(Invoice.status != InvoiceStatus.CANCELLED)):
        found[row.family_id] += row.total_cents
    for note in db.session.scalars(select(CreditNote)):
        found[note.family_id] -= note.total_cents
    return {family: cents for family, cents in found.items() if cents}


def shake(town: Town, lots: random.Random) -> None:
    """What a few weeks bring: ticks, cancellations, a new quotient, an invoice cancelled by a credit note."""
    rows = list(db.session.scalars(select(Booking).order_by(Booking.id)))
    for row in lots.sample(rows, 15):
        row.presence = lots.choice([None, *Presence])
        row.status = lots.choice([*[BookingStatus.CONFIRMED] * 4, BookingStatus.CANCELLED])
    if lots.random() < 0.7:
        begins = date(2027, lots.choice([1, 2, 3]), lots.randint(1, 28))
        db.session.add(
            Quotient(
                family_id=town.families[lots.choice("AB")],
                amount=Decimal(lots.choice([100, 700, 800, 1200])),
                from_on=begins,
                until_on=lots.choice([None, begins + timedelta(days=lots.randint(1, 40))]),
            )
        )
    standing = select(Invoice).where(Invoice.status != InvoiceStatus.CANCELLED).order_by(Invoice.id)
    one = db.session.scalars(standing).first()
    if one is not None and lots.random() < 0.3:
        one.status = InvoiceStatus.CANCELLED
    db.session.commit()


@pytest.mark.parametrize("seed", range(6))
def test_billed_ends_as_owed_whatever_happens(moving: Town, seed: int) -> None:
    lots = random.Random(seed)  # noqa: S311  (draws the weeks of a test)
    with unscoped("trois mois de repas"):
        for number, (child, family) in enumerate((("lila", "A"), ("tom", "B"), ("zoe", "A"), ("zoe", "B"))):
            eaten = [one for one in days(date(2027, 1, 4), 80) if one.weekday() < 5 and lots.random() < 0.5]
            if child == "zoe":  # one home a day
                eaten = [one for one in eaten if one.toordinal() % 2 == number % 2]
            book(moving, child, family, "cantine.repas", *eaten)
        for _ in range(4):
            shake(moving, lots)
            run(lots.choice([JANUARY, FEBRUARY, MARCH]))
        run(AUGUST)
        again = run(AUGUST)
        assert (again.invoice_count, again.credit_count, again.carried_count) == (0, 0, 0)
        assert billed_now() == owed_now()
        for invoice in db.session.scalars(select(Invoice)):
            lines = db.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id))
            assert sum(line.amount_cents for line in lines) == invoice.total_cents
        numbers = sorted(db.session.scalars(select(Invoice.number)))
        assert numbers == [f"2027-{rank + 1:05d}" for rank in range(len(numbers))]


def test_a_month_that_disappears_is_given_back_whole(moving: Town) -> None:
    with unscoped("janvier, puis tout excusé"):
        book(moving, "tom", "B", "cantine.repas", *days(date(2027, 1, 4), 5))
        run(JANUARY)
        for row in db.session.scalars(select(Booking)):
            row.presence = Presence.EXCUSED
        db.session.commit()
        run(AUGUST)
        assert billed_now() == {}
        assert db.session.scalars(select(CreditNote.total_cents)).all() == [5 * 432]


def test_each_side_of_a_tariff_s_change_and_of_a_quotient_s_end_has_its_price(moving: Town) -> None:
    with unscoped("autour du 10 février, et d’un quotient qui finit le 20 janvier"):
        db.session.add(
            Quotient(
                family_id=moving.families["B"],
                amount=Decimal(500),
                from_on=date(2027, 1, 18),
                until_on=date(2027, 1, 20),
            )
        )
        db.session.commit()
        book(moving, "tom", "B", "cantine.repas", *days(date(2027, 1, 18), 5), *days(date(2027, 2, 8), 5))
        run(FEBRUARY)
        prices = select(InvoiceLine.unit_price, InvoiceLine.quantity).order_by(InvoiceLine.unit_price)
        assert [tuple(row) for row in db.session.execute(prices)] == [
            (Decimal("2.0100"), Decimal(3)),
            (Decimal("2.1255"), Decimal(3)),
            (Decimal("4.3200"), Decimal(2)),
            (Decimal("4.3200"), Decimal(2)),
        ]


def test_cents_that_are_not_those_owed_are_put_right(moving: Town) -> None:
    with unscoped("une ligne arrondie autrement, dans un vieux logiciel"):
        book(moving, "tom", "B", "cantine.repas", *days(date(2027, 1, 4), 5))
        run(JANUARY)
        db.session.scalars(select(InvoiceLine)).one().amount_cents -= 3
        db.session.scalars(select(Invoice)).one().total_cents -= 3
        db.session.commit()
        run(AUGUST)
        assert billed_now() == owed_now()


@pytest.mark.parametrize("missing", ["child_id", "unit_id"])
def test_a_line_of_no_square_is_left_alone(moving: Town, missing: str) -> None:
    with unscoped("des frais, pour un enfant ou pour une unité"):
        book(moving, "tom", "B", "cantine.repas", *days(date(2027, 1, 4), 5))
        run(JANUARY)
        invoice = db.session.scalars(select(Invoice)).one()
        known = {"child_id": moving.people["tom"], "unit_id": moving.units["cantine.repas"]}
        fee = InvoiceLine(
            invoice_id=invoice.id, family_id=invoice.family_id, month_on=JANUARY, label="Frais",
            quantity=Decimal(1), unit_price=Decimal(20), amount_cents=2000, **{**known, missing: None},
        )  # fmt: skip
        db.session.add(fee)
        db.session.commit()
        done = run(AUGUST)
        assert (done.invoice_count, done.credit_count) == (0, 0)


def test_a_year_that_was_billed_elsewhere_is_not_billed_here(priced: Town) -> None:
    with unscoped("l’année d’avant, sans une ligne ici"):
        db.session.add(SchoolYear(code="2027-2028", starts_on=date(2027, 9, 1), ends_on=date(2028, 7, 1)))
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 3, 1), 10))
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 9, 6), 5))
        run(date(2027, 9, 1))
        assert db.session.scalars(select(Invoice.total_cents)).all() == [5 * 432]


def test_a_town_that_starts_in_mid_year_bills_from_the_month_it_says(priced: Town) -> None:
    with unscoped("le logiciel arrive en mars"):
        db.session.add(Setting(key="billing_starts", label="Premier mois", value="2027-03"))
        db.session.commit()
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 2, 1), 5), *days(date(2027, 3, 1), 5))
        run(MARCH)
        assert db.session.scalars(select(Invoice.total_cents)).all() == [5 * 432]


def test_what_changes_in_an_earlier_year_is_said_before_it_is_billed(priced: Town) -> None:
    with unscoped("mars facturé, puis excusé l’année d’après"):
        db.session.add(SchoolYear(code="2027-2028", starts_on=date(2027, 9, 1), ends_on=date(2028, 7, 1)))
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 3, 1), 5))
        run(MARCH)
        for row in db.session.scalars(select(Booking).where(Booking.booked_on <= date(2027, 3, 2))):
            row.presence = Presence.EXCUSED
        db.session.commit()
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 9, 6), 5))
        found = billing.preview(date(2027, 9, 1))
    assert found.earlier == (1, -864)

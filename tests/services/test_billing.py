"""Billing converges: the right lines, a second run that bills nothing, corrections as regularisations."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.billing import InvoiceStatus
from app.entities.booking import Presence
from app.models import (
    Booking,
    CreditNote,
    Invoice,
    InvoiceLine,
    OutgoingMail,
    Quotient,
    SchoolYear,
)
from app.services import billing, billing_run, invoices
from app.services.billing import Preview
from app.services.billing_run import Done
from tests.money import book, days
from tests.people import Town

MAY = date(2027, 5, 1)
JUNE_15 = datetime(2027, 6, 15, 8, tzinfo=UTC)


def run(month: date = MAY, now: datetime = JUNE_15) -> Done:
    with unscoped("la régie"):
        done = billing_run.run(month, "Régie", now)
    assert isinstance(done, Done)
    return done


def totals() -> dict[str, int]:
    with unscoped("vérification"):
        return {
            f"{row.family.name} {row.number}": row.total_cents for row in db.session.scalars(select(Invoice))
        }


def test_may_is_billed_by_quotient_and_due_on_10_july(priced: Town) -> None:
    with unscoped("réservations"):
        book(priced, "lila", "A", "cantine.repas", *days(date(2027, 5, 3), 8), presence=Presence.PRESENT)
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 5, 3), 4), presence=Presence.PRESENT)
    run()
    assert totals() == {"Durand 2027-00001": 1728, "Martin 2027-00002": 1608}
    with unscoped("vérification"):
        one = db.session.scalars(select(Invoice).where(Invoice.total_cents == 1608)).one()
        assert one.due_on == date(2027, 7, 10)
        assert one.payer_names == "Claire Martin"
        line = db.session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == one.id)).one()
        assert (line.quantity, line.unit_price, line.amount_cents) == (Decimal(8), Decimal("2.01"), 1608)
        assert "quotient 700" in (line.reason or "")


def test_a_second_run_bills_nothing(priced: Town) -> None:
    with unscoped("réservations"):
        book(priced, "lila", "A", "cantine.repas", *days(date(2027, 5, 3), 8))
    run()
    assert run().invoice_count == 0
    assert len(totals()) == 1


@pytest.mark.parametrize(("meals", "unit", "billed"), [(2, "mercredi.repas", 0), (4, "mercredi.repas", 1)])
def test_under_15_euros_is_carried_to_the_next_month(
    priced: Town, meals: int, unit: str, billed: int
) -> None:
    with unscoped("réservations"):
        book(priced, "tom", "B", unit, *days(date(2027, 5, 5), meals, 7))
    done = run()
    assert (done.invoice_count, done.carried_count) == (billed, 1 - billed)
    if not billed:
        with unscoped("réservations"):
            book(priced, "tom", "B", unit, date(2027, 6, 2), date(2027, 6, 9))
        run(date(2027, 6, 1), datetime(2027, 7, 2, tzinfo=UTC))
        assert list(totals().values()) == [420 * (meals + 2)]


def test_what_is_left_at_the_end_of_the_year_is_billed_whatever_it_is(priced: Town) -> None:
    with unscoped("réservations"):
        book(priced, "tom", "B", "mercredi.repas", date(2027, 6, 30))
    assert run(date(2027, 6, 1), datetime(2027, 7, 15, tzinfo=UTC)).invoice_count == 0
    assert run(date(2027, 7, 1), datetime(2027, 8, 15, tzinfo=UTC)).invoice_count == 1
    assert list(totals().values()) == [420]


def test_an_excuse_that_comes_late_is_one_regularisation_on_the_next_invoice(priced: Town) -> None:
    with unscoped("réservations"):
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 5, 3), 5), presence=Presence.PRESENT)
    run()
    with unscoped("certificat médical"):
        late = db.session.scalars(select(Booking).where(Booking.booked_on == date(2027, 5, 4))).one()
        late.presence = Presence.EXCUSED
        db.session.commit()
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 6, 7), 5), presence=Presence.PRESENT)
    run(date(2027, 6, 1), datetime(2027, 7, 2, tzinfo=UTC))
    with unscoped("vérification"):
        lines = db.session.scalars(
            select(InvoiceLine).join(InvoiceLine.invoice).where(Invoice.month_on == date(2027, 6, 1))
        ).all()
    assert sorted(line.amount_cents for line in lines) == [-432, 5 * 432]
    correction = next(line for line in lines if line.amount_cents < 0)
    assert correction.month_on == MAY
    assert "Régularisation de mai" in (correction.reason or "")


def test_a_quotient_that_changes_inside_the_month_prices_each_day(priced: Town) -> None:
    with unscoped("nouveau quotient"):
        db.session.add(
            Quotient(family_id=priced.families["A"], amount=Decimal(900), from_on=date(2027, 5, 11))
        )
        db.session.commit()
        book(priced, "lila", "A", "cantine.repas", *days(date(2027, 5, 10), 4))
        (bill,) = billing.preview(MAY).bills
    found = {line.unit_price: line.quantity for line in bill.settlement.lines}
    assert found == {Decimal("2.01"): 1, Decimal("4.32"): 3}


def test_without_a_price_nothing_is_billed_and_the_unit_is_named(priced: Town) -> None:
    with unscoped("réservations"):
        book(priced, "lila", "A", "mercredi.apres-midi", date(2027, 5, 5))
        found = billing_run.run(MAY, "Régie", JUNE_15)
    assert isinstance(found, Preview)
    assert "après-midi" in found.unpriced
    assert totals() == {}


def test_numbers_follow_each_other_without_a_hole_over_two_runs(priced: Town) -> None:
    with unscoped("réservations"):
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 5, 3), 5))
    run()
    with unscoped("réservations"):
        book(priced, "lila", "A", "cantine.repas", *days(date(2027, 5, 3), 10))
    run()
    with unscoped("vérification"):
        assert sorted(db.session.scalars(select(Invoice.number))) == ["2027-00001", "2027-00002"]


def test_each_invoice_writes_its_mail_in_the_same_transaction(priced: Town) -> None:
    with unscoped("réservations"):
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 5, 3), 5))
    run()
    with unscoped("vérification"):
        mail = db.session.scalars(select(OutgoingMail)).one()
        assert mail.recipient == "durand@example.org"
        assert "21,60" in mail.body
        assert "/factures/" in mail.body


def test_the_other_household_of_a_child_is_billed_for_its_own_squares_only(priced: Town) -> None:
    with unscoped("réservations"):
        book(priced, "zoe", "A", "cantine.repas", *days(date(2027, 5, 3), 8))
        book(priced, "zoe", "B", "cantine.repas", *days(date(2027, 5, 17), 4))
    run()
    assert sorted(totals().values()) == [8 * 201, 4 * 432]
    with priced.acting("claire"):
        assert db.session.scalar(select(func.count()).select_from(Invoice)) == 1


@pytest.mark.slow
def test_the_pdf_holds_the_lines_the_total_and_the_due_date(priced: Town) -> None:
    with unscoped("réservations"):
        book(priced, "lila", "A", "cantine.repas", *days(date(2027, 5, 3), 8), presence=Presence.PRESENT)
    run()
    with priced.acting("claire"), priced.app.test_request_context():
        one = invoices.explained(db.session.scalars(select(Invoice.id)).one())
        assert one is not None
        path = invoices.pdf_path(one)
        assert invoices.pdf_path(one) == path
    pages = PdfReader(io.BytesIO(path.read_bytes())).pages
    content = pages[0].extract_text().replace("\u00a0", " ")
    assert len(pages) == 1
    for words in (
        "Claire Martin",
        "Lila Martin",
        "16,08 €",
        "2,01 €",
        "samedi 10 juillet 2027",
        "2027-00001",
    ):
        assert words in content


# --- The end of a year, and after ----------------------------------------------------------------


def next_year() -> None:
    with unscoped("l’année d’après"):
        db.session.add(SchoolYear(code="2027-2028", starts_on=date(2027, 9, 1), ends_on=date(2028, 7, 1)))
        db.session.commit()


def excuse(on: date) -> None:
    with unscoped("certificat médical arrivé tard"):
        db.session.scalars(select(Booking).where(Booking.booked_on == on)).one().presence = Presence.EXCUSED
        db.session.commit()


@pytest.mark.parametrize(
    ("month", "years", "first", "year_from", "is_last"),
    [
        (date(2027, 6, 1), 1, date(2026, 9, 1), date(2026, 9, 1), False),
        (date(2027, 7, 1), 1, date(2026, 9, 1), date(2026, 9, 1), True),  # the last month of the only year
        (date(2027, 8, 1), 1, date(2026, 9, 1), date(2026, 9, 1), True),
        (date(2027, 7, 1), 2, date(2026, 9, 1), date(2026, 9, 1), False),  # it lasts until the next begins
        (date(2027, 8, 1), 2, date(2026, 9, 1), date(2026, 9, 1), True),
        (date(2027, 9, 1), 2, date(2026, 9, 1), date(2027, 9, 1), False),  # last year's corrections count
        (date(2026, 8, 1), 1, date(2024, 9, 1), date(2025, 9, 1), False),  # before any year that is known
    ],
)
def test_a_month_looks_at_its_school_year_and_the_one_before(
    month: date, years: int, first: date, year_from: date, is_last: bool
) -> None:
    known = [
        SchoolYear(starts_on=date(2026, 9, 1), ends_on=date(2027, 7, 3)),
        SchoolYear(starts_on=date(2027, 9, 1), ends_on=date(2028, 7, 1)),
    ][:years]
    assert billing.span_of(month, known) == billing.Span(first, year_from, is_last)


def test_what_the_town_owes_at_the_end_of_a_year_is_a_credit_note_with_its_lines(priced: Town) -> None:
    next_year()
    with unscoped("réservations"):
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 6, 7), 5), presence=Presence.PRESENT)
    run(date(2027, 6, 1), datetime(2027, 7, 15, tzinfo=UTC))
    excuse(date(2027, 6, 8))
    august = datetime(2027, 9, 15, tzinfo=UTC)
    assert run(date(2027, 8, 1), august).credit_count == 1
    assert run(date(2027, 8, 1), august).credit_count == 0
    with priced.acting("denis"):
        note = db.session.scalars(select(CreditNote)).one()
        line = db.session.scalars(select(InvoiceLine).where(InvoiceLine.credit_note_id == note.id)).one()
    assert (note.number, note.total_cents, line.amount_cents) == ("A2027-00001", 432, -432)
    assert "Régularisation de juin" in (line.reason or "")


def test_a_correction_of_last_year_is_on_the_first_invoice_of_the_next(priced: Town) -> None:
    next_year()
    with unscoped("réservations"):
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 6, 7), 5), presence=Presence.PRESENT)
    run(date(2027, 6, 1), datetime(2027, 7, 15, tzinfo=UTC))
    run(date(2027, 8, 1), datetime(2027, 9, 15, tzinfo=UTC))
    excuse(date(2027, 6, 8))
    with unscoped("réservations"):
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 9, 6), 5), presence=Presence.PRESENT)
    run(date(2027, 9, 1), datetime(2027, 10, 15, tzinfo=UTC))
    assert sorted(totals().values()) == [4 * 432, 5 * 432]


def test_what_a_cancelled_invoice_billed_is_billed_again(priced: Town) -> None:
    with unscoped("réservations"):
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 5, 3), 5), presence=Presence.PRESENT)
    run()
    with unscoped("annulée par un avoir"):
        db.session.scalars(select(Invoice)).one().status = InvoiceStatus.CANCELLED
        db.session.commit()
    assert run().invoice_count == 1
    assert list(totals().values()) == [2160, 2160]


def test_a_line_belongs_to_one_paper_and_one_only(priced: Town) -> None:
    with unscoped("réservations"):
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 5, 3), 5))
    run()
    with unscoped("une ligne sans facture"):
        db.session.scalars(select(InvoiceLine)).one().invoice_id = None
        with pytest.raises(IntegrityError, match="one_paper"):
            db.session.flush()
        db.session.rollback()

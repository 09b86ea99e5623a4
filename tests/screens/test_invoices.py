"""« Mes factures »: one's own, explained line by line, each as a file; nobody else's by any door."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.billing import InvoiceStatus
from app.entities.booking import Presence
from app.models import Booking, CreditNote, Invoice
from app.services import billing_run
from tests.money import book, days
from tests.people import Town
from tests.support.sql import count_statements

MAY, JUNE_15 = date(2027, 5, 1), datetime(2027, 6, 15, 8, tzinfo=UTC)


@pytest.fixture
def billed(priced: Town) -> Town:
    """May is billed to both households; Durand is owed a meal back at the end of the year."""
    with unscoped("mai, puis la fin de l’année"):
        book(priced, "lila", "A", "cantine.repas", *days(date(2027, 5, 3), 8))
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 5, 3), 5))
        billing_run.run(MAY, "Régie", JUNE_15)
        late = db.session.scalars(
            select(Booking).where(
                Booking.booked_on == date(2027, 5, 4), Booking.child_id == priced.people["tom"]
            )
        ).one()
        late.presence = Presence.EXCUSED
        db.session.commit()
        billing_run.run(date(2027, 7, 1), "Régie", datetime(2027, 8, 15, tzinfo=UTC))
    return priced


def invoice_of(town: Town, family: str) -> int:
    with unscoped("essai"):
        return db.session.scalars(select(Invoice.id).where(Invoice.family_id == town.families[family])).one()


def note_id() -> int:
    with unscoped("essai"):
        return db.session.scalars(select(CreditNote.id)).one()


def test_the_list_leads_to_the_lines_and_to_the_file(billed: Town) -> None:
    client, number = billed.client("claire"), invoice_of(billed, "A")
    listed = client.get("/factures/").text
    assert f"/factures/{number}" in listed and f"/factures/{number}/pdf" in listed
    page = client.get(f"/factures/{number}").text.replace("\u00a0", " ")
    assert "à payer jusqu’au samedi 10 juillet" in page
    assert "8 × Cantine" in page and "16,08 €" in page and "quotient 700" in page


def test_a_paid_invoice_no_longer_says_until_when_to_pay(billed: Town) -> None:
    number = invoice_of(billed, "A")
    with unscoped("payée"):
        db.session.scalars(select(Invoice).where(Invoice.id == number)).one().status = InvoiceStatus.PAID
        db.session.commit()
    page = billed.client("claire").get(f"/factures/{number}").text
    assert "Payée" in page and "à payer jusqu" not in page


def test_what_the_town_owes_is_shown_with_its_reason(billed: Town) -> None:
    client = billed.client("denis")
    assert f"/factures/avoir/{note_id()}" in client.get("/factures/").text
    page = client.get(f"/factures/avoir/{note_id()}").text.replace("\u00a0", " ")
    assert "4,32 €" in page and "Régularisation de mai" in page


@pytest.mark.parametrize("path", ["/factures/{other}", "/factures/{other}/pdf", "/factures/avoir/{note}"])
def test_another_household_s_paper_does_not_exist(billed: Town, path: str) -> None:
    address = path.format(other=invoice_of(billed, "B"), note=note_id())
    assert billed.client("claire").get(address).status_code == 404
    assert billed.client("denis").get(address).status_code == 200


def test_without_an_invoice_the_page_says_when_they_come(town: Town) -> None:
    page = town.client("claire").get("/factures/").text
    assert "Aucune facture pour le moment" in page and "Avoirs" not in page


def test_the_pages_run_twelve_statements_or_fewer(billed: Town) -> None:
    client = billed.client("denis")
    for path in ("/factures/", f"/factures/{invoice_of(billed, 'B')}", f"/factures/avoir/{note_id()}"):
        client.get(path)
        with count_statements() as counted:
            client.get(path)
        assert len(counted) <= 12, f"{path}\n" + "\n".join(counted)

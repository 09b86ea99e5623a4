"""Billing a month from the screen: seen before it is done, done once, said in words."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.account import RoleName
from app.models import BillingRun, Invoice, RoleGrant
from app.services import clock
from tests.money import book, days
from tests.people import Town

BASE = "/service/facturation"


@pytest.fixture(autouse=True)
def mid_june(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 6, 15, 8, tzinfo=UTC))


@pytest.fixture
def eaten(priced: Town) -> Town:
    """Eight meals for Lila (16.08 €), two for Tom (8.64 €: carried)."""
    with unscoped("mai"):
        book(priced, "lila", "A", "cantine.repas", *days(date(2027, 5, 3), 8))
        book(priced, "tom", "B", "cantine.repas", *days(date(2027, 5, 3), 2))
    return priced


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\u00a0", " ")


def count() -> int:
    with unscoped("vérification"):
        return db.session.scalar(select(func.count(Invoice.id))) or 0


def test_the_preview_says_what_a_run_would_do_and_writes_nothing(eaten: Town) -> None:
    page = words(eaten.client("accountant").get(f"{BASE}/apercu?mois=2027-05").text)
    assert "Émettre 1 facture, 16,08 €" in page
    assert "8,64 €" in page and "Reportée" in page
    assert count() == 0


def test_a_run_says_what_it_did_and_a_double_click_does_it_once(eaten: Town) -> None:
    client = eaten.client("accountant")
    first = client.post(f"{BASE}/lancer", data={"mois": "2027-05"}, follow_redirects=True).text
    assert "1 facture, 16,08 €" in words(first)
    again = client.post(f"{BASE}/lancer", data={"mois": "2027-05"}, follow_redirects=True).text
    assert "1 montant reporté sur la prochaine facture" in words(again)
    assert count() == 1


def test_nothing_to_bill_says_so(priced: Town) -> None:
    client = priced.client("accountant")
    page = client.post(f"{BASE}/lancer", data={"mois": "2027-05"}, follow_redirects=True).text
    assert "tout est déjà facturé" in words(page)


def test_without_a_price_nothing_is_billed_and_the_page_says_what_to_complete(priced: Town) -> None:
    with unscoped("mai"):
        book(priced, "lila", "A", "mercredi.apres-midi", date(2027, 5, 5))
    client = priced.client("accountant")
    page = client.post(f"{BASE}/lancer", data={"mois": "2027-05"}, follow_redirects=True).text
    assert "Il n’y a pas de prix pour" in words(page) and "en mai 2027" in words(page)
    assert count() == 0


@pytest.mark.parametrize("month", ["", "2027-13", "abc", "2027-07", "99999-01"])
def test_a_month_that_is_none_or_to_come_does_not_exist(eaten: Town, month: str) -> None:
    client = eaten.client("accountant")
    assert client.get(f"{BASE}/apercu?mois={month}").status_code == 404
    assert client.post(f"{BASE}/lancer", data={"mois": month}).status_code == 404


@pytest.mark.parametrize("name", ["desk", "head", "configurator", "admin", "hugo"])
def test_only_the_accountant_bills(eaten: Town, name: str) -> None:
    client = eaten.client(name)
    assert client.get(f"{BASE}/").status_code == 403
    assert client.post(f"{BASE}/lancer", data={"mois": "2027-05"}).status_code == 403
    assert count() == 0


def test_to_a_parent_billing_does_not_exist(eaten: Town) -> None:
    assert eaten.client("claire").get(f"{BASE}/").status_code == 404


def test_an_accountant_of_one_facility_does_not_bill_the_whole_town(eaten: Town) -> None:
    with unscoped("la régie de la cantine"):
        db.session.add(
            RoleGrant(
                account_id=eaten.accounts["hugo"],
                role_name=RoleName.ACCOUNTANT,
                facility_id=eaten.facilities["restaurant"],
            )
        )
        db.session.commit()
    assert eaten.client("hugo").post(f"{BASE}/lancer", data={"mois": "2027-05"}).status_code == 403
    with unscoped("vérification"):
        assert db.session.scalar(select(func.count(BillingRun.id))) == 0

"""The calendar of the year: read at a glance, painted by weekdays or day by day, proposed from a zone."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Activity, ClosingDay, Opening, Period
from app.services import bookings
from app.services.desk import Draft
from tests.people import Town
from tests.support.pages import words
from tests.wednesday import MEAL, NOW, WEDNESDAY

pytestmark = pytest.mark.usefixtures("first_of_december")
ADDRESS = "/service/calendrier/"


def opened(unit_id: int) -> set[date]:
    with unscoped("vérification"):
        return set(db.session.scalars(select(Opening.open_on).where(Opening.unit_id == unit_id)))


def places_of(unit_id: int) -> int | None:
    with unscoped("vérification"):
        return db.session.scalars(
            select(Opening.places).where(Opening.unit_id == unit_id, Opening.open_on == date(2027, 3, 4))
        ).one()


def paint(town: Town, **fields: Any) -> str:
    sent = {
        "annee": town.school_year,
        "activite": town.activities["mercredi"],
        "unite": [town.units["mercredi.repas"]],
        **fields,
    }
    return words(town.client("configurator").post(f"{ADDRESS}peindre", data=sent, follow_redirects=True))


@pytest.fixture
def with_periods(open_town: Town) -> Town:
    page = open_town.client("configurator").post(
        f"{ADDRESS}proposer",
        data={"annee": open_town.school_year, "activite": open_town.activities["mercredi"], "zone": "A"},
        follow_redirects=True,
    )
    assert "Les vacances de la zone A et les jours fériés sont écrits" in words(page)
    return open_town


def test_each_day_says_what_it_is(with_periods: Town) -> None:
    page = words(
        with_periods.client("configurator").get(f"{ADDRESS}?activite={with_periods.activities['mercredi']}")
    )
    assert "mercredi 9 décembre, ouvert (Matin, Repas, Après-midi)" in page
    assert "vendredi 25 décembre, fermé (Noël)" in page
    assert "lundi 21 décembre, vacances" in page


def test_holidays_are_proposed_once(with_periods: Town) -> None:
    with unscoped("vérification"):
        before = (
            len(db.session.scalars(select(Period)).all()),
            len(db.session.scalars(select(ClosingDay)).all()),
        )
    page = with_periods.client("configurator").post(
        f"{ADDRESS}proposer",
        data={
            "annee": with_periods.school_year,
            "activite": with_periods.activities["mercredi"],
            "zone": "B",
        },
        follow_redirects=True,
    )
    assert "a déjà ses périodes" in words(page)
    with unscoped("vérification"):
        after = (
            len(db.session.scalars(select(Period)).all()),
            len(db.session.scalars(select(ClosingDay)).all()),
        )
    assert before == after and before[0] > 5


def test_weekdays_of_school_time_are_painted_at_once(with_periods: Town) -> None:
    unit = with_periods.units["mercredi.repas"]
    before = opened(unit)
    assert "jours ouverts" in paint(
        with_periods, semaine=["mercredi"], periode="term", du="2027-01-01", au="2027-02-28", ouvrir="1"
    )
    new = opened(unit) - before
    assert new == {on for on in new if on.weekday() == 2 and date(2027, 1, 1) <= on <= date(2027, 2, 28)}
    assert date(2027, 1, 6) in new
    assert date(2027, 2, 17) not in new  # holidays of zone A
    assert "déjà ouverts" in paint(
        with_periods, semaine=["mercredi"], periode="term", du="2027-01-01", au="2027-02-28", ouvrir="1"
    )


def test_days_touched_one_by_one_open_with_their_places(with_periods: Town) -> None:
    unit = with_periods.units["mercredi.repas"]
    assert "1 jour ouvert." in paint(with_periods, jour=["2027-03-04"], places="7", ouvrir="1")
    assert places_of(unit) == 7
    said = paint(with_periods, jour=["2027-03-04"], places="9", ouvrir="1")
    assert "leurs places sont changées" in said
    assert places_of(unit) == 9
    assert "1 jour fermé." in paint(with_periods, jour=["2027-03-04"], fermer="1")
    assert date(2027, 3, 4) not in opened(unit)


def test_a_day_that_somebody_has_booked_stays_open(with_periods: Town) -> None:
    with with_periods.acting("claire"):
        sent = bookings.send(
            with_periods.people["lila"], with_periods.families["A"], Draft(frozenset({MEAL})), NOW
        )
    assert sent is not None and sent.confirmed == 1
    said = paint(with_periods, jour=[WEDNESDAY.isoformat(), "2026-12-16"], fermer="1")
    assert "1 jour fermé." in said and "1 jour réservé reste ouvert : une fermeture se dit" in said
    assert WEDNESDAY in opened(with_periods.units["mercredi.repas"])


def test_nothing_chosen_is_told(with_periods: Town) -> None:
    assert "Aucun jour n’est choisi" in paint(with_periods, ouvrir="1")
    assert "au moins une unité" in paint(with_periods, unite=[], jour=["2027-03-04"], ouvrir="1")
    assert "Aucun jour n’est choisi" in paint(with_periods, jour=["hier"], semaine=["dimardi"], ouvrir="1")


@pytest.mark.parametrize("name", ["claire", "desk", "head", None])
def test_nobody_else_opens_it(open_town: Town, name: str | None) -> None:
    client = open_town.client(name)
    assert client.get(ADDRESS).status_code in (302, 403, 404)
    for address in ("peindre", "proposer"):
        assert client.post(f"{ADDRESS}{address}", data={"zone": "A"}).status_code in (302, 400, 403, 404)


def test_another_year_or_activity_is_no_page(open_town: Town) -> None:
    client = open_town.client("configurator")
    assert client.get(f"{ADDRESS}?annee=99999").status_code == 404
    assert client.get(f"{ADDRESS}?activite=99999").status_code == 404
    assert client.get(f"{ADDRESS}?annee=abc").status_code == 404


def test_a_town_where_nothing_is_booked_day_by_day_is_told(town: Town) -> None:
    with unscoped("test"):
        for one in db.session.scalars(select(Activity)):
            one.is_bookable = False
        db.session.commit()
    page = words(town.client("configurator").get(ADDRESS))
    assert "Rien à peindre encore" in page and "Ouvrir ces jours" not in page

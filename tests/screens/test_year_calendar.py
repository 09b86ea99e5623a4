"""The calendar of the year: read at a glance, painted by weekdays or day by day, proposed from a zone."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Activity, Booking, ClosingDay, Opening, Period, SchoolYear
from app.services import bookings, records, year_calendar
from app.services.desk import Draft
from tests.people import Town
from tests.support.pages import words
from tests.wednesday import MEAL, NOW, WEDNESDAY, open_wednesdays

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


def test_a_day_whose_bookings_are_cancelled_closes_and_counts_none(with_periods: Town) -> None:
    lila, family = with_periods.people["lila"], with_periods.families["A"]
    with with_periods.acting("claire"):
        bookings.send(lila, family, Draft(frozenset({MEAL})), NOW)
    address = f"{ADDRESS}?activite={with_periods.activities['mercredi']}"
    client = with_periods.client("configurator")
    assert "mercredi 9 décembre, ouvert (Matin, Repas, Après-midi), 1 réservation" in words(
        client.get(address)
    )
    with with_periods.acting("claire"):
        sent = bookings.send(lila, family, Draft(unwanted=frozenset({MEAL})), NOW)
    assert sent is not None and sent.cancelled == 1
    page = words(client.get(address))
    assert "mercredi 9 décembre, ouvert (Matin, Repas, Après-midi)" in page and "1 réservation" not in page
    assert "1 jour fermé." in paint(with_periods, jour=[WEDNESDAY.isoformat()], fermer="1")
    assert WEDNESDAY not in opened(with_periods.units["mercredi.repas"])


@pytest.mark.parametrize("places", ["abc", "-5", "7,5", "99999999999"])
def test_places_that_are_no_number_change_nothing_and_give_back_the_form(
    with_periods: Town, places: str
) -> None:
    unit = with_periods.units["mercredi.repas"]
    before = opened(unit)
    sent = {
        "annee": with_periods.school_year, "activite": with_periods.activities["mercredi"], "unite": [unit],
        "jour": ["2027-03-04"], "semaine": ["jeudi"], "periode": "term", "du": "2027-03-01",
        "places": places, "ouvrir": "1",
    }  # fmt: skip
    answer = with_periods.client("configurator").post(f"{ADDRESS}peindre", data=sent)
    assert answer.status_code == 422 and "Écrivez un nombre entier de places" in words(answer)
    page = answer.get_data(as_text=True)
    assert f'value="{places}"' in page and 'value="2027-03-04" checked' in page
    assert 'value="2027-03-01"' in page and '<option value="term" selected' in page
    assert opened(unit) == before
    assert "1 jour ouvert." in paint(with_periods, jour=["2027-03-04"], places=" 12 ", ouvrir="1")
    assert places_of(unit) == 12


def test_days_of_both_sorts_are_counted_apart(with_periods: Town) -> None:
    both = {"jour": ["2027-03-04", "2027-03-05", WEDNESDAY.isoformat()], "ouvrir": "1"}
    told = paint(with_periods, **both, places="7")
    assert "2 jours ouverts ; 1 jour déjà ouvert : les places y sont changées." in told
    more = paint(with_periods, jour=[*both["jour"], "2027-03-08"], ouvrir="1")
    assert "1 jour ouvert ; 3 l’étaient déjà." in more


def test_weekdays_are_painted_in_a_year_without_periods(open_town: Town) -> None:
    told = paint(open_town, semaine=["lundi"], periode="", du="2027-03-01", au="2027-03-14", ouvrir="1")
    assert "2 jours ouverts." in told
    assert {date(2027, 3, 1), date(2027, 3, 8)} <= opened(open_town.units["mercredi.repas"])
    assert "Aucun jour n’est choisi" in paint(open_town, semaine=["mardi"], periode="term", ouvrir="1")


@pytest.mark.parametrize("name", ["claire", "desk", "head", None])
def test_nobody_else_opens_it(open_town: Town, name: str | None) -> None:
    client = open_town.client(name)
    refused = (302,) if name is None else (403, 404)  # nobody: to the log-in page
    unit = open_town.units["mercredi.repas"]
    before = opened(unit)
    sent = {
        "annee": open_town.school_year, "activite": open_town.activities["mercredi"], "unite": [unit],
        "jour": [WEDNESDAY.isoformat(), "2027-03-04"], "zone": "A",
    }  # fmt: skip
    assert client.get(ADDRESS).status_code in refused
    for address, button in (("peindre", "ouvrir"), ("peindre", "fermer"), ("proposer", "zone")):
        answer = client.post(f"{ADDRESS}{address}", data={button: "1", **sent})
        assert answer.status_code in refused, address
        assert answer.status_code != 302 or "/connexion" in answer.location
    assert opened(unit) == before
    with unscoped("vérification"):
        assert db.session.scalars(select(Period)).all() == []


def race(monkeypatch: pytest.MonkeyPatch, name: str, other: Callable[[], None]) -> Callable[[], None]:
    """Somebody else acts once the page has read: before the statement of that name. What waits for them."""
    real = getattr(year_calendar, name)
    begun: list[threading.Thread] = []

    def racing(*args: Any) -> Any:
        if not begun:
            begun.append(threading.Thread(target=other))
            begun[0].start()
            begun[0].join(1)  # it is done, or it waits for us
        return real(*args)

    monkeypatch.setattr(year_calendar, name, racing)
    return lambda: begun[0].join(20)


def test_a_day_booked_while_it_closes_is_open_or_not_booked(
    postgres_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = open_wednesdays(postgres_town)

    def book() -> None:
        with town.app.app_context(), town.acting("claire"):
            bookings.send(town.people["lila"], town.families["A"], Draft(frozenset({MEAL})), NOW)
            db.session.remove()

    wait = race(monkeypatch, "delete", book)
    paint(town, jour=[WEDNESDAY.isoformat()], fermer="1")
    wait()
    with unscoped("vérification"):
        booked = list(db.session.scalars(select(Booking.booked_on)))
    assert (WEDNESDAY in booked) <= (WEDNESDAY in opened(town.units["mercredi.repas"]))


def test_two_who_paint_the_same_day_open_it_once(
    postgres_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = open_wednesdays(postgres_town)
    unit = town.units["mercredi.repas"]

    def open_too() -> None:
        with town.app.app_context(), unscoped("un collègue"):
            db.session.add(Opening(unit_id=unit, open_on=date(2027, 3, 4)))
            db.session.commit()
            db.session.remove()

    wait = race(monkeypatch, "_write", open_too)
    paint(town, jour=["2027-03-04", "2027-03-05"], ouvrir="1")
    wait()
    assert {date(2027, 3, 4), date(2027, 3, 5)} <= opened(unit)


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


@pytest.mark.parametrize(
    ("ends_on", "is_kept"), [("2028-10-05", True), ("2028-10-06", False), ("2207-07-01", False)]
)
def test_a_year_too_long_to_be_painted_is_not_kept(town: Town, ends_on: str, is_kept: bool) -> None:
    """A slip in a year would draw a page of thousands of days."""
    days = {"starts_on": date(2027, 9, 1), "ends_on": date.fromisoformat(ends_on)}
    with town.acting("configurator") as viewer:
        made = records.create(SchoolYear, {"code": "2027-2028", **days}, viewer)
    assert bool(made) is is_kept
    assert is_kept or "un an au plus" in made.problems["ends_on"]

"""The planning page: what a touch answers, what a send writes, and who is let in."""

from datetime import datetime

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus
from app.models import Booking, RefusedRequest
from app.services import clock
from tests.people import Town
from tests.support.pages import words
from tests.support.sql import count_statements

pytestmark = pytest.mark.usefixtures("first_of_december")
WEEK = "semaine=2026-12-07"
MORNING, MEAL = "mercredi.matin@2026-12-09", "mercredi.repas@2026-12-09"


def set_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


def booked() -> dict[str, BookingStatus]:
    with unscoped("vérification"):
        return {row.unit.code: row.status for row in db.session.scalars(select(Booking))}


def test_a_touch_on_the_morning_says_that_it_goes_with_the_meal(open_town: Town) -> None:
    page = open_town.client("claire").get(
        f"/planning/{open_town.people['lila']}?{WEEK}&bascule={MORNING}", follow_redirects=True
    )
    assert (
        f"plus={MORNING.replace('@', '%40')}" in page.request.query_string.decode()
        or MORNING in page.request.url
    )
    assert "se réserve avec" in words(page)
    assert "1 case à corriger" in words(page)
    assert 'class="sq sq-error is-new"' in page.get_data(as_text=True)


def test_a_touch_by_htmx_answers_at_once_and_gives_the_address(open_town: Town) -> None:
    page = open_town.client("claire").get(
        f"/planning/{open_town.people['lila']}?{WEEK}&bascule={MEAL}", headers={"HX-Request": "true"}
    )
    assert page.status_code == 200
    assert "plus=mercredi.repas" in page.headers["HX-Push-Url"]
    assert "Envoyer" in words(page)


def test_a_refused_change_writes_nothing_and_stays_in_the_address(open_town: Town) -> None:
    client = open_town.client("claire")
    sent = client.post(
        f"/planning/{open_town.people['lila']}/envoyer", data={"semaine": "2026-12-07", "plus": MORNING}
    )
    assert sent.status_code == 302
    assert "plus=mercredi.matin" in sent.location
    assert booked() == {}


def test_a_change_sent_twice_by_a_double_click_books_once(open_town: Town) -> None:
    client = open_town.client("claire")
    for _ in range(2):
        client.post(
            f"/planning/{open_town.people['lila']}/envoyer",
            data={"semaine": "2026-12-07", "plus": [MORNING, MEAL]},
        )
    assert booked() == {"matin": BookingStatus.CONFIRMED, "repas": BookingStatus.CONFIRMED}


@pytest.mark.parametrize("child", ["tom"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_strangers_child_does_not_exist(open_town: Town, child: str, method: str) -> None:
    client = open_town.client("claire")
    address = f"/planning/{open_town.people[child]}"
    if method == "post":
        answer = client.post(f"{address}/envoyer", data={"plus": MEAL})
    else:
        answer = client.get(address)
    assert answer.status_code == 404
    assert booked() == {}


@pytest.mark.parametrize("name", ["desk", "accountant", "hugo"])
def test_the_planning_of_parents_is_not_a_page_of_the_service(open_town: Town, name: str) -> None:
    assert open_town.client(name).get(f"/planning/{open_town.people['lila']}").status_code in (403, 404)


def test_nobody_logged_in_is_led_to_log_in_and_back(open_town: Town) -> None:
    answer = open_town.client(None).get(f"/planning/{open_town.people['lila']}?{WEEK}")
    assert answer.status_code == 302
    assert "/connexion" in answer.location
    assert "next=" in answer.location


@pytest.mark.parametrize(
    "query",
    ["semaine=abc", "semaine=9999-12-31", "plus=" + "x" * 3000, "plus=a@b&moins=@&bascule=@2026-01-01",
     "bascule=mercredi.matin@2026-13-45", "motif=%00@2026-12-09", "plus=inconnu.matin@2026-12-09"],
)  # fmt: skip
def test_a_strange_address_is_a_planning_all_the_same(open_town: Town, query: str) -> None:
    answer = open_town.client("claire").get(
        f"/planning/{open_town.people['lila']}?{query}", follow_redirects=True
    )
    assert answer.status_code == 200


def test_the_page_runs_twelve_statements_or_fewer(open_town: Town) -> None:
    # The first reads the catalogue once for all; then: account, person, registrations, catalogue version,
    # openings, places and waiting lists, bookings, quotients, children, catalogue version for the layout
    client = open_town.client("claire")
    address = f"/planning/{open_town.people['lila']}?{WEEK}&plus={MORNING}"
    client.get(address)
    with count_statements() as counted:
        client.get(address)
    assert len(counted) <= 11, "\n".join(counted)


def test_what_a_parent_is_refused_is_kept_once_for_the_service(open_town: Town) -> None:
    client = open_town.client("claire")
    address = f"/planning/{open_town.people['lila']}"
    client.get(f"{address}?{WEEK}&bascule={MORNING}", headers={"HX-Request": "true"})
    client.get(f"{address}?{WEEK}&plus={MORNING}")
    client.post(f"{address}/envoyer", data={"semaine": "2026-12-07", "plus": MORNING})
    closed = "mercredi.repas@2026-12-23"
    client.get(f"{address}?semaine=2026-12-21&bascule={closed}", headers={"HX-Request": "true"})
    with unscoped("vérification"):
        found = db.session.scalars(select(RefusedRequest).order_by(RefusedRequest.id)).all()
        assert [one.trace["adds"] for one in found] == [
            ["mercredi.matin 2026-12-09"],
            ["mercredi.repas 2026-12-23"],
        ]
        assert {one.asked_by for one in found} == {open_town.viewer("claire").name}

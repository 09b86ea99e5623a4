"""*Historique*: the account's connections, the household's actions, in sentences, by week or month."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Connection, HistoryEntry
from app.rules.words import NBSP
from app.screens.history import MONTH, WEEK, Span
from app.services import clock
from tests.people import Town
from tests.support.sql import count_statements

TUESDAY = datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: TUESDAY)


def keep(*rows: Any) -> None:
    with unscoped("ce que le test raconte"):
        db.session.add_all(rows)
        db.session.commit()


def entry(town: Town, who: str = "claire", family: str = "A", **values: Any) -> HistoryEntry:
    names = {"claire": "Claire Martin", "denis": "Denis Durand", "desk": "Maëlle Tresserre"}
    given = {
        "done_at": TUESDAY,
        "actor": names[who],
        "account_id": town.accounts[who],
        "action": "create",
        "entity": "Document",
        "row_id": 1,
        "family_id": town.families[family],
        "summary": "Document, ajout",
    }
    return HistoryEntry(**given | values)


def page(town: Town, query: str = "", who: str = "claire") -> str:
    answer = town.client(who).get(f"/historique/{query}")
    assert answer.status_code == 200
    return answer.text.partition("<main")[2].replace(NBSP, " ")


def test_a_week_without_anything_says_so(town: Town) -> None:
    assert "Rien cette semaine" in page(town)
    assert "Rien ce mois-ci" in page(town, "?par=mois")


def test_one_s_own_connections_are_told_with_hour_and_device_and_nobody_else_s(town: Town) -> None:
    keep(
        Connection(account_id=town.accounts["claire"], connected_at=TUESDAY, device="iPhone, Safari"),
        Connection(account_id=town.accounts["paul"], connected_at=TUESDAY, device="Ordinateur, Firefox"),
    )
    shown = page(town)
    assert "Vous avez ouvert votre espace famille (iPhone, Safari)." in shown
    assert "9 h" in shown
    assert "Firefox" not in shown


def test_what_is_done_is_told_as_a_sentence_with_who_did_it(town: Town) -> None:
    keep(
        entry(town),
        entry(town, "desk", entity="Family", action="edit", after={"phone": "x", "city": "Crolles"}),
    )
    shown = page(town)
    assert "Vous avez ajouté une pièce" in shown or "Vous avez ajouté un" in shown
    assert "Maëlle Tresserre a modifié la famille : Téléphone du foyer et Commune." in shown


@pytest.mark.parametrize(
    ("status", "told"), [("refused", "refusé"), ("accepted", "accepté"), ("withdrawn", "retiré")]
)
def test_a_decision_is_told_by_its_name_and_a_request_by_its_title(
    town: Town, status: str, told: str
) -> None:
    decided = {"status": status, "decided_at": "2026-12-01T08:00:00+00:00", "reason": "x"}
    keep(
        entry(town, entity="ChangeRequest", after={"title": "Adresse du foyer", "status": "waiting"}),
        entry(town, "desk", entity="ChangeRequest", action="edit", after=decided),
    )
    shown = page(town)
    assert "Vous avez ajouté une demande de modification : Adresse du foyer." in shown
    assert f"Maëlle Tresserre a {told} la demande de modification." in shown


def test_two_decisions_of_a_minute_are_two_lines(town: Town) -> None:
    keep(
        *(
            entry(town, "desk", entity="ChangeRequest", action="edit", row_id=rank, after={"status": status})
            for rank, status in enumerate(("accepted", "refused"))
        )
    )
    shown = page(town)
    assert "a accepté la demande de modification." in shown
    assert "a refusé la demande de modification." in shown


def test_the_other_household_s_actions_are_not_shown(town: Town) -> None:
    keep(entry(town, "denis", "B"))
    assert "Denis" not in page(town)
    assert "Vous avez ajouté" in page(town, who="denis")


def test_what_parents_do_not_see_of_a_record_is_not_told(town: Town) -> None:
    keep(
        entry(town, "desk", entity="Family", action="edit", after={"notes": "x"}),
        entry(town, "desk", entity="OutgoingMail"),
        entry(town, "desk", entity="NoMore"),
    )
    assert "Maëlle" not in page(town)


def test_the_same_thing_done_many_times_in_a_minute_is_one_line(town: Town) -> None:
    keep(*(entry(town, entity="Booking", row_id=rank) for rank in range(12)))
    shown = page(town)
    assert "Vous avez ajouté 12 réservations." in shown
    assert shown.count("Vous avez ajouté") == 1


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(2026, 11, 29, 22, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), True),
        (datetime(2026, 12, 6, 22, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 12, 6, 23, 0, tzinfo=UTC), False),
    ],
)
def test_a_week_goes_from_monday_to_sunday_in_paris(town: Town, at: datetime, shown: bool) -> None:
    keep(entry(town, done_at=at))
    assert ("Vous avez ajouté" in page(town)) is shown


def test_one_goes_back_and_forth_but_not_past_today(town: Town) -> None:
    now = page(town)
    assert "le=2026-11-29" in now
    assert 'rel="next"' not in now
    before = page(town, "?par=semaine&le=2026-11-29")
    assert "Du lundi 23 novembre au dimanche 29 novembre" in before
    assert "le=2026-11-30" in before
    month = page(town, "?par=mois&le=2026-11-29")
    assert "Novembre 2026" in month
    assert "le=2026-12-01" in month


@pytest.mark.parametrize("query", ["?le=demain", "?le=2999-01-01", "?par=siecle", "?le=0001-01-01&par=mois"])
def test_an_address_that_means_nothing_still_shows_a_page(town: Town, query: str) -> None:
    assert "Historique" in page(town, query)


def test_a_month_ends_where_the_next_begins() -> None:
    assert Span.around(MONTH, date(2026, 12, 31)).ends_on == date(2027, 1, 1)
    assert Span.around(MONTH, date(2028, 2, 1)).last_on == date(2028, 2, 29)
    assert Span.around(WEEK, date(2026, 12, 6)).starts_on == date(2026, 11, 30)


def test_three_hundred_actions_cost_at_most_eight_statements(town: Town) -> None:
    keep(*(entry(town, row_id=rank, done_at=TUESDAY.replace(minute=rank % 60)) for rank in range(300)))
    browser = town.client("claire")
    browser.get("/historique/")
    with count_statements() as seen:
        browser.get("/historique/")
    assert len(seen) <= 8, "\n".join(seen)

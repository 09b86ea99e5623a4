"""Registrations to decide: the queue, the decisions, and who may take them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import RegistrationStatus
from app.entities.paperwork import DocumentStatus
from app.models import CareGroup, OutgoingMail, Registration
from app.rules.words import NBSP
from app.services import clock
from tests.people import Town
from tests.support.papers import NOW, TODAY, ask_for, give, register
from tests.support.sql import count_statements

BASE = "/service/inscriptions-a-decider"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def asked(
    town: Town, family: str = "A", child: str = "lila", activity: str = "cantine", days: int = 1
) -> int:
    return register(
        town,
        family,
        child,
        activity,
        status=RegistrationStatus.ASKED,
        asked_at=NOW - timedelta(days=days),
        starts_on=TODAY,
    )


def group(town: Town, activity: str, name: str = "Les Renards", places: int | None = 12) -> int:
    with unscoped("un groupe"):
        row = CareGroup(name=name, places=places, activity_id=town.activities[activity])
        db.session.add(row)
        db.session.commit()
        return row.id


def read(registration_id: int) -> Registration:
    with unscoped("lecture des tests"):
        db.session.expire_all()
        return db.session.scalars(select(Registration).where(Registration.id == registration_id)).one()


def mails() -> int:
    with unscoped("lecture des tests"):
        return len(db.session.scalars(select(OutgoingMail)).all())


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True)).replace(NBSP, " ")


def test_the_oldest_demand_comes_first_with_age_papers_and_groups(town: Town) -> None:
    asked(town, "B", "tom", days=1)
    asked(town, days=3)
    group(town, "cantine")
    kind = ask_for("assurance", phrase="l’assurance")
    give(town, kind, "A", "lila", DocumentStatus.VALID)
    register(town, "A", "lila", "mercredi")
    page = text(town.client("desk").get(f"{BASE}/"))
    assert "2 demandes" in page and "Lila Martin, 8 ans et demi" in page
    assert "Tous les documents obligatoires sont valables." in page
    assert "Les Renards (12 sur 12 libres)" in page and "Mercredis des Grappaloups" in page


def test_an_empty_queue_says_so(town: Town) -> None:
    assert "Tout est décidé" in text(town.client("desk").get(f"{BASE}/"))


def test_accepting_in_a_group_leads_to_the_next_one(town: Town) -> None:
    first, second = asked(town, days=3), asked(town, "B", "tom", days=1)
    foxes = group(town, "cantine")
    answer = town.client("desk").post(f"{BASE}/{first}/accepter", data={"seen": 1, "group": foxes})
    assert answer.status_code == 302 and answer.location.endswith(f"{BASE}/{second}")
    one = read(first)
    assert (one.status, one.group_id) == (RegistrationStatus.ACCEPTED, foxes)
    assert mails() == 2


def test_refusing_wants_a_reason_and_keeps_it(town: Town) -> None:
    one = asked(town)
    client = town.client("desk")
    answer = client.post(f"{BASE}/{one}/refuser", data={"seen": 1, "reason": " "})
    assert answer.status_code == 422 and "Dites pourquoi" in text(answer)
    long = client.post(f"{BASE}/{one}/refuser", data={"seen": 1, "reason": "x" * 601})
    assert long.status_code == 422 and "x" * 601 in text(long)
    assert client.post(f"{BASE}/{one}/refuser", data={"seen": 1, "reason": "Complet."}).status_code == 302
    assert (read(one).status, read(one).reason) == (RegistrationStatus.REFUSED, "Complet.")


def test_a_missing_document_stops_accepting_and_says_which(town: Town) -> None:
    ask_for("assurance", phrase="l’assurance")
    one = asked(town)
    client = town.client("desk")
    assert 'aria-disabled="true" aria-describedby="bloque"' in text(client.get(f"{BASE}/{one}"))
    answer = client.post(f"{BASE}/{one}/accepter", data={"seen": 1})
    assert answer.status_code == 422 and "Il manque l’assurance de Lila." in text(answer)
    assert read(one).status is RegistrationStatus.ASKED and mails() == 0


def test_the_second_colleague_reads_who_decided(town: Town) -> None:
    one = asked(town)
    town.client("head").post(f"{BASE}/{one}/accepter", data={"seen": 1})
    answer = town.client("desk").post(f"{BASE}/{one}/refuser", data={"seen": 1, "reason": "Complet."})
    assert answer.status_code == 422
    assert f"déjà acceptée par {town.viewer('head').name}" in text(answer)
    assert read(one).status is RegistrationStatus.ACCEPTED


# --- Doors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "code"),
    [("hugo", 404), ("accountant", 403), ("configurator", 403), ("admin", 403), ("claire", 404), (None, 302)],
)
def test_only_those_who_run_the_activity_decide(town: Town, who: str | None, code: int) -> None:
    one = asked(town, activity="mercredi")
    client = town.client(who)
    assert client.get(f"{BASE}/{one}").status_code == code
    assert client.post(f"{BASE}/{one}/accepter", data={"seen": 1}).status_code == code
    assert client.post(f"{BASE}/{one}/refuser", data={"reason": "Non."}).status_code == code
    assert read(one).status is RegistrationStatus.ASKED


def test_the_head_of_a_facility_decides_for_it_and_for_its_groups_alone(town: Town) -> None:
    mine, elsewhere = group(town, "cantine"), group(town, "mercredi")
    one = asked(town)
    client = town.client("hugo")
    assert client.post(f"{BASE}/{one}/accepter", data={"seen": 1, "group": elsewhere}).status_code == 404
    assert client.post(f"{BASE}/{one}/accepter", data={"seen": 1, "group": "abc"}).status_code == 404
    assert client.post(f"{BASE}/{one}/accepter", data={"seen": 1, "group": mine}).status_code == 302


def test_a_demand_that_never_was_is_a_404(town: Town) -> None:
    client = town.client("desk")
    assert client.get(f"{BASE}/999").status_code == 404
    assert client.post(f"{BASE}/999/accepter").status_code == 404
    assert client.get(f"{BASE}/999/accepter").status_code == 405


# --- Cost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("activities", [("cantine",), ("cantine", "mercredi")])
def test_the_inbox_costs_at_most_twelve_statements(town: Town, activities: tuple[str, ...]) -> None:
    group(town, "cantine")
    for activity in activities:
        for family, child in (("A", "lila"), ("A", "zoe"), ("B", "tom"), ("B", "zoe")):
            asked(town, family, child, activity)
    client = town.client("desk")
    client.get(f"{BASE}/")  # the catalogue is then in memory
    db.session.remove()
    with count_statements() as seen:
        assert client.get(f"{BASE}/").status_code == 200
    assert len(seen) <= 12, "\n".join(seen)

"""The town’s settings by form: each with the value in force, kept when it changes, refused in French."""

from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import HistoryEntry, Setting
from app.services import settings
from tests.people import Town
from tests.support.forms import form_of
from tests.support.pages import words

ADDRESS = "/service/reglages-de-la-ville/"


def rows() -> dict[str, str]:
    with unscoped("test"):
        return dict(db.session.execute(select(Setting.key, Setting.value)).tuples().all())


def send(town: Town, name: str = "configurator", **changes: str) -> Any:
    """The form as served, with these changes."""
    client = town.client(name)
    fields = dict(form_of(client.get(ADDRESS).get_data(as_text=True)))
    return client.post(ADDRESS, data={**fields, **changes})


def test_every_setting_is_there_with_its_value(town: Town) -> None:
    page = words(town.client("configurator").get(ADDRESS))
    for label in settings.LABELS.values():
        assert label.replace(" (centimes)", "") in page


def test_only_what_changes_is_written_and_the_history_says_so(town: Town) -> None:
    assert send(town, town_name="Cournon", billing_threshold_cents="20,50").status_code == 302
    assert rows() == {"town_name": "Cournon", "billing_threshold_cents": "2050"}
    assert settings.read_town().billing_threshold_cents == 2050
    with unscoped("test"):
        told = db.session.scalars(select(HistoryEntry).where(HistoryEntry.entity == "Setting")).all()
        assert len(told) == 2
    assert send(town).status_code == 302
    assert len(rows()) == 2


def test_an_emptied_field_takes_its_default_again(town: Town) -> None:
    send(town, service_name="Guichet unique")
    assert rows()["service_name"] == "Guichet unique"
    assert send(town, service_name="").status_code == 302
    assert rows() == {} and settings.read_town().service_name == "Service Enfance"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("link_hours", "0", "De 1 à 720"),
        ("link_hours", "trois", "n’est pas un nombre entier"),
        ("due_day", "31", "De 1 à 28"),
        ("due_day", "9" * 400, "trop grand"),
        ("service_email", "pas une adresse", "adresse"),
        ("billing_starts", "septembre", "2026-09"),
        ("billing_starts", "0000-01", "2026-09"),
        ("billing_threshold_cents", "-3", "De 0 à"),
        ("town_name", "é" * 401, "400"),
        ("payment_url", "www.payfip.gouv.fr", "l’adresse entière"),
        ("payment_url", "javascript:alert(1)//https://a.fr", "l’adresse entière"),
        ("payment_url", "//payfip.gouv.fr", "l’adresse entière"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_kept(
    town: Town, name: str, value: str, told: str
) -> None:
    answer = send(town, **{"service_name": "Guichet", name: value})
    assert answer.status_code == 422
    assert told in words(answer) and rows() == {}
    assert 'value="Guichet"' in answer.get_data(as_text=True)


def test_two_tabs_are_told_and_lose_nothing(town: Town) -> None:
    client = town.client("configurator")
    fields = dict(form_of(client.get(ADDRESS).get_data(as_text=True)))
    send(town, town_name="Cournon")
    answer = client.post(ADDRESS, data={**fields, "service_name": "Guichet"})
    assert answer.status_code == 409 and "a changé entre-temps" in words(answer)
    assert rows() == {"town_name": "Cournon"} and 'value="Guichet"' in answer.get_data(as_text=True)


@pytest.mark.parametrize("name", ["claire", "desk", "accountant", "head", None])
def test_nobody_else_opens_them(town: Town, name: str | None) -> None:
    client = town.client(name)
    assert client.get(ADDRESS).status_code in (302, 403, 404)
    assert client.post(ADDRESS, data={"town_name": "X"}).status_code in (302, 400, 403, 404)
    assert rows() == {}

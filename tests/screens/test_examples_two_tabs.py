"""An example open in two windows: whoever comes second is told, and no line that was typed is lost."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Example
from tests.people import Town
from tests.support.forms import served
from tests.support.pages import words

pytestmark = pytest.mark.usefixtures("first_of_december")
ADDRESS = "/service/exemples-du-reglement"
WHOLE_DAY = {
    "mercredi.matin": "2026-12-09",
    "mercredi.apres-midi": "2026-12-09",
    "mercredi.repas": "2026-12-09",
}
BODY = {
    "says": "Une journée se réserve avec son repas",
    "at": "2026-12-01 09:00",
    "books": WHOLE_DAY,
    "expect": {"allowed": True},
}


@pytest.fixture
def example(open_town: Town) -> str:
    """The address of an example of three lines."""
    with unscoped("test"):
        row = Example(code="journee", sentence=str(BODY["says"]), body=BODY)
        db.session.add(row)
        db.session.commit()
        return f"{ADDRESS}/{row.id}"


def opened(client: FlaskClient, address: str, **changes: Any) -> dict[str, Any]:
    """The form as it is served, with what one types in it."""
    return {**served(client.get(address).get_data(as_text=True)), **changes}


def kept() -> list[str]:
    with unscoped("test"):
        return list(db.session.scalars(select(Example.sentence)))


def test_what_somebody_else_wrote_meanwhile_is_not_written_over_unseen(open_town: Town, example: str) -> None:
    client = open_town.client("configurator")
    first, second = opened(client, example, says="Un"), opened(client, example, says="Deux")
    assert client.post(example, data=first).status_code == 302
    wrong = client.post(example, data={**second, "at": "demain"})
    assert wrong.status_code == 422
    second = {**served(wrong.get_data(as_text=True)), "at": "01/12/2026 09:00"}
    answer = client.post(example, data=second)
    assert answer.status_code == 409 and "a changé entre-temps" in words(answer)
    assert kept() == ["Un"]
    again = served(answer.get_data(as_text=True))
    assert client.post(example, data=again).status_code == 302
    assert kept() == ["Deux"]


def test_deleted_in_another_window_what_was_typed_is_not_lost_with_it(open_town: Town, example: str) -> None:
    client = open_town.client("configurator")
    typed = opened(client, example, says="Deux")
    client.post(f"{example}/supprimer", data={"mark": typed["mark"]})
    assert kept() == [] and client.get(example).status_code == 404
    answer = client.post(example, data=typed)
    assert answer.status_code == 409 and "a été supprimé entre-temps" in words(answer)
    again = served(answer.get_data(as_text=True))
    assert client.post(example, data=again).status_code == 302
    assert kept() == ["Deux"]


def test_one_that_changed_since_it_was_looked_at_is_not_deleted(open_town: Town, example: str) -> None:
    client = open_town.client("configurator")
    seen = opened(client, example)["mark"]
    client.post(example, data=opened(client, example, says="Un"))
    answer = client.post(f"{example}/supprimer", data={"mark": seen}, follow_redirects=True)
    assert "il est gardé" in words(answer) and kept() == ["Un"]


def test_every_line_that_is_shown_is_tried(open_town: Town, example: str) -> None:
    """The meal is on the third line: without it, the morning would be refused."""
    client = open_town.client("configurator")
    assert "Juste" in words(client.post(f"{ADDRESS}/essayer", data=opened(client, example)))


def test_a_line_that_is_no_longer_offered_is_kept_all_the_same(open_town: Town, example: str) -> None:
    client = open_town.client("configurator")
    typed = opened(client, example)
    client.post(f"{example}/supprimer")
    answer = client.post(example, data=typed)
    client.post(example, data=served(answer.get_data(as_text=True)))
    with unscoped("test"):
        assert db.session.scalars(select(Example.body)).one()["books"] == WHOLE_DAY

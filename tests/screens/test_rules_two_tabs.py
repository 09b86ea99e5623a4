"""Two windows on the same rule: whoever comes second is told, and nothing that was typed is lost."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Rule, RuleDraft
from tests.people import Town
from tests.screens.rule_pages import RULES
from tests.support.forms import served
from tests.support.pages import words

pytestmark = pytest.mark.usefixtures("first_of_december")


def drafts() -> dict[str, str]:
    with unscoped("test"):
        return {one.code: one.body["parameters"]["weekday"] for one in db.session.scalars(select(RuleDraft))}


def rules() -> dict[str, str]:
    with unscoped("test"):
        found = db.session.scalars(select(Rule).where(Rule.rule_kind == "notice_weekly"))
        return {one.code: one.parameters["weekday"] for one in found}


def opened(client: FlaskClient, address: str = "/delai", **changes: Any) -> dict[str, Any]:
    """The form as it is served, with what one types in it."""
    page = client.get(RULES + address)
    assert page.status_code == 200
    return {**served(page.get_data(as_text=True)), **changes}


def test_a_draft_saved_in_another_window_is_not_written_over_unseen(open_town: Town) -> None:
    client = open_town.client("configurator")
    first = opened(client, **{"p-weekday": "jeudi"})
    second = opened(client, **{"p-weekday": "lundi"})
    assert client.post(f"{RULES}/delai", data=first).status_code == 302
    answer = client.post(f"{RULES}/delai", data=second)
    assert answer.status_code == 409 and "a changé entre-temps" in words(answer)
    assert "Brouillon enregistré entre-temps" in words(answer) and "jusqu’au jeudi" in words(answer)
    assert drafts() == {"delai": "jeudi"}
    again = served(answer.get_data(as_text=True))
    assert again["p-weekday"] == ["lundi"]
    assert client.post(f"{RULES}/delai", data=again).status_code == 302
    assert drafts() == {"delai": "lundi"}


def test_a_rule_published_in_another_window_neither(open_town: Town) -> None:
    client = open_town.client("configurator")
    first = opened(client, **{"p-weekday": "jeudi", "publish": "1", "past": "y"})
    second = opened(client, **{"p-weekday": "lundi", "publish": "1", "past": "y"})
    assert client.post(f"{RULES}/delai", data=first).status_code == 302
    answer = client.post(f"{RULES}/delai", data=second)
    assert answer.status_code == 409 and "a changé entre-temps" in words(answer)
    assert (rules(), drafts()) == ({"delai": "jeudi"}, {})


def test_what_was_read_before_a_mistake_is_still_what_is_compared(open_town: Town) -> None:
    client = open_town.client("configurator")
    wrong = opened(client, **{"p-hour": "midi"})
    assert client.post(f"{RULES}/delai", data=opened(client)).status_code == 302
    answer = client.post(f"{RULES}/delai", data=wrong)
    assert answer.status_code == 422
    mended = {**served(answer.get_data(as_text=True)), "p-hour": "10:00"}
    assert client.post(f"{RULES}/delai", data=mended).status_code == 409


@pytest.mark.parametrize("publish", [{}, {"publish": "1"}])
def test_the_form_of_a_new_rule_sent_twice_makes_one(open_town: Town, publish: dict[str, str]) -> None:
    client = open_town.client("configurator")
    sent = opened(client, "/nouvelle/notice_weekly", **{"p-weekday": "jeudi"}, **publish)
    for _ in range(2):
        assert client.post(f"{RULES}/nouvelle/notice_weekly", data=sent).status_code == 302
    assert len(drafts()) + len(rules()) == 2  # with the rule that was there


def test_two_people_who_begin_one_of_the_same_kind_make_two(open_town: Town) -> None:
    client = open_town.client("configurator")
    first = opened(client, "/nouvelle/notice_weekly", **{"p-weekday": "jeudi"})
    second = opened(client, "/nouvelle/notice_weekly", **{"p-weekday": "lundi"})
    for sent in (first, second):
        assert client.post(f"{RULES}/nouvelle/notice_weekly", data=sent).status_code == 302
    assert sorted(drafts().values()) == ["jeudi", "lundi"]
    third = {**second, "p-weekday": "mardi", "publish": "1"}
    client.post(f"{RULES}/nouvelle/notice_weekly", data=third)
    assert sorted(drafts().values()) == ["jeudi", "lundi"] and sorted(rules().values()) == [
        "dimanche",
        "mardi",
    ]


def test_a_code_that_is_forged_is_none(open_town: Town) -> None:
    client = open_town.client("configurator")
    sent = opened(client, "/nouvelle/notice_weekly", **{"p-weekday": "jeudi", "code": "x" * 61})
    assert client.post(f"{RULES}/nouvelle/notice_weekly", data=sent).status_code == 302
    assert all(len(code) <= 60 and not code.startswith("xx") for code in drafts())


def test_a_new_draft_let_go_in_another_window_is_not_lost_with_what_was_typed(open_town: Town) -> None:
    client = open_town.client("configurator")
    sent = opened(client, "/nouvelle/notice_weekly", **{"p-weekday": "jeudi"})
    address = client.post(f"{RULES}/nouvelle/notice_weekly", data=sent).headers["Location"]
    typed = opened(client, address.removeprefix(RULES), **{"p-weekday": "lundi"})
    client.post(f"{address}/abandonner")
    answer = client.post(address, data=typed)
    assert answer.status_code == 409 and "a été abandonné entre-temps" in words(answer)
    again = served(answer.get_data(as_text=True))
    assert again["p-weekday"] == ["lundi"]
    assert client.post(address, data=again).status_code == 302
    assert list(drafts().values()) == ["lundi"]


def test_a_draft_that_changed_since_it_was_looked_at_is_not_let_go(open_town: Town) -> None:
    client = open_town.client("configurator")
    client.post(f"{RULES}/delai", data=opened(client, **{"p-weekday": "jeudi"}))
    page = client.get(f"{RULES}/delai").get_data(as_text=True)
    (mark,) = set(re.findall(r'name="mark" value="([^"]*)"', page))
    client.post(f"{RULES}/delai", data=opened(client, **{"p-weekday": "lundi"}))
    answer = client.post(f"{RULES}/delai/abandonner", data={"mark": mark}, follow_redirects=True)
    assert "Ce brouillon a changé entre-temps" in words(answer)
    assert drafts() == {"delai": "lundi"}
    (mark,) = set(re.findall(r'name="mark" value="([^"]*)"', answer.get_data(as_text=True)))
    client.post(f"{RULES}/delai/abandonner", data={"mark": mark})
    assert drafts() == {}


@pytest.mark.parametrize("publish", [{}, {"publish": "1", "past": "y"}])
def test_written_at_the_same_instant_the_second_is_told(
    open_town: Town, monkeypatch: pytest.MonkeyPatch, publish: dict[str, str]
) -> None:
    client = open_town.client("configurator")
    sent = opened(client, **{"p-weekday": "jeudi"}, **publish)

    def late() -> None:
        raise StaleDataError

    monkeypatch.setattr(db.session, "commit", late)
    answer = client.post(f"{RULES}/delai", data=sent)
    assert answer.status_code == 409 and "a changé entre-temps" in words(answer)
    assert served(answer.get_data(as_text=True))["p-weekday"] == ["jeudi"]
    assert (rules(), drafts()) == ({"delai": "dimanche"}, {})


def test_what_is_unknown_is_not_let_go(open_town: Town) -> None:
    client = open_town.client("configurator")
    assert client.post(f"{RULES}/inconnu/abandonner").status_code == 404
    answer = client.post(f"{RULES}/delai/abandonner", follow_redirects=True)
    assert "Il n’y a plus de brouillon de cette règle" in words(answer)
    assert client.post(f"{RULES}/inconnu").status_code == 404
    assert client.post(f"{RULES}/%00", data={"kind": "notice"}).status_code == 404


def test_published_together_while_a_rule_changed_they_are_read_again(open_town: Town) -> None:
    client = open_town.client("configurator")
    client.post(f"{RULES}/delai", data=opened(client, **{"p-weekday": "jeudi"}))
    page = client.get(f"{RULES}/brouillons/").get_data(as_text=True)
    mark = page.partition('name="mark" value="')[2].partition('"')[0]
    with unscoped("test"):
        db.session.scalars(select(Rule).where(Rule.code == "delai")).one().parameters = {"weekday": "mardi"}
        db.session.commit()
    answer = client.post(f"{RULES}/brouillons/", data={"mark": mark, "from_on": "2027-01-04"})
    assert answer.status_code == 409 and "a changé entre-temps" in words(answer)
    assert rules() == {"delai": "mardi"}

"""A rule that changes on a day: its versions share a name, follow one another, and leave the past alone."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Rule
from app.services import bookings, rule_drafts
from app.services.desk import Draft
from app.services.rulebook import apply, check_text, export, plan
from tests.people import Town
from tests.screens.rule_pages import EXAMPLES, LATE, RULES, WEEKLY, add_example
from tests.services.rulebook.test_export import REAL, TODAY, loaded
from tests.support.forms import served
from tests.support.pages import words
from tests.wednesday import MEAL, NOW

pytestmark = pytest.mark.usefixtures("first_of_december")
DRAFTS = f"{RULES}/brouillons/"
TOGETHER = {
    "says": "Le matin se réserve avec le repas",
    "at": "2026-12-01 09:00",
    "books": {"mercredi.matin": "2026-12-16"},
    "expect": {"refused_by": ["matin-repas"]},
}


def versions() -> dict[str, tuple[date | None, date | None, str]]:
    with unscoped("test"):
        return {
            one.code: (one.from_on, one.until_on, one.parameters.get("weekday", ""))
            for one in db.session.scalars(select(Rule).order_by(Rule.id))
            if one.called == "delai"
        }


def publish(town: Town, **fields: str) -> Any:
    activity = str(town.activities["mercredi"])
    sent = {**WEEKLY, "activity": activity, "publish": "1", **fields}
    return town.client("configurator").post(f"{RULES}/delai", data=sent, follow_redirects=True)


def test_an_example_right_in_preview_stays_right_once_published(open_town: Town) -> None:
    add_example(LATE)
    client = open_town.client("configurator")
    data = {**WEEKLY, "activity": str(open_town.activities["mercredi"]), "from_on": "2026-12-14"}
    assert "1 juste" in words(client.post(f"{RULES}/lire/notice_weekly?code=delai", data=data))
    assert "La règle est publiée" in words(publish(open_town, from_on="2026-12-14"))
    assert "1 juste" in words(client.get(f"{EXAMPLES}/"))
    # And nothing is in the way of the next one.
    sent = {"p-unit": "mercredi.matin", "p-needs": ["mercredi.repas"], "publish": "1", "past": "y"}
    answer = client.post(f"{RULES}/matin-repas", data=sent, follow_redirects=True)
    assert "La règle est publiée" in words(answer)


def test_a_refusal_is_said_by_the_version_of_that_day_alone(open_town: Town) -> None:
    publish(open_town, from_on="2026-12-14")
    asked = {"qui": f"{open_town.families['A']}-{open_town.people['lila']}", "unite": "mercredi.repas"}
    late = {**asked, "jour": "2026-12-09", "le": "2026-12-07", "heure": "09:00"}
    page = words(open_town.client("desk").get("/service/essai-des-regles/", query_string=late))
    assert "jusqu’au dimanche 6 décembre 2026 à 24 h" in page and page.count("trop tard, c’était") == 1
    assert "Vaut pour d’autres jours" in page


def test_an_exported_file_applies_without_a_change(app: Flask) -> None:
    loaded()
    body = {
        "kind": "notice_weekly",
        "parameters": {"weekday": "jeudi"},
        "from_on": "2027-01-04",
    }
    with unscoped("test"):
        activity = db.session.scalars(select(Rule.activity_id).where(Rule.code == "mercredi-delai")).one()
        rule_drafts.publish("mercredi-delai", {**body, "activity_id": activity})
    text = export()
    assert "mercredi-delai-avant-2027-01-04" in text and "version_of: mercredi-delai" in text
    checked = check_text(text, TODAY)
    assert checked.is_sound, [str(one) for one in checked.problems]
    assert plan(checked.draft, TODAY).differences == ()
    assert apply(checked.draft, TODAY).is_quiet
    assert export() == text


def published_for_january() -> str:
    """A rule of the real file published by form from 4 January on; the file as it was."""
    loaded()
    with unscoped("test"):
        activity = db.session.scalars(select(Rule.activity_id).where(Rule.code == "mercredi-delai")).one()
        body = {"kind": "notice_weekly", "parameters": {"weekday": "jeudi"}, "from_on": "2027-01-04"}
        rule_drafts.publish("mercredi-delai", {**body, "activity_id": activity})
    return REAL


def of_the_file() -> dict[str, tuple[date | None, date | None]]:
    with unscoped("test"):
        found = db.session.scalars(select(Rule).order_by(Rule.from_on))
        return {one.code: (one.from_on, one.until_on) for one in found if one.called == "mercredi-delai"}


def test_the_file_applied_again_leaves_no_day_to_two_versions(app: Flask) -> None:
    draft = check_text(published_for_january(), TODAY).draft
    assert list(of_the_file()) == ["mercredi-delai-avant-2027-01-04", "mercredi-delai"]
    told = {(one.what, one.title) for one in plan(draft, TODAY).differences}
    assert told == {("changed", "mercredi-delai"), ("removed", "mercredi-delai-avant-2027-01-04")}
    report = apply(draft, TODAY)
    assert report.left == [] and of_the_file() == {"mercredi-delai": (date(2026, 9, 1), None)}
    assert apply(draft, TODAY).is_quiet


@pytest.mark.parametrize("until", ["", "    until: 2027-08-01\n"])
def test_a_file_that_begins_later_leaves_the_past_its_version(app: Flask, until: str) -> None:
    text = published_for_january()
    begins = "    article: mercredi-delais\n    from: 2026-09-01\n    parameters: {weekday: dimanche"
    assert text.count(begins) == 1
    later = begins.replace("from: 2026-09-01\n", f"from: 2026-09-02\n{until}")
    draft = check_text(text.replace(begins, later), TODAY).draft
    assert apply(draft, TODAY).left == ["Règle « mercredi-delai-avant-2027-01-04 »"]
    assert of_the_file() == {
        "mercredi-delai-avant-2027-01-04": (date(2026, 9, 1), date(2026, 9, 2)),
        "mercredi-delai": (date(2026, 9, 2), date(2027, 8, 1) if until else None),
    }
    assert apply(draft, TODAY).is_quiet


def test_a_file_whose_versions_share_a_day_is_refused(app: Flask) -> None:
    published_for_january()
    text = export()
    assert check_text(text, TODAY).is_sound
    longer = text.replace("until: 2027-01-04", "until: 2027-01-05")
    assert longer != text
    (problem,) = check_text(longer, TODAY).problems
    assert "vaut les mêmes jours" in str(problem) and "mercredi-delai-avant-2027-01-04" in str(problem)


def test_a_long_code_keeps_its_name_whole(open_town: Town) -> None:
    code = "nombre-de-jours-de-reservations-ou-d-heures-de-la-semaine"
    with unscoped("test"):
        db.session.add(Rule(code=code, rule_kind="notice_weekly", parameters={"weekday": "lundi"}))
        db.session.commit()
        rule_drafts.publish(
            code,
            {"kind": "notice_weekly", "parameters": {"weekday": "jeudi"}, "from_on": "2027-01-04"},
        )
        named = list(db.session.scalars(select(Rule.version_of).where(Rule.code.startswith("nombre"))))
    assert sorted(named, key=str) == [None, code]


def test_brought_forward_two_versions_never_hold_at_once(open_town: Town) -> None:
    publish(open_town, from_on="2026-12-14")
    page = publish(open_town, from_on="2026-12-07", **{"p-weekday": "mardi"})
    assert "La règle est publiée" in words(page)
    assert versions() == {
        "delai-avant-2026-12-14": (None, date(2026, 12, 7), "dimanche"),
        "delai": (date(2026, 12, 7), None, "mardi"),
    }


def test_without_a_day_it_replaces_what_was_before_once_that_is_confirmed(open_town: Town) -> None:
    publish(open_town, from_on="2026-12-14")
    before = versions()
    page = words(publish(open_town))
    assert "Cette règle change aussi des jours passés" in page and versions() == before
    assert "est remplacé" in words(publish(open_town, past="y"))
    assert versions() == {"delai": (None, None, "jeudi")}


@pytest.mark.parametrize(
    ("from_on", "is_asked"),
    [("2026-12-01", False), ("2026-11-30", True), ("1950-01-01", True), ("", True)],
)
def test_only_a_day_that_is_past_asks_to_be_confirmed(open_town: Town, from_on: str, is_asked: bool) -> None:
    page = words(publish(open_town, from_on=from_on))
    assert ("Cette règle change aussi des jours passés" in page) is is_asked
    assert ("La règle est publiée" in page) is not is_asked


def test_several_published_from_a_past_day_ask_too(open_town: Town) -> None:
    client = open_town.client("configurator")
    client.post(f"{RULES}/delai", data={**WEEKLY, "activity": str(open_town.activities["mercredi"])})
    page = client.get(DRAFTS).get_data(as_text=True)
    mark = page.partition('name="mark" value="')[2].partition('"')[0]
    for day in ("", "2026-11-30"):
        answer = client.post(DRAFTS, data={"mark": mark, "from_on": day})
        assert answer.status_code == 422 and "change aussi des jours passés" in words(answer)
    assert client.post(DRAFTS, data={"mark": mark, "from_on": "2026-12-01"}).status_code == 302
    assert versions()["delai"][0] == date(2026, 12, 1)


def test_what_a_rule_does_not_change_never_keeps_it_from_being_published(open_town: Town) -> None:
    add_example({**TOGETHER, "expect": {"allowed": True}}, "rouge")  # the other rule's business
    add_example({**LATE, "books": {"mercredi.nuit": "2026-12-09"}}, "illisible")
    add_example(LATE)
    client = open_town.client("configurator")
    data = {**WEEKLY, "activity": str(open_town.activities["mercredi"]), "from_on": "2026-12-14"}
    piece = words(client.post(f"{RULES}/lire/notice_weekly?code=delai", data=data))
    assert "2 faux" in piece and "2 exemples étaient faux avant cette règle, qui n’y change rien" in piece
    page = words(publish(open_town, from_on="2026-12-14"))
    assert "La règle est publiée" in page and "2 exemples restent faux" in page


def test_what_it_leaves_red_while_it_answers_it_does(open_town: Town) -> None:
    add_example({**LATE, "expect": {"allowed": True}})
    assert "La règle n’est pas publiée" in words(publish(open_town, from_on="2026-12-07"))
    assert versions() == {"delai": (None, None, "dimanche")}


def test_what_will_be_in_force_is_not_said_to_be(open_town: Town) -> None:
    publish(open_town, from_on="2027-03-01")
    client = open_town.client("configurator")
    client.post(f"{RULES}/delai", data={**WEEKLY, "p-weekday": "lundi", "from_on": "2027-03-01"})
    page = words(client.get(f"{RULES}/delai"))
    assert "En vigueur à partir du lundi 1er mars 2027" in page and "En vigueur aujourd’hui" not in page
    assert "En vigueur à partir du lundi 1er mars 2027" in words(client.get(DRAFTS))
    client.post(f"{RULES}/delai-avant-2027-03-01", data={**WEEKLY, "p-weekday": "lundi"})
    assert "En vigueur aujourd’hui" in words(client.get(f"{RULES}/delai-avant-2027-03-01"))


def test_bookings_counted_are_said_to_be_everybody_s(open_town: Town) -> None:
    with open_town.acting("claire"):
        bookings.send(open_town.people["lila"], open_town.families["A"], Draft(frozenset({MEAL})), NOW)
    client = open_town.client("configurator")
    data = {**WEEKLY, "activity": str(open_town.activities["mercredi"])}
    piece = words(client.post(f"{RULES}/lire/notice_weekly", data=data))
    assert "1 réservation déjà faite" in piece and "que l’enfant soit concerné ou non" not in piece
    piece = words(client.post(f"{RULES}/lire/notice_weekly", data={**data, "who-residence": "outside"}))
    assert "1 réservation déjà faite" in piece and "que l’enfant soit concerné ou non" in piece


def test_places_are_previewed_as_they_are_published(open_town: Town) -> None:
    """A rule of places for everybody replaces the usual one: the preview counts by it alone too."""
    add_example(
        {
            "says": "La deuxième place se refuse",
            "at": "2026-12-01 09:00",
            "books": {"mercredi.repas": "2026-12-09"},
            "taken": {"mercredi.repas": 2},
            "expect": {"refused_by": ["places"], "waits_by": []},
        }
    )
    client = open_town.client("configurator")
    sent = served(client.get(f"{RULES}/nouvelle/capacity").get_data(as_text=True))
    piece = client.post(f"{RULES}/lire/capacity?code=places", data=sent | {"p-when_full": "refused"})
    assert "1 juste" in words(piece)

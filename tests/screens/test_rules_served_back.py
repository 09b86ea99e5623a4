"""What is stored comes back whole from its form: posting a page as it was served changes nothing, and what no
longer exists is told before anything is written.
"""

from typing import Any

import pytest
from sqlalchemy import delete, select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.health import Level
from app.entities.paperwork import Subject
from app.models import Activity, CareGroup, DocumentType, Example, Rule, RuleDraft, Unit
from app.rules import kinds as _kinds  # noqa: F401  (registers them)
from app.rules.registry import build, dump, kinds, out_of_its_reach
from app.services import rule_drafts
from tests.people import Town
from tests.screens.rule_pages import EXAMPLES, RULES
from tests.support.forms import served
from tests.support.pages import words

pytestmark = pytest.mark.usefixtures("first_of_december")
NAMED = (
    "mercredi.matin",
    "mercredi.repas",
    "mercredi.apres-midi",
    "jeunes.apres-midi",
    "alsh.matin",
    "alsh.repas",
)
"""The units that the examples of the kinds name."""


def equip(town: Town) -> None:
    """Give the town what the examples of the kinds name."""
    with unscoped("test"):
        activities = {one.code: one for one in db.session.scalars(select(Activity))}
        there = {f"{one.activity.code}.{one.code}" for one in db.session.scalars(select(Unit))}
        for code in (*NAMED, *(f"alsh.{one}" for one in ("journee", "apres-midi"))):
            above, _, own = code.partition(".")
            if above not in activities:
                activities[above] = Activity(
                    code=above, name=above.title(), facility_id=town.facilities["grappaloups"]
                )
                db.session.add(activities[above])
            if code not in there:
                db.session.add(Unit(code=own, name=own.title(), activity=activities[above]))
        db.session.add(DocumentType(code="assurance", name="Assurance", subject=Subject.CHILD))
        db.session.add(CareGroup(name="Petits", activity_id=town.activities["mercredi"]))
        db.session.commit()


def keep(**values: Any) -> None:
    with unscoped("test"):
        db.session.add(Rule(code="gardee", **values))
        db.session.commit()


def kept() -> dict[str, Any]:
    with unscoped("test"):
        return rule_drafts.body_of(db.session.scalars(select(Rule).where(Rule.code == "gardee")).one())


def draft() -> Any:
    with unscoped("test"):
        return db.session.scalars(select(RuleDraft).where(RuleDraft.code == "gardee")).one_or_none()


@pytest.mark.parametrize("code", sorted(kinds()))
def test_posting_the_served_form_back_changes_nothing(open_town: Town, code: str) -> None:
    equip(open_town)
    rule = build(code, kinds()[code].example).rule
    assert rule is not None
    is_whole = bool(out_of_its_reach(type(rule), ["mercredi.matin"], None))
    keep(
        rule_kind=code,
        parameters=dump(rule),
        activity_id=open_town.activities["mercredi"],
        units=None if is_whole else ["mercredi.matin"],
        weekdays=None if is_whole else ["mercredi"],
        who={"residence": ["outside"], "levels": [next(iter(Level)).value], "groups": ["Petits"]},
        unless={"traits": ["assurance"]},
    )
    before = kept()
    client = open_town.client("configurator")
    page = client.get(f"{RULES}/gardee").get_data(as_text=True)
    answer = client.post(f"{RULES}/gardee", data=served(page))
    assert answer.status_code == 302, words(answer)
    assert build(code, draft().body["parameters"]).rule == rule
    assert {**draft().body, "parameters": {}} == {**before, "parameters": {}}
    page = client.get(f"{RULES}/gardee").get_data(as_text=True)
    answer = client.post(f"{RULES}/gardee", data={**served(page), "publish": "1", "past": "y"})
    assert answer.status_code == 302, words(answer)
    assert kept() == before


WEEKLY = {"weekday": "jeudi", "hour": "12:00", "weeks_before": 1, "gate": "both"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"who": {"groups": ["Grands"]}}, "who-groups"),
        ({"unless": {"traits": ["derogation"]}}, "unless-traits"),
        ({"units": ["mercredi.soir"]}, "units"),
    ],
)
def test_what_no_longer_exists_is_shown_and_refused_until_it_is_taken_away(
    open_town: Town, values: dict[str, Any], field: str
) -> None:
    gone = next(iter(values.values()))
    gone = gone[0] if isinstance(gone, list) else next(iter(gone.values()))[0]
    keep(rule_kind="notice_weekly", parameters=WEEKLY, **values)
    before = kept()
    client = open_town.client("configurator")
    page = client.get(f"{RULES}/gardee")
    assert f"{gone}, n’existe plus" in words(page)
    sent = served(page.get_data(as_text=True))
    assert sent[field] == [gone]
    for publish in ({}, {"publish": "1", "past": "y"}):
        answer = client.post(f"{RULES}/gardee", data={**sent, **publish})
        assert answer.status_code == 422 and f"« {gone} » n’existe plus : retirez-le" in words(answer)
        assert served(answer.get_data(as_text=True))[field] == [gone]
        assert (kept(), draft()) == (before, None)
    # The piece read beside knows it too: a rule for a group that is gone is never read as everybody's.
    piece = words(client.post(f"{RULES}/lire/notice_weekly?code=gardee", data=sent))
    assert "La phrase s’écrira ici" in piece
    del sent[field]
    assert client.post(f"{RULES}/gardee", data={**sent, "publish": "1", "past": "y"}).status_code == 302
    assert not any(kept()[name] for name in values)


def test_a_unit_that_is_gone_never_becomes_the_first_of_the_list(open_town: Town) -> None:
    keep(rule_kind="excludes", parameters={"unit": "mercredi.soir", "others": ["mercredi.repas"]})
    before = kept()
    client = open_town.client("configurator")
    page = client.get(f"{RULES}/gardee").get_data(as_text=True)
    sent = served(page)
    assert sent["p-unit"] == ["mercredi.soir"]
    answer = client.post(f"{RULES}/gardee", data={**sent, "publish": "1", "past": "y"})
    assert answer.status_code == 422 and "« mercredi.soir » n’existe plus" in words(answer)
    assert kept() == before
    assert served(client.get(f"{RULES}/nouvelle/excludes").get_data(as_text=True))["p-unit"] == [""]


def test_more_combinations_than_are_offered_are_read_live_too(open_town: Town) -> None:
    units = ["mercredi.matin", "mercredi.repas", "mercredi.apres-midi"]
    lines = [[one] for one in units] + [units[:2], units[1:], units]
    keep(rule_kind="combinations", parameters={"allowed": lines})
    client = open_town.client("configurator")
    page = client.get(f"{RULES}/gardee")
    told = words(page).partition("Ce que liront les familles")[2].partition("Exemples")[0]
    piece = client.post(f"{RULES}/lire/combinations?code=gardee", data=served(page.get_data(as_text=True)))
    assert told.strip() and told.strip() in words(piece)


AT = "2026-12-01 08:30"
ANNULE = {
    "says": "Annulé le matin même",
    "at": "2026-12-01 09:00",
    "books": {"mercredi.repas": "2026-12-16"},
    "booked": {"mercredi.matin": "2026-12-09 au 2026-12-11"},
    "cancelled": {"mercredi.repas": {"2026-12-09": "2026-12-01 08:30", "2026-12-10": "2026-12-01 24:00"}},
    "taken": {"mercredi.repas": 12},
    "papers": [],
    "overdue": "45.50",
    "expect": {"allowed": True, "refused_by": []},
}


def test_an_example_comes_back_whole_from_its_form(open_town: Town) -> None:
    with unscoped("test"):
        db.session.add(Example(code="e", sentence="s", body=ANNULE))
        db.session.commit()
    client = open_town.client("configurator")
    page = client.get(f"{EXAMPLES}/1").get_data(as_text=True)
    sent = served(page)
    assert sent["cancelled-0-days"] == ["09/12/2026 (01/12/2026 à 08:30), 10/12/2026 (01/12/2026 à 24:00)"]
    assert client.post(f"{EXAMPLES}/1", data=sent).status_code == 302
    with unscoped("test"):
        row = db.session.scalars(select(Example)).one()
    cancelled = {"mercredi.repas": {"2026-12-09": "2026-12-01 08:30", "2026-12-10": "2026-12-02 00:00"}}
    assert row.body == {**ANNULE, "cancelled": cancelled}


def test_days_of_which_one_says_when_all_come_back_from_the_form(open_town: Town) -> None:
    body = {**ANNULE, "booked": {"mercredi.matin": ["2026-12-09 au 2026-12-11", {"2026-12-12": AT}]}}
    with unscoped("test"):
        db.session.add(Example(code="e", sentence="s", body=body))
        db.session.commit()
    client = open_town.client("configurator")
    sent = served(client.get(f"{EXAMPLES}/1").get_data(as_text=True))
    assert sent["booked-0-days"] == ["09/12/2026 au 11/12/2026, 12/12/2026 (01/12/2026 à 08:30)"]
    answer = client.post(f"{EXAMPLES}/1", data=sent)
    assert answer.status_code == 302, words(answer)
    with unscoped("test"):
        assert db.session.scalars(select(Example.body)).one()["booked"] == body["booked"]


@pytest.mark.parametrize("typed", ["9/12/2026 à 01/12/2026 8:30", "2026-12-09 (le 01/12/2026 à 8 h 30)"])
def test_when_it_was_cancelled_may_be_typed_several_ways(open_town: Town, typed: str) -> None:
    data = {
        "says": "x",
        "at": "01/12/2026 09:00",
        "books-0-unit": "mercredi.repas",
        "books-0-days": "16/12/2026",
        "cancelled-0-unit": "mercredi.repas",
        "cancelled-0-days": typed,
        "e-allowed": "oui",
    }
    answer = open_town.client("configurator").post(f"{EXAMPLES}/nouveau", data=data)
    assert answer.status_code == 302, words(answer)
    with unscoped("test"):
        body = db.session.scalars(select(Example.body)).one()
    assert body["cancelled"] == {"mercredi.repas": {"2026-12-09": "2026-12-01 08:30"}}


def test_an_example_keeps_and_tells_what_no_longer_exists(open_town: Town) -> None:
    body = {**ANNULE, "groups": ["Grands"], "level": "cp", "booked": {"mercredi.soir": "2026-12-09"}}
    with unscoped("test"):
        db.session.add(Example(code="e", sentence="s", body=body))
        db.session.execute(delete(CareGroup))
        db.session.commit()
    client = open_town.client("configurator")
    sent = served(client.get(f"{EXAMPLES}/1").get_data(as_text=True))
    answer = client.post(f"{EXAMPLES}/1", data=sent)
    assert answer.status_code == 422
    assert "« Grands » n’existe plus" in words(answer) and "« mercredi.soir » n’existe plus" in words(answer)
    with unscoped("test"):
        assert db.session.scalars(select(Example.body)).one() == body

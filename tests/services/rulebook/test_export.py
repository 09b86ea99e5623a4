"""``export`` then ``check`` is the identity; ``plan`` says what ``apply`` would do and writes nothing."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import entities
from app.models import ClosingDay, Opening, Rule, Unit
from app.rules.facts import Slot
from app.services.rulebook import apply, check_text, export, plan
from app.services.rulebook.calendar import openings_of
from tests.people import Town
from tests.services.rulebook.test_apply import make_registered

REAL = Path("communes/le-touvet.yaml").read_text(encoding="utf-8")
TODAY = date(2026, 11, 23)


def rows() -> dict[str, int]:
    with unscoped("test"):
        return {
            one.__name__: db.session.scalar(select(func.count()).select_from(one)) or 0 for one in entities()
        }


def changed(before: str, after: str, text: str = REAL) -> str:
    assert before in text
    return text.replace(before, after, 1)


def loaded(text: str = REAL) -> None:
    checked = check_text(text, TODAY)
    assert checked.is_sound, [str(one) for one in checked.problems]
    apply(checked.draft, TODAY)


def test_what_is_exported_checks_and_changes_nothing(app: Flask) -> None:
    loaded()
    text = export()
    checked = check_text(text, TODAY)
    assert checked.is_sound, [str(one) for one in checked.problems]
    assert plan(checked.draft, TODAY).differences == ()
    before = rows()
    report = apply(checked.draft, TODAY)
    assert (report.is_quiet, report.left, rows()) == (True, [], before)
    assert export() == text


def test_what_was_changed_by_forms_is_exported(app: Flask) -> None:
    """A day opened alone, a week closed of its places, a unit renamed: all come back."""
    loaded()
    with unscoped("test"):
        unit = db.session.scalars(select(Unit).where(Unit.code == "soiree")).one()
        unit.name = "Veillée"
        db.session.add(Opening(unit_id=unit.id, open_on=date(2026, 12, 12), places=7))
        tuesdays = db.session.scalars(
            select(Opening)
            .join(Opening.unit)
            .where(Unit.code == "repas", Opening.open_on == date(2026, 12, 1))
        ).all()
        for one in tuesdays:
            one.places = 3
        db.session.commit()
        kept = {
            (unit_id, on): places
            for unit_id, on, places in db.session.execute(
                select(Opening.unit_id, Opening.open_on, Opening.places)
            )
        }
    checked = check_text(export(), TODAY)
    assert checked.is_sound, [str(one) for one in checked.problems]
    assert len(openings_of(checked.draft)) == len(kept)
    assert openings_of(checked.draft)["jeunes.soiree", date(2026, 12, 12)] == 7
    assert openings_of(checked.draft)["cantine.repas", date(2026, 12, 1)] == 3
    assert plan(checked.draft, TODAY).report.is_quiet


def test_an_export_keeps_short_patterns(app: Flask) -> None:
    loaded()
    text = export()
    assert "{periods: term, days: [lundi, mardi, jeudi, vendredi]}" in text
    assert "days: [lundi, mardi, mercredi, jeudi, vendredi], until: 2027-08-01}" in text
    assert "billing_threshold: 15.00 €" in text and "parameters: {days: 14, gate: booking}" in text
    assert "zone: A" in text and " dates: [" not in text


def test_a_plan_tells_each_row_and_writes_nothing(app: Flask) -> None:
    loaded()
    before = rows()
    late = "gate: both, late: ask_staff}"
    text = changed(f"{{days: 7, {late}", f"{{days: 10, {late}")
    text = changed("    name: Les Grappaloups\n", "    name: Les Loups\n", text)
    text = changed("  papillomavirus: {name: Papillomavirus (HPV), mandatory: non}\n", "", text)
    text = changed(
        "  asthme: {name: Asthme, kind: allergy}\n", "  latex: {name: Latex, kind: allergy}\n", text
    )
    checked = check_text(text, TODAY)
    assert checked.is_sound, [str(one) for one in checked.problems]
    planned = plan(checked.draft, TODAY)
    told = {(one.what, one.sort, one.title): one.details for one in planned.differences}
    assert told.keys() == {
        ("changed", "Règle", "multi-accueil-delai"),
        ("changed", "Structure", "Les Loups"),
        ("created", "Mot de santé", "Latex"),
    }
    ((label, was, now),) = told["changed", "Règle", "multi-accueil-delai"]
    assert (label, "7" in was, "10" in now) == ("Se lit", True, True)
    assert told["changed", "Structure", "Les Loups"] == (("Nom", "Les Grappaloups", "Les Loups"),)
    assert set(planned.report.left) == {"Vaccin « Papillomavirus (HPV) »", "Mot de santé « Asthme »"}
    assert rows() == before
    assert plan(checked.draft, TODAY).differences == planned.differences


DELAI = """kind: notice
    activity: jeunes
    article: jeunes-accueil
    from: 2026-09-01
    parameters: {days: 0, hour: "12:00", gate: both}"""
BRIDGE = "      - {starts_on: 2027-05-07, facility: grappaloups, reason: Pont de l’Ascension}\n"
STRIKE = "      - {starts_on: 2026-12-04, facility: accueil-jeunes, reason: Grève}\n"


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (DELAI, DELAI.replace("days: 0", "days: 1"), "Règle « jeunes-delai »"),
        (BRIDGE, BRIDGE + STRIKE, "Fermeture du vendredi 4 décembre 2026 (Grève)"),
    ],
)
def test_a_plan_counts_the_coming_bookings_that_it_touches(
    app: Flask, before: str, after: str, why: str
) -> None:
    loaded()
    with unscoped("test"):
        unit_id = db.session.scalars(select(Unit.id).where(Unit.code == "soiree")).one()
        make_registered(unit_id, date(2026, 12, 4))
    planned = plan(check_text(changed(before, after), TODAY).draft, TODAY)
    (touched,) = planned.touched
    assert (touched.why.replace("\u00a0", " "), touched.bookings, touched.children) == (why, 1, 1)
    past = plan(check_text(changed(before, after), TODAY).draft, date(2026, 12, 5))
    assert past.touched == ()


def test_a_square_is_open_in_the_export_as_it_was(app: Flask) -> None:
    loaded()
    first = openings_of(check_text(REAL, TODAY).draft)
    second = openings_of(check_text(export(), TODAY).draft)
    assert first == second
    assert len({Slot(code, on) for code, on in first}) > 1000


def test_what_forms_left_unfinished_is_exported_and_checks(town: Town) -> None:
    """A year painted before its periods are known, a day closed twice: nothing of it is refused."""
    with unscoped("test"):
        closed = {"closed_on": date(2026, 12, 10), "facility_id": town.facilities["restaurant"]}
        db.session.add_all(
            [
                Opening(unit_id=town.units["mercredi.repas"], open_on=date(2027, 3, 3)),
                ClosingDay(reason="Pont", **closed),
                ClosingDay(reason="Grève", **closed),
            ]
        )
        db.session.commit()
    text = export()
    assert "periods: []" in text and "Pont" in text and "Grève" not in text
    checked = check_text(text, TODAY)
    assert checked.is_sound, [str(one) for one in checked.problems]
    assert openings_of(checked.draft) == {("mercredi.repas", date(2027, 3, 3)): None}
    report = apply(checked.draft, TODAY)
    assert (report.total("created"), report.total("changed"), report.left) == (0, 0, [])
    assert export() == text


def test_a_rule_that_is_none_is_exported_as_it_is_and_told_by_the_check(town: Town) -> None:
    with unscoped("test"):
        db.session.add(Rule(code="vieille", rule_kind="disparue", parameters={"jours": 2}))
        db.session.commit()
    text = export()
    assert "jours: 2" in text
    assert any("disparue" in str(one) for one in check_text(text, TODAY).problems)

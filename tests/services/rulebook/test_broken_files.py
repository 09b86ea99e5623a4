"""A broken rulebook: each fault is told with its line and its remedy, all of them at once."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from ruamel.yaml import YAML
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Facility, HistoryEntry, Setting
from app.services.rulebook import Unreadable, apply, check, check_text

REAL = Path("communes/le-touvet.yaml").read_text(encoding="utf-8")
TODAY = date(2026, 11, 23)

BROKEN = YAML(typ="safe").load(Path(__file__).with_name("broken.yaml"))


def broken(name: str, text: str = REAL) -> str:
    """The file with that fault in it."""
    case = BROKEN[name]
    assert case["replace"] in text, f"the real file no longer holds {case['replace']!r}"
    return text.replace(case["replace"], case["by"], 1)


def spaced(text: str) -> str:
    """The text with breaking spaces alone."""
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_is_told_with_its_line_and_its_remedy(name: str) -> None:
    text = broken(name)
    line = text[: text.index(BROKEN[name]["at"])].count("\n") + 1
    problems = check_text(text, TODAY).problems
    told = [one.place.line for one in problems if BROKEN[name]["says"] in spaced(one.message)]
    assert line in told, [str(one) for one in problems]


def test_faults_of_different_sections_are_told_together() -> None:
    text = REAL
    for name in ("an unknown choice", "an unknown weekday", "a price that is none", "an unknown zone"):
        text = broken(name, text)
    lines = {one.place.line for one in check_text(text, TODAY).problems}
    assert len(lines) >= 4


def test_the_faults_of_one_rule_are_told_together() -> None:
    rule = """  mercredi-delai:
    weekdays: lundis
    kind: notice_weekly
    activity: mercredi
    units: [mercredi.nuit]
    from: 2026-09-01
    until: 2026-08-01
    who: {ecoles: [le-bresson]}
    parameters: {weekday: dimanche, hour: minuit, gate: annuler, late: billed}
"""
    begin, end = (
        REAL.index("  mercredi-delai:"),
        REAL.index("\n", REAL.index("{weekday: dimanche, weeks_before: 1,")),
    )
    problems = check_text(REAL[:begin] + rule + REAL[end + 1 :], TODAY).problems
    assert {one.path.removeprefix("rules > mercredi-delai > ") for one in problems} == {
        "weekdays",
        "units > n° 1",
        "until",
        "who > ecoles",
        "parameters > hour",
        "parameters > gate",
        "parameters > late",
    }


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("kind: delai", "notice (Délai : des jours avant)"),
        ("kind: notice, who: resident", "par exemple {residence: [resident]}"),
        ("kind: notice, who: {residence: habitant}", "resident (qui habitent la commune)"),
        ("kind: notice, who: {levels: [CP]}", "vouliez-vous écrire « cp » ?"),
        ("kind: requires, parameters: {unit: matin, needs: soir}", "par exemple cantine.repas"),
    ],
)
def test_what_one_may_write_is_said_in_the_words_of_a_town(written: str, told: str) -> None:
    parameters = "" if "parameters" in written else ", parameters: {days: 1}"
    rule = f"  essai: {{activity: mercredi, {written}{parameters}}}\n  mercredi-delai:"
    (problem,) = check_text(REAL.replace("  mercredi-delai:", rule, 1), TODAY).problems[:1]
    assert told in str(problem).replace("\u00a0", " ")


def test_a_sentence_with_a_colon_is_said_to_need_quotes() -> None:
    with pytest.raises(Unreadable, match="une phrase qui contient « : » se met entre guillemets"):
        check_text(
            "town: {town_name: Ici}\nexamples:\n  un:\n    says: c’est urgent : le service décide\n", TODAY
        )


def test_a_broken_file_writes_nothing(app: Flask) -> None:
    checked = check_text(broken("an unknown choice"), TODAY)
    with pytest.raises(ValueError, match="corrigez-les"):
        apply(checked.draft, TODAY)
    with unscoped("test"):
        for entity in (Facility, Setting, HistoryEntry):
            assert db.session.scalar(select(func.count()).select_from(entity)) == 0


def test_what_a_kind_does_not_look_at_is_refused() -> None:
    rule = "\n  debut:\n    kind: registration\n    parameters: {starts: next_month}\n    weekdays: [lundi]\n"
    text = REAL.replace("\nrules:\n", f"\nrules:{rule}", 1)
    assert text != REAL
    assert ["retirez les jours de la semaine" in one.message for one in check_text(text, TODAY).problems] == [
        True
    ]


def test_the_same_fault_is_told_once() -> None:
    problems = check_text(broken("a facility that does not exist"), TODAY).problems
    assert len(problems) == len({(one.place, one.message) for one in problems}) == 1


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("town: [", "YAML"),
        ("- un\n- deux\n", "rubriques"),
        ("a: &x\n  b: *x\n", "sans fin"),
        ("", "rubriques"),
    ],
)
def test_what_is_no_rulebook_is_unreadable(text: str, word: str) -> None:
    with pytest.raises(Unreadable, match=word):
        check_text(text, TODAY)


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="ne peut pas être lu"):
        check(tmp_path / "absent.yaml", TODAY)


def test_a_file_that_is_not_text_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_bytes(b"town: {town_name: \xe9t\xe9}")
    with pytest.raises(Unreadable, match="UTF-8"):
        check(tmp_path / "r.yaml", TODAY)


def test_an_empty_table_offers_nothing() -> None:
    text = "town: {town_name: Ici}\nactivities: {}"
    messages = [one.message for one in check_text(text, TODAY).problems]
    assert sum("facilities" in one or "activities" in one or "school_years" in one for one in messages) == 3


def test_a_folded_text_keeps_no_mark_of_its_folds() -> None:
    draft = check_text(REAL, TODAY).draft
    texts = [entry.values["text"] for entry in draft.entries if entry.values.get("text")]
    assert any(len(one) > 150 for one in texts)
    assert not any("\a" in one or "\n" in one for one in texts)

"""Worked examples in a rulebook: tried by ``check`` and before ``apply``, kept in the town's rows."""

from datetime import date
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Example
from app.rules import examples, trying
from app.services.rulebook import apply, check_text, export, plan
from app.services.rulebook.compiled import book_now, book_of, rows_now, vocabulary_of

REAL = Path("communes/le-touvet.yaml").read_text(encoding="utf-8")
TODAY = date(2026, 11, 23)


def changed(before: str, after: str) -> str:
    assert before in REAL
    return REAL.replace(before, after, 1)


def test_a_changed_rule_turns_its_examples_red_at_their_lines() -> None:
    text = changed("parameters: {days: 1, counted: working, hour: \"10:00\", gate: both}",
                   "parameters: {days: 2, counted: working, hour: \"10:00\", gate: both}")  # fmt: skip
    problems = check_text(text, TODAY).problems
    assert {one.path for one in problems} == {
        "examples > repas-du-lundi > expect > allowed",
        "examples > repas-du-lundi > expect > bookable_until",
        "examples > repas-du-lundi > expect > cancellable_until",
    }
    line = text[: text.index("{allowed: oui, bookable_until: 2026-09-11 10:00")].count("\n") + 1
    assert {one.place.line for one in problems} == {line}
    assert "jeudi 10" in next(one.message for one in problems if one.path.endswith("allowed")).replace(
        "\u00a0", " "
    )


def test_examples_are_not_tried_on_a_file_that_is_wrong_elsewhere() -> None:
    problems = check_text(changed("kind: canteen", "kind: canten"), TODAY).problems
    assert not any(one.path.startswith("examples") for one in problems)


def test_an_unknown_code_in_an_example_is_told_where_it_stands() -> None:
    problems = check_text(
        changed("refused_by: [mercredi-delai]", "refused_by: [mercredi-delais]"), TODAY
    ).problems
    assert [one.path for one in problems] == ["examples > mercredi-trop-tard > expect > refused_by > n° 1"]
    assert "mercredi-delai" in problems[0].message


def test_applied_they_are_rows_and_those_that_left_the_file_go(app: Flask) -> None:
    first = apply(check_text(REAL, TODAY).draft, TODAY)
    assert first.counts["Example"].created == 15
    assert apply(check_text(REAL, TODAY).draft, TODAY).is_quiet
    begin = REAL.index("  jeunes-trop-petit:")
    end = REAL.index("  periscolaire-la-veille:")
    report = apply(check_text(REAL[:begin] + REAL[end:], TODAY).draft, TODAY)
    assert (report.counts["Example"].removed, report.left) == (1, [])


def test_the_town_s_rows_answer_as_the_file_does(app: Flask) -> None:
    checked = check_text(REAL, TODAY)
    apply(checked.draft, TODAY)
    with unscoped("test"):
        bodies = list(db.session.scalars(select(Example.body)))
    rows = rows_now()
    known, books = vocabulary_of(rows), (book_of(checked.draft), book_now(rows))
    assert len(bodies) == 15
    for body in bodies:
        found = examples.read(body, known)
        assert found.example is not None and found.expected is not None, found.errors
        first, second = (trying.run(found.example, book) for book in books)
        assert first == second
        assert not list(trying.differences(found.expected, second))


def test_an_example_of_which_one_day_says_when_comes_back_whole(app: Flask) -> None:
    asked = "books: {cantine.repas: 2026-09-14}"
    assert asked in REAL
    mixed = "[2026-09-07, {2026-09-08: 2026-09-01 08:00}]"
    draft = check_text(changed(asked, f"{asked}\n    booked: {{cantine.repas: {mixed}}}"), TODAY).draft
    apply(draft, TODAY)
    with unscoped("test"):
        bodies = list(db.session.scalars(select(Example.body)))
    told = [one["booked"] for one in bodies if "booked" in one]
    assert {"cantine.repas": ["2026-09-07", {"2026-09-08": "2026-09-01 08:00"}]} in told
    planned = plan(check_text(export(), TODAY).draft, TODAY)
    assert (planned.report.is_quiet, planned.report.left) == (True, [])

"""36 real towns and two more, written from docs/rulebook.md alone: their files check, their examples are
green, each of their rules is needed by one, and they come back whole from the database.
"""

from dataclasses import replace

import pytest
from flask import Flask

from app.models import Activity, Article, DocumentType, Example, FreezeDate, Question, Rule, Tariff
from app.services.rulebook import apply, check_text, export, plan
from app.services.rulebook.calendar import openings_of
from app.services.rulebook.draft import Draft
from app.services.rulebook.trials import failures
from tests.support.coverage import PAGE, TODAY, checked, facts, file_of, page, towns, written

NAMED = (Rule, Activity, DocumentType, Question, Tariff, Article)


def test_there_are_thirty_six() -> None:
    assert len(towns()) == 36
    assert all(file_of(town).is_file() for town in towns())
    assert set(written()) - set(towns()) == {"la-tessoualle", "peipin"}


@pytest.mark.parametrize("town", written())
def test_its_file_checks_and_its_examples_are_green(town: str) -> None:
    found = checked(town)
    assert [str(one) for one in found.problems] == []
    assert found.counts()["Example"] >= 1


@pytest.mark.parametrize("town", written())
def test_without_any_one_of_its_rules_an_example_turns_red(town: str) -> None:
    draft = checked(town).draft
    idle = set()
    for rule in draft.of(Rule):
        less = Draft(draft.tree, [one for one in draft.entries if one is not rule])
        if not list(failures(less)):
            idle.add(rule.code)
    assert idle == set()


@pytest.mark.parametrize("town", towns())
def test_what_says_a_fact_is_in_the_file(town: str) -> None:
    draft = checked(town).draft
    known = {one.code for entity in NAMED for one in draft.of(entity)}
    known |= {one.values["section"] for one in draft.of(FreezeDate)}
    for fact in facts():
        if fact.town == town:
            assert set(fact.by) <= known, fact
            assert fact.by or fact.built_in or fact.missing, fact


def test_the_page_of_coverage_is_what_the_files_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it again: python -m tests.support.coverage"


def test_ninety_five_facts_in_a_hundred_are_said() -> None:
    assert sum(one.is_said for one in facts()) >= 0.95 * len(facts())


def test_an_example_of_a_town_is_red_when_its_answer_is_wrong() -> None:
    """The proof that green is not given: every expected refusal, turned into an acceptance, is told."""
    for town in written():
        draft = checked(town).draft
        for entry in draft.entries:
            tried = entry.extras.get("example")
            if tried is None or not tried.expected.refused_by:
                continue
            wrong = replace(tried, expected=replace(tried.expected, refused_by=frozenset()))
            entries = [
                replace(one, extras={**one.extras, "example": wrong}) if one is entry else one
                for one in draft.entries
            ]
            assert list(failures(Draft(draft.tree, entries))), (town, entry.code)


@pytest.mark.parametrize("town", written())
def test_applied_then_exported_it_is_the_same_town(app: Flask, town: str) -> None:
    draft = checked(town).draft
    apply(draft, TODAY)
    assert apply(draft, TODAY).is_quiet
    again = check_text(export(), TODAY)
    assert [str(one) for one in again.problems] == []
    planned = plan(again.draft, TODAY)
    assert (planned.differences, planned.report.is_quiet, planned.report.left) == ((), True, [])
    assert openings_of(again.draft) == openings_of(draft)
    assert bodies(again.draft) == bodies(draft)


def bodies(draft: Draft) -> dict[str, object]:
    """Its examples in their plain form, by code."""
    return {one.code: one.values["body"] for one in draft.of(Example)}

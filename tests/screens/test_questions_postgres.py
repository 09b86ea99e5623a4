"""Answers on a real PostgreSQL: the same rows are found, and put in the same order, as on SQLite."""

import pytest

from tests.people import Town
from tests.screens.test_builder import names
from tests.screens.test_questions import FOUND_BY, PEOPLE, six_questions

pytestmark = pytest.mark.slow


def test_lists_are_filtered_searched_and_ordered_by_answers(postgres_town: Town) -> None:
    desk = six_questions(postgres_town).client("desk")
    everybody = names(desk.get(PEOPLE))
    for query, found in FOUND_BY:
        told = sorted(names(desk.get(f"{PEOPLE}?{query}")))
        assert told == (sorted(everybody) if found is None else found), query
    ordered = desk.get(f"{PEOPLE}?colonnes=question-regime&tri=-question-regime")
    assert names(ordered)[:2] == ["Martin", "Durand"]
    assert "Sans porc, Sans œuf" in desk.get(f"{PEOPLE}export.csv?first_name=lila").data.decode("utf-8-sig")

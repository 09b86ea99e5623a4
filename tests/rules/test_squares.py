"""Squares of worked examples: whatever way they are written, written back they are the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.squares import Days, Squares
from app.rules.values import SHAPES
from tests.rules.generated import DAYS
from tests.rules.invented import CANTINE, MATIN, UNITS, paris

SQUARES = SHAPES[Squares]
AT = "2024-09-03 08:30"
FIRST, SECOND = "2024-09-09", "2024-09-10"

days = st.builds(
    lambda unit, ends, at: Days(unit, min(ends), max(ends), at),
    st.sampled_from(UNITS),
    st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)),
    st.none() | st.integers(0, 3).map(lambda hours: paris(2024, 9, 3) + timedelta(hours=hours)),
)


@given(st.lists(days, min_size=1, max_size=5))
def test_no_day_nor_moment_is_lost(several: list[Days]) -> None:
    squares = Squares(tuple(sorted(several, key=lambda one: one.unit)))
    assert SQUARES.read(SQUARES.dump(squares)) == squares


@pytest.mark.parametrize(
    "written",
    [
        FIRST,
        f"{FIRST} au {SECOND}",
        [FIRST, SECOND],
        {FIRST: AT, SECOND: AT},
        [FIRST, {SECOND: AT}],
        [{FIRST: AT}, f"{FIRST} au {SECOND}"],
        [{FIRST: AT}, {FIRST: "2024-09-03 09:00"}],
    ],
)
def test_days_are_written_back_as_shortly_as_they_may_be(written: object) -> None:
    told = {CANTINE: written, MATIN: FIRST}
    assert SQUARES.dump(SQUARES.read(told)) == told

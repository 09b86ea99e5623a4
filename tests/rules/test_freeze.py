"""Freeze dates: the last second of 31 July is open, the first of 1 August is not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.rules.freeze import Freeze, declared_year, is_frozen
from app.rules.words import NBSP

from .invented import paris

REFERENCE = Freeze()
NEVER = Freeze((8, 1), (8, 1))
moments = st.integers(0, 12 * 366 * 24 * 3600).map(
    lambda seconds: paris(2020, 1, 1) + timedelta(seconds=seconds)
)
month_days = st.tuples(st.integers(1, 12), st.integers(1, 28)) | st.just((2, 29))
freezes = st.builds(Freeze, month_days, month_days)


@pytest.mark.parametrize(
    ("now", "frozen"),
    [
        (paris(2024, 7, 31, 23, 59, second=59), False),
        (paris(2024, 8, 1), True),
        (paris(2024, 12, 31, 23, 59, second=59), True),
        (paris(2025, 1, 1), True),
        (paris(2025, 4, 30, 23, 59, second=59), True),
        (paris(2025, 5, 1), False),
    ],
)
def test_it_is_read_only_from_1_august_until_it_reopens_on_1_may(now: datetime, frozen: bool) -> None:
    assert is_frozen(now, REFERENCE) is frozen


def test_the_boundary_is_the_towns_midnight_and_not_utc() -> None:
    assert not is_frozen(datetime(2024, 7, 31, 21, 59, 59, tzinfo=UTC), REFERENCE)
    assert is_frozen(datetime(2024, 7, 31, 22, 0, 0, tzinfo=UTC), REFERENCE)


def test_a_freeze_may_begin_and_end_in_one_year() -> None:
    spring = Freeze((3, 1), (6, 1))
    assert [is_frozen(paris(2024, month, 15), spring) for month in (2, 3, 5, 6)] == [False, True, True, False]


def test_29_february_is_1_march_in_common_years() -> None:
    leap = Freeze((2, 29), (6, 1))
    assert not is_frozen(paris(2025, 2, 28, 23, 59, second=59), leap)
    assert is_frozen(paris(2025, 3, 1), leap)
    assert is_frozen(paris(2024, 2, 29), leap)
    assert leap.closes_at(paris(2025, 1, 1)) == paris(2025, 3, 1)


def test_the_same_day_twice_is_never_frozen() -> None:
    assert not is_frozen(paris(2024, 8, 1), NEVER)
    assert NEVER.closes_at(paris(2024, 8, 1)) is None
    assert "toute l’année" in NEVER.words(paris(2024, 8, 1))


def test_the_page_says_until_when_or_whom_to_tell() -> None:
    def said(now: datetime) -> str:
        return REFERENCE.words(now).replace(NBSP, " ")

    assert (
        said(paris(2024, 6, 23)) == "Vous pouvez modifier ces informations jusqu’au mercredi 31 juillet 2024."
    )
    assert said(paris(2024, 9, 2)) == (
        "Ces informations ne se modifient plus ici : prévenez la structure. "
        "Vous pourrez les modifier à nouveau à partir du jeudi 1er mai 2025."
    )


@pytest.mark.parametrize(
    ("now", "year"),
    [
        (paris(2024, 4, 30, 23, 59, second=59), "2023-2024"),
        (paris(2024, 5, 1), "2024-2025"),
        (paris(2024, 8, 31), "2024-2025"),
        (paris(2024, 9, 1), "2024-2025"),
        (paris(2025, 4, 30), "2024-2025"),
    ],
)
def test_what_is_declared_from_may_on_is_for_the_coming_school_year(now: datetime, year: str) -> None:
    assert declared_year(now, REFERENCE) == year


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        is_frozen(paris(2024, 8, 1).replace(tzinfo=None), REFERENCE)


@given(moments, freezes)
def test_it_closes_and_reopens_exactly_when_it_says(now: datetime, freeze: Freeze) -> None:
    # From 29 February to 1 March there is no day at all in common years: no freeze worth setting.
    assume({freeze.closes, freeze.reopens} != {(2, 29), (3, 1)})
    frozen = is_frozen(now, freeze)
    turns = freeze.reopens_at(now) if frozen else freeze.closes_at(now)
    if turns is None:
        assert freeze.closes == freeze.reopens
        return
    assert turns > now
    assert is_frozen(turns, freeze) is not frozen
    assert is_frozen(turns - timedelta(seconds=1), freeze) is frozen
    assert (freeze.closes_at(now) is None) is frozen

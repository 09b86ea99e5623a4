"""Days that count, and limits at the town's midnight."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.calendar import (
    END_OF_DAY,
    PARIS,
    Calendar,
    Hour,
    Span,
    add_months,
    instant,
    local,
    local_day,
    month_day,
    school_year,
)
from app.rules.facts import Slot

from .invented import CALENDAR, CANTINE, MATIN, TOUSSAINT, paris

DAYS = st.dates(date(2015, 1, 1), date(2040, 1, 1))


@pytest.mark.parametrize(
    ("on", "hours"), [(date(2024, 10, 27), 25), (date(2025, 3, 30), 23), (date(2024, 8, 25), 24)]
)
def test_a_local_day_lasts_what_the_clocks_say(on: date, hours: int) -> None:
    assert instant(on, END_OF_DAY) - instant(on) == timedelta(hours=hours)


def test_an_hour_shown_twice_is_the_first_and_an_hour_skipped_keeps_the_winter_offset() -> None:
    assert instant(date(2024, 10, 27), Hour(150)) == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    assert instant(date(2025, 3, 30), Hour(150)) == datetime(2025, 3, 30, 1, 30, tzinfo=UTC)


@given(DAYS)
def test_the_end_of_a_day_is_the_start_of_the_next_and_belongs_to_it(on: date) -> None:
    assert instant(on, END_OF_DAY) == instant(on + timedelta(days=1))
    assert local_day(instant(on, END_OF_DAY)) == on + timedelta(days=1)
    assert local_day(instant(on, END_OF_DAY) - timedelta(seconds=1)) == on
    assert instant(on).utcoffset() == timedelta(0)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        local(paris(2024, 9, 1, 12).replace(tzinfo=None))


@pytest.mark.parametrize("minutes", [-1, 1441])
def test_an_hour_outside_the_day_is_refused(minutes: int) -> None:
    with pytest.raises(ValueError, match="between 0 and 1440"):
        Hour(minutes)


def test_working_days_skip_weekends_and_public_holidays() -> None:
    assert CALENDAR.previous_working_day(date(2024, 11, 4)) == date(2024, 10, 31)  # Friday 1 November is one
    assert CALENDAR.previous_working_day(date(2024, 11, 12), 2) == date(
        2024, 11, 7
    )  # Monday 11 November is one
    assert CALENDAR.previous_working_day(date(2024, 9, 2), 0) == date(2024, 9, 2)


def test_school_days_skip_wednesdays_and_holidays() -> None:
    assert CALENDAR.previous_school_day(date(2024, 11, 4)) == date(2024, 10, 18)
    assert CALENDAR.previous_school_day(date(2024, 9, 12)) == date(2024, 9, 10)


def test_school_days_are_working_days_where_the_known_ones_begin_too_late() -> None:
    assert CALENDAR.previous_school_day(date(2024, 9, 2)) == date(2024, 8, 30)


def test_counting_ends_even_when_no_day_counts() -> None:
    assert Calendar(work_week=frozenset()).previous_working_day(date(2024, 9, 2), 3) == date(2024, 8, 30)


def test_a_closure_wins_over_an_opening_for_its_facility_alone() -> None:
    closed = date(2024, 9, 13)
    calendar = Calendar(
        openings=frozenset({Slot(CANTINE, closed), Slot(MATIN, closed)}),
        closures={"restaurant": {closed: "grève"}},
        facilities={"cantine": "restaurant"},
    )
    assert not calendar.is_open(CANTINE, closed)
    assert calendar.closure(CANTINE, closed) == "grève"
    assert calendar.is_open(MATIN, closed)
    assert not calendar.is_open(MATIN, closed + timedelta(days=1))


def test_holidays_are_half_open() -> None:
    assert CALENDAR.holiday(date(2024, 10, 19)) is TOUSSAINT
    assert CALENDAR.holiday(date(2024, 11, 3)) is TOUSSAINT
    assert CALENDAR.holiday(date(2024, 11, 4)) is None


def test_a_school_year_turns_on_its_first_day() -> None:
    assert school_year(date(2024, 8, 31)).label == "2023-2024"
    assert school_year(date(2024, 9, 1)) == Span(date(2024, 9, 1), date(2025, 9, 1), "2024-2025")


@pytest.mark.parametrize(
    ("on", "months", "expected"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 12, 15), 1, date(2025, 1, 15)),
        (date(2024, 3, 31), -1, date(2024, 2, 29)),
    ],
)
def test_a_day_that_the_month_lacks_is_its_last(on: date, months: int, expected: date) -> None:
    assert add_months(on, months) == expected


def test_29_february_is_1_march_in_common_years() -> None:
    assert (month_day(2024, (2, 29)), month_day(2025, (2, 29))) == (date(2024, 2, 29), date(2025, 3, 1))


@given(DAYS, st.integers(0, 1439))
def test_an_instant_reads_back_as_the_hour_it_came_from_unless_the_clock_skips_it(
    on: date, minutes: int
) -> None:
    there = instant(on, Hour(minutes)).astimezone(PARIS)
    if there.date() == on and there.hour * 60 + there.minute != minutes:
        assert on.month == 3
        assert minutes // 60 == 2

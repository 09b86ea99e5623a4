"""Periods of school time: holidays end them, a bridge of a few days does not."""

from datetime import date

import pytest

from app.rules.calendar import Span
from app.rules.periods import next_period, period_of

SPRING = Span(date(2027, 4, 17), date(2027, 5, 3))
BRIDGE = Span(date(2027, 5, 6), date(2027, 5, 9))  # the Ascension, until Saturday
SUMMER = Span(date(2027, 7, 3), date(2027, 9, 1))
HOLIDAYS = (SPRING, BRIDGE, SUMMER)


@pytest.mark.parametrize("on", [date(2027, 5, 3), date(2027, 5, 5), date(2027, 5, 9), date(2027, 7, 2)])
def test_school_time_goes_on_over_a_bridge(on: date) -> None:
    found = period_of(on, HOLIDAYS)
    assert (found.from_on, found.until_on) == (SPRING.until_on, SUMMER.from_on)


def test_days_of_a_bridge_are_its_own() -> None:
    assert period_of(date(2027, 5, 7), HOLIDAYS) == BRIDGE


@pytest.mark.parametrize(
    ("on", "first_day"),
    [
        (date(2027, 4, 20), date(2027, 5, 3)),
        (date(2027, 5, 5), date(2027, 7, 3)),
        (date(2027, 5, 7), date(2027, 7, 3)),
        (date(2027, 5, 12), date(2027, 7, 3)),
    ],
)
def test_no_period_begins_after_a_bridge(on: date, first_day: date) -> None:
    assert next_period(on, HOLIDAYS) == first_day

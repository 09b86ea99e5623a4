"""Which vaccines the law asks for: boundary pairs of birth dates and of ages."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.vaccines import Vaccine, standing

DTP = Vaccine(1, "DTP", True, due_months=2)
ROR = Vaccine(2, "ROR", True, date(2018, 1, 1), due_months=12)
MEN_C = Vaccine(3, "Méningocoque C", True, date(2018, 1, 1), date(2024, 12, 31), 5)
MEN_B = Vaccine(4, "Méningocoque B", True, date(2025, 1, 1), due_months=3)
BCG = Vaccine(5, "BCG", False)
ALL = (DTP, ROR, MEN_C, MEN_B, BCG)
NOW = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("born_on", "asked"),
    [
        (date(2017, 12, 31), [DTP]),
        (date(2018, 1, 1), [DTP, ROR, MEN_C]),
        (date(2024, 12, 31), [DTP, ROR, MEN_C]),
        (date(2025, 1, 1), [DTP, ROR, MEN_B]),
        (None, [DTP]),
    ],
)
def test_the_birth_date_says_which_are_asked(born_on: date | None, asked: list[Vaccine]) -> None:
    assert list(standing(ALL, born_on, (), NOW).obliged) == asked


@pytest.mark.parametrize(
    ("today", "missing"),
    [
        (date(2026, 3, 29), [DTP, MEN_B]),
        (date(2026, 12, 28), [DTP, MEN_B]),
        (date(2026, 12, 29), [DTP, ROR, MEN_B]),
    ],
)
def test_it_is_missing_from_the_day_of_that_age(today: date, missing: list[Vaccine]) -> None:
    found = standing(ALL, date(2025, 12, 29), (), today)
    assert list(found.missing) == missing
    assert [one for one, _ in found.coming] == [one for one in found.obliged if one not in missing]


def test_born_on_the_31st_the_month_s_last_day_counts() -> None:
    found = standing([DTP], date(2026, 12, 31), (), date(2027, 2, 27))
    assert found.coming == ((DTP, date(2027, 2, 28)),)


def test_what_was_declared_is_neither_missing_nor_coming() -> None:
    found = standing(ALL, date(2020, 5, 1), {1, 2}, NOW)
    assert (found.missing, found.coming) == ((MEN_C,), ())


@given(born_on=st.dates(date(2008, 1, 1), date(2026, 11, 26)), days=st.integers(0, 7000))
def test_time_only_makes_what_was_coming_missing(born_on: date, days: int) -> None:
    early = standing(ALL, born_on, (), born_on)
    later = standing(ALL, born_on, (), born_on + timedelta(days=days))
    assert early.obliged == later.obliged
    assert set(early.missing) <= set(later.missing)
    assert {one for one, _ in later.coming} <= {one for one, _ in early.coming}

"""Registering: windows with dates and hours, from when a registration counts, priorities."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from app.rules.booking import DatedRule
from app.rules.calendar import Hour
from app.rules.facts import Child
from app.rules.kinds.order import LAST_RANK, Priority, RegistrationWindow
from app.rules.registering import rank_of, registering
from app.rules.registry import Rule, build, describe
from app.rules.verdict import Severity
from app.rules.who import Who
from tests.rules.invented import CALENDAR, LILA, paris

ALWAYS = date(2020, 1, 1)
WINDOW = RegistrationWindow(date(2024, 3, 4), Hour(7 * 60), date(2024, 5, 31))
OUTSIDE = Who(residence=frozenset({"outside"}))


def asked(now: datetime, *rules: DatedRule, child: Child = LILA) -> frozenset[str]:
    answer = registering(child, "cantine", date(2024, 9, 2), now, CALENDAR, rules)
    return answer.by(Severity.REFUSED)


@pytest.mark.parametrize(
    ("now", "refused"),
    [
        (paris(2024, 3, 4, 6, 59, second=59), True),
        (paris(2024, 3, 4, 7), False),
        (paris(2024, 5, 31, 23, 59, second=59), False),
        (paris(2024, 6, 1), True),
    ],
)
def test_a_window_opens_and_closes_to_the_minute(now: datetime, refused: bool) -> None:
    assert bool(asked(now, DatedRule(WINDOW, ALWAYS, code="fenetre"))) is refused


def test_another_activity_another_child_and_another_year_are_not_concerned() -> None:
    late = paris(2024, 7, 1)
    dated = DatedRule(WINDOW, ALWAYS, code="fenetre", applies_to=frozenset({"cantine"}))
    assert asked(late, dated) == {"fenetre"}
    assert asked(late, DatedRule(WINDOW, ALWAYS, applies_to=frozenset({"grappaloups.matin"}))) == frozenset()
    assert asked(late, DatedRule(WINDOW, ALWAYS, who=OUTSIDE)) == frozenset()
    assert asked(late, DatedRule(WINDOW, ALWAYS, date(2024, 9, 1))) == frozenset()


def test_one_open_window_is_enough() -> None:
    """A second window is a catch-up: what the first refuses, it takes."""
    first = DatedRule(WINDOW, ALWAYS, code="printemps")
    second = DatedRule(
        RegistrationWindow(date(2024, 8, 26), closes_on=date(2024, 8, 30)), ALWAYS, code="aout"
    )
    assert asked(paris(2024, 7, 1), first, second) == {"printemps", "aout"}
    assert asked(paris(2024, 8, 27), first, second) == frozenset()


def test_a_rule_without_dates_opens_nothing() -> None:
    closed = DatedRule(WINDOW, ALWAYS, code="printemps")
    starts = DatedRule(RegistrationWindow(starts="next_month"), ALWAYS, code="debut")
    assert asked(paris(2024, 7, 1), closed, starts) == {"printemps"}
    assert asked(paris(2024, 5, 1), closed, starts) == frozenset()
    assert asked(paris(2024, 7, 1), starts) == frozenset()


def test_a_closed_window_does_not_say_from_when_what_another_takes_counts() -> None:
    september = RegistrationWindow(date(2024, 9, 21), closes_on=date(2024, 9, 25), starts="next_month")
    october = RegistrationWindow(date(2024, 10, 9), closes_on=date(2024, 10, 9), starts="next_week")
    rules = [DatedRule(september, ALWAYS, code="septembre"), DatedRule(october, ALWAYS, code="octobre")]
    for order in (rules, rules[::-1]):
        answer = registering(LILA, "cantine", date(2024, 10, 14), paris(2024, 10, 9, 9), CALENDAR, order)
        assert (answer.refusals, answer.first_day) == ((), date(2024, 10, 14))
    monthly = DatedRule(RegistrationWindow(starts="next_month"), ALWAYS)
    answer = registering(
        LILA, "cantine", date(2024, 10, 14), paris(2024, 10, 9, 9), CALENDAR, [*rules, monthly]
    )
    assert answer.first_day == date(2024, 11, 1)


@pytest.mark.parametrize(
    ("starts", "now", "first_day"),
    [
        ("at_once", paris(2024, 9, 11, 10), date(2024, 9, 11)),
        ("next_week", paris(2024, 9, 11, 10), date(2024, 9, 16)),
        ("next_week", paris(2024, 9, 15, 23, 59), date(2024, 9, 16)),
        ("next_week", paris(2024, 9, 16), date(2024, 9, 23)),
        ("next_month", paris(2024, 9, 30, 23, 59), date(2024, 10, 1)),
        ("next_month", paris(2024, 10, 1), date(2024, 11, 1)),
        ("next_month", paris(2024, 1, 31), date(2024, 2, 1)),
        ("next_month", paris(2023, 12, 5), date(2024, 1, 1)),
        ("next_period", paris(2024, 9, 11), date(2024, 10, 19)),
        ("next_period", paris(2024, 10, 20), date(2024, 11, 4)),
        ("next_period", paris(2024, 11, 5), date(2024, 11, 5)),  # no later holidays are known: at once
    ],
)
def test_a_registration_starts_when_the_rule_says(starts: str, now: datetime, first_day: date) -> None:
    rule = build("registration", {"starts": starts, "closes_on": "2025-01-01"}).rule
    assert rule is not None
    answer = registering(LILA, "cantine", date(2024, 9, 2), now, CALENDAR, [DatedRule(rule, ALWAYS)])
    assert answer.first_day == first_day


def test_the_best_priority_ranks_and_without_one_comes_last() -> None:
    rules = [
        DatedRule(Priority(2), ALWAYS, who=Who(residence=frozenset({"resident"}))),
        DatedRule(Priority(1), ALWAYS, who=Who(traits=frozenset({"attestation-travail"}))),
        DatedRule(Priority(1), ALWAYS, applies_to=frozenset({"grappaloups"})),
    ]

    def rank(**told: object) -> int:
        child = Child(1, "Lila", date(2018, 3, 4), **told)  # type: ignore[arg-type]
        return rank_of(child, "cantine", date(2024, 9, 11), rules)

    assert rank() == LAST_RANK
    assert rank(residence="resident") == 2
    assert rank(residence="resident", traits=frozenset({"attestation-travail"})) == 1


def test_they_read_as_a_parent_would_read_them() -> None:
    said: dict[Rule, str] = {
        WINDOW: "On s’inscrit à partir du lundi 4 mars 2024 à 7 h, jusqu’au vendredi 31 mai 2024 à 24 h.",
        RegistrationWindow(starts="next_month"): "Une inscription commence le mois suivant.",
        RegistrationWindow(
            closes_on=date(2024, 5, 31), starts="next_month"
        ): "On s’inscrit jusqu’au vendredi 31 mai 2024 à 24 h ; l’inscription commence le mois suivant.",
        Priority(1): "Quand les places manquent, priorité de rang 1.",
    }
    for rule, sentence in said.items():
        assert describe(rule).replace("\u00a0", " ") == sentence


@pytest.mark.parametrize("values", [{}, {"opens_on": "2024-05-02", "closes_on": "2024-05-01"}])
def test_a_window_that_says_nothing_or_ends_first_is_refused(values: dict[str, object]) -> None:
    assert build("registration", values).rule is None

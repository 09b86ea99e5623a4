"""Age on the day, places of a unit."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.booking import DatedRule, judge
from app.rules.facts import Child, Slot
from app.rules.kinds.admission import Age, months_old, years_old
from app.rules.kinds.places import Capacity
from app.rules.verdict import Severity
from app.rules.words import NBSP

from .invented import LILA, MATIN, REPAS, SACHA, WEDNESDAY, of_child, plan, slots

ALWAYS = date(2020, 1, 1)
MEAL = Slot(REPAS, WEDNESDAY)


@pytest.mark.parametrize(
    ("born_on", "on", "years"),
    [
        (date(2020, 2, 29), date(2023, 2, 28), 2),
        (date(2020, 2, 29), date(2023, 3, 1), 3),
        (date(2020, 2, 29), date(2024, 2, 29), 4),
        (date(2021, 9, 11), date(2024, 9, 10), 2),
        (date(2021, 9, 11), date(2024, 9, 11), 3),
    ],
)
def test_one_turns_on_ones_birthday_and_on_1_march_for_29_february(
    born_on: date, on: date, years: int
) -> None:
    assert years_old(born_on, on) == years


@given(st.dates(date(2000, 1, 1), date(2025, 1, 1)), st.integers(0, 9000))
def test_years_are_twelve_months(born_on: date, days: int) -> None:
    on = born_on + timedelta(days=days)
    assert years_old(born_on, on) == months_old(born_on, on) // 12


@pytest.mark.parametrize(
    ("born_on", "accepted"),
    [
        (date(2021, 9, 11), True),  # 3 that very day
        (date(2021, 9, 12), False),
        (date(2012, 9, 12), True),  # 12 the day after
        (date(2012, 9, 11), False),
    ],
)
def test_three_to_eleven_includes_both_ages(born_on: date, accepted: bool) -> None:
    child = replace(LILA, born_on=born_on)
    assert judge(plan(of_child(child, [MEAL])), [DatedRule(Age(3, 11), ALWAYS)]).accepted is accepted


@pytest.mark.parametrize(("born_on", "accepted"), [(date(2024, 6, 30), False), (date(2024, 6, 11), True)])
def test_months_count_for_the_nursery(born_on: date, accepted: bool) -> None:
    rule = [DatedRule(Age(minimum=3, counted="months"), ALWAYS)]
    assert judge(plan(of_child(Child(9, "Noé", born_on), [MEAL])), rule).accepted is accepted


def test_the_squares_of_one_age_make_one_refusal_that_says_the_age() -> None:
    asked = of_child(SACHA, slots(WEDNESDAY, MATIN, REPAS) | slots(WEDNESDAY + timedelta(days=7), REPAS))
    (refusal,) = judge(plan(asked), [DatedRule(Age(6, 11), ALWAYS)]).refusals
    assert refusal.slots == asked.added
    assert refusal.sentence.replace(NBSP, " ") == (
        "Les Grappaloups : il faut avoir de 6 à 11 ans, et Sacha aura 4 ans le mercredi 11 septembre 2024."
    )


def test_a_child_booked_before_the_rule_is_a_warning() -> None:
    verdict = judge(plan(of_child(SACHA, before=[MEAL])), [DatedRule(Age(6, 11), ALWAYS)])
    assert verdict.severity(SACHA.id, MEAL) is Severity.WARNING


def full(
    taken: int, places: int | None, *children: Child, rule: Capacity | None = None
) -> list[Severity | None]:
    asked = plan(*(of_child(child, [MEAL]) for child in children))
    asked = replace(asked, taken={MEAL: taken}, places={} if places is None else {MEAL: places})
    verdict = judge(asked, [DatedRule(rule or Capacity(), ALWAYS)])
    return [verdict.severity(child.id, MEAL) for child in children]


def test_the_last_place_is_given_and_the_next_child_waits() -> None:
    assert full(38, 40, LILA, SACHA) == [None, None]
    assert full(39, 40, LILA, SACHA) == [None, Severity.WAITING]
    assert full(40, 40, LILA, SACHA) == [Severity.WAITING, Severity.WAITING]


def test_the_places_of_the_day_come_before_those_of_the_rule_and_none_is_no_limit() -> None:
    assert full(40, 41, LILA, rule=Capacity(40)) == [None]
    assert full(40, None, LILA, rule=Capacity(40)) == [Severity.WAITING]
    assert full(40, None, LILA) == [None]
    assert full(0, 0, LILA, rule=Capacity(40, "refused")) == [Severity.REFUSED]


def test_a_sibling_who_drops_gives_the_place_and_one_who_waits_holds_none() -> None:
    rule = [DatedRule(Capacity(1), ALWAYS)]
    asks = of_child(LILA, [MEAL])
    keeps, drops = of_child(SACHA, before=[MEAL]), of_child(SACHA, drop=[MEAL], before=[MEAL])
    waits = of_child(SACHA, before=[MEAL], status="waiting")
    waiting = [judge(plan(asks, sibling), rule).severity(LILA.id, MEAL) for sibling in (keeps, drops, waits)]
    assert waiting == [Severity.WAITING, None, None]


def test_a_waiting_list_can_be_sent_and_is_named() -> None:
    asked = replace(plan(of_child(add=[MEAL])), taken={MEAL: 40}, places={MEAL: 40})
    verdict = judge(asked, [DatedRule(Capacity(), ALWAYS)])
    assert verdict.accepted
    assert verdict.slots(Severity.WAITING) == {(LILA.id, MEAL)}
    assert "Lila passe en liste d’attente" in verdict.refusals[0].sentence

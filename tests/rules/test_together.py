"""Units of a day: one that needs another or one of several, combinations that are allowed."""

from collections.abc import Iterable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.booking import DatedRule, judge
from app.rules.calendar import ONE_DAY
from app.rules.facts import Slot
from app.rules.kinds.together import Combinations, Excludes, Requires, SameEachDay
from app.rules.registry import Rule, build, describe, dump
from app.rules.verdict import Severity, Verdict
from app.rules.words import NBSP

from .invented import MATIN, REPAS, SOIR, WEDNESDAY, of_child, plan, slots

ALWAYS = date(2020, 1, 1)
# Half-day, half-day and meal, day without meal, day with meal: all but the meal alone.
FOUR_FORMULAS = Requires(REPAS, frozenset({MATIN, SOIR}), "one")
FULL_DAYS = Combinations(frozenset({frozenset({MATIN, REPAS, SOIR})}))
HALF_OR_FULL = Combinations(
    frozenset({frozenset({MATIN}), frozenset({SOIR}), frozenset({MATIN, REPAS, SOIR})})
)


def verdict(
    rule: Rule, add: Iterable[Slot] = (), drop: Iterable[Slot] = (), before: Iterable[Slot] = ()
) -> Verdict:
    return judge(plan(of_child(add=add, drop=drop, before=before)), [DatedRule(rule, ALWAYS)])


def said(found: Verdict) -> str:
    return " ".join(one.sentence for one in found.refusals).replace(NBSP, " ")


@pytest.mark.parametrize(
    ("units", "fits"),
    [
        ((MATIN,), True),
        ((MATIN, REPAS), True),
        ((MATIN, SOIR), True),
        ((MATIN, REPAS, SOIR), True),
        ((REPAS,), False),
    ],
)
def test_the_meal_alone_is_the_one_formula_that_is_not(units: tuple[str, ...], fits: bool) -> None:
    assert verdict(FOUR_FORMULAS, add=slots(WEDNESDAY, *units)).accepted is fits


def test_which_of_several_to_add_is_the_parents_choice() -> None:
    (refusal,) = verdict(FOUR_FORMULAS, add=slots(WEDNESDAY, REPAS)).refusals
    assert "se réserve avec le matin des Grappaloups ou le soir des Grappaloups" in refusal.sentence
    assert refusal.remedy is not None and refusal.remedy.drop == slots(WEDNESDAY, REPAS)


def test_giving_up_the_last_of_them_is_refused_and_kept() -> None:
    (refusal,) = verdict(
        FOUR_FORMULAS, drop=slots(WEDNESDAY, SOIR), before=slots(WEDNESDAY, REPAS, SOIR)
    ).refusals
    assert refusal.severity is Severity.REFUSED
    assert refusal.remedy is not None and refusal.remedy.add == slots(WEDNESDAY, SOIR)


@pytest.mark.parametrize(
    ("rule", "units", "fits"),
    [
        (FULL_DAYS, (MATIN, REPAS, SOIR), True),
        (FULL_DAYS, (MATIN, REPAS), False),
        (HALF_OR_FULL, (MATIN,), True),
        (HALF_OR_FULL, (MATIN, SOIR), False),
        (HALF_OR_FULL, (REPAS,), False),
    ],
)
def test_only_the_allowed_combinations(rule: Combinations, units: tuple[str, ...], fits: bool) -> None:
    assert verdict(rule, add=slots(WEDNESDAY, *units)).accepted is fits


def test_the_nearest_combination_is_offered() -> None:
    (refusal,) = verdict(FULL_DAYS, add=slots(WEDNESDAY, MATIN)).refusals
    assert refusal.remedy is not None and refusal.remedy.add == slots(WEDNESDAY, REPAS, SOIR)
    assert refusal.remedy.sentence == "Ajouter le repas des Grappaloups et le soir des Grappaloups"
    assert "le matin des Grappaloups ne se réserve pas seul" in said(
        verdict(FULL_DAYS, add=slots(WEDNESDAY, MATIN))
    )


def test_an_old_day_that_is_not_allowed_stops_nothing_and_an_empty_one_is_nothing() -> None:
    assert verdict(FULL_DAYS, before=slots(WEDNESDAY, MATIN)).accepted
    assert verdict(
        FULL_DAYS, before=slots(WEDNESDAY, MATIN), add=slots(date(2024, 9, 18), MATIN, REPAS, SOIR)
    ).accepted
    assert not verdict(FULL_DAYS, before=slots(WEDNESDAY, MATIN), add=slots(WEDNESDAY, REPAS)).accepted
    assert verdict(FULL_DAYS, before=slots(WEDNESDAY, MATIN, REPAS), drop=slots(WEDNESDAY, REPAS)).accepted
    everything = slots(WEDNESDAY, MATIN, REPAS, SOIR)
    assert verdict(FULL_DAYS, drop=everything, before=everything).accepted


def test_combinations_are_lists_of_lists_in_the_file() -> None:
    built = build("combinations", {"allowed": [[MATIN], [MATIN, REPAS]]}, {"unit": {MATIN, REPAS}})
    assert built.rule is not None and dump(built.rule) == {"allowed": [[MATIN], [MATIN, REPAS]]}
    wrong = build("combinations", {"allowed": [[MATIN, "grappaloups.midi"]]}, {"unit": {MATIN, REPAS}})
    assert wrong.rule is None and "grappaloups.midi" in wrong.errors[0].message


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (FULL_DAYS, "Un même jour se réservent : le matin, le repas et le soir."),
        (HALF_OR_FULL, "Un même jour se réservent : le matin ; le matin, le repas et le soir ; ou le soir."),
        (Excludes(MATIN, frozenset({SOIR})), "Le matin ne se réserve pas le même jour que le soir."),
        (
            Excludes(MATIN, frozenset({SOIR, REPAS})),
            "Le matin ne se réserve pas le même jour que l’une de ces unités : le repas et le soir.",
        ),
    ],
)
def test_sentences_name_units_in_the_order_of_the_town(rule: Rule, words: str) -> None:
    named: dict[str, str] = {MATIN: "le matin", REPAS: "le repas", SOIR: "le soir"}
    assert describe(rule, named).replace(NBSP, " ") == words


squares = st.frozensets(st.sampled_from(sorted(slots(WEDNESDAY, MATIN, REPAS, SOIR))), max_size=3)


def test_the_days_of_a_week_are_booked_the_same_way_among_the_units_governed() -> None:
    """What is given up of another unit is given up all the same."""
    same = [DatedRule(SameEachDay(), ALWAYS, applies_to=frozenset({MATIN, REPAS}))]
    thursday = WEDNESDAY + ONE_DAY
    both = slots(WEDNESDAY, MATIN, REPAS) | slots(thursday, MATIN, REPAS)
    for add, accepted in (
        (both, True),
        (both | slots(thursday, SOIR), True),
        (both - slots(thursday, REPAS), False),
    ):
        assert judge(plan(of_child(add=add)), same).accepted is accepted
    gone = slots(thursday, REPAS, SOIR)
    (refusal,) = judge(plan(of_child(drop=gone, before=both | gone)), same).refusals
    assert refusal.remedy is not None
    assert (refusal.remedy.sentence, refusal.remedy.add) == (
        "Garder cette réservation",
        slots(thursday, REPAS),
    )


@given(st.sampled_from([FOUR_FORMULAS, FULL_DAYS, HALF_OR_FULL]), squares, squares, squares)
def test_a_remedy_followed_is_accepted(
    rule: Rule, before: frozenset[Slot], add: frozenset[Slot], drop: frozenset[Slot]
) -> None:
    for one in verdict(rule, add=add, drop=drop - add, before=before).refusals:
        if one.severity is not Severity.REFUSED:
            continue
        assert one.remedy is not None
        target = (before | add) - (drop - add)
        mended = (target | one.remedy.add) - one.remedy.drop
        again = verdict(rule, add=mended - before, drop=before - mended, before=before)
        assert again.accepted, (said(again), one.remedy)

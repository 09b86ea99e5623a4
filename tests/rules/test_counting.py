"""Bounds by week, month or period, full weeks, days in a row, cancellations: what fits and what does not."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.booking import DatedRule, judge
from app.rules.calendar import Calendar, Span
from app.rules.facts import Booked, ChildPlan, Plan, Slot, Status
from app.rules.kinds.counting import Cancellations, Count
from app.rules.kinds.notice import NoticeDays
from app.rules.kinds.runs import Consecutive, FullWeek
from app.rules.registry import Rule, build, describe, kinds
from app.rules.verdict import Severity, Verdict
from app.rules.words import NBSP

from .invented import (
    EVER,
    LILA,
    LONG_BEFORE,
    MATIN,
    NAMES,
    PUBLIC_HOLIDAYS,
    REPAS,
    SOIR,
    of_child,
    paris,
    plan,
)

ALWAYS = date(2020, 1, 1)
MONDAY = date(2024, 10, 28)  # the second week of the Toussaint holidays, with 1 November
WEEK = [MONDAY + timedelta(days=rank) for rank in range(5)]
NEXT = [MONDAY + timedelta(days=7 + rank) for rank in range(5)]
CALENDAR = Calendar(
    openings=frozenset(
        Slot(unit, on)
        for unit in (MATIN, REPAS, SOIR)
        for on in Span(date(2024, 10, 21), date(2024, 12, 21)).days()
        if on.weekday() < 5 and on not in PUBLIC_HOLIDAYS
    ),
    public_holidays=PUBLIC_HOLIDAYS,
    holidays=(Span(date(2024, 10, 19), date(2024, 11, 4)), Span(date(2024, 12, 21), date(2025, 1, 6))),
)
MINUTES: dict[str, int] = {MATIN: 240, REPAS: 120, SOIR: 210}


def at(days: Iterable[date], *units: str) -> frozenset[Slot]:
    return frozenset(Slot(unit, on) for on in days for unit in units or (MATIN,))


def verdict(
    rule: Rule,
    add: Iterable[Slot] = (),
    drop: Iterable[Slot] = (),
    before: Iterable[Slot] = (),
    cancelled: Iterable[Slot] = (),
    calendar: Calendar = CALENDAR,
) -> Verdict:
    mine = ChildPlan.change(LILA, [Booked(slot, "confirmed") for slot in before], add, drop, EVER)
    mine = replace(mine, cancelled_at=dict.fromkeys(cancelled, LONG_BEFORE))
    asked = Plan((mine,), paris(2024, 7, 1), calendar, names=NAMES, minutes=MINUTES)
    return judge(asked, [DatedRule(rule, ALWAYS)])


def said(found: Verdict) -> str:
    return " ".join(one.sentence for one in found.refusals).replace(NBSP, " ")


@pytest.mark.parametrize(
    ("rule", "days", "fits"),
    [
        (Count(minimum=3), NEXT[:2], False),
        (Count(minimum=3), NEXT[:3], True),
        (Count(minimum=3), WEEK[:2], False),
        (Count(minimum=3, less_by_holiday=True), WEEK[:2], True),  # 1 November is that Friday
        (Count(minimum=3, less_by_holiday=True), WEEK[:1], False),
        (Count(minimum=3, less_by_holiday=True), NEXT[:2], False),
        (Count(maximum=3), NEXT[:3], True),
        (Count(maximum=3), NEXT[:4], False),
        (Count(maximum=0), NEXT[:1], False),
        (Count(minimum=2, maximum=4), NEXT[:2], True),
        (Count(minimum=2, maximum=4), NEXT, False),
        (Count(allowed=frozenset({2, 3, 5})), NEXT[:4], False),
        (Count(allowed=frozenset({2, 3, 5})), NEXT, True),
        (Count(allowed=frozenset({3, 5}), less_by_holiday=True), WEEK[:4], True),
        (Count(allowed=frozenset({3, 5}), less_by_holiday=True), WEEK[:2], True),
        (Count(allowed=frozenset({3, 5}), less_by_holiday=True), WEEK[:1], False),
        (Count(allowed=frozenset({3, 5}), less_by_holiday=True), NEXT[:4], False),
        (Count(minimum=5, per="month"), NEXT[:4], False),
        (Count(minimum=5, per="month"), NEXT, True),
        (Count(maximum=4, per="period"), [*WEEK[:2], *NEXT[:3]], True),  # two in the holidays, three after
        (Count(maximum=4, per="school_year"), [*WEEK[:2], *NEXT[:3]], False),
    ],
)
def test_a_number_of_days(rule: Count, days: list[date], fits: bool) -> None:
    assert verdict(rule, add=at(days)).accepted is fits


def test_nothing_at_all_owes_no_minimum() -> None:
    assert verdict(Count(minimum=3), drop=at(NEXT), before=at(NEXT)).accepted


def test_a_minimum_says_the_week_the_number_and_what_is_wanted() -> None:
    found = verdict(Count(minimum=3), add=at(NEXT[:2]))
    assert said(found) == "La semaine du lundi 4 novembre 2024 : Lila aurait 2 jours, il en faut 3 au moins."
    (refusal,) = found.refusals
    assert refusal.remedy is not None and refusal.remedy.drop == at(NEXT[:2])


@pytest.mark.parametrize(
    ("rule", "days", "fits"),
    [
        (Count(minimum=3), NEXT[:2], True),
        (Count(minimum=3), NEXT[:1], False),
        (Count(allowed=frozenset({4, 5})), NEXT[:2], True),
        (Count(allowed=frozenset({4, 5})), NEXT[:1], False),
        (Count(allowed=frozenset({1, 4})), NEXT[:2], False),
        (Count(minimum=3, per="month"), NEXT[:2], False),
        (Count(minimum=3, what="units"), NEXT[:2], False),
    ],
)
def test_no_more_days_are_wanted_than_a_week_opens(rule: Count, days: list[date], fits: bool) -> None:
    """The holidays end on a Tuesday, or the centre closes from the Wednesday on."""
    short = replace(CALENDAR, closures={"grappaloups": dict.fromkeys(NEXT[2:], "fermeture")})
    assert verdict(rule, add=at(days), calendar=short).accepted is fits


def test_packs_say_what_holidays_make_of_them() -> None:
    found = verdict(Count(allowed=frozenset({4}), less_by_holiday=True), add=at(WEEK[:2]))
    assert said(found).endswith("Lila aurait 2 jours, il en faut 3 ou 4.")


def test_giving_up_a_day_under_the_minimum_is_refused_and_kept_by_its_remedy() -> None:
    (refusal,) = verdict(Count(minimum=3), drop=at(NEXT[:1]), before=at(NEXT[:3])).refusals
    assert refusal.severity is Severity.REFUSED
    assert refusal.remedy is not None and refusal.remedy.add == at(NEXT[:1])


def test_a_day_for_another_is_undone_whole() -> None:
    """Monday and Tuesday stand; Wednesday comes and Monday goes: leaving Wednesday out mends nothing."""
    rule = Count(minimum=3)
    (refusal,) = verdict(rule, add=at(NEXT[2:3]), drop=at(NEXT[:1]), before=at(NEXT[:2])).refusals
    assert refusal.remedy is not None
    assert (refusal.remedy.sentence, refusal.remedy.add, refusal.remedy.drop) == (
        "Laisser comme avant", at(NEXT[:1]), at(NEXT[2:3])
    )  # fmt: skip


def test_what_was_wrong_before_stops_nothing_unless_it_gets_worse() -> None:
    before = at(NEXT[:1])
    assert verdict(Count(minimum=3), before=before).accepted
    assert verdict(Count(minimum=3), add=at(WEEK[:3]), before=before).accepted
    assert verdict(Count(minimum=3), drop=before, before=before).accepted


def test_units_and_hours_are_counted_too() -> None:
    assert not verdict(Count(maximum=5, what="units"), add=at(NEXT[:2], MATIN, REPAS, SOIR)).accepted
    assert verdict(Count(minimum=24, what="hours"), add=at(NEXT, MATIN, REPAS)).accepted  # 30 h
    assert not verdict(Count(minimum=24, what="hours"), add=at(NEXT, MATIN)).accepted  # 20 h


def test_hours_are_counted_to_the_minute() -> None:
    """Three and a half hours a day: 10 h 30 on three days."""
    three, two = at(NEXT[:3], SOIR), at(NEXT[:2], SOIR)
    assert not verdict(Count(maximum=10, what="hours"), add=three).accepted
    assert verdict(Count(maximum=10, what="hours"), add=two).accepted
    assert not verdict(Count(allowed=frozenset({10}), what="hours"), add=three).accepted
    assert verdict(Count(allowed=frozenset({7}), what="hours"), add=two).accepted
    assert verdict(Count(minimum=10, what="hours"), add=three).accepted
    assert said(verdict(Count(maximum=10, what="hours"), add=three)) == (
        "La semaine du lundi 4 novembre 2024 : Lila aurait 10 heures et 30 minutes, il en faut 10 au plus."
    )


def test_a_full_week_is_every_open_day_of_it() -> None:
    assert verdict(FullWeek(), add=at(NEXT)).accepted
    assert verdict(FullWeek(), add=at(WEEK[:4])).accepted  # closed on 1 November
    found = verdict(FullWeek(), add=at(NEXT[:4]))
    assert not found.accepted and "il manque le vendredi 8 novembre 2024 pour Lila" in said(found)
    assert not verdict(FullWeek(), drop=at(NEXT[:1]), before=at(NEXT)).accepted
    assert verdict(FullWeek(), drop=at(NEXT), before=at(NEXT)).accepted


@pytest.mark.parametrize(
    ("days", "fits"),
    [
        (NEXT[:2], True),
        ([NEXT[0], NEXT[2]], False),
        ([NEXT[0], NEXT[1], NEXT[3]], False),
        ([NEXT[4], NEXT[4] + timedelta(days=4)], True),  # Friday and Tuesday: 11 November is between
        ([WEEK[3], NEXT[0]], True),  # over 1 November
        (NEXT[:1], False),
    ],
)
def test_days_in_a_row_are_open_days(days: list[date], fits: bool) -> None:
    assert verdict(Consecutive(2), add=at(days)).accepted is fits


def test_days_in_a_row_go_over_a_strike() -> None:
    strike = replace(CALENDAR, closures={"grappaloups": {NEXT[1]: "grève"}})
    mine = ChildPlan.change(LILA, [], at([NEXT[0], NEXT[2]]), [], EVER)
    asked = Plan((mine,), paris(2024, 7, 1), strike, names=NAMES)
    assert judge(asked, [DatedRule(Consecutive(2), ALWAYS)]).accepted
    assert not judge(asked, [DatedRule(Consecutive(3), ALWAYS)]).accepted


@pytest.mark.parametrize(
    ("cancelled", "dropped", "fits"), [(0, 2, True), (1, 1, True), (2, 1, False), (0, 3, False)]
)
def test_two_cancelled_days_a_period(cancelled: int, dropped: int, fits: bool) -> None:
    long_ago = at(NEXT[:cancelled])
    gone = at(NEXT[cancelled : cancelled + dropped])
    found = verdict(Cancellations(2), drop=gone, before=gone, cancelled=long_ago)
    assert found.accepted is fits


def test_what_was_cancelled_in_another_period_does_not_count() -> None:
    gone = at(NEXT[:1])
    assert verdict(Cancellations(1), drop=gone, before=gone, cancelled=at(WEEK[:2])).accepted


@pytest.mark.parametrize(
    ("rule", "before", "drop", "accepted"),
    [
        (Count(maximum=3), NEXT, NEXT[:1], True),  # still one too many, one less than before
        (Count(minimum=3), NEXT[:2], NEXT[:1], False),  # one is further from three than two
        (Count(minimum=3), NEXT[:2], NEXT[:2], True),
        (Count(allowed=frozenset({1, 5})), NEXT[:4], NEXT[:1], False),
        (Count(allowed=frozenset({1, 5})), NEXT[:3], NEXT[:1], True),
    ],
)
def test_an_old_break_may_be_lessened_and_not_made_worse(
    rule: Count, before: list[date], drop: list[date], accepted: bool
) -> None:
    assert verdict(rule, before=at(before), drop=at(drop)).accepted is accepted


def test_a_public_holiday_of_a_week_end_takes_no_day_away() -> None:
    friday, saturday = NEXT[4], NEXT[4] + timedelta(days=1)
    for holiday, accepted in ((friday, True), (saturday, False)):
        calendar = replace(CALENDAR, public_holidays=frozenset({holiday}))
        asked = plan(of_child(add=at(NEXT[:2])), calendar=calendar)
        rules = [DatedRule(Count(minimum=3, less_by_holiday=True), ALWAYS)]
        assert judge(asked, rules).accepted is accepted


def test_what_is_booked_again_is_cancelled_no_more() -> None:
    """In one sending as in two: the first day comes back, the third goes."""
    long_ago, gone = at(NEXT[:2]), at(NEXT[2:3])
    rule = Cancellations(2)
    assert not verdict(rule, drop=gone, before=gone, cancelled=long_ago).accepted
    assert verdict(rule, add=at(NEXT[:1]), drop=gone, before=gone, cancelled=long_ago).accepted


@pytest.mark.parametrize(("status", "accepted"), [("waiting", True), ("asked", False), ("confirmed", False)])
def test_leaving_a_waiting_list_cancels_nothing(status: Status, accepted: bool) -> None:
    gone = at(NEXT[:1])
    mine = of_child(drop=gone, before=gone, status=status)
    for rule in (Cancellations(0), NoticeDays(1, gate="cancelling")):
        asked = plan(mine, now=paris(2024, 11, 4, 9), calendar=CALENDAR)
        assert judge(asked, [DatedRule(rule, ALWAYS)]).accepted is accepted


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Count(minimum=3, less_by_holiday=True), "Au moins 3 jours par semaine, un de moins par jour férié."),
        (Count(maximum=1, per="month"), "Au plus 1 jour par mois."),
        (Count(2, 4), "De 2 à 4 jours par semaine."),
        (Count(allowed=frozenset({2, 3, 5})), "2, 3 ou 5 jours par semaine."),
        (Count(minimum=24, what="hours"), "Au moins 24 heures par semaine."),
        (FullWeek(), "La semaine se réserve entière."),
        (Consecutive(2), "Au moins 2 jours de suite."),
        (Cancellations(2), "Au plus 2 jours annulés par période."),
    ],
)
def test_sentences_read_as_a_parent_would_read_them(rule: Rule, words: str) -> None:
    assert describe(rule).replace(NBSP, " ") == words


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({}, "Donnez « minimum »"),
        ({"minimum": 3, "maximum": 2}, "échangez-les"),
        ({"minimum": 3, "allowed": [2]}, "pas les deux"),
        ({"maximum": 3, "less_by_holiday": True}, "ne baisse pas"),
        ({"minimum": 0}, "trop petit"),
        ({"minimum": 3, "per": "jour"}, "choix connu"),
    ],
)
def test_bounds_that_contradict_each_other_are_told(values: dict[str, object], word: str) -> None:
    built = build("count", values)
    assert built.rule is None and word in built.errors[0].message.replace(NBSP, " ")


def test_every_kind_of_this_module_is_registered() -> None:
    assert {"count", "full_week", "consecutive", "cancellations"} <= set(kinds())


# --- Laws ----------------------------------------------------------------------------------------

squares = st.frozensets(st.sampled_from(sorted(at([*WEEK, *NEXT], MATIN, REPAS))), max_size=8)
some_rules: st.SearchStrategy[Rule] = st.one_of(
    st.builds(Count, st.integers(1, 4), per=st.sampled_from(["week", "month", "period", "school_year"])),
    st.builds(Count, maximum=st.integers(0, 4), what=st.sampled_from(["days", "units", "hours"])),
    st.builds(Count, allowed=st.frozensets(st.integers(1, 5), min_size=1)),
    st.just(FullWeek()),
    st.builds(Consecutive, st.integers(2, 4)),
    st.builds(Cancellations, st.integers(0, 3)),
)


@given(some_rules, squares, squares, squares)
def test_a_remedy_is_a_change_that_the_rule_accepts_or_less_is_wrong(
    rule: Rule, before: frozenset[Slot], add: frozenset[Slot], drop: frozenset[Slot]
) -> None:
    found = verdict(rule, add=add, drop=drop, before=before)
    for one in found.refusals:
        assert one.slots
        if one.severity is Severity.REFUSED:
            assert one.remedy is not None and (one.remedy.add or one.remedy.drop)


@given(st.lists(some_rules, min_size=1, max_size=3), squares, squares, squares)
def test_one_more_rule_never_allows_and_order_does_not_matter(
    rules: list[Rule], before: frozenset[Slot], add: frozenset[Slot], drop: frozenset[Slot]
) -> None:
    mine = ChildPlan.change(LILA, [Booked(slot, "confirmed") for slot in before], add, drop, EVER)
    asked = Plan((mine,), datetime(2024, 7, 1, tzinfo=LONG_BEFORE.tzinfo), CALENDAR, minutes=MINUTES)
    dated = [DatedRule(rule, ALWAYS) for rule in rules]
    whole = judge(asked, dated)
    assert judge(asked, dated[::-1]) == whole
    assert whole.accepted <= judge(asked, dated[:-1]).accepted


@given(some_rules, squares)
def test_changing_nothing_is_always_accepted(rule: Rule, before: frozenset[Slot]) -> None:
    assert verdict(rule, before=before).accepted

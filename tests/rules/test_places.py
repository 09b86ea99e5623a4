"""Places: overflow, pending requests, places for some, staff ratios, the least number of children."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.booking import DatedRule, asks_crowd, judge
from app.rules.calendar import ONE_DAY, Calendar, Weekday
from app.rules.facts import Booked, Child, ChildPlan, Plan, Slot
from app.rules.kinds.admission import CustodyWeeks
from app.rules.kinds.notice import NoticeDays
from app.rules.kinds.places import Capacity, Minimum, StaffRatio
from app.rules.registry import Rule, describe
from app.rules.verdict import Severity
from app.rules.who import Who
from tests.rules.invented import CALENDAR, EVER, LILA, LONG_BEFORE, MATIN, NAMES, SACHA, WEDNESDAY

ALWAYS = date(2020, 1, 1)
SLOT = Slot(MATIN, WEDNESDAY)
SMALL, BIG = date(2020, 1, 1), date(2015, 1, 1)


def answer(rule: Rule, *children: Child, **facts: Any) -> list[Severity | None]:
    """What each of these children, asking for the same square, is told."""
    who = facts.pop("who", None)
    slot = facts.pop("slot", SLOT)
    asked = tuple(ChildPlan.change(one, (), {slot}, (), EVER) for one in children or (LILA,))
    plan = Plan(asked, LONG_BEFORE, CALENDAR, names=NAMES, **facts)
    verdict = judge(plan, [DatedRule(rule, ALWAYS, who=who)])
    return [verdict.severity(one.child.id, slot) for one in asked]


def others(count: int, born_on: date = BIG, **told: Any) -> tuple[Child, ...]:
    return tuple(Child(100 + rank, "", born_on, **told) for rank in range(count))


@pytest.mark.parametrize(
    ("taken", "expected"),
    [(19, None), (20, Severity.ASK_STAFF), (21, Severity.ASK_STAFF), (22, Severity.WAITING)],
)
def test_beyond_the_places_staff_decide_up_to_the_overflow(taken: int, expected: Severity | None) -> None:
    assert answer(Capacity(20, overflow=10), taken={SLOT: taken}) == [expected]


@pytest.mark.parametrize(
    ("elsewhere", "expected"),
    [(14, Severity.ASK_STAFF), (22, Severity.ASK_STAFF), (23, Severity.WAITING)],
)
def test_over_a_week_a_day_may_exceed_what_the_others_leave(elsewhere: int, expected: Severity) -> None:
    """20 places on 7 days and 10 %: 154 in the week; 21 others that day, so many on each other day."""
    monday = WEDNESDAY - ONE_DAY * WEDNESDAY.weekday()
    taken = {Slot(MATIN, monday + ONE_DAY * rank): elsewhere for rank in range(7)} | {SLOT: 21}
    assert answer(Capacity(20, overflow=10, overflow_per="week"), taken=taken) == [expected]


def test_the_week_is_that_of_the_days_that_open_and_that_the_rule_governs() -> None:
    """Wednesday has two places, the Thursday eight: a strike, a weekday set apart, take theirs away."""
    thursday = Slot(MATIN, WEDNESDAY + ONE_DAY)
    rule = Capacity(2, overflow=10, overflow_per="week")
    openings = frozenset({SLOT, thursday})
    asked = ChildPlan.change(LILA, (), {SLOT}, (), EVER)

    def told(weekdays: set[Weekday], **closures: dict[date, str]) -> Severity | None:
        calendar = Calendar(openings=openings, closures=closures)
        facts = {"places": {thursday: 8}, "taken": {SLOT: 10}}
        asks = Plan((asked,), LONG_BEFORE, calendar, names=NAMES, **facts)  # type: ignore[arg-type]
        dated = DatedRule(rule, ALWAYS, weekdays=frozenset(weekdays))
        return judge(asks, [dated]).severity(LILA.id, SLOT)

    both = {Weekday.WEDNESDAY, Weekday.THURSDAY}
    assert told(both) is Severity.ASK_STAFF  # the eleventh of eleven
    assert told(both, grappaloups={thursday.on: "grève"}) is Severity.WAITING
    assert told({Weekday.WEDNESDAY}) is Severity.WAITING


def test_a_pending_request_holds_a_place_or_not() -> None:
    facts: dict[str, Any] = {"taken": {SLOT: 20}, "pending": {SLOT: 3}}
    assert answer(Capacity(20), **facts) == [Severity.WAITING]
    assert answer(Capacity(20, pending="free"), **facts) == [None]
    assert answer(Capacity(17, pending="free"), **facts) == [Severity.WAITING]


def test_those_who_are_told_apart_tell_what_is_pending() -> None:
    """Three of the group, one of them pending: two places are taken."""
    loups = frozenset({"Les Loups"})
    lila = Child(1, "Lila", BIG, groups=loups)
    crowd = {SLOT: (*others(2, groups=loups), *others(1, groups=loups, is_pending=True))}
    facts: dict[str, Any] = {"crowd": crowd, "taken": {SLOT: 3}, "who": Who(groups=loups)}
    assert answer(Capacity(3, pending="free"), lila, **facts) == [None]
    assert answer(Capacity(2, pending="free"), lila, **facts) == [Severity.WAITING]
    assert answer(Capacity(3), lila, **facts) == [Severity.WAITING]


def test_what_is_full_waits_whatever_staff_must_decide() -> None:
    """One more rule takes no place: a full square that is also late waits."""
    asked = ChildPlan.change(LILA, (), {SLOT}, (), EVER)
    rules = [DatedRule(Capacity(10), ALWAYS), DatedRule(NoticeDays(30, late="ask_staff"), ALWAYS)]
    late = datetime(WEDNESDAY.year, WEDNESDAY.month, WEDNESDAY.day, tzinfo=UTC) - timedelta(days=2)
    verdict = judge(Plan((asked,), late, CALENDAR, taken={SLOT: 10}, names=NAMES), rules)
    assert verdict.accepted and len(verdict.about(LILA.id, SLOT)) == 2
    assert verdict.slots(Severity.WAITING) == {(LILA.id, SLOT)}
    assert verdict.slots(Severity.ASK_STAFF) == frozenset()


some_rules = st.one_of(
    st.builds(
        Capacity, st.integers(0, 3), st.sampled_from(["waiting", "refused", "ask_staff"]), st.integers(0, 100)
    ),
    st.builds(NoticeDays, st.just(30), late=st.sampled_from(["refused", "ask_staff", "surcharge"])),
    st.builds(Minimum, st.integers(2, 4)),
)


@given(st.lists(some_rules, min_size=2, max_size=4), st.integers(0, 4))
def test_one_more_rule_never_gives_a_place(rules: list[Rule], taken: int) -> None:
    asked = ChildPlan.change(LILA, (), {SLOT}, (), EVER)
    late = datetime(WEDNESDAY.year, WEDNESDAY.month, WEDNESDAY.day, tzinfo=UTC) - timedelta(days=2)
    plan = Plan((asked,), late, CALENDAR, taken={SLOT: taken}, names=NAMES)
    dated = [DatedRule(rule, ALWAYS) for rule in rules]
    none = (Severity.REFUSED, Severity.WAITING)
    if judge(plan, dated).severity(LILA.id, SLOT) not in none:
        for rank in range(len(dated)):
            fewer = judge(plan, dated[:rank] + dated[rank + 1 :])
            assert fewer.severity(LILA.id, SLOT) not in none


def test_two_rules_of_places_each_count_to_their_own() -> None:
    rules = [DatedRule(Capacity(10), ALWAYS), DatedRule(Capacity(20, "refused"), ALWAYS)]
    asked = ChildPlan.change(LILA, (), {SLOT}, (), EVER)
    told = [
        judge(Plan((asked,), LONG_BEFORE, CALENDAR, taken={SLOT: taken}), rules).severity(LILA.id, SLOT)
        for taken in (9, 10, 19, 20)
    ]
    assert told == [None, Severity.WAITING, Severity.WAITING, Severity.REFUSED]


def test_places_for_some_count_them_alone_and_are_the_rule_s_own() -> None:
    who = Who(groups=frozenset({"Les Loups"}))
    loups = frozenset({"Les Loups"})
    lila = Child(1, "Lila", BIG, groups=loups)
    crowd = {SLOT: (*others(3, groups=loups), *others(30))}
    facts: dict[str, Any] = {"crowd": crowd, "taken": {SLOT: 33}, "places": {SLOT: 100}, "who": who}
    assert answer(Capacity(4), lila, **facts) == [None]
    assert answer(Capacity(3), lila, **facts) == [Severity.WAITING]
    assert answer(Capacity(3), LILA, **facts) == [None]  # of another group
    assert asks_crowd(DatedRule(Capacity(3), ALWAYS, who=who))
    assert not asks_crowd(DatedRule(Capacity(3), ALWAYS))


@pytest.mark.parametrize(
    ("small", "big", "expected"),
    [
        (8, 11, None),  # 8/8 + 12/12: two adults
        (8, 12, Severity.WAITING),  # 8/8 + 13/12
        (7, 12, None),  # 7/8 + 13/12 = 1.96
        (16, 0, Severity.WAITING),
        (15, 0, None),  # 15/8 + 1/12 = 1.96
    ],
)
def test_each_age_weighs_by_its_own_ratio(small: int, big: int, expected: Severity | None) -> None:
    crowd = {SLOT: (*others(small, SMALL), *others(big, BIG))}
    lila = Child(1, "Lila", BIG)
    rule = StaffRatio(adults=2, under_six=8, six_plus=12)
    assert answer(rule, lila, crowd=crowd) == [expected]


def test_a_child_is_six_on_the_day_and_brothers_count_too() -> None:
    """Sacha is four, a second child weighs on what the first has taken."""
    rule = StaffRatio(adults=1, under_six=1, six_plus=12, when_full="refused")
    assert answer(rule, SACHA) == [None]
    assert answer(rule, LILA, SACHA) == [None, Severity.REFUSED]
    waits = ChildPlan.change(SACHA, [Booked(SLOT, "waiting")], (), (), EVER)
    holds = ChildPlan.change(SACHA, [Booked(SLOT, "confirmed")], (), (), EVER)
    for brother, expected in ((waits, None), (holds, Severity.REFUSED)):
        both = (brother, ChildPlan.change(LILA, (), {SLOT}, (), EVER))
        verdict = judge(Plan(both, LONG_BEFORE, CALENDAR, names=NAMES), [DatedRule(rule, ALWAYS)])
        assert verdict.severity(LILA.id, SLOT) is expected
    turns_six = Child(3, "Noé", date(2018, 9, 11))
    assert answer(rule, turns_six, crowd={SLOT: others(11)}) == [None]
    assert answer(rule, turns_six, crowd={SLOT: others(11)}, slot=Slot(MATIN, date(2024, 9, 10))) == [None]
    assert answer(StaffRatio(1, 1, 12), Child(3, "Noé", date(2018, 9, 12)), crowd={SLOT: others(11)}) == [
        Severity.WAITING
    ]


def test_a_day_with_too_few_children_is_said_and_stops_nothing() -> None:
    assert answer(Minimum(8), taken={SLOT: 6}) == [Severity.WARNING]
    assert answer(Minimum(8), taken={SLOT: 7}) == [None]
    assert answer(Minimum(8), LILA, SACHA, taken={SLOT: 6}) == [None, None]


@pytest.mark.parametrize(
    ("custody", "on", "expected"),
    [
        ("even", date(2024, 9, 4), None),  # week 36
        ("even", date(2024, 9, 11), Severity.REFUSED),  # week 37
        ("odd", date(2024, 9, 11), None),
        ("odd", date(2024, 9, 4), Severity.REFUSED),
        (None, date(2024, 9, 4), None),
        ("odd", date(2024, 12, 30), None),  # week 1 of 2025
    ],
)
def test_a_home_books_its_own_weeks(custody: Any, on: date, expected: Severity | None) -> None:
    lila = Child(1, "Lila", BIG, custody=custody)
    assert answer(CustodyWeeks(), lila, slot=Slot(MATIN, on)) == [expected]


def test_they_read_as_a_parent_would_read_them() -> None:
    said: dict[Rule, str] = {
        Capacity(20, overflow=10, overflow_per="week", pending="free"): "Dans la limite de 20 places ; "
        "jusqu’à 10 % de plus sur la semaine, le service décide ; une demande à l’étude ne tient pas de "
        "place ; au-delà, la demande va en liste d’attente.",
        StaffRatio(
            4, 8, 12
        ): "Il y a 4 animateurs : un pour 8 enfants de moins de 6 ans, un pour 12 à partir de "
        "6 ans ; au-delà, la demande va en liste d’attente.",
        Minimum(8, days=3): "N’a lieu qu’à partir de 8 enfants, décidé 3 jours avant à 24 h.",
        CustodyWeeks(
            "ask_staff"
        ): "Quand un enfant a deux foyers, chacun réserve les semaines où il y est ; les autres, si le "
        "service l’accepte.",
        Capacity(0, "refused"): "Aucune place ; la demande est refusée.",
    }
    for rule, sentence in said.items():
        assert describe(rule, NAMES).replace("\u00a0", " ") == sentence

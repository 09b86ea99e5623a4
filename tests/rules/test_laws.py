"""What holds for every kind of rule, of plans in which every kind speaks (``generated``).

Priorities and registrations say nothing of a plan: their own laws are at the end.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from app.rules.booking import DatedRule, judge
from app.rules.facts import Child, Plan, Slot
from app.rules.kinds.order import LAST_RANK, RegistrationWindow
from app.rules.registering import RegistrationAnswer, rank_of, registering
from app.rules.registry import is_opening, kinds
from app.rules.verdict import RANK, Refusal, Severity, Verdict

from .generated import DAYS, RULES, TOWN, any_rule, children, dated, later, moments, plans

SILENT = {"priority", "registration"}
"""The kinds that say nothing of a plan."""
SPEAKING = sorted(set(RULES) - SILENT)
EAGER = settings(max_examples=20_000, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
some_rules = st.lists(any_rule, min_size=1, max_size=5)


def said(asked: Plan, rule: DatedRule) -> list[Refusal]:
    """What the rule itself says, and not what always holds."""
    return [one for one in judge(asked, [rule]).refusals if one.rule == rule.called]


def hardness(verdict: Verdict) -> dict[tuple[int, Slot], int]:
    """The rank of the hardest thing said of each square: 0 is refused."""
    return {key: RANK[told[0].severity] for key, told in verdict.by_slot().items()}


def is_as_hard(verdict: Verdict, other: Verdict) -> bool:
    """Whether each square meets something at least as hard as in the other."""
    mine = hardness(verdict)
    return all(mine.get(key, len(RANK)) <= rank for key, rank in hardness(other).items())


def test_every_kind_is_generated() -> None:
    assert set(RULES) == set(kinds())


@pytest.mark.parametrize("code", SPEAKING)
def test_every_kind_speaks_of_some_generated_plan(code: str) -> None:
    """And refuses, all but the one that only warns: a law is not true for want of a case."""
    wanted = Severity.WARNING if code == "minimum" else Severity.REFUSED
    asked = st.tuples(plans(), dated(RULES[code]))
    find(asked, lambda one: any(told.severity is wanted for told in said(*one)), settings=EAGER)


@pytest.mark.parametrize("code", sorted(SILENT))
@settings(max_examples=20)
@given(data=st.data())
def test_priorities_and_registrations_say_nothing_of_a_plan(code: str, data: st.DataObject) -> None:
    assert said(data.draw(plans()), data.draw(dated(RULES[code]))) == []


# --- For every kind ------------------------------------------------------------------------------


@given(plans(), some_rules, st.randoms())
def test_the_order_of_the_rules_does_not_matter(asked: Plan, rules: list[DatedRule], random: object) -> None:
    shuffled = list(rules)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert judge(asked, shuffled) == judge(asked, rules)


@given(plans(), some_rules)
def test_a_rule_written_twice_says_the_same_as_once(asked: Plan, rules: list[DatedRule]) -> None:
    assert judge(asked, rules + rules) == judge(asked, rules)


@given(plans(), some_rules)
def test_one_more_rule_softens_nothing(asked: Plan, rules: list[DatedRule]) -> None:
    """Square by square. (A town's `capacity` replaces the default: that is done before judging.)"""
    assert is_as_hard(judge(asked, rules), judge(asked, rules[1:]))


@given(plans(), any_rule, st.integers(0, 40 * 24 * 3600))
def test_a_later_now_never_reopens_what_was_closed(asked: Plan, rule: DatedRule, seconds: int) -> None:
    """For every kind: what is past its limit stays so, and only an opening makes anything softer."""
    after = later(asked, seconds)
    closed = {(one.child_id, slot) for one in said(asked, rule) if one.until for slot in one.slots}
    assert closed <= {(one.child_id, slot) for one in said(after, rule) if one.until for slot in one.slots}
    if not is_opening(rule.rule):
        assert is_as_hard(judge(after, [rule]), judge(asked, [rule]))


@given(plans(), some_rules)
def test_every_refusal_names_a_rule_a_sentence_and_squares_of_its_child(
    asked: Plan, rules: list[DatedRule]
) -> None:
    squares_of = {mine.child.id: mine.slots | mine.dropped for mine in asked.children}
    for one in judge(asked, rules).refusals:
        assert one.rule
        assert one.sentence.endswith((".", "?"))
        assert one.slots
        assert one.slots <= squares_of[one.child_id]


@given(plans(), some_rules)
def test_withdrawing_every_change_is_always_accepted(asked: Plan, rules: list[DatedRule]) -> None:
    nothing = tuple(mine.to(mine.before) for mine in asked.children)
    assert judge(replace(asked, children=nothing), rules).accepted


@pytest.mark.parametrize("code", SPEAKING)
@settings(max_examples=40)
@given(data=st.data())
def test_a_remedy_followed_leaves_less_that_is_wrong(code: str, data: st.DataObject) -> None:
    """The rule holds back fewer squares, and none that it did not; whatever is refused has a remedy.

    Where lateness is tolerated so many times, keeping a day that was itself asked late, or not booking again
    one that was cancelled late, takes one of them from another day: what was refused is mended all the same.
    """
    asked, rule = data.draw(plans()), data.draw(dated(RULES[code]))

    def held(one: Plan) -> set[tuple[int, Slot]]:
        kept = (told for told in said(one, rule) if told.severity is not Severity.WARNING)
        return {(told.child_id, slot) for told in kept for slot in told.slots}

    wrong = held(asked)
    for one in said(asked, rule):
        if one.severity is Severity.REFUSED:
            assert one.remedy is not None, one.sentence
        if one.severity is Severity.WARNING or one.remedy is None:
            continue
        target = next(mine.slots for mine in asked.children if mine.child.id == one.child_id)
        target = target - one.remedy.drop | one.remedy.add
        followed = tuple(
            mine.to(target) if mine.child.id == one.child_id else mine for mine in asked.children
        )
        left = held(replace(asked, children=followed))
        if getattr(rule.rule, "times", None) is not None:
            assert left.isdisjoint((one.child_id, slot) for slot in one.slots), (one, left)
        else:
            assert left < wrong, (one, left)


@given(plans(), some_rules)
def test_a_remedy_adds_nothing_that_another_rule_would_have_withdrawn(
    asked: Plan, rules: list[DatedRule]
) -> None:
    """Followed alone, it leads to no square that a rule then asks to take back."""
    for one in judge(asked, rules).refusals:
        if one.remedy is None:
            continue
        mine = next(mine for mine in asked.children if mine.child.id == one.child_id)
        new = one.remedy.add - mine.dropped
        target = mine.slots - one.remedy.drop | one.remedy.add
        others = tuple(mine.to(target) if mine.child.id == one.child_id else mine for mine in asked.children)
        for left in judge(replace(asked, children=others), rules).refusals:
            if left.severity is Severity.REFUSED and left.child_id == one.child_id and left.remedy:
                assert new.isdisjoint(left.remedy.drop), (one, left)


# --- Priorities and registrations: they refuse nothing in a plan, so their laws are others ----------

places_short = st.lists(dated(RULES["priority"]), max_size=4)
windows = st.lists(dated(RULES["registration"]), max_size=4)
lila = children(1, "Lila")
first_days = st.sampled_from(DAYS)


@given(lila, places_short, dated(RULES["priority"]), first_days)
def test_one_more_priority_never_sends_a_child_back(
    child: Child, rules: list[DatedRule], more: DatedRule, on: date
) -> None:
    rank = rank_of(child, "cantine", on, rules)
    assert rank_of(child, "cantine", on, rules[::-1]) == rank
    assert rank_of(child, "cantine", on, [*rules, more]) <= rank <= LAST_RANK


@given(lila, windows, dated(RULES["registration"]), first_days, moments)
def test_one_more_window_never_closes_one_that_is_open(
    child: Child, rules: list[DatedRule], more: DatedRule, on: date, now: datetime
) -> None:
    """Windows add up, unlike the rules of a plan: so one more may open, and only where none is told may it
    close. A rule without dates changes no answer, and never brings the first day nearer.
    """

    def answer(given: list[DatedRule]) -> RegistrationAnswer:
        return registering(child, "cantine", on, now, TOWN, given)

    before, after = answer(rules), answer([*rules, more])
    assert answer(rules[::-1]) == before
    window = more.rule
    assert isinstance(window, RegistrationWindow)
    if not window.is_dated:
        assert after.refusals == before.refusals and after.first_day >= before.first_day
    elif any(one.rule.is_dated and concerns(one, child, on) for one in rules) and not before.refusals:  # type: ignore[attr-defined]
        assert after.refusals == ()


@given(dated(RULES["registration"]), lila, first_days, moments, st.integers(0, 10**7))
def test_a_window_that_has_closed_stays_closed(
    rule: DatedRule, child: Child, on: date, now: datetime, seconds: int
) -> None:
    window = rule.rule
    assert isinstance(window, RegistrationWindow)
    if window.closes is not None and now >= window.closes:
        then = now + timedelta(seconds=seconds)
        early, late = (registering(child, "cantine", on, moment, TOWN, [rule]) for moment in (now, then))
        assert early.refusals == late.refusals
        assert bool(late.refusals) is concerns(rule, child, on)


def concerns(rule: DatedRule, child: Child, on: date) -> bool:
    return rule.concerns_activity("cantine", on) and rule.concerns(child.on(on))

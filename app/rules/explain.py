"""What every rule answers to a plan, and why: some refuse, some pass, some do not govern it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.rules.booking import DatedRule, describe_dated, judge
from app.rules.facts import Names, Plan, Slot
from app.rules.registry import is_limiting
from app.rules.verdict import Refusal
from app.rules.words import french

State = Literal["said", "passes", "other_squares", "other_children"]
STATES = {
    "said": "Répond",
    "passes": "Ne s’y oppose pas",
    "other_squares": "Vaut pour d’autres jours ou d’autres unités",
    "other_children": "Vaut pour d’autres enfants",
}


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """One rule before one plan: its sentence, what it says, and its limits square by square."""

    code: str
    sentence: str
    article: str | None
    state: State
    refusals: tuple[Refusal, ...] = ()
    limits: tuple[tuple[Slot, datetime], ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every rule of the town, and what holds always (closed, past, not registered)."""

    rules: tuple[RuleAnswer, ...]
    always: tuple[Refusal, ...]


def explain(plan: Plan, rules: Iterable[DatedRule], names: Names) -> Explanation:
    """The answer of each rule to the plan of one child, in the order of the rules. Pure, as ``judge`` is."""
    rules = tuple(rules)
    (mine,) = plan.children
    found = judge(plan, rules).refusals
    shared = Counter(one.called for one in rules)
    asked = mine.added | mine.dropped
    answers = []
    for one in rules:
        named = tuple(refusal for refusal in found if refusal.rule == one.called)
        if shared[one.called] > 1:  # its versions share a name, not a day
            named = tuple(refusal for refusal in named if any(map(one.covers, refusal.slots)))
        said = named
        covered = [slot for slot in sorted(asked) if one.covers(slot)]
        governs = [slot for slot in covered if one.concerns(mine.child.on(slot.on))]
        state: State = "passes"
        if (covered and not governs) or not one.may_concern(mine.child):
            state = "other_children"
        elif said:
            state = "said"
        elif not governs:
            state = "other_squares"
        limits = _limits(one, governs, plan) if state in ("said", "passes") else ()
        sentence = french(describe_dated(one, names))
        answers.append(RuleAnswer(one.called, sentence, one.article, state, said, limits))
    always = tuple(refusal for refusal in found if refusal.rule not in shared)
    return Explanation(tuple(answers), always)


def _limits(dated: DatedRule, slots: Iterable[Slot], plan: Plan) -> tuple[tuple[Slot, datetime], ...]:
    """When it became, or becomes, too late for what is asked."""
    if not is_limiting(dated.rule):
        return ()
    (mine,) = plan.children
    found = []
    for slot in slots:
        limit = dated.rule.limit(slot, "booking" if slot in mine.added else "cancelling", plan.calendar)
        if limit is not None:
            found.append((slot, limit))
    return tuple(found)

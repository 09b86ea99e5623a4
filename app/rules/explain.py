"""What every rule answers to a plan, and why: some refuse, some pass, some do not govern it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.rules.booking import DatedRule, describe_dated, judge
from app.rules.facts import Names, Plan, Slot
from app.rules.registry import is_limiting
from app.rules.verdict import Refusal
from app.rules.words import french

State = Literal["said", "passes", "untold", "other_squares", "other_children"]
STATES = {
    "said": "Répond",
    "passes": "Ne s’y oppose pas",
    "untold": "Il faudrait en savoir plus sur l’enfant",
    "other_squares": "Vaut pour d’autres jours ou d’autres unités",
    "other_children": "Vaut pour d’autres enfants",
}
FACTS = {"residence": "residence", "schools": "school", "levels": "level", "groups": "groups"}
"""What a criterion of ``Who`` tells of a child."""


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """One rule before one plan: its sentence, what it says, and its limits square by square.

    ``facts`` and ``traits`` are what its answer tells of the child: whoever may not read them may not read
    the answer either.
    """

    code: str
    sentence: str
    article: str | None
    state: State
    refusals: tuple[Refusal, ...] = ()
    limits: tuple[tuple[Slot, datetime], ...] = ()
    facts: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every rule of the town, and what holds always (closed, past, not registered)."""

    rules: tuple[RuleAnswer, ...]
    always: tuple[Refusal, ...]


def explain(
    plan: Plan, rules: Iterable[DatedRule], names: Names, about: Collection[Slot] | None = None
) -> Explanation:
    """The answer of each rule to the plan of one child, in the order of the rules. Pure, as ``judge`` is.

    ``about`` some of the squares: the rules that cover one that is asked for, or refuse one, and those alone.
    """
    rules = tuple(rules)
    (mine,) = plan.children
    found = judge(plan, rules).refusals
    shared = Counter(one.called for one in rules)
    asked = mine.added | mine.dropped
    if about is not None:
        asked &= frozenset(about)
    answers = []
    for one in rules:
        named = tuple(refusal for refusal in found if refusal.rule == one.called)
        if shared[one.called] > 1:  # its versions share a name, not a day
            named = tuple(refusal for refusal in named if any(map(one.covers, refusal.slots)))
        said = named
        covered = [slot for slot in sorted(asked) if one.covers(slot)]
        is_said = about is None or any(not refusal.slots.isdisjoint(about) for refusal in named)
        if not covered and not is_said:
            continue
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
        facts, traits = _told_by(one)
        answers.append(RuleAnswer(one.called, sentence, one.article, state, said, limits, facts, traits))
    always = tuple(refusal for refusal in found if refusal.rule not in shared)
    return Explanation(tuple(answers), always)


def _told_by(dated: DatedRule) -> tuple[frozenset[str], frozenset[str]]:
    """What the answer of a rule tells of the child: facts by their names, answers and papers by codes."""
    facts = {fact for one in dated.whom for name, fact in FACTS.items() if getattr(one, name)}
    return dated.looks_at | facts, dated.traits | dated.papers


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

"""Judge a plan by dated rules: everything at once.

Besides the town's rules, three always hold: the square is open, the child is registered, the day is not
past. Linear in squares times rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.rules import kinds as _kinds  # noqa: F401  registers them: whoever judges may build
from app.rules.calendar import ONE_DAY, Calendar, Weekday, local_day
from app.rules.facts import Action, Child, ChildPlan, Names, Plan, Slot, holds
from app.rules.kinds.limits import ABLE, undo
from app.rules.registry import NO_NAMES, Rule, describe, is_limiting, is_opening, kind_of
from app.rules.verdict import Refusal, Severity, Verdict, as_it_was, withdraw
from app.rules.who import Who
from app.rules.words import (
    NBSP,
    by_name,
    day_words,
    joined,
    limit_words,
    sentence,
    weekday_words,
)

CLOSED, PAST, UNREGISTERED, AGES = "closed", "past", "registration", "ages"
"""Codes of the rules that always hold; they have no article. ``AGES`` is met when one registers."""
FOR_EVER = date(2000, 1, 1)
"""The first day of a rule that has none."""
STEPS = 4
"""How many squares one after the other a remedy may lead to: one unit needs another, which needs a third."""


@dataclass(frozen=True, slots=True)
class DatedRule:
    """A rule from a day (included) to a day (excluded, None: no end), with its article of the règlement.

    It governs the squares whose own day is in that window: what is asked in August for September follows
    September's rule. `applies_to` holds codes of units and of activities, None for everything; `weekdays`
    None for all of them. `who` it is for, None for every child; `unless` whom it spares.
    """

    rule: Rule
    from_on: date
    until_on: date | None = None
    article: str | None = None
    applies_to: frozenset[str] | None = None
    weekdays: frozenset[Weekday] | None = None
    who: Who | None = None
    unless: Who | None = None
    code: str = ""
    version_of: str = ""

    @property
    def called(self) -> str:
        """What a verdict calls it: the code that its versions share, or its kind's where it has none."""
        return self.version_of or self.code or kind_of(self.rule).code

    def concerns(self, child: Child) -> bool:
        """Whether it holds for that child, as told on one day."""
        is_spared = self.unless is not None and self.unless.matches(child)
        return not is_spared and (self.who is None or self.who.matches(child))

    def may_concern(self, child: Child) -> bool:
        """Whether it holds for that child on some day."""
        return any(map(self.concerns, child.told))

    def concerns_activity(self, activity: str, on: date) -> bool:
        """Whether it governs that activity, or one of its units, on that day."""
        codes = {code.partition(".")[0] for code in self.applies_to or ()}
        return holds((self.from_on, self.until_on), on) and (not codes or activity in codes)

    @property
    def whom(self) -> tuple[Who, ...]:
        """What it tells children by: whom it is for, whom it spares."""
        return tuple(one for one in (self.who, self.unless) if one is not None)

    @property
    def traits(self) -> frozenset[str]:
        """The answers and papers by which it tells children apart."""
        return frozenset(code for one in self.whom for code in one.traits)

    @property
    def papers(self) -> frozenset[str]:
        """The documents that it asks for."""
        return frozenset(getattr(self.rule, "documents", ()))

    @property
    def looks_at(self) -> frozenset[str]:
        """The facts of the child that its kind looks at itself."""
        return frozenset(getattr(self.rule, "looks_at", ()))

    @property
    def is_for_some(self) -> bool:
        """Whether it tells children apart."""
        return self.who is not None or self.unless is not None

    def seen(self, plan: Plan) -> Plan:
        """The part of a plan that it judges."""
        if not self.is_for_some:
            return plan
        return plan.among(self.concerns) if counts_others(self) else plan.only(self.concerns)

    def covers(self, slot: Slot) -> bool:
        return (
            holds((self.from_on, self.until_on), slot.on)
            and (self.applies_to is None or slot.unit in self.applies_to or slot.activity in self.applies_to)
            and (self.weekdays is None or slot.on.weekday() in self.weekdays)
        )


def looks_around(dated: DatedRule) -> bool:
    """Whether a rule looks further than the weeks of the squares that change: at their month, their period.

    Whoever makes the plan then gives every square of their school year.
    """
    return bool(getattr(dated.rule, "looks_around", False))


@dataclass(frozen=True, slots=True)
class Otherwise(DatedRule):
    """A rule that holds where none of these governs the square."""

    others: tuple[DatedRule, ...] = ()

    def covers(self, slot: Slot) -> bool:
        return DatedRule.covers(self, slot) and not any(one.covers(slot) for one in self.others)


def counts_others(dated: DatedRule) -> bool:
    """Whether a rule counts the other children of a square."""
    return bool(getattr(dated.rule, "counts_others", False))


def asks_crowd(dated: DatedRule) -> bool:
    """Whether whoever makes the plan must say who the other children are, and not only how many."""
    return counts_others(dated) and (dated.is_for_some or bool(getattr(dated.rule, "asks_crowd", False)))


def judge(plan: Plan, rules: Iterable[DatedRule]) -> Verdict:
    """Everything that is wrong with a plan, each with its remedy, whatever the order of the rules."""
    rules = tuple(rules)
    return _judged(plan, rules, rules, STEPS)


def _judged(plan: Plan, by: Iterable[DatedRule], rules: tuple[DatedRule, ...], steps: int) -> Verdict:
    """What some of the rules say of a plan; remedies are looked into by all of them, so many steps ahead."""
    found = [
        refusal.by(dated.called, dated.article)
        for dated in by
        for refusal in dated.rule.refusals(dated.seen(plan), dated.covers)
    ]
    refused = [one for one in found if one.until is not None and one.severity is Severity.REFUSED]
    late = {
        (one.child_id, slot) for one in refused for slot in one.slots
    }  # each tells its limit: enough said
    found += [one for one in _past(plan) if not all((one.child_id, slot) in late for slot in one.slots)]
    found += [*_closed(plan), *_unregistered(plan)]
    return Verdict.of(_possible(found, plan, rules, steps))


def bookable_until(slot: Slot, rules: Iterable[DatedRule], calendar: Calendar) -> datetime | None:
    """The first UTC instant at which it is too late to book the square, by the strictest firm rule; None
    when none limits it. `rules` are those that concern the child.

    `judge` refuses a past day even so.
    """
    return _strictest(slot, "booking", rules, calendar)


def cancellable_until(slot: Slot, rules: Iterable[DatedRule], calendar: Calendar) -> datetime | None:
    """The same for cancelling."""
    return _strictest(slot, "cancelling", rules, calendar)


def bookable_from(slot: Slot, rules: Iterable[DatedRule], calendar: Calendar) -> datetime | None:
    """The UTC instant before which it is too soon to book the square, by the latest opening; None: none."""
    moments = (
        dated.rule.opening(slot, calendar) for dated in rules if is_opening(dated.rule) and dated.covers(slot)
    )
    return max((moment for moment in moments if moment is not None), default=None)


def until_words(limit: datetime, action: Action = "booking") -> str:
    """ "réservable jusqu’au dimanche 25 août 2024 à 24 h", as a square says it while it still can."""
    return f"{ABLE[action]} jusqu’au {limit_words(limit)}"


def describe_dated(dated: DatedRule, names: Names = NO_NAMES, at_large: str = "") -> str:
    """The rule as the printed règlement says it: what it applies to, the sentence, whom it is for and whom
    it spares, the article; its dates as what they are, those of the days booked. `names` are those of units,
    activities, classes, groups, traits; `at_large` is the subject of a rule that names none.
    """
    scope = [names.get(code, code) for code in by_name(dated.applies_to or (), names)]
    days = [f"le {weekday_words(weekday)}" for weekday in sorted(dated.weekdays or ())]
    dates = _bounds(dated) if dated.until_on is not None else ""
    subject = ", ".join(part for part in (joined(scope) or at_large, joined(days), dates) if part)
    told = describe(dated.rule, names)
    text = f"{sentence(subject)}{NBSP}: {told[:1].lower()}{told[1:]}" if subject else told
    if dated.who is not None:
        text += f" Pour {dated.who.words(names)}."
    if dated.unless is not None:
        text += f" Sauf pour {dated.unless.words(names)}."
    if dated.article:
        text += f" {sentence(dated.article)}."
    if dated.until_on is None and dated.from_on > FOR_EVER:
        text += f" {sentence(_bounds(dated))}."
    return text


def _bounds(dated: DatedRule) -> str:
    """ "pour les jours du lundi 5 au vendredi 9": they bound the days booked, not the request."""
    if dated.until_on is None:
        return f"pour les jours à partir du {day_words(dated.from_on)}"
    last = day_words(dated.until_on - ONE_DAY)
    if dated.from_on <= FOR_EVER:
        return f"pour les jours jusqu’au {last}"
    return f"pour les jours du {day_words(dated.from_on)} au {last}"


def _strictest(slot: Slot, action: Action, rules: Iterable[DatedRule], calendar: Calendar) -> datetime | None:
    limits = (
        dated.rule.limit(slot, action, calendar)
        for dated in rules
        if is_limiting(dated.rule) and dated.rule.is_firm and dated.covers(slot)
    )
    return min((limit for limit in limits if limit is not None), default=None)


def _past(plan: Plan) -> Iterator[Refusal]:
    today = local_day(plan.now)
    actions: tuple[Action, ...] = ("booking", "cancelling")
    for action in actions:
        for mine, slot in plan.changed(action, lambda slot: slot.on < today):
            text = f"{sentence(plan.named(slot.unit))} du {day_words(slot.on)}{NBSP}: ce jour est passé."
            yield Refusal(mine.child.id, frozenset({slot}), text, rule=PAST, remedy=undo(slot, action))


def _closed(plan: Plan) -> Iterator[Refusal]:
    for mine, slot in plan.changed("booking", lambda slot: not plan.calendar.is_open(slot.unit, slot.on)):
        reason = plan.calendar.closure(slot.unit, slot.on)
        text = f"{sentence(plan.named(slot.unit))} du {day_words(slot.on)}{NBSP}: fermé ce jour-là"
        text += f" ({reason})." if reason else "."
        yield Refusal(mine.child.id, frozenset({slot}), text, rule=CLOSED, remedy=undo(slot, "booking"))


def _unregistered(plan: Plan) -> Iterator[Refusal]:
    for mine in plan.children:
        outside: dict[str, set[Slot]] = defaultdict(set)
        for slot in mine.added:
            if not _is_registered(mine, slot):
                outside[slot.activity].add(slot)
        for activity, slots in outside.items():
            days = joined(day_words(on) for on in sorted({slot.on for slot in slots}))
            who = f"il faut d’abord y inscrire {mine.child.name}, pour le {days}"
            text = f"{sentence(plan.named(activity))}{NBSP}: {who}."
            yield Refusal(mine.child.id, frozenset(slots), text, rule=UNREGISTERED, remedy=withdraw(slots))


def _possible(
    found: Collection[Refusal], plan: Plan, rules: tuple[DatedRule, ...], steps: int
) -> Iterator[Refusal]:
    """The refusals with remedies that can be done: one that adds a square that is closed, late, not open yet,
    refused by another rule or of an activity without a registration undoes the change instead.
    """
    children = {mine.child.id: mine for mine in plan.children}
    adding = [one for one in found if _new(one, children[one.child_id])]
    able = [one for one in adding if _can_add(one, children[one.child_id], plan, rules)]
    if _turned_down(able, plan, rules, steps):  # all at once first: mostly, nothing is
        able = [one for one in able if not _turned_down([one], plan, rules, steps)]
    undone = set(adding) - set(able)
    for one in found:
        mine, remedy = children[one.child_id], one.remedy
        if remedy is None or one not in undone:
            yield one
            continue
        asked, kept = one.slots & mine.added, remedy.add & mine.dropped
        yield replace(one, remedy=as_it_was(asked, kept) if asked or kept else None)


def _new(refusal: Refusal, mine: ChildPlan) -> frozenset[Slot]:
    """The squares that the remedy adds: those that the change drops are merely kept."""
    return refusal.remedy.add - mine.dropped if refusal.remedy else frozenset()


def _can_add(refusal: Refusal, mine: ChildPlan, plan: Plan, rules: tuple[DatedRule, ...]) -> bool:
    return all(
        _is_registered(mine, slot)
        and _addable(slot, plan, tuple(one for one in rules if one.concerns(mine.child.on(slot.on))))
        for slot in _new(refusal, mine)
    )


def _turned_down(refusals: Collection[Refusal], plan: Plan, rules: tuple[DatedRule, ...], steps: int) -> bool:
    """Whether, once these remedies are followed, a rule would have a square that they add withdrawn. One that
    asks for another square besides is a step further, not back.
    """
    if not refusals or not steps:
        return False
    children = {mine.child.id: mine for mine in plan.children}
    targets = {child_id: mine.slots for child_id, mine in children.items()}
    added: dict[int, frozenset[Slot]] = dict.fromkeys(children, frozenset())
    for one in refusals:
        added[one.child_id] |= _new(one, children[one.child_id])
        if one.remedy is not None:
            targets[one.child_id] = targets[one.child_id] - one.remedy.drop | one.remedy.add
    followed = replace(plan, children=tuple(mine.to(targets[mine.child.id]) for mine in plan.children))
    squares = frozenset().union(*added.values())
    by = [dated for dated in rules if any(map(dated.covers, squares))]
    for one in _judged(followed, by, rules, steps - 1).refusals:
        back = one.remedy.drop if one.remedy is not None else one.slots
        if one.severity is Severity.REFUSED and not added[one.child_id].isdisjoint(back):
            return True
    return False


def _addable(slot: Slot, plan: Plan, rules: tuple[DatedRule, ...]) -> bool:
    opens, limit = bookable_from(slot, rules, plan.calendar), bookable_until(slot, rules, plan.calendar)
    return (
        plan.calendar.is_open(slot.unit, slot.on)
        and slot.on >= local_day(plan.now)
        and (opens is None or opens <= plan.now)
        and (limit is None or plan.now < limit)
    )


def _is_registered(mine: ChildPlan, slot: Slot) -> bool:
    return any(holds(window, slot.on) for window in mine.registrations.get(slot.activity, ()))

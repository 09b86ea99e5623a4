"""Before any square: whom a waiting list takes first, and what asking to register meets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from app.rules.booking import DatedRule
from app.rules.calendar import Calendar, local_day
from app.rules.facts import Child
from app.rules.kinds.order import LAST_RANK, Priority, RegistrationWindow
from app.rules.verdict import Severity


def rank_of(child: Child, activity: str, on: date, rules: Iterable[DatedRule]) -> int:
    """Where the child stands when places are short, by the best of its priorities: 1 comes before 2."""
    ranks = (
        dated.rule.rank
        for dated in rules
        if isinstance(dated.rule, Priority)
        and dated.concerns_activity(activity, on)
        and dated.concerns(child.on(on))
    )
    return min(ranks, default=LAST_RANK)


@dataclass(frozen=True, slots=True)
class RegistrationAnswer:
    """What asking to register meets: each rule that says no, how hard, its sentence; the first day."""

    refusals: tuple[tuple[str, Severity, str], ...]
    first_day: date

    def by(self, severity: Severity) -> frozenset[str]:
        """The rules that say so."""
        return frozenset(code for code, how, _ in self.refusals if how is severity)


def registering(
    child: Child, activity: str, on: date, now: datetime, calendar: Calendar, rules: Iterable[DatedRule]
) -> RegistrationAnswer:
    """What the rules say of registering a child for an activity; `on` is the first day that is wanted.

    Where several windows are given for the same child, one that is open is enough: what those that are not
    say, their ``starts`` among it, then counts for nothing. A rule without dates is no window: it says from
    when a registration counts, whatever is open. Of several beginnings, the latest holds.
    """
    mine = [
        (dated.called, dated.rule)
        for dated in rules
        if isinstance(dated.rule, RegistrationWindow)
        and dated.concerns_activity(activity, on)
        and dated.concerns(child.on(on))
    ]
    said = [(code, rule, rule.verdict(now)) for code, rule in mine if rule.is_dated]
    is_open = any(verdict is None for _, _, verdict in said)
    refusals = () if is_open else {(code, *verdict) for code, _, verdict in said if verdict is not None}
    counts = [rule for _, rule in mine if not rule.is_dated]
    counts += [rule for _, rule, verdict in said if verdict is None or not is_open]
    first_day = max([local_day(now), *(rule.first_day(now, calendar) for rule in counts)])
    return RegistrationAnswer(tuple(sorted(refusals)), first_day)

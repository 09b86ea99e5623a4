"""Open days in a row: whole weeks, days one after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from app.rules.facts import ChildPlan, Covers, Plan, Slot
from app.rules.kinds.counting import open_days, parts, refused, span_words
from app.rules.kinds.together import severity_of
from app.rules.registry import kind, param
from app.rules.verdict import Refusal, as_it_was
from app.rules.words import NBSP, day_words, joined, sentence


@kind("full_week", title="Semaine entière", says="La semaine se réserve entière.", example={})
@dataclass(frozen=True, slots=True)
class FullWeek:
    """Refuse a week of which some open days are left out. Days are those on which a covered unit is open."""

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        for part in parts(plan, covers, "week"):
            open_on = open_days(plan, covers, {slot.activity for slot in part.stands}, part.span)
            missing = open_on - {slot.on for slot in part.stands}
            if not part.stands or not missing:
                continue
            was = bool(part.before) and bool(open_on - {slot.on for slot in part.before})
            days = joined(day_words(on) for on in sorted(missing))
            text = (
                f"{sentence(span_words(part.span, 'week'))} se réserve entière{NBSP}: "
                f"il manque le {days} pour {part.mine.child.name}."
            )
            yield refused(plan, part, text, was)


@kind("consecutive", title="Jours de suite", says="Au moins {days} jours de suite.", example={"days": 2})
@dataclass(frozen=True, slots=True)
class Consecutive:
    """Refuse days that stand alone: each belongs to a run of so many open days in a row."""

    days: int = param("Jours de suite", unit="jours", minimum=2, maximum=31)

    @property
    def looks_around(self) -> bool:
        """A run goes over the end of a week."""
        return True

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        for mine in plan.children:
            activities = {slot.activity for slot in mine.slots if covers(slot)}
            for activity in sorted(activities):
                yield from self._of(plan, mine, activity, covers)

    def _of(self, plan: Plan, mine: ChildPlan, activity: str, covers: Covers) -> Iterator[Refusal]:
        lonely = short_runs(plan, covers, activity, mine.slots, self.days)
        if not lonely:
            return
        was = short_runs(plan, covers, activity, mine.before, self.days)
        mine_here = [slot for slot in mine.slots | mine.dropped if slot.activity == activity and covers(slot)]
        squares = frozenset(slot for slot in mine_here if slot in mine.slots and slot.on in lonely)
        caused = bool(lonely - was)
        days = joined(day_words(on) for on in sorted(lonely))
        text = (
            f"{sentence(plan.named(activity))}{NBSP}: il faut au moins {self.days} jours de suite, "
            f"ce qui n’est pas le cas du {days}."
        )
        remedy = as_it_was(mine.added.intersection(mine_here), mine.dropped.intersection(mine_here))
        yield Refusal(mine.child.id, squares, text, severity_of(caused), remedy=remedy if caused else None)


def short_runs(
    plan: Plan, covers: Covers, activity: str, slots: Collection[Slot], least: int
) -> frozenset[date]:
    """The days of these squares whose run is too short: open days in a row, over closed ones and the end of a
    week. A day that a closing came upon is in its run still.
    """
    stands = {slot.on for slot in slots if slot.activity == activity and covers(slot)}
    short: set[date] = set()
    run: list[date] = []
    for on in [*sorted(open_days(plan, covers, {activity}) | stands), date.max]:
        if on in stands:
            run.append(on)
            continue
        if len(run) < least:
            short.update(run)
        run = []
    return frozenset(short)

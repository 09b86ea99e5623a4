"""How many days, units or hours in a week, a month or a period: bounds, packs, cancellations.

A child with nothing in a period owes it nothing. What was wrong before and that the change leaves alone is
said and stops nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Literal

from app.rules.calendar import Span
from app.rules.facts import ChildPlan, Covers, Plan, Slot
from app.rules.kinds.limits import AFTER, EFFECTS, LATE, OUTCOMES, SEVERITIES, Late
from app.rules.kinds.together import severity_of
from app.rules.periods import PER, PER_SHORT, Per, span_of
from app.rules.registry import BadParameter, kind, param
from app.rules.verdict import Refusal, Severity, as_it_was
from app.rules.words import NBSP, counted, day_words, joined, month_words, number_words, sentence

What = Literal["days", "units", "hours"]
WHAT = {"days": "jours", "units": "réservations", "hours": "heures"}
ONE_OF = {"days": ("jour", "jours"), "units": ("réservation", "réservations"), "hours": ("heure", "heures")}


@dataclass(frozen=True, slots=True)
class Part:
    """One child's covered squares of one period: those that would stand, those asked, those given up."""

    mine: ChildPlan
    span: Span
    stands: frozenset[Slot]
    added: frozenset[Slot]
    dropped: frozenset[Slot]

    @property
    def before(self) -> frozenset[Slot]:
        """What stood before the change."""
        return self.stands - self.added | self.dropped

    @property
    def is_changed(self) -> bool:
        return bool(self.added or self.dropped)


def parts(plan: Plan, covers: Covers, per: Per) -> Iterator[Part]:
    """Every period in which a child has, asks or gives up a covered square, in order."""
    for mine in plan.children:
        spans: dict[Span, set[Slot]] = defaultdict(set)
        for slot in mine.slots | mine.dropped:
            if covers(slot):
                spans[span_of(slot.on, per, plan.calendar)].add(slot)
        for span in sorted(spans):
            squares = frozenset(spans[span])
            yield Part(mine, span, squares & mine.slots, squares & mine.added, squares & mine.dropped)


def span_words(span: Span, per: Per) -> str:
    """ "la semaine du lundi 9 septembre 2024", "septembre 2024", "la période du lundi 4 novembre 2024"."""
    if per == "week":
        return f"la semaine du {day_words(span.from_on)}"
    if per == "month":
        return month_words(span.from_on)
    if per == "school_year":
        return f"l’année {span.label}"
    return f"la période du {day_words(span.from_on)}"


def open_days(plan: Plan, covers: Covers, activities: Collection[str], span: Span | None = None) -> set[date]:
    """The days (of a span) on which a covered unit of these activities is open and not closed."""
    return {
        slot.on
        for slot in plan.calendar.openings
        if slot.activity in activities
        and (span is None or slot.on in span)
        and covers(slot)
        and plan.calendar.closure(slot.unit, slot.on) is None
    }


def refused(plan: Plan, part: Part, text: str, broken_before: bool) -> Refusal:
    """The refusal of a whole part; its remedy undoes what the change did there."""
    caused = part.is_changed and not (broken_before and not part.added)
    remedy = as_it_was(part.added, part.dropped) if caused else None
    squares = part.added or part.stands
    return Refusal(part.mine.child.id, squares, text, severity_of(caused), remedy=remedy)


@kind(
    "count",
    title="Nombre de jours, de réservations ou d’heures",
    says="{bounds} {each}{reduced}{otherwise}.",
    example={"minimum": 3, "less_by_holiday": True},
)
@dataclass(frozen=True, slots=True)
class Count:
    """Refuse too few or too many days, units or hours in a week, a month or a period."""

    minimum: int | None = param(
        "Au moins",
        minimum=1,
        maximum=1000,
        default=None,
        help="En jours, d’une semaine qui en ouvre moins : tous.",
    )
    maximum: int | None = param("Au plus", minimum=0, maximum=1000, default=None)
    allowed: frozenset[int] | None = param(
        "Ou seulement ces nombres", default=None, minimum=0, help="Des forfaits : 2, 3 ou 5 jours."
    )
    what: What = param("Comptés en", labels=WHAT, default="days")
    per: Per = param("Dans", labels=PER, default="week")
    less_by_holiday: bool = param(
        "Un de moins par jour férié",
        default=False,
        help="Le minimum et les nombres permis baissent d’autant ; le maximum ne change pas.",
    )
    late: Late = param("Sinon", labels=LATE, default="refused")

    def problems(self) -> Iterator[BadParameter]:
        if self.minimum is None and self.maximum is None and self.allowed is None:
            yield BadParameter(
                "minimum", "Donnez « minimum », « maximum », ou les nombres permis (« allowed »)."
            )
        elif self.allowed is not None and (self.minimum is not None or self.maximum is not None):
            yield BadParameter("allowed", "Donnez les nombres permis, ou des bornes : pas les deux.")
        elif self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            yield BadParameter(
                "maximum", f"{self.maximum} est plus petit que le minimum, {self.minimum} : échangez-les."
            )
        elif self.less_by_holiday and self.minimum is None and self.allowed is None:
            yield BadParameter(
                "less_by_holiday", "Un maximum ne baisse pas : donnez un minimum, ou retirez cette ligne."
            )

    @property
    def looks_around(self) -> bool:
        """A week is whole on any page; a month is not."""
        return self.per != "week"

    @property
    def bounds(self) -> str:
        one, many = ONE_OF[self.what]
        if self.allowed is not None:
            return f"{joined(map(number_words, sorted(self.allowed)), 'ou')} {many}"
        if self.maximum is None:
            return f"Au moins {counted(self.minimum or 0, one, many)}"
        if self.minimum is None:
            return f"Au plus {counted(self.maximum, one, many)}"
        return f"De {self.minimum} à {counted(self.maximum, one, many)}"

    @property
    def each(self) -> str:
        return PER_SHORT[self.per]

    @property
    def reduced(self) -> str:
        return ", un de moins par jour férié" if self.less_by_holiday else ""

    @property
    def otherwise(self) -> str:
        return AFTER[self.late].replace("ensuite", "sinon")

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        for part in parts(plan, covers, self.per):
            less = self._holidays(plan, part.span) if self.less_by_holiday else 0
            number = self._number(part.stands, plan)
            if not part.stands or self._fits(number, less):
                continue
            less = max(less, self._beyond(plan, covers, part))
            if self._fits(number, less):
                continue
            before = self._number(part.before, plan)
            was_broken = bool(part.before) and not self._fits(before, less)
            text = (
                f"{sentence(span_words(part.span, self.per))}{NBSP}: {part.mine.child.name} aurait "
                f"{self._told(number)}, il en faut {self._wanted(less)}."
            )
            found = refused(plan, part, text, was_broken and self._is_no_worse(number, before, less))
            if found.severity is Severity.REFUSED and self.late != "refused":
                found = replace(
                    found,
                    sentence=f"{text} {sentence(OUTCOMES[self.late])}.",
                    severity=SEVERITIES[self.late],
                    effect=EFFECTS.get(self.late, ""),
                )
            yield found

    def _number(self, slots: frozenset[Slot], plan: Plan) -> Fraction:
        """How many there are; hours are counted to the minute."""
        if self.what == "days":
            return Fraction(len({slot.on for slot in slots}))
        if self.what == "units":
            return Fraction(len(slots))
        return Fraction(sum(plan.minutes.get(slot.unit, 0) for slot in slots), 60)

    def _told(self, number: Fraction) -> str:
        """ "2 jours", "10 heures", "10 heures et 50 minutes"."""
        one, many = ONE_OF[self.what]
        whole, minutes = divmod(int(number * 60), 60)
        told = counted(whole, one, many)
        return f"{told} et {counted(minutes, 'minute', 'minutes')}" if minutes else told

    def _least(self, less: int) -> int:
        return max(1, (self.minimum or 0) - less)

    def _packs(self, less: int) -> frozenset[int]:
        """The numbers allowed, and those that holidays make of them."""
        allowed = self.allowed or frozenset()
        return allowed | {one - gone for one in allowed for gone in range(less + 1) if one > gone}

    def _fits(self, number: Fraction, less: int) -> bool:
        if self.allowed is not None:
            return number in self._packs(less)
        if self.minimum is not None and number < self._least(less):
            return False
        return self.maximum is None or number <= self.maximum

    def _is_no_worse(self, number: Fraction, before: Fraction, less: int) -> bool:
        """Whether an old break was not made worse: closer to the bounds, or as far."""
        return self._distance(number, less) <= self._distance(before, less)

    def _distance(self, number: Fraction, less: int) -> Fraction:
        if self.allowed is not None:
            return min(abs(number - one) for one in self._packs(less))
        low = self._least(less) if self.minimum is not None else 0
        high = self.maximum if self.maximum is not None else number
        return max(low - number, number - high, Fraction(0))

    def _wanted(self, less: int) -> str:
        if self.allowed is not None:
            return joined(map(number_words, sorted(self._packs(less))), "ou")
        low = str(self._least(less))
        if self.maximum is None:
            return f"{low} au moins"
        return f"{self.maximum} au plus" if self.minimum is None else f"de {low} à {self.maximum}"

    def _beyond(self, plan: Plan, covers: Covers, part: Part) -> int:
        """By how many days the least that is wanted goes past the days that the week opens."""
        if self.per != "week" or self.what != "days":
            return 0
        least = min(self.allowed) if self.allowed else self.minimum or 0
        return least - len(open_days(plan, covers, {slot.activity for slot in part.stands}, part.span))

    def _holidays(self, plan: Plan, span: Span) -> int:
        """Public holidays on days of the work week: the others take no day away."""
        calendar = plan.calendar
        return sum(on in span and on.weekday() in calendar.work_week for on in calendar.public_holidays)


@kind(
    "cancellations",
    title="Nombre d’annulations",
    says="Au plus {most} {each}.",
    example={"maximum": 2, "per": "period"},
)
@dataclass(frozen=True, slots=True)
class Cancellations:
    """Refuse more cancellations than so many days in a period, those made before included.

    What is booked again is cancelled no more, and whoever leaves a waiting list cancels nothing.
    """

    maximum: int = param("Au plus", minimum=0, maximum=366, unit="jours")
    per: Per = param("Dans", labels=PER, default="period")

    @property
    def most(self) -> str:
        return counted(self.maximum, "jour annulé", "jours annulés")

    @property
    def each(self) -> str:
        return PER_SHORT[self.per]

    @property
    def looks_around(self) -> bool:
        """It counts what was cancelled before this change."""
        return True

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        for part in parts(plan, covers, self.per):
            dropped = part.dropped - part.mine.waiting
            if not dropped:
                continue
            before = part.mine.cancelled_at.keys() - part.mine.added
            days = {slot.on for slot in before if covers(slot) and slot.on in part.span}
            days |= {slot.on for slot in dropped}
            if len(days) <= self.maximum:
                continue
            text = (
                f"{sentence(span_words(part.span, self.per))}{NBSP}: {self.most} au plus, "
                f"et {part.mine.child.name} en aurait {len(days)}."
            )
            yield Refusal(part.mine.child.id, dropped, text, remedy=as_it_was((), dropped))

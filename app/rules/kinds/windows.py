"""When bookings open and close: fixed dates, a week each month, so many days ahead; sooner for whole weeks.

« Residents first » is two rows of the same window, told apart by whom they are for (``app.rules.who``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from app.rules.calendar import (
    END_OF_DAY,
    ONE_DAY,
    START_OF_DAY,
    Calendar,
    Hour,
    Span,
    Weekday,
    add_months,
    instant,
)
from app.rules.facts import Action, ChildPlan, Covers, Plan, Slot
from app.rules.kinds.counting import open_days, span_words
from app.rules.kinds.limits import ABLE, EFFECTS, OUTCOMES, SEVERITIES, Between, Notice
from app.rules.kinds.notice import months_words
from app.rules.kinds.runs import short_runs
from app.rules.periods import monday_of, span_of
from app.rules.registry import BadParameter, Opening, kind, param
from app.rules.verdict import Refusal, as_it_was, withdraw
from app.rules.words import (
    NBSP,
    counted,
    day_words,
    hour_words,
    limit_words,
    moment_words,
    sentence,
    weekday_words,
)

Sooner = Literal["nobody", "full_week", "run"]
Before = Literal["day", "week", "month", "period", "school_year"]
BEFORE = {
    "day": "le jour réservé",
    "week": "sa semaine",
    "month": "son mois",
    "period": "sa période (des vacances, ou entre deux vacances)",
    "school_year": "son année scolaire",
}
BEGINNING = {
    "day": "jour même",
    "week": "lundi de la semaine",
    "month": "1er du mois",
    "period": "début de la période",
    "school_year": "début de l’année scolaire",
}
SOONER = {"nobody": "personne", "full_week": "les semaines entières", "run": "des jours de suite"}


def too_soon(plan: Plan, mine: ChildPlan, slot: Slot, opens: datetime) -> Refusal:
    """Refused until it opens."""
    text = (
        f"{sentence(plan.named(slot.unit))} du {day_words(slot.on)}{NBSP}: trop tôt, "
        f"réservable à partir du {moment_words(opens)}."
    )
    return Refusal(mine.child.id, frozenset({slot}), text, remedy=withdraw([slot]))


def before_opening(rule: Opening, plan: Plan, covers: Covers) -> Iterator[Refusal]:
    """What is asked before its square opens."""
    for mine, slot in plan.changed("booking", covers):
        opens = rule.opening(slot, plan.calendar)
        if opens is not None and plan.now < opens:
            yield too_soon(plan, mine, slot, opens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopening(Notice):
    """A window that, once closed, opens again one day of the week before, for urgent requests.

    ``limit`` is then the end of that day: until it comes nothing is past, it is only not open.
    """

    again: Weekday | None = param(
        "Rouvre",
        default=None,
        help="Ce jour de la semaine d’avant, tout le jour, pour réserver ce qui ne pouvait plus l’être.",
    )

    @property
    def anew(self) -> str:
        """The end of the sentence: when it opens again."""
        return "" if self.again is None else f", puis le {weekday_words(self.again)} de la semaine d’avant"

    def problems(self) -> Iterator[BadParameter]:
        yield from Notice.problems(self)
        if self.again is not None and self.times is not None:
            yield BadParameter(
                "again", "Un retard se tolère, ou attend ce jour : retirez « times » ou « again »."
            )

    def shuts(self, slot: Slot, action: Action, calendar: Calendar) -> datetime | None:
        """When the window itself closes; None: it does not."""
        raise NotImplementedError

    def limit(self, slot: Slot, action: Action, calendar: Calendar) -> datetime | None:
        shuts, again = self.shuts(slot, action, calendar), self._again_on(slot)
        if shuts is None or again is None or action == "cancelling":
            return shuts
        return max(shuts, instant(again, END_OF_DAY))

    def shut(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        """What is asked between the closing and the day on which it opens again."""
        for mine, slot in plan.changed("booking", covers):
            shuts, again = self.shuts(slot, "booking", plan.calendar), self._again_on(slot)
            if shuts is None or again is None or not shuts <= plan.now < instant(again):
                continue
            text = (
                f"{sentence(plan.named(slot.unit))} du {day_words(slot.on)}{NBSP}: c’était {ABLE['booking']} "
                f"jusqu’au {limit_words(shuts)}, et le sera de nouveau le {day_words(again)}."
            )
            if self.late != "refused":
                text += f" D’ici là, {OUTCOMES[self.late]}."
            yield Refusal(
                mine.child.id,
                frozenset({slot}),
                text,
                SEVERITIES[self.late],
                remedy=withdraw([slot]),
                effect=EFFECTS.get(self.late, ""),
            )

    def _again_on(self, slot: Slot) -> date | None:
        return None if self.again is None else monday_of(slot.on) + ONE_DAY * (self.again - 7)


@kind(
    "window",
    title="Dates d’ouverture et de fermeture",
    says="{able} {when}{then}.",
    example={"opens_on": "2026-08-24", "opens_at": "07:00", "closes_on": "2026-12-06"},
)
@dataclass(frozen=True, slots=True)
class Window(Between, Reopening):
    """Refuse what is asked before a date and hour, or after another, of the squares that it governs."""

    opens_on: date | None = param("Ouvre le", default=None)
    opens_at: Hour = param("À", default=START_OF_DAY)
    closes_on: date | None = param("Ferme le", default=None, help="Ce jour compris.")
    closes_at: Hour = param("À", default=END_OF_DAY)
    sooner_for: Sooner = param(
        "N’attendent pas l’ouverture",
        labels=SOONER,
        default="nobody",
        help="Les semaines entières d’abord : une ouverture pour elles, une autre ensuite.",
    )
    days_in_a_row: int = param("Jours de suite", unit="jours", minimum=2, maximum=31, default=2)

    def problems(self) -> Iterator[BadParameter]:
        yield from Reopening.problems(self)
        if self.opens_on is None and self.closes_on is None:
            yield BadParameter("opens_on", "Donnez le jour d’ouverture, celui de fermeture, ou les deux.")
        yield from self.upside_down()
        if self.opens_on is not None and self.gate == "cancelling":
            yield BadParameter("opens_on", "L’ouverture ne vaut que pour réserver : changez « gate ».")
        if self.again is not None and (self.closes_on is None or self.gate == "cancelling"):
            yield BadParameter("again", "Ne rouvre que ce qui se ferme pour réserver : donnez « closes_on ».")

    @property
    def when(self) -> str:
        told = self.dates
        if self.sooner_for == "full_week":
            told.append("plus tôt pour les semaines entières")
        if self.sooner_for == "run":
            told.append(f"plus tôt pour {self.days_in_a_row}{NBSP}jours de suite")
        shift = "" if self.closes_on is None else self.shift
        return ", ".join(told) + shift + self.anew

    def shuts(self, slot: Slot, action: Action, calendar: Calendar) -> datetime | None:
        if self.closes_on is None or self.gate not in (action, "both"):
            return None
        closes = instant(self._shifted(slot, self.closes_on, calendar), self.closes_at)
        return min(closes, instant(slot.on, END_OF_DAY))

    @property
    def looks_around(self) -> bool:
        """A run goes over the end of a week; what it tolerates is counted over a period."""
        return self.times is not None or self.sooner_for == "run"

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        yield from Notice.refusals(self, plan, covers)
        yield from self.shut(plan, covers)
        if self.opens is None or plan.now >= self.opens:
            return
        for mine in plan.children:
            waits = self._waiting(plan, mine.slots, covers)
            for slot in sorted(mine.added & waits, key=lambda slot: (slot.on, slot.unit)):
                yield too_soon(plan, mine, slot, self.opens)
            if self.sooner_for != "nobody" and mine.dropped:
                yield from self._broken(plan, mine, waits, covers, self.opens)

    def opening(self, slot: Slot, calendar: Calendar) -> datetime | None:
        """When everybody's squares open; None where some do not wait."""
        return self.opens if self.sooner_for == "nobody" else None

    def _waiting(self, plan: Plan, slots: frozenset[Slot], covers: Covers) -> frozenset[Slot]:
        """Those of the covered squares that wait for the opening, if these stand."""
        groups: dict[tuple[str, Span | None], set[Slot]] = defaultdict(set)
        for slot in filter(covers, slots):
            groups[slot.activity, self._whole(slot, plan)].add(slot)
        waits: set[Slot] = set()
        for (activity, span), group in groups.items():
            if self.sooner_for == "run":
                short = short_runs(plan, covers, activity, group, self.days_in_a_row)
                waits.update(slot for slot in group if slot.on in short)
            elif span is None or not open_days(plan, covers, {activity}, span) <= {one.on for one in group}:
                waits |= group
        return frozenset(waits)

    def _whole(self, slot: Slot, plan: Plan) -> Span | None:
        """The week that must be whole, where weeks are what goes first."""
        return span_of(slot.on, "week", plan.calendar) if self.sooner_for == "full_week" else None

    def _broken(
        self, plan: Plan, mine: ChildPlan, waits: frozenset[Slot], covers: Covers, opens: datetime
    ) -> Iterator[Refusal]:
        """What went first and of which a part is given up: the rest would have waited."""
        left = mine.before & waits - self._waiting(plan, mine.before, covers)
        spoiled = {(slot.activity, self._whole(slot, plan)) for slot in left}
        until = f"avant le {moment_words(opens)}"
        for activity, span in sorted(spoiled, key=lambda one: (one[0], one[1] or Span(date.min, date.min))):
            gone = frozenset(
                slot
                for slot in mine.dropped
                if covers(slot) and (slot.activity, self._whole(slot, plan)) == (activity, span)
            )
            if span is not None:
                told = f"{span_words(span, 'week')} ne se réserve qu’entière. Annulez-la entière"
            else:
                days = counted(self.days_in_a_row, "jour de suite", "jours de suite")
                told = f"il faut {days}. Annulez-les tous"
            text = f"{sentence(plan.named(activity))}{NBSP}: {until}, {told}, ou attendez ce jour."
            yield Refusal(mine.child.id, gone, text, remedy=as_it_was((), gone))


@kind(
    "opens_before",
    title="Ouverture des jours à l’avance",
    says="Réservable {ahead}.",
    example={"days": 30, "hour": "08:00"},
)
@dataclass(frozen=True, slots=True)
class OpensBefore:
    """Refuse what is asked more than so many days ahead of the day, or of the beginning of what holds it."""

    days: int = param("Nombre de jours avant", unit="jours", minimum=0, maximum=730)
    hour: Hour = param("À partir de", default=START_OF_DAY)
    before: Before = param(
        "Avant",
        labels=BEFORE,
        default="day",
        help="Une période : « les vacances se réservent six semaines avant » est 42 jours avant elle.",
    )

    @property
    def ahead(self) -> str:
        at = "" if self.hour == START_OF_DAY else f", à {hour_words(self.hour)}"
        if self.days == 0:
            return f"à partir du {BEGINNING[self.before]}{at}"
        what = "" if self.before == "day" else f" le {BEGINNING[self.before]}"
        return f"au plus tôt {counted(self.days, 'jour', 'jours')} avant{what}{at}"

    def opening(self, slot: Slot, calendar: Calendar) -> datetime:
        on = slot.on if self.before == "day" else span_of(slot.on, self.before, calendar).from_on
        return instant(on - ONE_DAY * self.days, self.hour)

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        yield from before_opening(self, plan, covers)


Week = Literal["first", "last"]
WEEKS = {"first": "la première semaine complète", "last": "la dernière semaine complète"}


@kind(
    "window_monthly",
    title="Une semaine chaque mois",
    says="{able} {when}{then}.",
    example={"week": "last", "again": "vendredi", "gate": "booking"},
)
@dataclass(frozen=True, slots=True)
class WindowMonthly(Reopening):
    """Refuse what is asked before or after a week of an earlier month, from its Monday to a day of it.

    The first, or the last, whose days from Monday to the closing are all of that month.
    """

    week: Week = param("La semaine", labels=WEEKS)
    months_before: int = param(
        "Nombre de mois avant", minimum=1, maximum=12, default=1, help="1 : le mois d’avant."
    )
    opens_at: Hour = param("Ouvre le lundi à", default=START_OF_DAY)
    closes: Weekday = param(
        "Ferme le", default=Weekday.FRIDAY, help="La semaine est complète jusqu’à ce jour."
    )
    closes_at: Hour = param("À", default=END_OF_DAY)

    def problems(self) -> Iterator[BadParameter]:
        yield from Reopening.problems(self)
        if self.gate == "cancelling":
            yield BadParameter("gate", "L’ouverture ne vaut que pour réserver : changez « gate ».")
        if self.closes is Weekday.MONDAY and self.closes_at <= self.opens_at:
            yield BadParameter("closes_at", "La fermeture vient avant l’ouverture : échangez-les.")

    @property
    def when(self) -> str:
        opens = "" if self.opens_at == START_OF_DAY else f" à {hour_words(self.opens_at)}"
        days = f"du lundi{opens} au {weekday_words(self.closes)} à {hour_words(self.closes_at)}"
        return f"{WEEKS[self.week]} {months_words(self.months_before)}, {days}{self.shift}{self.anew}"

    def monday(self, slot: Slot) -> date:
        """The Monday of the week in which the square is asked."""
        first = add_months(slot.on, -self.months_before, day=1)
        if self.week == "first":
            return monday_of(first + ONE_DAY * 6)
        return monday_of(add_months(first, 1) - ONE_DAY * (1 + self.closes))

    def day(self, slot: Slot, calendar: Calendar) -> tuple[date, Hour]:
        return self.monday(slot) + ONE_DAY * self.closes, self.closes_at

    def shuts(self, slot: Slot, action: Action, calendar: Calendar) -> datetime | None:
        return Notice.limit(self, slot, action, calendar)

    def opening(self, slot: Slot, calendar: Calendar) -> datetime:
        return instant(self.monday(slot), self.opens_at)

    def refusals(self, plan: Plan, covers: Covers) -> Iterator[Refusal]:
        yield from Notice.refusals(self, plan, covers)
        yield from self.shut(plan, covers)
        yield from before_opening(self, plan, covers)

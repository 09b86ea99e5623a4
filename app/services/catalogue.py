"""The town's catalogue, rules and tariffs, kept in memory while their version holds.

They change a few times a year and every page needs them: a process reads them once (eight
statements), then asks for their version (one). The rows are detached and only ever read.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from holidays import country_holidays
from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from app.access.database import db
from app.access.versions import Remembered
from app.entities.calendar import PeriodKind
from app.models import Activity, Bracket, ClosingDay, DocumentType, Period, Rule, Setting, Tariff, Unit
from app.rules import kinds, who  # noqa: F401  (the kinds register themselves)
from app.rules.booking import FOR_EVER, DatedRule, Otherwise
from app.rules.calendar import ONE_DAY, Span, Weekday, days_open
from app.rules.kinds.places import Capacity
from app.rules.money import Bracket as PriceBracket
from app.rules.money import Grid
from app.rules.registry import build
from app.rules.values import Misread, read_weekday
from app.services import clock
from app.services.settings import Town, town_of

SETTING, DOCUMENT = "setting", "document"
SCHOOL_WEEK = frozenset({Weekday.MONDAY, Weekday.TUESDAY, Weekday.THURSDAY, Weekday.FRIDAY})
AROUND = 2
"""How many years of public holidays are known before and after those of the town."""
USUAL = "capacity"
"""Code of the rule that holds where a town says nothing of places."""


class BrokenRule(Exception):
    """A rule in the database can't be read any more: run ``flask rulebook check``."""


@dataclass(frozen=True)
class DatedGrid:
    """A grid from a day (included) to a day (excluded, None: no end)."""

    from_on: date
    until_on: date | None
    grid: Grid


@dataclass(frozen=True)
class Catalogue:
    """What the town offers, by which rules, at which prices. ``units`` are in the order of display."""

    units: tuple[Unit, ...]
    readable_rules: tuple[DatedRule, ...]
    broken_rules: tuple[str, ...]
    periods: tuple[Period, ...]
    closings: tuple[ClosingDay, ...]
    unit_grids: Mapping[int, tuple[DatedGrid, ...]]
    activity_grids: Mapping[int, tuple[DatedGrid, ...]]
    town: Town
    documents: Mapping[str, str]
    """What the documents that the town asks for are called in a sentence, by their codes."""

    @property
    def rules(self) -> tuple[DatedRule, ...]:
        """The rules to judge by. Raises BrokenRule when one can't be read: nothing is judged by halves."""
        if self.broken_rules:
            raise BrokenRule(" ".join(self.broken_rules))
        return self.readable_rules

    @cached_property
    def by_code(self) -> dict[str, Unit]:
        """The units by the code that rules use: "mercredi.matin"."""
        return {code_of(unit): unit for unit in self.units}

    @cached_property
    def by_id(self) -> dict[int, Unit]:
        """The units by their number."""
        return {unit.id: unit for unit in self.units}

    @cached_property
    def activities(self) -> dict[int, Activity]:
        """The activities that have a unit, by their number."""
        return {unit.activity_id: unit.activity for unit in self.units}

    @cached_property
    def holidays(self) -> tuple[Span, ...]:
        """Every school holidays that the town knows."""
        return tuple(
            Span(one.starts_on, one.ends_on + ONE_DAY, one.name)
            for one in self.periods
            if one.period_kind is PeriodKind.HOLIDAYS
        )

    @cached_property
    def public_holidays(self) -> frozenset[date]:
        """Those of France, from the year before the first that the town knows to the one after its last."""
        years = {day.year for one in self.periods for day in (one.starts_on, one.ends_on)}
        years |= {clock.today().year}
        return frozenset(country_holidays("FR", years=range(min(years) - AROUND, max(years) + AROUND + 1)))

    @cached_property
    def school_days(self) -> frozenset[date]:
        """The days of school that the town knows."""
        terms = [
            Span(one.starts_on, one.ends_on + ONE_DAY)
            for one in self.periods
            if one.period_kind is PeriodKind.TERM
        ]
        return frozenset(on for one in terms for on in days_open(one, SCHOOL_WEEK, self.public_holidays))

    def units_of(self, activity_ids: Iterable[int]) -> dict[str, Unit]:
        """The units of some activities, by code, in the order of display."""
        wanted = set(activity_ids)
        return {code: unit for code, unit in self.by_code.items() if unit.activity_id in wanted}


def with_usual(rules: Iterable[DatedRule]) -> tuple[DatedRule, ...]:
    """A town's rules, and what holds in every one: beyond the places of an opening one waits.

    A rule of places for every child replaces that, whole, for the squares that it governs: by it alone, a
    town may be less strict (``pending: free``). A rule of places for some children is added to it.
    """
    rules = tuple(rules)
    told = tuple(one for one in rules if isinstance(one.rule, Capacity) and not one.is_for_some)
    return (Otherwise(Capacity(), FOR_EVER, code=USUAL, others=told), *rules)


def code_of(unit: Unit) -> str:
    """The code that rules use: "mercredi.matin". The activity must be loaded."""
    return f"{unit.activity.code}.{unit.code}"


_lock = threading.Lock()


def _read_apart() -> Catalogue:
    """In a session of its own, on the same transaction: its rows are nobody else's."""
    connection = db.session.connection()
    with _lock, Session(bind=connection, join_transaction_mode="create_savepoint") as own:
        found = _read(own)
        own.expunge_all()
        return found


catalogue = Remembered("le catalogue de la ville est public", _read_apart)
"""The catalogue in force. One statement, nine after a change.

Inside a transaction that has just changed it, what that transaction sees.
"""


def _read(session: Session) -> Catalogue:
    units = session.scalars(
        select(Unit)
        .join(Unit.activity)
        .options(contains_eager(Unit.activity).joinedload(Activity.facility))
        .order_by(Activity.position, Activity.name, Unit.position, Unit.id)
    ).all()
    rules: list[DatedRule] = []
    broken = []
    for rule in session.scalars(select(Rule).options(joinedload(Rule.activity), joinedload(Rule.article))):
        try:
            rules.append(dated(rule))
        except BrokenRule as error:
            broken.append(str(error))
    unit_grids: dict[int, list[DatedGrid]] = defaultdict(list)
    activity_grids: dict[int, list[DatedGrid]] = defaultdict(list)
    tariffs = session.scalars(
        select(Tariff).options(selectinload(Tariff.brackets)).order_by(Tariff.from_on.desc(), Tariff.id)
    )
    for row in tariffs:
        grid = DatedGrid(row.from_on, row.until_on, Grid(tuple(map(_bracket, row.brackets))))
        if row.unit_id is None:
            activity_grids[row.activity_id].append(grid)
        else:
            unit_grids[row.unit_id].append(grid)
    words: dict[str, dict[str, str]] = {SETTING: {}, DOCUMENT: {}}
    called = func.coalesce(DocumentType.phrase, DocumentType.name)
    for sort, code, told in session.execute(
        union_all(
            select(literal(SETTING), Setting.key, Setting.value),
            select(literal(DOCUMENT), DocumentType.code, called),
        )
    ):
        words[sort][code] = told
    return Catalogue(
        units=tuple(units),
        readable_rules=with_usual(rules),
        broken_rules=tuple(broken),
        periods=tuple(session.scalars(select(Period).order_by(Period.starts_on))),
        closings=tuple(session.scalars(select(ClosingDay).order_by(ClosingDay.closed_on))),
        unit_grids={key: tuple(value) for key, value in unit_grids.items()},
        activity_grids={key: tuple(value) for key, value in activity_grids.items()},
        town=town_of(words[SETTING]),
        documents=words[DOCUMENT],
    )


def _bracket(row: Bracket) -> PriceBracket:
    return PriceBracket(row.from_quotient, row.until_quotient, row.price)


def dated(row: Rule) -> DatedRule:
    """A row as a rule. Raises BrokenRule when its parameters no longer fit its kind."""
    built = build(row.rule_kind, row.parameters)
    if built.rule is None:
        raise BrokenRule(f"{row.code} : {built.errors[0].message}")
    try:
        spoken = {name: who.read(value) for name in ("who", "unless") if (value := getattr(row, name))}
        weekdays = frozenset(map(read_weekday, row.weekdays)) if row.weekdays else None
    except Misread as error:
        raise BrokenRule(f"{row.code} : {error}") from None
    applies_to: frozenset[str] | None = None
    if row.units:
        applies_to = frozenset(row.units)
    elif row.activity is not None:
        applies_to = frozenset({row.activity.code})
    return DatedRule(
        rule=built.rule,
        from_on=row.from_on or FOR_EVER,
        until_on=row.until_on,
        article=f"article {row.article.number}" if row.article else None,
        applies_to=applies_to,
        weekdays=weekdays,
        code=row.code,
        version_of=row.version_of or "",
        **spoken,
    )

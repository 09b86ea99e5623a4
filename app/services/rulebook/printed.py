"""The règlement as a parent reads it: each activity, when it opens, its rules, its papers, its prices.

Every sentence is made here from the rows, by the words of the screens: what is printed is what is applied.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.calendar import PeriodKind
from app.entities.health import Level
from app.entities.paperwork import Validity
from app.models import (
    Activity,
    Article,
    Bracket,
    CareGroup,
    ClosingDay,
    DocumentType,
    Facility,
    Opening,
    Period,
    Question,
    Rule,
    School,
    SchoolYear,
    Setting,
    Tariff,
    Unit,
)
from app.rules.ages import age_words
from app.rules.booking import DatedRule, describe_dated
from app.rules.calendar import ONE_DAY, Hour
from app.rules.who import SCHOOL
from app.rules.words import (
    NBSP,
    counted,
    day_words,
    french,
    hour_words,
    joined,
    money_words,
    number_words,
    sentence,
)
from app.services.catalogue import dated
from app.services.rulebook import patterns
from app.services.rulebook.calendar import Stretch, closing_runs, openings_of
from app.services.rulebook.compiled import Rows, rows_now, rows_of
from app.services.rulebook.draft import Draft
from app.services.rulings import called
from app.services.settings import Town, town_of

WHEN = {"term": "En période scolaire", "holidays": "Pendant les vacances", "": ""}
HOW_LONG = {
    Validity.SCHOOL_YEAR: "chaque année scolaire",
    Validity.PERMANENT: "une fois pour toutes",
}
EVERY_ACTIVITY = "toutes les activités"
Days = Mapping[int, Mapping[date, int | None]]
"""Unit's number -> open day -> places of that day."""


@dataclass(frozen=True)
class PrintedTariff:
    """A grid: its name, when it holds, its lines (« de 400 à 600 € », « 1,46 € »)."""

    name: str
    when: str
    is_invented: bool
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PrintedActivity:
    """One activity in sentences; no name where its facility's says it already."""

    name: str
    description: str
    facts: tuple[str, ...]
    units: tuple[tuple[str, str], ...]
    rules: tuple[str, ...]
    tariffs: tuple[PrintedTariff, ...]


@dataclass(frozen=True)
class PrintedArticle:
    """An article: « 4.1 », its title, its text."""

    number: str
    title: str
    text: str


@dataclass(frozen=True)
class PrintedFacility:
    """A facility, its activities, the articles that are its own."""

    name: str
    contact: str
    activities: tuple[PrintedActivity, ...]
    articles: tuple[PrintedArticle, ...]


@dataclass(frozen=True)
class PrintedYear:
    """A school year: its periods, its closing days."""

    name: str
    periods: tuple[tuple[str, str], ...]
    closings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Printed:
    """The whole of it."""

    town: Town
    articles: tuple[PrintedArticle, ...]
    rules: tuple[str, ...]
    facilities: tuple[PrintedFacility, ...]
    papers: tuple[tuple[str, tuple[str, ...]], ...]
    years: tuple[PrintedYear, ...]


def printed(draft: Draft, today: date) -> Printed:
    """From a file without a problem. No query."""
    rows = rows_of(draft)
    numbers = {f"{one.activity.code}.{one.code}": one.id for one in rows[Unit]}
    days: dict[int, dict[date, int | None]] = defaultdict(dict)
    for (code, on), places in openings_of(draft).items():
        if on >= today:
            days[numbers[code]][on] = places
    return _printed(rows, days, today)


def printed_now(today: date) -> Printed:
    """From the town's rows. A statement an entity."""
    with unscoped("le règlement de la ville est public"):
        days: dict[int, dict[date, int | None]] = defaultdict(dict)
        for unit_id, on, places in db.session.execute(
            select(Opening.unit_id, Opening.open_on, Opening.places).where(Opening.open_on >= today)
        ):
            days[unit_id][on] = places
        return _printed(rows_now(), days, today)


def _printed(rows: Rows, days: Days, today: date) -> Printed:
    names = names_of(rows)
    rows = rows | {Tariff: [one for one in rows[Tariff] if one.until_on is None or one.until_on > today]}
    rules = [_read(row) for row in rows[Rule] if row.until_on is None or row.until_on > today]
    stretches = [
        Stretch(one.name, one.period_kind, max(one.starts_on, today), one.ends_on)
        for one in rows[Period]
        if one.ends_on >= today
    ]
    return Printed(
        town=town_of({one.key: one.value for one in rows[Setting]}),
        articles=tuple(_article(one) for one in rows[Article] if one.facility is None),
        rules=tuple(
            french(describe_dated(one, names, at_large=EVERY_ACTIVITY))
            for row, one in rules
            if row.activity is None and not row.units
        ),
        facilities=tuple(_facility(one, rows, rules, days, stretches) for one in rows[Facility]),
        papers=tuple(_papers(rows[DocumentType], {one.code: one.label for one in rows[Question]})),
        years=tuple(_year(one, rows) for one in rows[SchoolYear] if one.ends_on >= today),
    )


def _article(row: Article) -> PrintedArticle:
    return PrintedArticle(row.number, french(row.title), french(row.text or ""))


def _read(row: Rule) -> tuple[Rule, DatedRule]:
    return row, dated(row)


def names_of(rows: Rows, activity: Activity | None = None) -> dict[str, str]:
    """What codes are called: units and activities by their phrases, papers, classes, groups, questions.

    In a rule of an activity, the units of the others say whose they are.
    """
    found: dict[str, str] = {one.value: one.label for one in Level}
    found |= {SCHOOL + one.code: f"«{NBSP}{one.name}{NBSP}»" for one in rows[School]}
    found |= {one.name: f"«{NBSP}{one.name}{NBSP}»" for one in rows[CareGroup]}
    found |= {one.code: f"une réponse « oui » à «{NBSP}{one.label}{NBSP}»" for one in rows[Question]}
    found |= {one.code: called(one) for one in (*rows[DocumentType], *rows[Activity])}
    for one in rows[Unit]:
        is_elsewhere = activity is not None and one.activity is not activity
        of = f" ({one.activity.name})" if is_elsewhere else ""
        found[f"{one.activity.code}.{one.code}"] = called(one) + of
    return found


def _facility(
    facility: Facility,
    rows: Rows,
    rules: Iterable[tuple[Rule, DatedRule]],
    days: Days,
    stretches: list[Stretch],
) -> PrintedFacility:
    activities = [one for one in rows[Activity] if one.facility is facility]
    contact = " · ".join(part for part in (facility.address, facility.phone, facility.email) if part)
    told = [_activity(one, rows, rules, days, stretches) for one in activities]
    if len(told) == 1 and told[0].name.casefold() == facility.name.casefold():
        told = [replace(told[0], name="")]
    return PrintedFacility(
        facility.name,
        contact.replace("\n", ", "),
        tuple(told),
        tuple(_article(one) for one in rows[Article] if one.facility is facility),
    )


def _activity(
    activity: Activity,
    rows: Rows,
    rules: Iterable[tuple[Rule, DatedRule]],
    days: Days,
    stretches: list[Stretch],
) -> PrintedActivity:
    units = [one for one in rows[Unit] if one.activity is activity]
    names = names_of(rows, activity)
    own = [
        one
        for row, one in rules
        if row.activity is activity
        or any(code.partition(".")[0] == activity.code for code in row.units or ())
    ]
    return PrintedActivity(
        activity.name,
        activity.description or "",
        tuple(map(french, _facts(activity, units, days, stretches))),
        tuple((one.name, _hours(one)) for one in units),
        tuple(french(describe_dated(one, names)) for one in own),
        tuple(
            _tariff(one, [line for line in rows[Bracket] if line.tariff is one])
            for one in rows[Tariff]
            if one.activity is activity
        ),
    )


def _facts(activity: Activity, units: list[Unit], days: Days, stretches: list[Stretch]) -> Iterator[str]:
    low, high = activity.min_age_months, activity.max_age_months
    if low is not None or high is not None:
        bounds = [f"à partir de {age_words(low)}"] if low else []
        bounds += [f"jusqu’à la veille des {age_words(high + 1)}"] if high is not None else []
        yield f"Pour les enfants {', '.join(bounds)}."
    yield (
        "L’inscription est acceptée dès que le dossier est complet."
        if activity.accepts_alone
        else "Le service décide de chaque inscription."
    )
    if not activity.is_bookable:
        yield "Une fois inscrit, il n’y a rien à réserver."
        return
    if not activity.confirms_alone:
        yield "Le service confirme chaque réservation."
    if activity.absence_is_billed:
        yield "Une absence qui n’est pas excusée est facturée."
    opened = {one.code: days.get(one.id, {}) for one in units}
    by_code = {one.code: one.name.lower() for one in units}
    found = patterns.opens(opened, stretches)
    for line in found:
        told = _open_words(line, by_code)
        also = "dates" in line and "dates" not in found[0]
        yield f"Aussi {told[:1].lower()}{told[1:]}" if also else told


def _open_words(line: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """ "En période scolaire : lundi et mardi (soir), jusqu’au 31 juillet, 60 places." """
    if "dates" in line:
        told = sentence(joined(f"le {day_words(date.fromisoformat(on))}" for on in line["dates"]))
    else:
        told = f"{WHEN[line['periods']]} : {joined(line['days'])}"
    if "units" in line:
        told += f" ({joined(names[code] for code in line['units'])})"
    if "from" in line:
        told += f", à partir du {day_words(date.fromisoformat(line['from']))}"
    if "until" in line:
        told += f", jusqu’au {day_words(date.fromisoformat(line['until']) - ONE_DAY)}"
    if "places" in line:
        told += f", {counted(line['places'], 'place', 'places')}"
    return f"{told}."


def _hours(unit: Unit) -> str:
    told = []
    if unit.starts_at and unit.ends_at:
        first, last = (Hour(one.hour * 60 + one.minute) for one in (unit.starts_at, unit.ends_at))
        told.append(f"de {hour_words(first)} à {hour_words(last)}")
    if unit.places is not None:
        told.append(counted(unit.places, "place", "places"))
    return ", ".join(told)


def _tariff(tariff: Tariff, brackets: list[Bracket]) -> PrintedTariff:
    lines = []
    for one in brackets:
        low, high = one.from_quotient, one.until_quotient
        if high is not None:
            told = f"moins de {_quotient(high)}"
            told = f"de {_quotient(low)} à {told}" if low is not None else told
        else:
            told = "pour toutes les familles" if low is None else f"{_quotient(low)} et plus"
        lines.append((told, money_words(one.price)))
    when = f"À partir du {day_words(tariff.from_on)}"
    if tariff.until_on is not None:
        when = f"Du {day_words(tariff.from_on)} au {day_words(tariff.until_on - ONE_DAY)}"
    if len(lines) > 1:
        when += ", selon le quotient familial"
    return PrintedTariff(tariff.name, f"{when}.", tariff.is_invented, tuple(lines))


def _quotient(value: Decimal) -> str:
    return f"{number_words(value)}{NBSP}€"


def _papers(
    types: Iterable[DocumentType], questions: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """By whom they are about: each with what it is for, how long it holds, whether it blocks."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in types:
        where = one.activity or one.facility
        told = [one.name + (f", pour {where.name}" if where else "")]
        if one.asked_if:
            question = questions.get(one.asked_if, one.asked_if)
            told.append(f"si l’on répond «{NBSP}oui{NBSP}» à «{NBSP}{question}{NBSP}»")
        told.append(HOW_LONG.get(one.validity) or f"valable {one.validity_months}{NBSP}mois")
        told.append("obligatoire pour s’inscrire" if one.is_mandatory else "non obligatoire")
        found[one.subject.label].append(f"{' ; '.join(told)}.")
    for label, lines in found.items():
        yield label, tuple(map(french, lines))


def _year(year: SchoolYear, rows: Rows) -> PrintedYear:
    periods = [
        (one.name, _range(one.starts_on, one.ends_on))
        for one in sorted(rows[Period], key=lambda one: one.starts_on)
        if one.school_year is year and one.period_kind is PeriodKind.HOLIDAYS
    ]
    closed = closing_runs(one for one in rows[ClosingDay] if year.starts_on <= one.closed_on <= year.ends_on)
    return PrintedYear(
        year.code,
        tuple(periods),
        tuple(
            (
                sentence(run[0].reason) + (f" ({run[0].facility.name})" if run[0].facility else ""),
                _range(run[0].closed_on, run[-1].closed_on),
            )
            for run in closed
        ),
    )


def _range(first: date, last: date) -> str:
    return f"le {day_words(first)}" if first == last else f"du {day_words(first)} au {day_words(last)}"

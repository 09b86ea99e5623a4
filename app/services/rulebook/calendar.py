"""A town's time from its file: periods, days without service, and the days each unit opens.

Holidays are those of the zone (``vacances-scolaires-france``), public holidays those of France
(``holidays``), unless the file gives its own periods.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays as public_holidays
from vacances_scolaires_france import SchoolHolidayDates, UnsupportedYearException, UnsupportedZoneException

from app.entities.calendar import PeriodKind
from app.models import Activity, ClosingDay, Period, SchoolYear, Unit
from app.rules.calendar import ONE_DAY
from app.rules.periods import is_short
from app.rules.values import hint
from app.services.rulebook.draft import Draft, Entry
from app.services.rulebook.sections import Closed, GivenPeriod, Opens
from app.services.rulebook.source import Node, Problem

KINDS = {kind.value: kind for kind in PeriodKind}
LONGEST_YEAR = 400


@dataclass(frozen=True)
class Stretch:
    """A period: its name, its kind, both ends included."""

    name: str
    kind: PeriodKind
    starts_on: date
    ends_on: date

    def days(self) -> Iterator[date]:
        """Every day of it."""
        return _range(self.starts_on, self.ends_on)


def complete(draft: Draft) -> None:
    """Add to each school year its periods and its closing days."""
    taken: set[tuple[str | None, date]] = set()
    for year in list(draft.sound(SchoolYear)):
        starts_on, ends_on = year.values["starts_on"], year.values["ends_on"]
        if not starts_on < ends_on or (ends_on - starts_on).days > LONGEST_YEAR:
            draft.report(
                [year.problem("l’année doit finir après avoir commencé, et durer un an au plus.", "ends_on")]
            )
            year.broken = True
            continue
        for stretch in _stretches(draft, year):
            values = {
                "name": stretch.name,
                "period_kind": stretch.kind,
                "starts_on": stretch.starts_on,
                "ends_on": stretch.ends_on,
            }
            draft.entries.append(
                Entry(
                    Period,
                    stretch.name,
                    year.node,
                    ("school_year_id", "starts_on"),
                    values,
                    {},
                    year,
                    "school_year",
                )
            )
        _close(draft, year, taken)


def _stretches(draft: Draft, year: Entry) -> list[Stretch]:
    given: list[tuple[GivenPeriod, Node]] | None = year.extras["periods"]
    zone = year.extras["zone"]
    if given or (given is not None and zone is None):  # « periods: [] »: the year has none yet
        return _given(draft, year, given)
    if zone is None:
        draft.report([year.problem("donnez « zone » (A, B ou C), ou vos propres « periods ».")])
        return []
    try:
        return stretches_of(zone, year.values["starts_on"], year.values["ends_on"])
    except UnsupportedZoneException:
        draft.report([year.problem(f"la zone « {zone} » n’existe pas : écrivez A, B ou C.", "zone")])
        return []
    except UnsupportedYearException:
        code = year.values["code"]
        text = f"les vacances de {code} ne sont pas encore connues : donnez vos « periods »."
        draft.report([year.problem(text, "zone")])
        return []


def stretches_of(zone: str, starts_on: date, ends_on: date) -> list[Stretch]:
    """The periods of a zone between two days, both included. Raises what the library does of a zone or a
    year that it does not know.
    """
    return _between(_breaks(zone, starts_on, ends_on), starts_on, ends_on)


def _given(draft: Draft, year: Entry, given: list[tuple[GivenPeriod, Node]]) -> list[Stretch]:
    """Those of them that can be: two may bear the same name, none shares a day with another."""
    found: list[Stretch] = []
    before: date | None = None
    for one, node in sorted(given, key=lambda pair: pair[0].starts_on):
        wrong = _wrong_period(year, one, node, before)
        if wrong is None:
            found.append(Stretch(one.name, KINDS[one.period_kind], one.starts_on, one.ends_on))
        else:
            draft.report([wrong])
        before = max(before, one.ends_on) if before else one.ends_on
    return found


def _wrong_period(year: Entry, one: GivenPeriod, node: Node, before: date | None) -> Problem | None:
    if one.ends_on < one.starts_on:
        return node.at("ends_on").problem("cette période finit avant de commencer.")
    if one.starts_on < year.values["starts_on"] or one.ends_on > year.values["ends_on"]:
        return node.problem(f"cette période sort de l’année {year.values['code']}.")
    if before is not None and one.starts_on <= before:
        return node.at("starts_on").problem("cette période en chevauche une autre : séparez-les.")
    return None


def _breaks(zone: str, starts_on: date, ends_on: date) -> list[Stretch]:
    """The zone's holidays inside the year, each once though civil years cut them."""
    source = _school_holidays()
    named: dict[date, str] = {}
    for year in range(starts_on.year, ends_on.year + 1):
        for on, row in source.holidays_for_year_and_zone(year, zone).items():
            if starts_on <= on <= ends_on:
                named[on] = str(row["nom_vacances"]).replace("'", "’")
    found: list[Stretch] = []
    for on, name in sorted(named.items()):
        if found and found[-1].name == name and found[-1].ends_on == on - ONE_DAY:
            found[-1] = Stretch(name, PeriodKind.HOLIDAYS, found[-1].starts_on, on)
        else:
            found.append(Stretch(name, PeriodKind.HOLIDAYS, on, on))
    return found


@cache
def _school_holidays() -> SchoolHolidayDates:
    """The library's table, read once."""
    return SchoolHolidayDates()


def _between(breaks: list[Stretch], starts_on: date, ends_on: date) -> list[Stretch]:
    """The holidays and the school time around them."""
    found: list[Stretch] = []
    number, suffix, day = 1, "", starts_on
    for one in breaks:
        if day < one.starts_on:
            name = f"Période {number}{suffix}"
            found.append(Stretch(name, PeriodKind.TERM, day, one.starts_on - ONE_DAY))
            is_bridge = is_short(one.starts_on, one.ends_on + ONE_DAY)
            number, suffix = (number, " (suite)") if is_bridge else (number + 1, "")
        found.append(one)
        day = one.ends_on + ONE_DAY
    if day <= ends_on:
        found.append(Stretch(f"Période {number}{suffix}", PeriodKind.TERM, day, ends_on))
    return found


def _close(draft: Draft, year: Entry, taken: set[tuple[str | None, date]]) -> None:
    """The public holidays, then the closing days given: one row a day and a facility, kept in ``taken``."""
    if year.extras["public_holidays"]:
        for on, name in french_holidays(year.values["starts_on"], year.values["ends_on"]):
            if (None, on) in taken:
                continue  # two years overlap, which is told of them
            taken.add((None, on))
            draft.entries.append(_closing_day(on, name, None, year.node))
    given: Iterable[tuple[Closed, Node]] = year.extras["closing_days"] or ()
    for one, node in given:
        facility = draft.codes("Facility").get(one.facility or "")
        wrong = _wrong_closing(draft, year, one, node)
        if wrong is not None:
            draft.report([wrong])
            continue
        for on in _range(one.starts_on, one.ends_on or one.starts_on):
            if (None, on) in taken:
                continue  # closed everywhere already
            if (one.facility, on) in taken:
                draft.report([node.problem(f"le {on:%d/%m/%Y} est déjà fermé : gardez une seule ligne.")])
                break
            taken.add((one.facility, on))
            draft.entries.append(_closing_day(on, one.reason, facility, node))


def _wrong_closing(draft: Draft, year: Entry, one: Closed, node: Node) -> Problem | None:
    last = one.ends_on or one.starts_on
    if last < one.starts_on:
        return node.at("ends_on").problem("cette fermeture finit avant de commencer.")
    if one.starts_on < year.values["starts_on"] or last > year.values["ends_on"]:
        return node.problem(f"cette fermeture sort de l’année {year.values['code']}.")
    facilities = draft.codes("Facility")
    if one.facility is not None and one.facility not in facilities:
        text = f"la structure « {one.facility} » n’existe pas : {hint(one.facility, facilities)}"
        return node.at("facility").problem(text)
    return None


def _closing_day(on: date, reason: str, facility: Entry | None, node: Node) -> Entry:
    values = {"facility": facility, "closed_on": on, "reason": reason}
    return Entry(ClosingDay, on.isoformat(), node, ("facility_id", "closed_on"), values)


def _range(first: date, last: date) -> Iterator[date]:
    for rank in range((last - first).days + 1):
        yield first + timedelta(days=rank)


def french_holidays(starts_on: date, ends_on: date) -> list[tuple[date, str]]:
    """The public holidays between two days, both included, with their French names."""
    years = range(starts_on.year, ends_on.year + 1)
    found = public_holidays.country_holidays("FR", years=years, language="fr")
    return sorted((on, name.replace("'", "’")) for on, name in found.items() if starts_on <= on <= ends_on)


def closing_runs(closings: Iterable[ClosingDay]) -> list[list[ClosingDay]]:
    """Days in a row, in one facility and for one reason, by their first day."""
    runs: list[list[ClosingDay]] = []
    for one in sorted(closings, key=lambda one: (one.facility_id or 0, one.reason, one.closed_on)):
        last = runs[-1][-1] if runs else None
        if last is not None and (last.facility_id, last.reason, last.closed_on + ONE_DAY) == (
            one.facility_id,
            one.reason,
            one.closed_on,
        ):
            runs[-1].append(one)
        else:
            runs.append([one])
    return sorted(runs, key=lambda run: (run[0].closed_on, run[0].facility_id or 0))


def openings_of(draft: Draft) -> dict[tuple[str, date], int | None]:
    """(unit code, day) -> places that day (None: the unit's own), over every school year of the file.

    Closing days are not taken out: a closure wins over an opening, so that the square says why it is closed.
    """
    stretches = [
        Stretch(one.code, one.values["period_kind"], one.values["starts_on"], one.values["ends_on"])
        for one in draft.of(Period)
    ]
    units: dict[str, list[Entry]] = {}
    for unit in draft.of(Unit):
        units.setdefault(unit.above.code, []).append(unit)
    found: dict[tuple[str, date], int | None] = {}
    for activity in draft.of(Activity):
        given: Iterable[tuple[Opens, Node]] = activity.extras.get("opens") or ()
        for pattern, _ in given:
            for on in _days(pattern, stretches):
                for unit in units.get(activity.code, ()):
                    if pattern.units is None or unit.values["code"] in pattern.units:
                        found[unit.code, on] = pattern.places
    return found


def _days(pattern: Opens, stretches: list[Stretch]) -> Iterator[date]:
    yield from pattern.dates or ()
    for stretch in stretches:
        if pattern.days is None or pattern.periods not in (None, stretch.kind.value):
            continue
        for on in stretch.days():
            if (
                on.weekday() in pattern.days
                and (pattern.from_on is None or pattern.from_on <= on)
                and (pattern.until_on is None or on < pattern.until_on)
            ):
                yield on

"""Days on which units open, written again as a file says them: weekdays of a sort of period, from and until.

What is open every Monday of school time is one line, whatever the number of weeks; what follows no weekday is
told by its dates.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from app.rules.calendar import ONE_DAY
from app.rules.words import WEEKDAYS
from app.services.rulebook.calendar import Stretch

PERIOD_ORDER = {"term": 0, "holidays": 1, "": 2}


@dataclass(frozen=True, slots=True)
class Run:
    """Days in a row among those of one weekday and one sort of period, with the same places.

    ``starts``: the bounds between which « from » says the same, the first excluded; None: any will do.
    ``ends``: the same for « until ».
    """

    period: str
    weekday: int
    places: int | None
    starts: tuple[date, date] | None
    ends: tuple[date, date] | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of « opens », of one unit or several."""

    period: str
    places: int | None
    days: tuple[int, ...] = ()
    from_on: date | None = None
    until_on: date | None = None
    dates: tuple[date, ...] = ()

    def plain(self, units: Collection[str] | None) -> dict[str, object]:
        """As the file says it; ``units`` None: all of them."""
        found: dict[str, object] = {}
        if self.dates:
            found["dates"] = [on.isoformat() for on in self.dates]
        else:
            found |= {"periods": self.period, "days": [WEEKDAYS[day] for day in self.days]}
        if units is not None:
            found["units"] = sorted(units)
        for key, on in (("from", self.from_on), ("until", self.until_on)):
            if on is not None:
                found[key] = on.isoformat()
        if self.places is not None:
            found["places"] = self.places
        return found


def opens(
    openings: Mapping[str, Mapping[date, int | None]], stretches: Iterable[Stretch]
) -> list[dict[str, object]]:
    """The lines that open these units (code -> day -> places of that day) on these days, and no other."""
    by_period: dict[tuple[str, int], list[date]] = defaultdict(list)
    for stretch in stretches:
        for on in stretch.days():
            by_period[stretch.kind.value, on.weekday()].append(on)
    units: dict[Pattern, list[str]] = defaultdict(list)
    for unit, days in openings.items():
        for pattern in _patterns(days, by_period):
            units[pattern].append(unit)
    ordered = sorted(
        units,
        key=lambda one: (PERIOD_ORDER[one.period], one.from_on or date.min, one.days, one.dates, units[one]),
    )
    return [one.plain(None if len(units[one]) == len(openings) else units[one]) for one in ordered]


def _patterns(
    days: Mapping[date, int | None], by_period: Mapping[tuple[str, int], list[date]]
) -> list[Pattern]:
    runs: list[Run] = []
    told: set[date] = set()
    for (period, weekday), candidates in by_period.items():
        for run, held in _runs(period, weekday, sorted(candidates), days):
            runs.append(run)
            told.update(held)
    found = [_merged(group) for group in _groups(runs)]
    left = sorted((on for on in days if on not in told), key=lambda on: (days[on] or -1, on))
    for places, dates in groupby(left, key=lambda on: days[on]):
        found.append(Pattern("", places, dates=tuple(dates)))
    return found


def _runs(
    period: str, weekday: int, candidates: list[date], days: Mapping[date, int | None]
) -> Iterable[tuple[Run, list[date]]]:
    """The runs of these candidate days that are worth a line: two days at least, or all there are."""
    first = 0
    while first < len(candidates):
        on = candidates[first]
        last = first
        if on not in days:
            first += 1
            continue
        while last + 1 < len(candidates) and _same(candidates[last + 1], on, days):
            last += 1
        if last > first or len(candidates) == 1:
            starts = None if first == 0 else (candidates[first - 1], on)
            ends = None if last == len(candidates) - 1 else (candidates[last], candidates[last + 1])
            yield Run(period, weekday, days[on], starts, ends), candidates[first : last + 1]
        first = last + 1


def _same(on: date, first: date, days: Mapping[date, int | None]) -> bool:
    return on in days and days[on] == days[first]


def _groups(runs: Iterable[Run]) -> list[list[Run]]:
    """Runs that one line can say: the same sort of period and places, bounds that have a day in common."""
    groups: list[list[Run]] = []
    for run in sorted(runs, key=lambda one: (one.period, one.weekday, one.starts or (date.min, date.min))):
        for group in groups:
            whole = [*group, run]
            alike = (group[0].period, group[0].places) == (run.period, run.places)
            is_new = all(one.weekday != run.weekday for one in group)
            if (
                alike
                and is_new
                and _meet([one.starts for one in whole])
                and _meet([one.ends for one in whole])
            ):
                group.append(run)
                break
        else:
            groups.append([run])
    return groups


def _meet(bounds: list[tuple[date, date] | None]) -> bool:
    """Whether one day suits every bound. Where a run needs none, any other's day must leave it whole: only
    runs that all need one, or none, go together.
    """
    given = [one for one in bounds if one is not None]
    if len(given) not in (0, len(bounds)):
        return False
    return not given or max(low for low, _ in given) < min(high for _, high in given)


def _merged(group: list[Run]) -> Pattern:
    return Pattern(
        group[0].period,
        group[0].places,
        tuple(sorted(one.weekday for one in group)),
        _day([one.starts for one in group], latest=True),
        _day([one.ends for one in group], latest=False),
    )


def _day(bounds: list[tuple[date, date] | None], latest: bool) -> date | None:
    """A day that suits every bound: the first of a month where there is one, else the nearest open day."""
    given = [one for one in bounds if one is not None]
    if not given:
        return None
    first, last = max(low for low, _ in given) + ONE_DAY, min(high for _, high in given)
    of_month = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    if first.day == 1:
        return first
    return of_month if of_month <= last else last if latest else first

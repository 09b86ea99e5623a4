"""Choosing: what draws the filters of a list, and the rows that a choice is made among."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, literal, select, union_all

from app.access.database import db
from app.access.viewer import Viewer
from app.declare import AskedAttribute, Attribute, Entity, Kind
from app.screens.builder import filters, naming
from app.screens.builder.filters import On
from app.screens.builder.listing import in_order

FEW = 40
"""Up to that many rows, a choice among rows is a list; beyond, a search."""
ROOM = 6
"""Statements that the filters of a page may take: a list of rows, or the names of those chosen."""
QUICK = 2
QUICKEST: list[Kind | None] = [Kind.CHOICE, Kind.RELATION, Kind.BOOLEAN]
Rows = list[tuple[int, str]]
"""Rows by number, with their names."""


@dataclass(frozen=True)
class Control:
    """A filter that can be set: what draws it."""

    attribute: Attribute
    options: tuple[tuple[str, str], ...] = ()
    values: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    text: str = ""
    can_miss: bool = False
    """Rows without a value can be asked for."""
    is_missing: bool = False
    remote: bool = False
    """Rows are searched for: ``options`` has the chosen ones only."""

    @property
    def shape(self) -> str:
        """What draws it: « days », « numbers », « words » or « choice »."""
        for kinds, shape in SHAPES:
            if self.attribute.kind in kinds:
                return shape
        return "choice"

    @property
    def is_on(self) -> bool:
        """Whether it narrows the list now."""
        return bool(self.values or self.since or self.until or self.text or self.is_missing)


SHAPES = ((filters.DAYS, "days"), (filters.NUMBERS, "numbers"), (filters.WORDS, "words"))
ENDS = {"days": (filters.SINCE, filters.UNTIL), "numbers": (filters.LEAST, filters.MOST)}


@dataclass(frozen=True)
class LaidOut:
    """Where the filters stand: beside the search, in the panel, and in what opens under it."""

    quick: list[Control]
    panel: list[Control]
    further: list[Control]

    @property
    def count(self) -> int:
        """How many filters of the panel are on: the sentences say them, so it stays closed."""
        return sum(one.is_on for one in self.panel)


def _drawn(entity: type[Entity], one: Attribute, on: On | None) -> Control | None:
    """A filter that is typed rather than chosen, with what it holds."""
    pairs = dict(on.pairs) if on else {}
    missing = filters.can_miss(entity, one)
    control = Control(one, can_miss=missing, is_missing=one.name + filters.MISSING in pairs)
    if control.shape == "choice":
        return None
    if control.shape == "words":
        return replace(control, text=pairs.get(one.name, ""))
    first, last = ENDS[control.shape]
    return replace(control, since=pairs.get(one.name + first, ""), until=pairs.get(one.name + last, ""))


def rows_named(
    entity: type[Entity], ids: Iterable[int], viewer: Viewer, precisely: bool = False
) -> dict[int, str]:
    """The names of those rows that are in reach, in one statement; nothing when there are none."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    telling = naming.telling(entity, viewer) if precisely else []
    chosen = select(entity).where(entity.id.in_(wanted)).options(*naming.loading(entity, telling))
    name = naming.precise if precisely else naming.label
    return {row.id: name(row, viewer) for row in db.session.scalars(chosen).unique()}


def short(entities: Iterable[type[Entity]], most: int = FEW) -> set[type[Entity]]:
    """Those that have ``most`` rows in reach at most, in one statement; a single one is not asked."""
    asked = {one.__name__: one for one in entities}
    if len(asked) < 2:
        return set(asked.values())
    counts = [
        select(literal(name), func.count()).select_from(select(one.id).limit(most + 1).subquery())
        for name, one in asked.items()
    ]
    return {asked[name] for name, count in db.session.execute(union_all(*counts)).tuples() if count <= most}


def few_rows(entity: type[Entity], viewer: Viewer, most: int = FEW) -> list[tuple[int, str]] | None:
    """The rows in reach with their names, in their order; None when there are more. One statement.

    Namesakes are told apart by what else the lists show of them.
    """
    few = select(entity.id).limit(most + 1)  # cut before they are put in order: there may be thousands
    base = select(entity).where(entity.id.in_(few))
    chosen = in_order(base, entity, viewer, naming.telling(entity, viewer))
    rows = db.session.scalars(chosen).unique().all()
    if len(rows) > most:
        return None
    return list(told_apart(rows, viewer).items())


def told_apart(rows: Sequence[Entity], viewer: Viewer) -> dict[int, str]:
    """The names of these rows, more precise where two are alike. No statement if they were loaded so."""
    names = Counter(naming.label(row, viewer) for row in rows)
    return {
        row.id: name if names[name] == 1 else naming.precise(row, viewer)
        for row, name in ((row, naming.label(row, viewer)) for row in rows)
    }


def at_hand(seen: Sequence[Attribute], shown: Sequence[Attribute], ons: Sequence[On]) -> list[Attribute]:
    """The attributes whose filter is drawn: of the town's questions, those in a column or narrowing the list.

    A town may ask a hundred questions: the others are a column away.
    """
    used = {one.name for one in shown} | {on.attribute.name for on in ons}
    return [one for one in seen if not isinstance(one, AskedAttribute) or one.name in used]


def controls(
    entity: type[Entity], seen: Sequence[Attribute], ons: Sequence[On], viewer: Viewer, lists: int = 4
) -> list[Control]:
    """What draws every filter; the rows of ``lists`` relations are listed at most, one statement each."""
    able = filters.filterable(seen)
    on_of = {on.attribute.name: on for on in ons}
    listed = _listed(able, on_of, viewer, lists)
    return [_control(entity, one, on_of.get(one.name), listed.get(one.name)) for one in able]


def _listed(
    able: Sequence[Attribute], on_of: Mapping[str, On], viewer: Viewer, lists: int
) -> dict[str, Rows]:
    """The rows to choose among, by relation; first for those that narrow the list now."""
    asked = [one for one in able if one.kind is Kind.RELATION] if lists > 0 else []
    small = short({naming.target_of(one) for one in asked})
    asked.sort(key=lambda one: one.name not in on_of)
    off = min(lists, ROOM - sum(one.name in on_of for one in asked))
    found: dict[str, Rows] = {}
    known: dict[type[Entity], Rows | None] = {}
    for one in asked:
        target = naming.target_of(one)
        if target not in small:
            continue
        if target not in known:
            if one.name not in on_of:
                if off <= 0:
                    continue
                off -= 1
            known[target] = few_rows(target, viewer)
        rows = known[target]
        if rows is not None:
            found[one.name] = rows
    return found


def _control(entity: type[Entity], one: Attribute, on: On | None, rows: Rows | None) -> Control:
    typed = _drawn(entity, one, on)
    if typed is not None:
        return typed
    values = tuple(value for _, value in on.pairs) if on else ()
    options: list[tuple[str, str]]
    remote = False
    if one.kind is Kind.CHOICE:
        options = [(member.value, member.label) for member in one.python_type]
    elif one.kind is Kind.BOOLEAN:
        options = [("oui", "Oui"), ("non", "Non")]
    else:
        remote = rows is None
        options = [(str(key), name) for key, name in rows or ()]
    if filters.nullable(entity, one) and not remote:
        options.append((filters.EMPTY, "(non renseigné)"))
    return Control(one, tuple(options), values, remote=remote)


def say_rows(ons: Sequence[On], drawn: Sequence[Control], viewer: Viewer) -> tuple[list[On], list[Control]]:
    """The filters by rows with their sentence; one statement for each whose rows are not listed already."""
    told: list[On] = []
    known = {one.attribute.name: one for one in drawn}
    for on in ons:
        if not on.ids:
            told.append(on)
            continue
        control = known[on.attribute.name]
        names = dict(control.options)
        if control.remote:
            found = rows_named(naming.target_of(on.attribute), on.ids, viewer)
            names = {str(key): found.get(key, _unknown(key)) for key in on.ids}
            known[on.attribute.name] = replace(control, options=tuple(names.items()))
        words = [names.get(str(key), _unknown(key)) for key in on.ids]
        told.append(replace(on, says=filters.any_of([*words, on.says] if on.says else words)))
    return told, list(known.values())


def _unknown(key: int) -> str:
    return f"n°\u00a0{key}, introuvable"


def laid_out(drawn: Sequence[Control], shown: Sequence[Attribute], searched: Sequence[str] = ()) -> LaidOut:
    """The two filters beside the search, short lists of columns; then the columns' own; then all others.

    What the search looks in (``searched``) comes with the last ones: the search is its filter.
    """
    listed = [one for one in drawn if one.shape == "choice" and not one.remote and one.attribute in shown]
    quick = sorted(listed, key=lambda one: QUICKEST.index(one.attribute.kind))[:QUICK]
    rest = [one for one in drawn if one not in quick]
    rest.sort(key=lambda one: ORDER.index(one.shape))
    panel = [
        one for one in rest if one.is_on or (one.attribute in shown and one.attribute.name not in searched)
    ]
    return LaidOut(quick, panel, [one for one in rest if one not in panel])


ORDER = ("choice", "words", "days", "numbers")

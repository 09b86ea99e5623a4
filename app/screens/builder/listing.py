"""A list: what the address asks (search, filters, order, page), and the rows that answer.

The state of a list is its address and nothing else: two people, or two threads, share none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import aliased

from app.access import asking, permissions
from app.access.database import db
from app.access.folding import contains, folded
from app.access.viewer import Viewer
from app.declare import AskedAttribute, Attribute, Entity, Kind
from app.screens import numbers
from app.screens.builder import filters, naming
from app.screens.builder.filters import On

SIZE, MOST = 25, 85
"""Rows of a page: unasked, and at most; eighty-five of the widest list weigh less than 100 KB."""
WORDS = 6
UNSORTED = (Kind.JSON, Kind.FILE, Kind.LONG_TEXT)
UNLISTED = (Kind.JSON, Kind.LONG_TEXT)
"""Too long for a line: shown on the record and in the files, not proposed as columns."""
MOST_COLUMNS = 5000
"""Signs of the address that are read to find the columns."""
TEXTS = (Kind.TEXT, Kind.EMAIL)
DEEPEST = 2


@dataclass(frozen=True)
class Ask:
    """What an address asks of the list of an entity, once everything unknown is left out."""

    q: str = ""
    ons: tuple[On, ...] = ()
    sort: Attribute | None = None
    descending: bool = False
    page: int = 1
    size: int = SIZE
    columns: tuple[Attribute, ...] = ()
    """What is shown; the first one leads to the row."""
    chosen: bool = False
    """Whether the columns are others than the declared ones."""
    view: int | None = None
    """The kept view that it started from; 0: none, and not the one that opens by itself."""

    def pairs(self, **changes: Any) -> list[tuple[str, Any]]:
        """The address again, with changes; a change of anything but the page goes back to the first."""
        sort = f"{'-' if self.descending else ''}{self.sort.name}" if self.sort else ""
        own = {
            "q": self.q,
            "tri": sort,
            "taille": "" if self.size == SIZE else self.size,
            "colonnes": ",".join(one.name for one in self.columns) if self.chosen else "",
            "vue": self.view,
        }
        page = changes.pop("page", 1)
        own.update(changes)
        found = [("q", own.pop("q"))]
        found.extend(pair for on in self.ons for pair in on.pairs)
        return [*found, *own.items(), ("page", "" if page == 1 else page)]

    def without(self, on: On) -> list[tuple[str, Any]]:
        """The address without that filter."""
        return [pair for pair in self.pairs() if pair[0] not in on.names]

    def cleared(self) -> list[tuple[str, Any]]:
        """The address without words nor filters."""
        return replace(self, q="", ons=()).pairs()

    def started_from(self, view: int | None) -> "Ask":
        """The same, started from that view."""
        return replace(self, view=view)

    @property
    def narrows(self) -> bool:
        """Whether anything is left out of the list."""
        return bool(self.q or self.ons)


@dataclass
class Found:
    """The rows of a page, and how many there are in all."""

    rows: list[Entity]
    total: int
    page: int
    pages: int
    first: int
    everything: int = 0
    """How many rows there would be without search nor filter."""
    last: int = field(init=False)

    def __post_init__(self) -> None:
        self.last = self.first + len(self.rows) - 1


def columns(entity: type[Entity], viewer: Viewer, leaving: str = "") -> list[Attribute]:
    """The columns of its lists that this viewer sees, but for one that says the same on each row."""
    seen = permissions.visible(entity, viewer, entity.__listed__)
    return [one for one in seen if one.name != leaving]


def choosable(entity: type[Entity], viewer: Viewer) -> list[Attribute]:
    """The columns that this viewer may choose among: the declared ones first, then what else they see."""
    listed = columns(entity, viewer)
    seen = permissions.visible(entity, viewer)
    rest = [one for one in seen if one not in listed and one.kind not in UNLISTED and not one.secret]
    return [*listed, *rest]


def chosen(entity: type[Entity], viewer: Viewer, arguments: Any) -> tuple[list[Attribute], bool]:
    """The columns that the address names, in the order of ``choosable``, and whether it chooses at all.

    The first one always stays: it names the row and leads to it. Names that are unknown or hidden are
    left out; when none remains, the columns are the declared ones.
    """
    proposed = choosable(entity, viewer)
    usual = columns(entity, viewer) or proposed[:1]
    if not viewer.is_staff:
        return usual, False
    asked = set(",".join(arguments.getlist("colonnes"))[:MOST_COLUMNS].split(","))
    if not any(one.name in asked for one in proposed):
        return usual, False
    found = [one for rank, one in enumerate(proposed) if rank == 0 or one.name in asked]
    return found, found != usual


def sortable(seen: Sequence[Attribute]) -> list[Attribute]:
    """The columns that a list can be ordered by."""
    return [one for one in seen if one.kind not in UNSORTED]


def read(entity: type[Entity], viewer: Viewer, arguments: Any) -> Ask:
    """What this address asks, as far as this viewer may ask it."""
    seen = permissions.visible(entity, viewer)
    wanted = arguments.get("tri", "")
    shown, is_chosen = chosen(entity, viewer, arguments)
    names = {one.name: one for one in sortable(shown)}
    sort = names.get(wanted.removeprefix("-"))
    return Ask(
        q=filters.clean(arguments.get("q"), 100),
        ons=tuple(filters.read(entity, seen, arguments)),
        sort=sort,
        descending=sort is not None and wanted.startswith("-"),
        page=_number(arguments.get("page"), 1, numbers.BIGGEST),
        size=_number(arguments.get("taille"), SIZE, MOST),
        columns=tuple(shown),
        chosen=is_chosen,
        view=numbers.row_id(arguments.get("vue")) if viewer.is_staff else None,
    )


def _number(text: str | None, otherwise: int, most: int) -> int:
    number = numbers.row_id(text)
    return otherwise if number is None else min(max(number, 1), most)


class Statement:
    """A SELECT in the making; each related table is joined once, and narrowed to what is in reach."""

    def __init__(self, entity: type[Entity], viewer: Viewer, base: Select[Any] | None = None) -> None:
        self.entity, self.viewer = entity, viewer
        self.select: Select[Any] = select(entity) if base is None else base
        self._joined: dict[tuple[str, ...], Any] = {}

    def joined(self, path: tuple[str, ...]) -> Any:
        """The entity at the end of a chain of relations, joined to the statement."""
        if not path:
            return self.entity
        if path not in self._joined:
            before = self.joined(path[:-1])
            entity = self.entity
            for name in path:
                entity = naming.target_of(entity.__attributes__[name])
            alias = aliased(entity)
            self.select = self.select.outerjoin(getattr(before, path[-1]).of_type(alias))
            self._joined[path] = alias
        return self._joined[path]

    def search(self, q: str) -> None:
        """Keep the rows where each word stands in one of the searched attributes that the viewer sees."""
        words = q.split()[:WORDS]
        places = self.places() if words else []
        asked = [one for one in permissions.questions(self.entity, self.viewer) if self._is_searched(one)]
        for word in words:
            found: ColumnElement[bool] | None = asking.answered(self.entity, asked, word) if asked else None
            for place in places:
                here = contains(place, word)
                found = here if found is None else found | here
            self.select = self.select.where(found if found is not None else self.entity.id.is_(None))

    def _is_searched(self, one: Attribute) -> bool:
        """Whether the answers to a question are words that this viewer sees."""
        return one.kind in (Kind.TEXT, Kind.CHOICE) and permissions.sees(self.viewer, one)

    def places(self, entity: type[Entity] | None = None, path: tuple[str, ...] = ()) -> list[Any]:
        """The columns that a search looks in: the row's own, and those of what names it; seen ones."""
        entity = entity or self.entity
        seen = {one.name: one for one in permissions.visible(entity, self.viewer)}
        places = [getattr(self.joined(path), name) for name in entity.__searched__ if name in seen]
        if len(path) < DEEPEST:
            for name in entity.__named__:
                one = seen.get(name)
                if one is not None and one.kind is Kind.RELATION:
                    places.extend(self.places(naming.target_of(one), (*path, name)))
        return places

    def keep(self, ons: Sequence[On]) -> None:
        """Keep what every filter keeps."""
        for on in ons:
            self.select = self.select.where(on.criterion)

    def order(self, sort: Attribute | None, descending: bool) -> None:
        """That order; without one, the entity's own. Equal rows stay in the order of their numbers."""
        keys = self._keys(sort, ()) if sort else []
        if not keys:
            descending = self.entity.__descending__
            keys = self._own_keys()
        for key in keys:
            directed = key.desc() if descending else key.asc()
            # PostgreSQL reads an index for an order that says nothing of empty values, where there are none.
            self.select = self.select.order_by(directed if _is_given(key) else directed.nulls_last())
        self.select = self.select.order_by(self.entity.id.desc() if descending else self.entity.id.asc())

    def _own_keys(self) -> list[Any]:
        named = naming.seen_names(self.entity, self.viewer)
        if self.entity.__descending__:  # the latest first: by the first date there is
            listed = columns(self.entity, self.viewer)
            day = next((one for one in [*named, *listed] if one.kind in filters.DAYS), None)
            if day is not None:
                return [getattr(self.entity, day.name)]
        return [key for one in named for key in self._keys(one, ())]

    def _keys(self, one: Attribute, path: tuple[str, ...]) -> list[Any]:
        """What a column is ordered by: words as people sort them, choices in their declared order."""
        if one.kind is Kind.RELATION:
            if len(path) >= DEEPEST:
                return []
            target = naming.target_of(one)
            inner = (*path, one.name)
            return [
                key for named in naming.seen_names(target, self.viewer) for key in self._keys(named, inner)
            ]
        column = asking.expression(self.joined(path), one)
        if one.kind in TEXTS or (one.kind is Kind.CHOICE and isinstance(one, AskedAttribute)):
            return [folded(column)]
        if one.kind is Kind.CHOICE:
            return [case(*((column == member, rank) for rank, member in enumerate(one.python_type)))]
        return [column]


def _is_given(key: Any) -> bool:
    """Whether it is a column of the row itself that is never empty; a joined row may be out of reach."""
    parent = getattr(key, "parent", None)
    if parent is None or parent.is_aliased_class:
        return False
    return not key.property.columns[0].nullable


def in_order(
    base: Select[Any], entity: type[Entity], viewer: Viewer, shown: Sequence[Attribute] = ()
) -> Select[Any]:
    """The statement in the entity's own order, with what naming its rows takes."""
    statement = Statement(entity, viewer, base)
    statement.order(None, False)
    return statement.select.options(*naming.loading(entity, shown))


def matching(entity: type[Entity], viewer: Viewer, q: str, most: int) -> list[Entity]:
    """The first rows in reach where the words stand, with what tells them apart; one statement."""
    statement = Statement(entity, viewer)
    statement.search(q)
    statement.order(None, False)
    options = naming.loading(entity, naming.telling(entity, viewer))
    return list(db.session.scalars(statement.select.options(*options).limit(most)).unique())


def rows(entity: type[Entity], viewer: Viewer, ask: Ask, shown: Sequence[Attribute]) -> Select[Any]:
    """The SELECT of everything that the address asks, in order, with the names of the columns' relations.

    What the columns ask beyond the declarations is for ``asking.put_answers`` to bring.
    """
    statement = Statement(entity, viewer)
    statement.search(ask.q)
    statement.keep(ask.ons)
    statement.order(ask.sort, ask.descending)
    return statement.select.options(*naming.loading(entity, shown))


def find(entity: type[Entity], viewer: Viewer, ask: Ask, shown: Sequence[Attribute]) -> Found:
    """The rows of the page asked, the last one if there are fewer; two statements at most."""
    first = _page(entity, viewer, ask, shown, 1) if ask.page == 1 else None
    # A first page that is not full is all there is: a search looks through its rows once.
    known = len(first) if first is not None and len(first) < ask.size else None
    total, everything = _counts(entity, viewer, ask, known)
    pages = max(1, -(-total // ask.size))
    page = min(ask.page, pages)
    found = _page(entity, viewer, ask, shown, page) if first is None and total else first or []
    return Found(found, total, page, pages, (page - 1) * ask.size + 1 if found else 0, everything)


def _page(
    entity: type[Entity], viewer: Viewer, ask: Ask, shown: Sequence[Attribute], page: int
) -> list[Entity]:
    chosen = rows(entity, viewer, ask, shown).limit(ask.size).offset((page - 1) * ask.size)
    found = list(db.session.scalars(chosen).unique())
    asking.put_answers(found, shown)
    return found


def _counts(entity: type[Entity], viewer: Viewer, ask: Ask, known: int | None) -> tuple[int, int]:
    """How many rows the address asks for, unless that is known, and how many there are; one statement."""
    if known is not None and not ask.narrows:
        return known, known
    every = select(func.count()).select_from(select(entity.id).subquery())
    if known is not None or not ask.narrows:
        number = db.session.scalar(every) or 0
        return (number if known is None else known), number
    # From the key alone: ``with_only_columns`` would hide the joins from those who look at the scope.
    counted = Statement(entity, viewer, select(entity.id))
    counted.search(ask.q)
    counted.keep(ask.ons)
    total = select(func.count()).select_from(counted.select.subquery())
    found = db.session.execute(total.add_columns(every.scalar_subquery())).one()
    return found[0], found[1]

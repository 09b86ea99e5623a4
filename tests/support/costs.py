"""What each door of a generated screen costs: statements, rows read, bytes answered."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import event

from app.access import permissions
from app.access.database import db
from app.access.viewer import Viewer
from app.declare import Attribute, Entity, Kind
from app.screens.builder import filters, history, listing, related
from app.screens.builder.addresses import SCREENS
from app.screens.builder.screen import Screen
from tests.people import Town
from tests.support.sql import QUIET

WRITTEN_BY_HAND = frozenset({"Rule"})
"""Entities whose form is a page made by hand, to which the generated one leads."""
SHOWN_BY_HAND = frozenset({"RefusedRequest"})
"""Entities whose row leads to a page made by hand, of which its own tests count the statements."""
STATEMENTS, ROWS, BYTES = 12, 400, 100_000


@dataclass(frozen=True)
class Cost:
    """What one door took."""

    door: str
    what: str
    status: int
    statements: int
    rows: int
    bytes: int

    @property
    def is_too_much(self) -> bool:
        """Whether a promise is broken."""
        dear = self.statements > STATEMENTS or self.rows > ROWS or self.bytes >= BYTES
        return dear or self.status != 200


@dataclass
class Tally:
    """Statements run and rows read so far."""

    statements: int = 0
    rows: int = 0


@contextmanager
def tallying() -> Iterator[Tally]:
    """Count inside; the rows are those that SQLite hands to Python."""
    tally = Tally()

    def read(cursor: Any, row: Any) -> Any:
        tally.rows += 1
        return row

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.lstrip().upper().startswith(QUIET):
            tally.statements += 1
            cursor.row_factory = read

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield tally
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def cost(client: FlaskClient, door: str, what: str) -> Cost:
    """What that door takes."""
    with tallying() as tally:
        answer = client.get(door)
    return Cost(door, what, answer.status_code, tally.statements, tally.rows, len(answer.data))


def screens(town: Town, viewer: Viewer) -> Iterator[Screen]:
    """Every generated screen that the viewer may open, on their side."""
    for (_, side), page in town.app.extensions[SCREENS].items():
        if side is viewer.side and page.allows("index", viewer):
            yield page


def doors(
    page: Screen, viewer: Viewer, heavy: dict[str, int], thorough: bool = True
) -> Iterator[tuple[str, str]]:
    """Every door of a screen with what it is; unless ``thorough``, one order and one tab in three."""
    seen = 0
    every = (list_doors(page, viewer, heavy), row_doors(page, viewer, heavy[page.entity.__name__]))
    for door, what in chain.from_iterable(every):
        seen += what in ("list sorted", "tab")
        if thorough or what not in ("list sorted", "tab") or seen % 3 == 0:
            yield door, what


def list_doors(page: Screen, viewer: Viewer, heavy: dict[str, int]) -> Iterator[tuple[str, str]]:
    """The list plain, searched, long, far, sorted by each column, narrowed by each filter and by all."""
    entity, base = page.entity, f"{page.route_base}/"
    yield base, "list"
    yield f"{base}?q=ligne+1", "list searched"
    yield f"{base}?taille=100&page=3", "list of 100"
    for one in listing.sortable(listing.columns(entity, viewer)):
        yield f"{base}?tri=-{one.name}", "list sorted"
    able = filters.filterable(permissions.visible(entity, viewer))
    for one in {one.kind: one for one in reversed(able)}.values():  # the first of each kind
        yield f"{base}?{_on(one, heavy)}", "list filtered"
    if able:
        yield f"{base}?q=1&{'&'.join(_on(one, heavy) for one in able)}", "list, every filter on"


def _on(one: Attribute, heavy: dict[str, int]) -> str:
    if one.kind in filters.DAYS:
        return f"{one.name}-du=2000-01-01&{one.name}-au=2010-12-31"
    if one.kind is Kind.RELATION:
        return f"{one.name}={heavy[one.target]}"
    if one.kind is Kind.BOOLEAN:
        return f"{one.name}=oui"
    if one.kind in filters.WORDS:
        return f"{one.name}=ligne"
    if one.kind in filters.NUMBERS:
        return f"{one.name}-min=0"
    return f"{one.name}={next(iter(one.python_type)).value}"


def row_doors(page: Screen, viewer: Viewer, row: int) -> Iterator[tuple[str, str]]:
    """A row, each of its tabs, its history, and the pages that write it."""
    if page.entity.__name__ in SHOWN_BY_HAND:
        return
    here = f"{page.route_base}/{row}"
    yield here, "show"
    for other, one in related.relations_to(page.entity):
        if permissions.sees(viewer, one):
            yield f"{here}?onglet={other.__term__.slug}.{one.name}", "tab"
    yield f"{here}?onglet=tous", "every tab"
    if viewer.is_staff and history.may_see(viewer):
        yield f"{here}?onglet=historique", "history"
    if page.entity.__name__ in WRITTEN_BY_HAND:
        return
    for method, door, what in (
        ("add", "creer", "form, new"),
        ("edit", f"{row}/modifier", "form"),
        ("delete", f"{row}/supprimer", "delete"),
    ):
        if hasattr(page, method) and page.allows(method, viewer):
            yield f"{page.route_base}/{door}", what
    if hasattr(page, "add") and page.allows("add", viewer):
        yield _filled(page.entity, f"{page.route_base}/creer", row), "form, new, filled"


def _filled(entity: type[Entity], door: str, row: int) -> str:
    keys = [one.name for one in entity.__attributes__.values() if one.kind is Kind.RELATION]
    return f"{door}?{'&'.join(f'{name}={row}' for name in keys)}"


def worst(costs: Iterable[Cost]) -> dict[str, dict[str, Cost]]:
    """The most expensive door of each sort, by measure."""
    found: dict[str, dict[str, Cost]] = {}
    for one in costs:
        for measure in ("statements", "rows", "bytes"):
            best = found.setdefault(one.what, {}).get(measure)
            if best is None or getattr(one, measure) > getattr(best, measure):
                found[one.what][measure] = one
    return found

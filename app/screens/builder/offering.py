"""The rows that the relations of a form choose among: a short list, or a search that never loads a table."""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from app.access.database import db
from app.access.viewer import Viewer
from app.declare import Attribute, Entity, Kind
from app.screens import numbers
from app.screens.builder import choices, listing, naming
from app.screens.builder.fields import Picking
from app.screens.builder.forms import RowForm, hold_back

LISTS = 6
"""The rows of that many relations are listed at most, one statement each; the others are searched for."""
FOUND = 20
Words = Callable[[str], str]
"""What is searched for a relation where no script runs, by the name of its field."""


def nothing_searched(name: str) -> str:
    """No words for any field."""
    return ""


def offer(
    forms: Sequence[RowForm],
    viewer: Viewer,
    search_url: Callable[[Attribute], str],
    words: Words = nothing_searched,
    lists: int = LISTS,
    few: int = choices.FEW,
) -> int:
    """Give each relation of these forms of one entity the rows it can point at; how many lists are left.

    One statement a relation whatever the number of forms, one more for each field whose words are searched.
    """
    relations = {
        name: one for form in forms for name, one in form.edited.items() if one.kind is Kind.RELATION
    }
    small = choices.short({naming.target_of(one) for one in relations.values()}, few) if lists > 0 else set()
    for one in relations.values():
        is_listed = lists > 0 and naming.target_of(one) in small
        holding = [form for form in forms if one.name in form.edited]
        _offer(holding, one, viewer, search_url, words, few if is_listed else 0)
        lists -= is_listed
    return max(lists, 0)


def offer_all(
    form: RowForm, search_url: Callable[[type[Entity], Attribute], str], words: Words = nothing_searched
) -> None:
    """The same for a form and its lines."""

    def url_in(entity: type[Entity]) -> Callable[[Attribute], str]:
        return lambda one: search_url(entity, one)

    lists = offer([form], form.viewer, url_in(form.entity), words)
    for block in form.blocks:
        lists = block.offer(url_in(block.entity), words, lists)


def _offer(
    forms: Sequence[RowForm],
    one: Attribute,
    viewer: Viewer,
    search_url: Callable[[Attribute], str],
    words: Words,
    few: int,
) -> None:
    target = naming.target_of(one)
    wanted = {key for form in forms for key in _wanted(form, one)}
    listed, named = _named(target, viewer, wanted, few)
    for form in forms:
        picking: Picking = form.form[one.name]
        if listed:
            picking.offer(named)
        else:
            names = {key: named[key] for key in _wanted(form, one) if key in named}
            asked = words(picking.name)
            if asked:
                found = listing.matching(target, viewer, asked, FOUND)
                names |= {row.id: naming.precise(row, viewer) for row in found}
            picking.offer(names, search_url(one))
        _settle(form, one, picking)


def _named(target: type[Entity], viewer: Viewer, wanted: set[int], few: int) -> tuple[bool, dict[int, str]]:
    """Whether every row in reach is there, and their names; otherwise the wanted ones'. One statement."""
    if not few:
        return False, choices.rows_named(target, wanted, viewer, precisely=True)
    first = listing.Statement(target, viewer, select(target.id))
    first.order(None, False)
    here = target.id.in_(first.select.limit(few + 1)) | target.id.in_(wanted)
    chosen = listing.in_order(select(target).where(here), target, viewer, naming.telling(target, viewer))
    rows = db.session.scalars(chosen).unique().all()
    if len(rows) > few:
        return False, {row.id: naming.precise(row, viewer) for row in rows if row.id in wanted}
    return True, choices.told_apart(rows, viewer)


def _wanted(form: RowForm, one: Attribute) -> list[int]:
    """The row that is chosen and the one that was."""
    chosen = numbers.row_id(form.form[one.name].data or "")
    current = getattr(form.row, one.column) if form.row is not None else None
    return [key for key in (chosen, current) if key]


def _settle(form: RowForm, one: Attribute, picking: Picking) -> None:
    current = getattr(form.row, one.column) if form.row is not None else None
    if current is not None and current not in picking.names:
        hold_back(form, [one.name])  # it points out of reach: saving the form must not lose it
    elif picking.raw_data is None and numbers.row_id(picking.data or "") not in picking.names:
        picking.data = ""  # the address of the page named a row that does not exist

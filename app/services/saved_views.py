"""Views of the generated lists: an address kept under a name, by one person, for themselves or for all.

Whoever asks gets their own views and those that colleagues share; only the owner changes or deletes one.
A view that is neither theirs nor shared is as if it did not exist. What an address may ask is read again
at each use with the rights of whoever uses it: that is the screens' part, this keeps text.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.exc import StaleDataError

from app.access.database import db
from app.access.folding import fold
from app.access.viewer import Viewer
from app.declare import Entity
from app.models import SavedView

NAME_LENGTH, QUERY_LENGTH = 60, 2000
MOST = 30
"""How many views somebody keeps of one list."""
MOST_SHARED = 40


@dataclass(frozen=True)
class View:
    """A view as it is shown. ``owner``: the name of who shares it, for the others."""

    id: int
    name: str
    query: str
    is_own: bool
    is_shared: bool
    is_default: bool
    owner: str = ""


@dataclass(frozen=True)
class Kept:
    """What became of a view, or the sentence that says why nothing was done."""

    view: View | None = None
    problem: str = ""

    def __bool__(self) -> bool:
        return not self.problem


def of_list(entity: type[Entity], viewer: Viewer) -> list[View]:
    """The views of that list that the viewer may use: their own, then the shared ones; one statement."""
    if not viewer.is_staff or viewer.account_id is None:
        return []
    statement = (
        select(SavedView)
        .where(SavedView.list_name == entity.__name__, _usable(viewer))
        .options(joinedload(SavedView.owner))
        .order_by((SavedView.owner_id != viewer.account_id), SavedView.name, SavedView.id)
        .limit(MOST + MOST_SHARED)
    )
    found = [_shown(row, viewer) for row in db.session.scalars(statement)]
    return sorted(found, key=lambda one: (not one.is_own, fold(one.name) or ""))


def keep(
    entity: type[Entity],
    viewer: Viewer,
    name: str,
    query: str,
    *,
    shared: bool = False,
    default: bool = False,
) -> Kept:
    """Keep that address under that name and commit; the owner's view of the same name is replaced."""
    problem = _wrong_name(name) or _wrong_query(query)
    if problem or not viewer.is_staff or viewer.account_id is None:
        return Kept(problem=problem or "Les vues sont celles du service.")
    own = _own(entity, viewer)
    row = next((one for one in own if fold(one.name) == fold(name)), None)
    if row is None:
        if len(own) >= MOST:
            return Kept(problem=f"Vous gardez déjà {MOST}\u00a0vues de cette liste\u00a0: supprimez-en une.")
        row = SavedView(owner_id=viewer.account_id, list_name=entity.__name__)
        db.session.add(row)
    row.query = query
    return _settle(row, own, viewer, name, shared, default)


def change(
    entity: type[Entity],
    viewer: Viewer,
    view_id: int,
    name: str,
    *,
    shared: bool,
    default: bool,
    query: str | None = None,
) -> Kept | None:
    """Rename, share, open by default, or point elsewhere a view of one's own; commit. None: not theirs."""
    own = _own(entity, viewer)
    row = next((one for one in own if one.id == view_id), None)
    if row is None:
        return None
    problem = _wrong_name(name) or (_wrong_query(query) if query is not None else "")
    if any(one is not row and fold(one.name) == fold(name) for one in own):
        problem = f"Vous gardez déjà une vue nommée «\u00a0{name}\u00a0»."
    if problem:
        return Kept(problem=problem)
    if query is not None:
        row.query = query
    return _settle(row, own, viewer, name, shared, default)


def delete(entity: type[Entity], viewer: Viewer, view_id: int) -> str | None:
    """Delete a view of one's own and commit; its name, or None when it is not theirs."""
    row = next((one for one in _own(entity, viewer) if one.id == view_id), None)
    if row is None:
        return None
    name = row.name
    db.session.delete(row)
    db.session.commit()
    return name


def _usable(viewer: Viewer) -> ColumnElement[bool]:
    return or_(SavedView.owner_id == viewer.account_id, SavedView.is_shared.is_(True))


def _own(entity: type[Entity], viewer: Viewer) -> list[SavedView]:
    """The views of that list that are the viewer's; one statement."""
    if not viewer.is_staff or viewer.account_id is None:
        return []
    mine = select(SavedView).where(
        SavedView.list_name == entity.__name__, SavedView.owner_id == viewer.account_id
    )
    return list(db.session.scalars(mine))


def _settle(
    row: SavedView, own: list[SavedView], viewer: Viewer, name: str, shared: bool, default: bool
) -> Kept:
    row.name, row.is_shared, row.is_default = name, shared, default
    if default:
        for other in own:
            if other is not row and other.is_default:
                other.is_default = False
    try:
        db.session.commit()
    except (IntegrityError, StaleDataError):
        db.session.rollback()
        return Kept(problem="Cette vue a changé entre-temps. Recommencez.")
    return Kept(_shown(row, viewer))


def _wrong_name(name: str) -> str:
    if not name:
        return "Donnez un nom à cette vue."
    return f"{NAME_LENGTH}\u00a0signes au plus pour le nom." if len(name) > NAME_LENGTH else ""


def _wrong_query(query: str) -> str:
    long = len(query) > QUERY_LENGTH
    return "Cette liste a trop de filtres pour être gardée\u00a0: retirez-en." if long else ""


def _shown(row: SavedView, viewer: Viewer) -> View:
    is_own = row.owner_id == viewer.account_id
    owner = "" if is_own else row.owner.full_name
    return View(row.id, row.name, row.query, is_own, row.is_shared, is_own and row.is_default, owner)

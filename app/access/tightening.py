"""The rights that a configurator took back from a declaration, in force for every viewer.

Read once a process for each version of the settings (``versions.py``); a declaration is never widened:
what a row says is taken off what the declaration gives.
"""

from sqlalchemy import select

from app.access.database import db
from app.access.versions import current_version
from app.access.viewer import Narrowed, Tightening, unscoped
from app.entities.rulebook import Level
from app.models import FieldRight

_kept: dict[str, tuple[int, Tightening]] = {}


def in_force() -> Tightening:
    """By entity and attribute. No statement once a transaction has read the version; one after a change."""
    with unscoped("les droits resserrés valent pour tout le monde"):
        version = current_version(db.session())
        place = str(db.engine.url)
        kept = _kept.get(place)
        if kept is not None and kept[0] == version:
            return kept[1]
        found = _read()
        if version:  # 0: nobody has raised it yet, nothing tells an old copy from a new one
            _kept[place] = (version, found)
        return found


def _read() -> Tightening:
    found: dict[tuple[str, str], Narrowed] = {}
    for one in db.session.scalars(select(FieldRight)):
        key = (one.entity_name, one.attribute_name)
        so_far = found.get(key, Narrowed())
        role = one.audience.role
        found[key] = Narrowed(
            so_far.hidden | role if one.level is Level.HIDDEN else so_far.hidden,
            so_far.read_only | role if one.level is Level.READ else so_far.read_only,
            so_far.approval or one.level is Level.APPROVAL,
        )
    return found

"""The rights that a configurator took back from a declaration, in force for every viewer.

Read once a process for each version of the settings (``versions.py``); a declaration is never widened:
what a row says is taken off what the declaration gives.
"""

from sqlalchemy import select

from app.access.database import db
from app.access.versions import Remembered
from app.access.viewer import Narrowed, Tightening
from app.entities.rulebook import Level
from app.models import FieldRight


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


in_force = Remembered("les droits resserrés valent pour tout le monde", _read)
"""By entity and attribute."""

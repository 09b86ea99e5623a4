"""A row in JSON: the attributes that are asked for and seen, each kind in one way."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.access import permissions
from app.access.viewer import Viewer
from app.declare import Attribute, Choice, Contradiction, Entity, FileRef, Kind, entity_named
from app.screens.builder import naming
from app.screens.builder.cells import is_told


def row_as_json(row: Entity, seen: Sequence[Attribute], viewer: Viewer, base: str) -> dict[str, Any]:
    """The row with its number and revision; ``base``: its entity's address. No statement if it was loaded."""
    values = {one.name: value_as_json(row, one, viewer, base) for one in seen}
    return {"id": row.id, "revision": row.revision, **values}


def value_as_json(row: Entity, one: Attribute, viewer: Viewer, base: str) -> Any:
    """One value. A relation to a row out of reach is null, as if there were none."""
    value = getattr(row, one.name)
    if value is None:
        return None
    if one.kind is Kind.RELATION:
        return {"id": value.id, "nom": naming.label(value, viewer)}
    if isinstance(value, FileRef):
        return {
            "nom": value.name,
            "type": value.media_type,
            "octets": value.size_bytes,
            "adresse": f"{base}/{row.id}/fichier/{one.name}",
        }
    if one.kind is Kind.JSON:
        return _structured(row, value, viewer)
    return plain(value)


def plain(value: Any) -> Any:
    """A value that is no relation, no file and no structure."""
    if isinstance(value, Choice):
        return value.value
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return value.isoformat() if hasattr(value, "isoformat") else value


def _structured(row: Entity, value: Any, viewer: Viewer) -> Any:
    """A structure; of one that tells of another row (the history), what the viewer sees of that row."""
    told = getattr(row, "entity", None)
    if not isinstance(told, str) or not isinstance(value, dict):
        return value
    try:
        entity = entity_named(told)
    except Contradiction:
        return {}
    if not is_told(entity, value, viewer):
        return {}
    declared = entity.__attributes__
    seen = {name: declared.get(name) for name in value}
    return {name: value[name] for name, one in seen.items() if one and permissions.sees(viewer, one)}

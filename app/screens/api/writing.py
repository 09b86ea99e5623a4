"""What every door that writes does: read the body, know the revision, say why it was refused."""

from typing import Any

from flask import request
from marshmallow import ValidationError
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import Viewer
from app.declare import Entity, Kind
from app.screens.api import bodies, fields
from app.screens.api.problems import Refused
from app.screens.builder import naming
from app.services import clock, records
from app.services.records import Outcome

MISSING_ROW = "Cette fiche n’existe pas, ou plus."
"""The same for a row out of reach."""
MOST_ERRORS = 50
NO_REVISION = (
    "Donnez la révision que vous avez lue dans l’en-tête «\u00a0If-Match\u00a0»\u00a0: l’ETag de la fiche."
)


def values_of(entity: type[Entity], viewer: Viewer, *, creates: bool) -> dict[str, Any]:
    """The values of the body, as columns hold them. Refused: 400, 413, 415, or 422 with a sentence a field.

    No statement: the rows that relations point at are looked for by the flush that writes them.
    """
    body = bodies.read_object()
    schema = fields.body_schema(entity, viewer, clock.today(), creates=creates)
    try:
        found: dict[str, Any] = schema.load(body)
    except ValidationError as error:
        raise invalid(_sentences(error.messages)) from None
    return found


def _sentences(messages: Any) -> dict[str, str]:
    """A sentence by field, out of marshmallow's lists."""
    told: dict[str, str] = {}
    for name, found in list(messages.items())[:MOST_ERRORS]:
        told[str(name)[:80]] = " ".join(map(str, found)) if isinstance(found, list) else fields.UNKNOWN
    return told


def missing_rows(entity: type[Entity], values: dict[str, Any]) -> dict[str, str]:
    """The relations that lead out of reach, with their sentence; one statement an entity."""
    pointed = {
        name: (naming.target_of(one), values[name])
        for name, one in entity.__attributes__.items()
        if one.kind is Kind.RELATION and values.get(name) is not None
    }
    reached: dict[type[Entity], set[int]] = {}
    for target in {target for target, _ in pointed.values()}:
        wanted = {key for one, key in pointed.values() if one is target}
        reached[target] = set(db.session.scalars(select(target.id).where(target.id.in_(wanted))))
    return {name: MISSING_ROW for name, (target, key) in pointed.items() if key not in reached[target]}


def invalid(errors: dict[str, str]) -> Refused:
    """422: what is wrong, field by field."""
    return Refused(422, "Des valeurs sont refusées\u00a0: rien n’est enregistré.", errors)


def revisions() -> set[str]:
    """The revisions that the author has read (``If-Match``); 428 without any."""
    if not request.if_match.as_set() or request.if_match.star_tag:
        raise Refused(428, NO_REVISION)
    return set(request.if_match.as_set())


def match(row: Entity, read: set[str]) -> None:
    """412, who and when, if somebody saved the row since."""
    if str(row.revision) not in read:
        entity, row_id = type(row), row.id
        check(records.conflict(entity, row_id))


def written(entity: type[Entity], values: dict[str, Any], outcome: Outcome) -> None:
    """Refused unless it is done, with the relations that lead out of reach by their names."""
    if not outcome and not outcome.conflict and records.WHOLE in outcome.problems:
        missing = missing_rows(entity, values)
        if missing:
            raise invalid(missing)
    check(outcome)


def check(outcome: Outcome, held: int = 422) -> None:
    """Refused unless it is done; ``held``: the status of what concerns the row as a whole."""
    if outcome:
        return
    whole = outcome.problems.get(records.WHOLE, "")
    if outcome.conflict:
        raise Refused(412, whole)
    errors = {name: sentence for name, sentence in outcome.problems.items() if name != records.WHOLE}
    if errors:
        raise invalid(errors)
    raise Refused(held, whole)

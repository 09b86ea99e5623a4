"""The doors of the API: one page for every entity, the declared ones and those declared tomorrow."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from flask import Response, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import inspect, select
from werkzeug.datastructures import FileStorage

from app.access import permissions
from app.access.asking import put_answers
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Side, Viewer
from app.declare import STAFF, Attribute, Entity, FileRef, Kind, entities
from app.screens.api import bodies, description, door, reading, values, writing
from app.screens.api.problems import Refused
from app.screens.builder import filters, listing, naming
from app.screens.builder.addresses import asking
from app.screens.page import Page
from app.services import clock, files, records

BASE = "/api/v1"


class Api(Page):
    """Every entity in JSON, for who shows a token."""

    route_base = BASE
    side = Side.STAFF
    roles = STAFF
    own_door = staticmethod(door.enter)

    # --- What there is ---

    @expose("")
    @expose("/")
    def index(self) -> ResponseReturnValue:
        """What the token opens, and until when."""
        viewer, token = asking(), g.token
        reading.only()
        reached = description.reached(viewer, token.is_read_only)
        return reply(
            {
                "jeton": {
                    "nom": token.label,
                    "agit_comme": viewer.name,
                    "lecture_seule": token.is_read_only,
                    "expire_le": values.plain(token.expires_at),
                },
                "description": f"{BASE}/openapi.json",
                "entites": [
                    {
                        "nom": one.entity.__term__.title,
                        "adresse": f"{BASE}/{one.entity.__term__.slug}",
                        "methodes": list(one.methods),
                    }
                    for one in reached
                ],
            }
        )

    @expose("/openapi.json")
    def openapi(self) -> ResponseReturnValue:
        """The description of what the token opens."""
        reading.only()
        return reply(description.openapi(asking(), g.token.is_read_only, clock.today(), BASE))

    # --- Rows ---

    @expose("/<slug>")
    def rows(self, slug: str) -> ResponseReturnValue:
        """A page of a list; two statements, three when something narrows it."""
        viewer = asking()
        entity = seen_entity(slug, viewer)
        asked = reading.read_list(entity, viewer)
        found = listing.find(entity, viewer, asked.ask, asked.shown)
        if asked.ask.page > found.pages:
            raise reading.refused("page", f"dépasse la dernière page, qui est la {found.pages}")
        base = f"{BASE}/{slug}"
        told = {
            "total": found.total,
            "page": found.page,
            "pages": found.pages,
            "elements": [values.row_as_json(row, asked.shown, viewer, base) for row in found.rows],
        }
        return reply(told, headers={"Link": _links(base, asked.kept, found.page, found.pages)})

    # One rule for the three: with one each, a number that no row can have would be a 405, not a 404.
    @expose("/<slug>/<int:row_id>", methods=("GET", "PATCH", "DELETE"))
    def row(self, slug: str, row_id: int) -> ResponseReturnValue:
        """A row: read, changed or deleted."""
        doors = {"PATCH": self.change, "DELETE": self.delete}
        return doors.get(request.method, self.one)(slug, row_id)

    def one(self, slug: str, row_id: int) -> ResponseReturnValue:
        """A row; one statement."""
        viewer = asking()
        entity = seen_entity(slug, viewer)
        reading.only(("champs",))
        shown = reading.read_fields(entity, viewer)
        return _told(find(entity, row_id, shown), shown, viewer, slug)

    @expose("/<slug>", methods=("POST",))
    def create(self, slug: str) -> ResponseReturnValue:
        """A new row, from the attributes of the body."""
        viewer = asking()
        entity = seen_entity(slug, viewer)
        if not records.can_be_made(entity, viewer):
            raise Refused(403, f"Ce jeton ne permet pas de créer {entity.__term__.a}.")
        reading.only()
        given = writing.values_of(entity, viewer, creates=True)
        outcome = records.create(entity, given, viewer)
        writing.written(entity, given, outcome)
        made: Any = inspect(outcome.row)
        row_id = made.identity[0]  # the row itself is expired, and may be out of reach
        shown = permissions.visible(entity, viewer)
        row = _reached(entity, row_id, shown)
        headers = {"Location": f"{BASE}/{slug}/{row_id}"}
        if row is None:  # it was made where this token does not look
            return reply({"id": row_id, "revision": 1}, 201, headers)
        return _told(row, shown, viewer, slug, 201, headers)

    def change(self, slug: str, row_id: int) -> ResponseReturnValue:
        """Change the attributes of the body, and no other."""
        viewer = asking()
        entity = edited_entity(slug, viewer)
        reading.only()
        revisions = writing.revisions()
        shown = permissions.visible(entity, viewer)
        given = writing.values_of(entity, viewer, creates=False)
        row = find(entity, row_id)
        writing.match(row, revisions)
        if given:
            writing.written(entity, given, records.update(row, given, viewer, row.revision))
        return _told(find(entity, row_id, shown), shown, viewer, slug)

    def delete(self, slug: str, row_id: int) -> ResponseReturnValue:
        """Delete a row with what is a part of it; 409 while anything else depends on it."""
        viewer = asking()
        entity = seen_entity(slug, viewer)
        if not permissions.may(viewer, entity, Action.DELETE):
            raise Refused(403, f"Ce jeton ne permet pas de supprimer {entity.__term__.the}.")
        reading.only()
        revisions = writing.revisions()
        row = find(entity, row_id)
        writing.match(row, revisions)
        writing.check(records.delete(row, viewer), held=409)
        return reply(None, 204)

    # --- Files ---

    @expose("/<slug>/<int:row_id>/fichier/<name>", methods=("GET", "PUT"))
    def file(self, slug: str, row_id: int, name: str) -> ResponseReturnValue:
        """A file of a row: read, or put."""
        return (self.put_file if request.method == "PUT" else self.get_file)(slug, row_id, name)

    def get_file(self, slug: str, row_id: int, name: str) -> ResponseReturnValue:
        """The bytes of a file: whoever sees the attribute of that row sees it."""
        viewer = asking()
        entity = seen_entity(slug, viewer)
        reading.only()
        one = file_attribute(entity, name, permissions.visible(entity, viewer))
        ref = getattr(find(entity, row_id, [one]), one.name)
        if not isinstance(ref, FileRef):
            raise Refused(404)
        return files.send(ref, inline=False)

    def put_file(self, slug: str, row_id: int, name: str) -> ResponseReturnValue:
        """Put a file, looked at and cleaned as one sent by a form; ``nom`` is its name."""
        viewer = asking()
        entity = edited_entity(slug, viewer)
        reading.only(("nom",))
        revisions = writing.revisions()
        one = file_attribute(entity, name, permissions.editable(entity, viewer))
        content = bodies.raw(files.limit_bytes())
        row = find(entity, row_id)
        writing.match(row, revisions)
        revision = row.revision
        try:
            ref = files.store(FileStorage(BytesIO(content), request.args.get("nom", "")))
        except files.RefusedFile as refusal:
            raise Refused(422, refusal.sentence, {one.name: refusal.sentence}) from None
        writing.check(records.update(row, {one.name: ref}, viewer, revision))
        shown = permissions.visible(entity, viewer)
        return _told(find(entity, row_id, shown), shown, viewer, slug)


# --- What the doors share --------------------------------------------------------------------------


def seen_entity(slug: str, viewer: Viewer) -> type[Entity]:
    """The entity of that address; 404 for who sees nothing of it, as for one that does not exist."""
    entity = next((one for one in entities() if one.__term__.slug == slug), None)
    if entity is None or not description.is_seen(entity, viewer):
        raise Refused(404)
    return entity


def edited_entity(slug: str, viewer: Viewer) -> type[Entity]:
    """The same, for who may change its rows; 403 otherwise."""
    entity = seen_entity(slug, viewer)
    if not permissions.may(viewer, entity, Action.EDIT):
        raise Refused(403, f"Ce jeton ne permet pas de modifier {entity.__term__.the}.")
    return entity


def file_attribute(entity: type[Entity], name: str, among: list[Attribute]) -> Attribute:
    """The file of that name among those attributes, or 404."""
    one = next((one for one in among if one.name == name and one.kind is Kind.FILE), None)
    if one is None:
        raise Refused(404)
    return one


def find(entity: type[Entity], row_id: int, shown: Any = ()) -> Entity:
    """The row in reach, with the names of those relations, or 404; one statement."""
    row = _reached(entity, row_id, shown)
    if row is None:
        raise Refused(404)
    return row


def _reached(entity: type[Entity], row_id: int, shown: Any) -> Entity | None:
    asked = select(entity).where(entity.id == row_id).options(*naming.loading(entity, shown))
    row = db.session.scalars(asked).unique().one_or_none()
    if row is not None:
        put_answers([row], shown)
    return row


def _told(
    row: Entity,
    shown: Any,
    viewer: Viewer,
    slug: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    told = values.row_as_json(row, shown, viewer, f"{BASE}/{slug}")
    return reply(told, status, {"ETag": f'"{row.revision}"', **(headers or {})})


def _links(base: str, kept: tuple[tuple[str, str], ...], page: int, pages: int) -> str:
    """The pages around, as RFC 8288 writes them."""
    around = {"first": 1, "prev": page - 1, "next": page + 1, "last": pages}
    return ", ".join(
        f'<{filters.address(base, [*kept, ("page", number)])}>; rel="{word}"'
        for word, number in around.items()
        if 1 <= number <= pages
    )


def reply(told: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer, that nothing on the way keeps."""
    text = "" if told is None else json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    response = current_app.response_class(text, status, mimetype="application/json")
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "no-store"
    return response

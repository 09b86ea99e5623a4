"""*Mes données*: all that a parent may read of the household, in one file (GDPR, articles 15 and 20).

Derived from the declarations, so that what is declared tomorrow is in it: every entity that families see,
the rows of the household in view alone, the attributes that this parent sees, and the files.
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from flask import Response, abort, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import select
from werkzeug.exceptions import NotFound

from app.access import permissions
from app.access.asking import put_answers
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Side, Viewer, acting, current_viewer
from app.declare import FAMILY, Attribute, Entity, FileRef, Kind
from app.declare.scope import Root
from app.models import MAP
from app.screens.api.values import value_as_json
from app.screens.builder import naming
from app.screens.builder.cells import words
from app.screens.builder.export import pieces
from app.screens.page import Page
from app.services import clock, files

LOST = "fichier introuvable"
STYLE = "mes-donnees.css"


@dataclass(frozen=True)
class Part:
    """The rows of one entity: what is read of each, in words and as JSON holds it."""

    title: str
    labels: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    rows: tuple[dict[str, Any], ...]
    files: tuple[tuple[str, FileRef], ...]


class OwnDataPage(Page):
    """Mes données."""

    route_base = "/mes-donnees"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """What the file holds, and the button that makes it."""
        return self.show("family/own_data.html")

    @expose("/fichier", methods=("POST",))
    def download(self) -> ResponseReturnValue:
        """The ZIP file; one statement an entity."""
        viewer = current_viewer()
        if viewer is None or viewer.family_id is None:
            abort(404)
        now = clock.now()
        made = archive(viewer, now)
        name = f"donnees-famille-{clock.today():%Y-%m-%d}.zip"
        response: Response = current_app.response_class(pieces(made), mimetype="application/zip")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "no-store"
        return response


def archive(viewer: Viewer, now: datetime) -> IO[bytes]:
    """The ZIP file, open at its start, gone from the disk when it is closed.

    ``famille.json`` by entity; ``lisez-moi.html`` the same to read; the files under ``fichiers/``.
    """
    made = tempfile.TemporaryFile()  # noqa: SIM115  (whoever sends it closes it)
    # The other household of the same account has its own file.
    alone = replace(viewer, family_ids=frozenset({viewer.family_id or 0}))
    with acting(alone), ZipFile(made, "w", ZIP_DEFLATED) as packed:
        parts = [part for entity in held(alone) if (part := part_of(entity, alone)).rows]
        told = {
            "fait_le": now.isoformat(timespec="seconds"),
            "pour": viewer.name,
            "fiches": {part.title: part.rows for part in parts},
        }
        packed.writestr("famille.json", json.dumps(told, ensure_ascii=False, indent=1))
        packed.writestr("lisez-moi.html", render_template("family/own_data_read.html", parts=parts, now=now))
        packed.write(Path(current_app.root_path, "static", "css", STYLE), STYLE)
        for part in parts:
            for path, ref in part.files:
                try:
                    packed.write(files.open_path(ref), path, ZIP_STORED)
                except NotFound:
                    packed.writestr(f"{path}.txt", LOST)
    made.seek(0)
    return made


def held(viewer: Viewer) -> Iterator[type[Entity]]:
    """The entities whose rows are a household's, and that this parent sees."""
    for entities in MAP.values():
        for entity in entities:
            if entity.__scope__ not in (Root.TOWN, Root.SERVICE, Root.FACILITY) and permissions.may(
                viewer, entity, Action.SEE
            ):
                yield entity


def part_of(entity: type[Entity], viewer: Viewer) -> Part:
    """The rows in reach of an entity, with what this viewer sees of them. Two statements at most."""
    seen = [one for one in permissions.visible(entity, viewer) if not one.secret]
    chosen = select(entity).order_by(entity.id).options(*naming.loading(entity, seen))
    rows: Sequence[Entity] = db.session.scalars(chosen).unique().all()
    put_answers(rows, seen)
    slug = entity.__term__.slug
    kept = tuple(
        (f"fichiers/{slug}/{row.id}-{value.name}", value)
        for row in rows
        for one in seen
        if isinstance(value := getattr(row, one.name), FileRef)
    )
    return Part(
        entity.__term__.title,
        tuple(one.label for one in seen),
        tuple(tuple(_said(row, one, viewer) for one in seen) for row in rows),
        tuple({"id": row.id, **{one.name: _plain(row, one, viewer, slug) for one in seen}} for row in rows),
        kept,
    )


def _plain(row: Entity, one: Attribute, viewer: Viewer, slug: str) -> Any:
    value = getattr(row, one.name)
    if isinstance(value, FileRef):
        return {"nom": value.name, "fichier": f"fichiers/{slug}/{row.id}-{value.name}"}
    return value_as_json(row, one, viewer, "")


def _said(row: Entity, one: Attribute, viewer: Viewer) -> str:
    value = getattr(row, one.name)
    if one.kind is Kind.RELATION:
        return naming.label(value, viewer) if value is not None else ""
    if one.kind is Kind.JSON:
        told = value_as_json(row, one, viewer, "")
        return json.dumps(told, ensure_ascii=False) if told else ""
    return value.name if isinstance(value, FileRef) else words(one, value)

"""*Documentation* (S1): what the service puts at the families' disposal: menus, programmes, rules."""

from datetime import date

from flask import abort
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.viewer import Side
from app.declare import FAMILY
from app.models import Publication
from app.screens.page import Page
from app.services import clock, files


class DocumentationPage(Page):
    """Documentation."""

    route_base = "/documentation"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """What is visible today, by facility; what concerns every facility comes first. One statement."""
        found = db.session.scalars(_visible(clock.today()).options(joinedload(Publication.facility))).all()
        groups: dict[str, list[Publication]] = {}
        for one in sorted(found, key=lambda one: one.facility.name if one.facility else ""):
            groups.setdefault(one.facility.name if one.facility else "", []).append(one)
        return self.show("family/documentation.html", groups=groups, today=clock.today())

    @expose("/<int:publication_id>/fichier")
    def file(self, publication_id: int) -> ResponseReturnValue:
        """The file of a publication that is visible today, to keep."""
        one = db.session.scalars(
            _visible(clock.today()).where(Publication.id == publication_id)
        ).one_or_none()
        if one is None or one.file is None:
            abort(404)
        return files.send(one.file, inline=False)


def _visible(today: date) -> Select[tuple[Publication]]:
    """The publications of the day, the latest first; their last day is included."""
    return (
        select(Publication)
        .where(
            Publication.from_on <= today, or_(Publication.until_on.is_(None), Publication.until_on >= today)
        )
        .order_by(Publication.from_on.desc(), Publication.title, Publication.id)
    )

"""The search of the service: families, people, invoices and accounts that hold the words, in one page."""

from dataclasses import dataclass

from flask import redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access import permissions
from app.access.database import db
from app.access.permissions import Action
from app.access.viewer import Side, Viewer
from app.declare import STAFF, Attribute, Entity
from app.models import Account, Family, Invoice, Membership, Person
from app.screens.builder import cells, filters, listing, naming
from app.screens.builder.addresses import address_of, asking
from app.screens.page import Page

SEARCHED: tuple[tuple[type[Entity], str, tuple[str, ...]], ...] = (
    (Family, "people", ("city", "phone", "billing_email")),
    (Person, "person", ("born_on", "mobile_phone", "email")),
    (Invoice, "receipt", ("family", "month_on", "total_cents", "status")),
    (Account, "person-circle", ("email",)),
)
"""What is looked in, its icon, and what tells a row from another."""
EACH = 8


@dataclass(frozen=True)
class Hit:
    """A row found."""

    name: str
    url: str
    details: str


@dataclass(frozen=True)
class Group:
    """The rows found of one kind; ``more`` leads to the list when there are others."""

    entity: type[Entity]
    icon: str
    hits: tuple[Hit, ...]
    more: str


class SearchPage(Page):
    """Chercher: one box over what the viewer sees."""

    route_base = "/service/chercher"
    side = Side.STAFF
    roles = STAFF

    @expose("")
    def index(self) -> ResponseReturnValue:
        """The groups that answer; the only row found is opened at once. At most five statements."""
        viewer = asking()
        q = filters.clean(request.args.get("q"), 100)
        groups = [one for one in found(q, viewer) if one.hits] if q else []
        hits = [hit for group in groups for hit in group.hits]
        if len(hits) == 1:
            return redirect(hits[0].url)
        return self.show("builder/search.html", q=q, groups=groups, total=len(hits))


def found(q: str, viewer: Viewer) -> list[Group]:
    """The groups that this viewer may read; a statement each, one more for the households of people."""
    return [
        _group(entity, icon, names, q, viewer)
        for entity, icon, names in SEARCHED
        if permissions.may(viewer, entity, Action.SEE) and address_of(entity, viewer)
    ]


def _group(entity: type[Entity], icon: str, names: tuple[str, ...], q: str, viewer: Viewer) -> Group:
    told = permissions.visible(entity, viewer, names)
    base = address_of(entity, viewer) or ""
    statement = listing.Statement(entity, viewer)
    statement.search(q)
    statement.order(None, False)
    chosen = statement.select.options(*naming.loading(entity, told)).limit(EACH + 1)
    rows = list(db.session.scalars(chosen).unique())
    homes = _homes([row.id for row in rows], viewer) if entity is Person and rows else {}
    hits = tuple(
        Hit(naming.label(row, viewer), f"{base}{row.id}", _details(row, told, homes.get(row.id, ""), viewer))
        for row in rows[:EACH]
    )
    more = filters.address(base, [("q", q)]) if len(rows) > EACH else ""
    return Group(entity, icon, hits, more)


def _details(row: Entity, told: list[Attribute], home: str, viewer: Viewer) -> str:
    words = [cells.cell(row, one, viewer, lambda entity, key: None).text for one in told]
    return ", ".join(word for word in (home, *words) if word)


def _homes(person_ids: list[int], viewer: Viewer) -> dict[int, str]:
    """The households of these people: « famille Martin »; one statement."""
    if not permissions.visible(Membership, viewer, ("family", "person")):
        return {}
    ties = db.session.scalars(
        select(Membership)
        .where(Membership.person_id.in_(person_ids))
        .options(joinedload(Membership.family))
        .order_by(Membership.id)
    )
    homes: dict[int, list[str]] = {}
    for tie in ties:
        if tie.family is not None:
            homes.setdefault(tie.person_id, []).append(f"famille {naming.label(tie.family, viewer)}")
    return {key: ", ".join(names) for key, names in homes.items()}

"""Knocking at every door there is: each URL rule, each method, with the rows of either household.

Rules come from the application's map, rows from the registry: a page or an entity that is added
is knocked at without a line here, and a rule with an argument that nobody explained stops the walk.
Every text of ``tests.support.rows`` says whose row, which entity and which attribute it is: whatever
page shows it, one knows whether this person may read it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Table, func, select
from werkzeug.routing import Rule

from app.access import permissions
from app.access.database import db
from app.access.viewer import Side, Viewer, unscoped
from app.declare import FAMILY, Entity, Kind, entities, entity_named
from app.declare.scope import FirstGiven, Root, Through
from app.screens.page import OPEN_ENDPOINTS, page_of
from tests.people import Town
from tests.support.rows import Rows

MARK = re.compile(r"Ligne ([AB]) ([A-Z]\w+) (\w+)")
DAY = "2026-09-01"
ROWS_OF_ARGUMENTS = {
    "account_id": "Account",
    "activity_id": "Activity",
    "child_id": "Person",
    "document_id": "Document",
    "example_id": "Example",
    "family_id": "Family",
    "invoice_id": "Invoice",
    "mail_id": "OutgoingMail",
    "note_id": "CreditNote",
    "person_id": "Person",
    "publication_id": "Publication",
    "refused_id": "RefusedRequest",
    "registration_id": "Registration",
    "request_id": "ChangeRequest",
    "thread_id": "Thread",
    "token_id": "ApiToken",
    "view_id": "SavedView",
}
OTHER_ARGUMENTS = {
    "code": "inconnu",
    "filename": "x",
    "jour": DAY,
    "kind": "notice",
    "locale": "fr",
    "slug": "familles",
    "token": "inconnu",
}
NOT_OURS = ("appbuilder.", "UtilView.", "LocaleView.")
"""The framework's own rules: the gate answers 404 to everybody."""
FORGED: dict[Kind | None, str] = {
    Kind.INTEGER: "1", Kind.CENTS: "1,00", Kind.DECIMAL: "1", Kind.DATE: DAY, Kind.TIME: "08:00",
    Kind.MOMENT: f"{DAY}T08:00", Kind.EMAIL: "forge@example.org", Kind.PHONE: "04 76 00 00 00",
    Kind.IBAN: "FR7630006000011234567890189", Kind.BOOLEAN: "y",
}  # fmt: skip


@dataclass
class Walker:
    """One person, who knocks. ``faults`` tells what they should not have got."""

    town: Town
    rows: dict[str, Rows]
    name: str | None
    client: FlaskClient = field(init=False)
    faults: list[str] = field(default_factory=list)
    knocks: int = 0

    def __post_init__(self) -> None:
        self.client = self.town.client(self.name)
        self._reached: dict[tuple[str, str], bool] = {}

    @property
    def is_parent(self) -> bool:
        """Whether they have a household and no role in the service."""
        return self.name is not None and not self.viewer(Side.FAMILY).roles & ~FAMILY

    def viewer(self, side: Side) -> Viewer:
        """Who they are on that side."""
        assert self.name is not None
        return self.town.viewer(self.name, side)

    # --- What they may read ---

    def reaches(self, whose: str, entity: type[Entity]) -> bool:
        """Whether that row is theirs to reach; for a parent, told from the declarations alone."""
        if self.name is None:
            return False
        if self.is_parent:
            root = root_of(entity)
            if root is Root.SERVICE:
                return False
            own = {self.town.families[letter] for letter in "AB"} & self.viewer(Side.FAMILY).family_ids
            return root is Root.TOWN or self.town.families[whose] in own
        key = (whose, entity.__name__)
        if key not in self._reached:
            with self.town.acting(self.name, Side.STAFF):
                asked = select(entity.id).where(entity.id == self.rows[whose][entity.__name__])
                self._reached[key] = db.session.scalars(asked).one_or_none() is not None
        return self._reached[key]

    def read(self, where: str, text: str, side: Side | None) -> None:
        """Every mark on a page is of a row that they reach and of an attribute that they see."""
        for whose, entity_name, attribute in set(MARK.findall(text)):
            entity = entity_named(entity_name)
            one = entity.__attributes__.get(attribute)
            if one is None:
                continue  # cut by the length of its column
            if self.name is None or side is None:
                self.faults.append(f"{where}: {whose} {entity_name}.{attribute} to nobody")
            elif not self.reaches(whose, entity):
                self.faults.append(f"{where}: the row {whose} of {entity_name}")
            elif not permissions.sees(self.viewer(side), one):
                self.faults.append(f"{where}: the hidden {entity_name}.{attribute}")

    # --- Knocking ---

    def get(self, rule: Rule, whose: str) -> None:
        """Open a page with the rows of a household."""
        path = path_of(self.town, rule, self.rows[whose])
        self._knock(rule, whose, "GET", path)

    def others(self, rule: Rule, whose: str) -> None:
        """Every other method that the rule answers: those of programs."""
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS", "POST"}):
            self._knock(rule, whose, method, path_of(self.town, rule, self.rows[whose]), json={})

    def post(self, rule: Rule, whose: str, forged: dict[str, Any]) -> None:
        """Send a form there."""
        path = path_of(self.town, rule, self.rows[whose])
        self._knock(rule, whose, "POST", path, data=forged)

    def _knock(self, rule: Rule, whose: str, method: str, path: str, **options: Any) -> None:
        self.knocks += 1
        try:
            answer = self.client.open(path, method=method, **options)
        except Exception as error:  # noqa: BLE001  (whatever breaks a page is a fault of its own)
            self.faults.append(f"{self.name or 'nobody'} {method} {path}: broken: {error!r}")
        else:
            self._answered(rule, whose, f"{method} {path}", answer)

    def _answered(self, rule: Rule, whose: str, where: str, answer: Any) -> None:
        where = f"{self.name or 'nobody'} {where} ({answer.status_code})"
        if answer.status_code >= 500 and not is_open(rule):  # healthz says 503: no worker runs
            self.faults.append(f"{where}: broken")
        side = side_of(self.town, rule)
        if answer.mimetype in ("text/html", "text/csv", "application/json"):
            self.read(where, answer.get_data(as_text=True), side)
        if is_open(rule) or rule.rule.startswith("/static/"):
            return
        expected = self._expected(rule, whose, side)
        if expected and answer.status_code not in expected:
            self.faults.append(f"{where}: expected {expected}")

    def _expected(self, rule: Rule, whose: str, side: Side | None) -> tuple[int, ...]:
        """The only answers that tell nothing; empty when the page may answer as it likes."""
        if rule.endpoint.startswith(NOT_OURS):
            return (404,)
        if rule.rule.startswith("/api/"):
            return (401,)  # a cookie opens nothing there
        if side is None:
            return ()
        if self.name is None:
            return (302,)
        if self.is_parent and side is Side.STAFF:
            return (404,)
        viewer = self.viewer(side)
        with self.town.app.app_context():
            page, method = page_of(rule.endpoint)
        assert page is not None
        if not page.allows(method, viewer):
            return (403, 404)
        mine = [entity for entity in entities_of(self.town, rule) if not self.reaches(whose, entity)]
        return (404,) if mine else ()


def root_of(entity: type[Entity]) -> Root:
    """Where its scope ends, read again here: the walk must not ask the code that it tests."""
    scope = entity.__scope__
    if isinstance(scope, Through):
        return root_of(entity_named(scope.entity))
    if isinstance(scope, FirstGiven):
        return root_of(entity_named(entity.__attributes__[scope.relations[0]].target))
    if isinstance(scope, Root):
        return scope
    return root_of(entity_named(entity.__attributes__[scope].target))


def rules(town: Town, keep: Callable[[Rule], bool] = lambda rule: True) -> list[Rule]:
    """Every rule of the application, in order of address."""
    return sorted(filter(keep, town.app.url_map.iter_rules()), key=lambda rule: rule.rule)


def reads(rule: Rule) -> bool:
    """Whether a page opens there."""
    return "GET" in (rule.methods or ())


def writes(rule: Rule) -> bool:
    """Whether a form is sent there."""
    return "POST" in (rule.methods or ())


def walk(
    town: Town,
    rows: dict[str, Rows],
    name: str | None,
    keep: Callable[[Rule], bool] = lambda rule: True,
    whose: str = "AB",
) -> Walker:
    """Open every page, with the rows of each household where the address names one."""
    walker = Walker(town, rows, name)
    for rule in rules(town, lambda rule: reads(rule) and keep(rule)):
        for letter in whose if rule.arguments else "A":
            walker.get(rule, letter)
    for rule in rules(town, keep):
        walker.others(rule, "A")
    return walker


def is_open(rule: Rule) -> bool:
    """Whether the page belongs to anybody."""
    return rule.endpoint in OPEN_ENDPOINTS


def side_of(town: Town, rule: Rule) -> Side | None:
    """The side of the page behind a rule; None: open, or none of ours."""
    with town.app.app_context():
        page, _ = page_of(rule.endpoint)
    return page.side if page is not None else None


def generated(town: Town, rule: Rule) -> type[Entity] | None:
    """The entity whose generated page this is."""
    with town.app.app_context():
        page, _ = page_of(rule.endpoint)
    found: type[Entity] | None = getattr(page, "entity", None)
    return found


def entities_of(town: Town, rule: Rule) -> Iterator[type[Entity]]:
    """The entities whose rows the address names."""
    own = generated(town, rule)
    for argument in rule.arguments:
        if argument == "row_id" and own is not None:
            yield own
        elif argument in ROWS_OF_ARGUMENTS:
            yield entity_named(ROWS_OF_ARGUMENTS[argument])


def path_of(town: Town, rule: Rule, rows: Rows) -> str:
    """The address of a rule with these rows; KeyError for an argument that nobody explained."""
    own = generated(town, rule)
    values: dict[str, Any] = {}
    for argument in rule.arguments:
        if argument == "row_id":
            values[argument] = rows[own.__name__ if own else "Family"]
        elif argument == "name":
            kind = Kind.FILE if rule.endpoint.endswith(".file") else Kind.RELATION
            values[argument] = _named(own, kind) if own else "notes"
        elif argument in ROWS_OF_ARGUMENTS:
            values[argument] = rows[ROWS_OF_ARGUMENTS[argument]]
        else:
            values[argument] = OTHER_ARGUMENTS[argument]
    _, path = rule.build(values, append_unknown=False) or (None, "")
    assert path, rule
    if rule.endpoint.endswith(".choices"):
        path += "?q=ligne"
    return path


def _named(entity: type[Entity], kind: Kind) -> str:
    return next((one.name for one in entity.__attributes__.values() if one.kind is kind), "rien")


# --- Writing -------------------------------------------------------------------------------------


def forged(rows: Rows, entity: type[Entity] | None) -> dict[str, Any]:
    """A form filled with the rows of a household that is not the sender's."""
    found: dict[str, Any] = {}
    for one in entity.__attributes__.values() if entity else relations():
        if one.kind is Kind.RELATION:
            found[one.name] = found[f"{one.name}_id"] = str(rows[one.target])
        elif one.kind is Kind.CHOICE:
            found[one.name] = next(iter(one.python_type)).value
        elif one.kind not in (Kind.FILE, Kind.JSON):
            found[one.name] = FORGED.get(one.kind, "Forgé")
    ids = {argument: str(rows[name]) for argument, name in ROWS_OF_ARGUMENTS.items()}
    return {**ids, **found, "revision": "1", "body": "Forgé", "reason": "Forgé"}


def relations() -> Iterable[Any]:
    """One relation of each name."""
    named = {one.name: one for entity in entities() for one in entity.__attributes__.values()}
    return [one for one in named.values() if one.kind is Kind.RELATION]


def pointing(rows: Rows) -> dict[str, int]:
    """How many rows point at each row of a household, by column, and a sum of their revisions."""
    found: dict[str, int] = {}
    with unscoped("ce qui tient à un foyer"):
        for entity in entities():
            table = entity.__table__
            assert isinstance(table, Table)
            own = [("id", entity)] if root_of(entity) not in (Root.TOWN, Root.SERVICE) else []
            keys = [
                (one.column, entity_named(one.target))
                for one in entity.__attributes__.values()
                if one.kind is Kind.RELATION
            ]
            for column, target in [*own, *keys]:
                if root_of(target) in (Root.TOWN, Root.SERVICE, Root.FACILITY):
                    continue
                asked = select(func.count(), func.coalesce(func.sum(table.c.revision), 0)).where(
                    table.c[column] == rows[target.__name__]
                )
                count, revisions = db.session.execute(asked).one()
                found[f"{entity.__name__}.{column}"] = count * 1000 + revisions
        db.session.rollback()
    return found

"""*Mes documents*: what is asked of the household and of each person, and handing it in (D1 to D5).

Everything lives at one address: what is asked for whom is in the query, a file is posted to the
page that shows it, so that Back, reload and a refused file all end where the parent was.
"""

from dataclasses import dataclass

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.access.database import db
from app.access.viewer import Side, current_viewer
from app.declare import FAMILY
from app.models import Activity, Document, Person
from app.rules.paperwork import Missing
from app.rules.words import NBSP
from app.screens import numbers
from app.screens.page import Page
from app.services import clock, documents, files, paperwork, registrations
from app.services.files import RefusedFile
from app.services.paperwork import Asking, Demand, Facts


@dataclass(frozen=True)
class Part:
    """One tab: the household, or one of its people."""

    who: str
    name: str
    demands: tuple[Demand, ...]

    @property
    def to_do(self) -> int:
        """How many documents are expected."""
        return sum(one.is_to_do for one in self.demands)

    @property
    def to_send(self) -> list[Demand]:
        """What may be handed in, the most pressing first."""
        return sorted((one for one in self.demands if not one.is_with_us), key=lambda one: not one.is_to_do)

    @property
    def with_us(self) -> list[Demand]:
        """What the service has."""
        return [one for one in self.demands if one.is_with_us]


@dataclass(frozen=True)
class Goal:
    """The registration that the parent was asking for, and what still stops it."""

    child: Person
    activity: Activity
    stops: tuple[Missing, ...]
    year_id: str


class DocumentsPage(Page):
    """Mes documents."""

    route_base = "/documents"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/", methods=("GET",))
    def index(self) -> ResponseReturnValue:
        """The tab asked for, or the first one where something is expected."""
        return self._shown()

    @expose("/", methods=("POST",))
    def send(self) -> ResponseReturnValue:
        """Hand in one file for one demand."""
        facts = paperwork.load(_family_id())
        asking = _asking(facts)
        demand = _demand(facts, asking)
        try:
            file = files.store(_upload())
        except RefusedFile as refused:
            return self._shown(facts, asking, demand, refused.sentence), 422
        documents.hand_in(demand, file, clock.now())
        flash(f"Nous avons reçu «{NBSP}{demand.label}{NBSP}». Le service vérifie ce document.", "done")
        return redirect(self.address(demand.who, **_goal_values()))

    @expose("/<int:document_id>/fichier")
    def file(self, document_id: int) -> ResponseReturnValue:
        """One's own file, to look at or (``telecharger``) to keep."""
        document = db.session.scalars(select(Document).where(Document.id == document_id)).one_or_none()
        if document is None or document.file is None:
            abort(404)
        return files.send(document.file, inline="telecharger" not in request.args)

    def address(self, who: str, **values: str) -> str:
        """The address of a tab, keeping what the parent was asking for."""
        return self.url("index", qui=who, **values)

    def _shown(
        self,
        facts: Facts | None = None,
        asking: Asking | None = None,
        wrong: Demand | None = None,
        problem: str = "",
    ) -> str:
        today = clock.today()
        facts = facts or paperwork.load(_family_id())
        asking = _asking(facts) if asking is None else asking
        parts = _parts(facts, paperwork.demands(facts.family_id, today, asking=asking, facts=facts))
        wanted = wrong.who if wrong else request.args.get("qui", "")
        part = next((one for one in parts if one.who == wanted), None)
        if part is None:
            part = next((one for one in parts if one.to_do), parts[0])
        return self.show(
            "family/documents.html",
            parts=parts,
            part=part,
            goal=_goal(facts, asking),
            wrong=wrong,
            problem=problem,
            today=today,
            accept=files.ACCEPT,
            link=lambda who: self.address(who, **_goal_values()),
            max_bytes=files.limit_bytes(),
        )


def _family_id() -> int:
    viewer = current_viewer()
    if viewer is None or viewer.family_id is None:
        abort(404)
    return viewer.family_id


def _upload() -> FileStorage:
    """The file chosen or photographed; an empty one when the form was sent without."""
    for name in ("photo", "file"):
        found = request.files.get(name)
        if found is not None and found.filename:
            return found
    return FileStorage()


def _goal_values() -> dict[str, str]:
    return {name: request.args[name] for name in ("enfant", "pour", "annee") if request.args.get(name)}


def _asking(facts: Facts) -> Asking:
    """What the parent wanted to register for before coming here; nothing when it makes no sense."""
    child_id = numbers.asked(request.args, "enfant")
    activity_id = numbers.asked(request.args, "pour")
    if activity_id is None or child_id not in {one.id for one in facts.children()}:
        return {}
    activity = db.session.scalars(select(Activity).where(Activity.id == activity_id)).one_or_none()
    return {} if activity is None or child_id is None else {child_id: activity}


def _goal(facts: Facts, asking: Asking) -> Goal | None:
    for child in facts.children():
        if child.id in asking:
            today = clock.today()
            stops, _ = registrations.papers(child.id, facts.family_id, asking[child.id], today, today, facts)
            return Goal(child, asking[child.id], stops, request.args.get("annee", ""))
    return None


def _parts(facts: Facts, demands: list[Demand]) -> list[Part]:
    """A tab for the household, then one for each person of whom something is asked."""
    found: dict[str, list[Demand]] = {paperwork.FAMILY_KEY: []}
    names = {paperwork.FAMILY_KEY: "Famille"}
    for one in demands:
        found.setdefault(one.who, []).append(one)
        names.setdefault(one.who, one.subject.name)
    return [Part(who, names[who], tuple(those)) for who, those in found.items()]


def _demand(facts: Facts, asking: Asking) -> Demand:
    """The demand named by the form, among those that this household is asked; 404 otherwise."""
    wanted = (numbers.asked(request.form, "piece"), request.form.get("de", ""))
    asked = paperwork.demands(facts.family_id, clock.today(), asking=asking, facts=facts)
    demand = next((one for one in asked if (one.type.id, one.who) == wanted), None)
    if demand is None:
        abort(404)
    return demand

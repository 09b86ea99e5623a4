"""Why: what every rule answers to a child, a day and a moment; and what parents were refused (I3, I6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.folding import contains
from app.access.viewer import Side
from app.declare import CARE
from app.entities.family import MemberKind
from app.entities.health import Level
from app.models import Membership, Person, RefusedRequest
from app.rules.calendar import END_OF_DAY, Hour, instant, local
from app.rules.explain import STATES
from app.rules.facts import Slot
from app.rules.periods import monday_of
from app.rules.squares import read_moment
from app.rules.values import Misread, read_hour
from app.rules.who import RESIDENCES
from app.rules.words import day_words, limit_words, sentence
from app.screens import days, numbers
from app.screens.page import Page
from app.services import clock, paperwork, refused_requests
from app.services.catalogue import catalogue
from app.services.desk import Desk, Draft, load_desk

FOUND = 20
LEVELS = {one.value: one.label for one in Level}
SHOWN = 60
CANCEL = "annuler"
REACH = timedelta(days=800)
SEVERITIES = {
    "refused": ("rose", "x-lg", "Refusé"),
    "ask_staff": ("yellow", "hourglass-split", "Soumis au service"),
    "waiting": ("yellow", "clock", "Liste d’attente"),
    "warning": ("blue", "info-circle", "Averti"),
}


@dataclass(frozen=True)
class Asked:
    """What is tried: a child of a household, squares of a day, booked or cancelled, at a moment."""

    family_id: int
    child_id: int
    on: date
    at: datetime
    units: tuple[str, ...]
    is_cancelling: bool

    @property
    def asked_on(self) -> date:
        """The day of the moment."""
        return local(self.at).date()

    @property
    def hour(self) -> str:
        """The hour of the moment, as a field holds it."""
        return f"{local(self.at):%H:%M}"


class RuleTesterPage(Page):
    """Essai des règles."""

    route_base = "/service/essai-des-regles"
    side = Side.STAFF
    roles = CARE

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """A child, a day, a moment; then what every rule answers, and the papers that are expected."""
        member = _member(request.args.get("qui", ""))
        asked = _asked(member) if member is not None else None
        context: dict[str, Any] = {"member": member, "asked": asked, "today": clock.today()}
        if asked is None:
            return self.show("staff/rule_tester.html", **context)
        monday = monday_of(asked.on)
        desk = load_desk(asked.child_id, asked.family_id, monday, monday + timedelta(days=6), asked.at)
        if desk is None:
            abort(404)
        return self.show("staff/rule_tester.html", **context, **_answer(desk, asked))

    @expose("/enfants")
    def children(self) -> ResponseReturnValue:
        """Those whose name holds what was typed, for the search box. One statement."""
        typed = request.args.get("q", "").strip()[:60]
        found = db.session.scalars(
            select(Membership)
            .join(Membership.person)
            .where(
                Membership.member_kind == MemberKind.CHILD,
                or_(contains(Person.first_name, typed), contains(Person.last_name, typed)),
            )
            .options(joinedload(Membership.person), joinedload(Membership.family))
            .order_by(Person.last_name, Person.first_name, Membership.id)
            .limit(FOUND)
        )
        return jsonify([{"id": f"{one.family_id}-{one.person_id}", "text": _words(one)} for one in found])


class RefusedRequestsPage(Page):
    """Demandes refusées."""

    route_base = "/service/demandes-refusees"
    side = Side.STAFF
    roles = CARE

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """The latest, all households together. One statement."""
        rows = db.session.scalars(
            select(RefusedRequest)
            .options(joinedload(RefusedRequest.child), joinedload(RefusedRequest.family))
            .order_by(RefusedRequest.refused_at.desc(), RefusedRequest.id.desc())
            .limit(SHOWN)
        ).all()
        return self.show("staff/refused_requests.html", rows=rows, today=clock.today(), shown=SHOWN)

    @expose("/<int:refused_id>")
    def one(self, refused_id: int) -> ResponseReturnValue:
        """One, with everything that explains it, as it was then."""
        row = db.session.scalars(
            select(RefusedRequest)
            .where(RefusedRequest.id == refused_id)
            .options(joinedload(RefusedRequest.child), joinedload(RefusedRequest.family))
        ).one_or_none()
        if row is None:
            abort(404)
        return self.show("staff/refused_request.html", row=row, today=clock.today(), **_context(row.trace))


def _context(trace: Mapping[str, Any]) -> dict[str, Any]:
    return {"trace": _spoken(trace), "severities": SEVERITIES, "states": STATES}


def _spoken(trace: Mapping[str, Any]) -> dict[str, Any]:
    """A trace with its moments, its squares and its facts in words."""
    units = {code: f"{one.activity.name}, {one.name.lower()}" for code, one in catalogue().by_code.items()}

    def square(text: str) -> str:
        unit, _, on = text.partition(" ")
        return f"{units.get(unit, unit)}, {day_words(date.fromisoformat(on))}"

    def moment(text: str | None) -> str:
        return limit_words(read_moment(text)) if text else ""

    child = trace.get("child", {})
    weeks = {"even": "paires", "odd": "impaires"}.get(child.get("custody") or "", "")
    born_on = child.get("born_on")
    facts = [
        ("Moment", moment(trace.get("at"))),
        ("Né(e) le", day_words(date.fromisoformat(born_on)) if born_on else ""),
        ("Rattachement", sentence(RESIDENCES.get(child.get("residence") or "", ""))),
        ("Classe", LEVELS.get(child.get("level") or "", "")),
        ("Groupes", ", ".join(child.get("groups", ()))),
        ("Semaines de garde", weeks),
    ]
    return {
        "adds": [square(one) for one in trace.get("adds", ())],
        "drops": [square(one) for one in trace.get("drops", ())],
        "said": [{**one, "until": moment(one.get("until"))} for one in trace.get("said", ())],
        "facts": [pair for pair in facts if pair[1]],
        "rules": [
            {**one, "limits": [(square(slot), moment(limit)) for slot, limit in one.get("limits", ())]}
            for one in trace.get("rules", ())
        ],
    }


def _answer(desk: Desk, asked: Asked) -> dict[str, Any]:
    """The trace of what is tried, and what is expected of the household."""
    offered = [
        (code, f"{unit.activity.name}, {unit.name.lower()}") for code, unit in desk.offer.units.items()
    ]
    units = asked.units or tuple(code for code, _ in offered)[:1]
    slots = frozenset(Slot(code, asked.on) for code in units)
    draft = Draft(unwanted=slots) if asked.is_cancelling else Draft(slots)
    draft = desk.effective(draft)
    verdict = desk.judge(draft)
    today = clock.today()
    expected = [
        one
        for one in paperwork.demands(asked.family_id, today)
        if one.subject.kind != "child" or one.subject.id == asked.child_id
    ]
    return {
        "units": offered,
        "chosen": units,
        "is_empty": not draft,
        "papers": expected,
        **_context(refused_requests.trace(desk, draft, verdict)),
    }


def _member(who: str) -> Membership | None:
    family, _, child = who.partition("-")
    family_id, child_id = numbers.row_id(family), numbers.row_id(child)
    if family_id is None or child_id is None:
        return None
    found = db.session.scalars(
        select(Membership)
        .where(
            Membership.family_id == family_id,
            Membership.person_id == child_id,
            Membership.member_kind == MemberKind.CHILD,
        )
        .options(joinedload(Membership.person), joinedload(Membership.family))
    ).one_or_none()
    if found is None:
        abort(404)
    return found


def _asked(member: Membership) -> Asked:
    today = clock.today()
    on = days.within(request.args.get("jour"), today, REACH)
    try:
        hour = read_hour(request.args.get("heure") or "")
    except Misread:
        there = local(clock.now())
        hour = Hour(there.hour * 60 + there.minute)
    at = instant(days.within(request.args.get("le"), today, REACH), min(hour, END_OF_DAY))
    return Asked(
        member.family_id,
        member.person_id,
        on,
        at,
        tuple(request.args.getlist("unite")),
        request.args.get("geste") == CANCEL,
    )


def _words(member: Membership) -> str:
    return f"{member.person.full_name}, famille {member.family.name}"

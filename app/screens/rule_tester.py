"""Why: what every rule answers to a child, a day and a moment (I3)."""

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
from app.access.viewer import Side, unscoped
from app.declare import CARE
from app.entities.family import MemberKind
from app.models import Membership, Person
from app.rules.calendar import END_OF_DAY, Hour, instant, local
from app.rules.facts import Slot
from app.rules.periods import monday_of
from app.rules.values import Misread, read_hour
from app.screens import days, numbers
from app.screens.builder.addresses import asking
from app.screens.page import Page
from app.screens.verdict_trace import spoken
from app.services import clock, paperwork
from app.services.desk import Desk, Draft, load_desk
from app.services.verdict_traces import narrowed, reader_of, trace

FOUND = 20
CANCEL = "annuler"
REACH = timedelta(days=800)
WHY = "une règle se juge sur tout ce qui est réservé ; ce qui se montre se réduit ensuite"


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
        with unscoped(WHY):  # the child is in reach: ``_member``
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


def _answer(desk: Desk, asked: Asked) -> dict[str, Any]:
    """What is tried, judged on every fact, as its reader may know it; none where it changes nothing. Then
    what is expected of the household.
    """
    reader = reader_of(asking())
    offered = [
        (code, f"{unit.activity.name}, {unit.name.lower()}")
        for code, unit in desk.offer.units.items()
        if reader.reaches(code)
    ]
    codes = [code for code, _ in offered]
    units = tuple(code for code in asked.units if code in codes) if asked.units else tuple(codes[:1])
    slots = frozenset(Slot(code, asked.on) for code in units)
    draft = Draft(unwanted=slots) if asked.is_cancelling else Draft(slots)
    draft = desk.effective(draft)
    expected = [
        one
        for one in paperwork.demands(asked.family_id, clock.today())
        if (one.subject.kind != "child" or one.subject.id == asked.child_id)
        and reader.reads_traits(filter(None, (one.type.code, one.type.asked_if)))  # asked: answered yes
    ]
    answer = spoken(narrowed(trace(desk, draft, desk.judge(draft)), reader)) if draft else {}
    return {"units": offered, "chosen": units, "papers": expected, **answer}


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

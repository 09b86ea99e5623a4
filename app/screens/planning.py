"""The planning page: a week of squares; a touch prepares a change, one button sends it.

The change being prepared lives in the address (``plus`` and ``moins``): Back, reload and two tabs
keep it, nothing is lost when the server stops, and no half-made change lies in the database.
"""

from datetime import date, timedelta

from flask import abort, flash, make_response, redirect, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.access.database import db
from app.access.viewer import Side, current_viewer
from app.declare import FAMILY
from app.entities.booking import RegistrationStatus
from app.entities.family import MemberKind
from app.models import Membership, Person, Registration
from app.rules.facts import Slot
from app.rules.periods import monday_of
from app.rules.verdict import Verdict
from app.screens import days
from app.screens.page import Page
from app.services import bookings, clock, planning, refused_requests
from app.services.desk import Desk, Draft, load_desk

DRAFT_LIMIT = 200
TOO_LONG = (
    f"Un envoi tient en {DRAFT_LIMIT}\u00a0cases\u00a0: les suivantes ne sont pas retenues. "
    "Envoyez celles-ci, puis continuez."
)
REACH = timedelta(days=400)


class PlanningPage(Page):
    """Mes réservations: one child, one week."""

    route_base = "/planning"
    side = Side.FAMILY
    roles = FAMILY

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """To the first child who may book; a word of explanation when there is none."""
        children = bookable_children(_family_id())
        if children:
            return redirect(self.url("week", child_id=children[0].id))
        return self.show("family/planning_none.html")

    @expose("/<int:child_id>")
    def week(self, child_id: int) -> ResponseReturnValue:
        """The week that holds ``semaine``, with the change being prepared; ``bascule`` touches a square."""
        today = clock.today()
        monday = monday_of(days.within(request.args.get("semaine"), today, REACH))
        draft = _draft(request.args.getlist("plus"), request.args.getlist("moins"))
        if _is_too_long(request.args):
            flash(TOO_LONG, "error")
        desk = _desk(child_id, monday, draft)
        draft = desk.effective(draft)
        touched = planning.slot_of(request.args.get("bascule", ""))
        pointed = planning.slot_of(request.args.get("motif", ""))
        moved = False
        if touched is not None:
            draft, moved = planning.flip(desk, draft, touched)
            pointed = None if moved else touched
            if "HX-Request" not in request.headers:
                moved_to = redirect(self.address(child_id, monday, draft, pointed))
                _keep_touch(desk, draft, touched, moved)
                return moved_to
        shown = planning.week(desk, monday, draft, pointed)
        answer = make_response(
            self.show(
                "family/planning.html",
                week=shown,
                children=bookable_children(_family_id()),
                child_id=child_id,
                today=today,
                one_week=timedelta(weeks=1),
                four_days=timedelta(days=4),
                link=lambda **changes: self.address(
                    child_id, **{"monday": monday, "draft": draft, **changes}
                ),
            )
        )
        if touched is not None:
            answer.headers["HX-Push-Url"] = self.address(child_id, monday, draft, pointed)
            _keep_touch(desk, draft, touched, moved)
        return answer

    @expose("/<int:child_id>/envoyer", methods=("POST",))
    def send(self, child_id: int) -> ResponseReturnValue:
        """Send the change: all of it or nothing; refused, it stays in the address to be put right."""
        monday = monday_of(days.within(request.form.get("semaine"), clock.today(), REACH))
        draft = _draft(request.form.getlist("plus"), request.form.getlist("moins"))
        if _is_too_long(request.form):
            flash(TOO_LONG, "error")
            return redirect(self.address(child_id, monday, draft))
        sent = bookings.send(child_id, _family_id(), draft, clock.now())
        if sent is None:
            abort(404)
        if not sent.accepted:
            flash("Rien n’est envoyé : une case est à corriger.", "error")
            desk = _desk(child_id, monday, draft)
            refused_requests.keep(desk, desk.effective(draft), sent.verdict, _who())
            return redirect(self.address(child_id, monday, draft))
        flash(sentence_of(sent), "done")
        return redirect(self.address(child_id, monday, Draft()))

    def address(self, child_id: int, monday: date, draft: Draft, pointed: Slot | None = None) -> str:
        """The address of a week with a change being prepared."""
        return self.url(
            "week",
            child_id=child_id,
            semaine=monday.isoformat(),
            plus=[planning.key_of(slot) for slot in sorted(draft.wanted)],
            moins=[planning.key_of(slot) for slot in sorted(draft.unwanted)],
            motif=planning.key_of(pointed) if pointed else None,
        )


def sentence_of(sent: bookings.Sent) -> str:
    """What a sent change did, in one sentence."""
    parts = [
        (sent.confirmed, "réservation confirmée", "réservations confirmées"),
        (sent.asked, "demande à l’étude", "demandes à l’étude"),
        (sent.waiting, "place en liste d’attente", "places en liste d’attente"),
        (sent.cancelled, "réservation annulée", "réservations annulées"),
        (sent.leaving, "annulation à l’étude", "annulations à l’étude"),
    ]
    words = [f"{n} {one if n == 1 else many}" for n, one, many in parts if n]
    return "C’est envoyé : " + ", ".join(words) + "." if words else "Tout était déjà comme vous le souhaitez."


def bookable_children(family_id: int) -> list[Person]:
    """The household's children with an accepted registration, eldest first. One statement."""
    registered = select(Registration.child_id).where(
        Registration.family_id == family_id, Registration.status == RegistrationStatus.ACCEPTED
    )
    return list(
        db.session.scalars(
            select(Person)
            .join(Membership, Membership.person_id == Person.id)
            .where(
                Membership.family_id == family_id,
                Membership.member_kind == MemberKind.CHILD,
                Person.id.in_(registered),
            )
            .order_by(Person.born_on, Person.first_name)
        )
    )


def _keep_touch(desk: Desk, draft: Draft, touched: Slot, moved: bool) -> None:
    """Keep what a touch was refused, so that the service can tell why: the square stays as it was, or the
    draft that it makes is wrong there. To call last.
    """
    if touched.unit not in desk.offer.units or (moved and touched not in draft):
        return
    if not moved:
        draft = planning.touching(desk, touched)
    without = Draft(draft.wanted - {touched}, draft.unwanted - {touched})
    before = frozenset(desk.judge(without).refusals)
    # A meal given up is refused for the morning that stands: such a refusal names that one alone.
    about = [one for one in desk.judge(draft).refusals if touched in one.slots or one not in before]
    refused_requests.keep(desk, draft, Verdict(tuple(about)), _who())


def _who() -> str:
    viewer = current_viewer()
    return viewer.name if viewer else ""


def _family_id() -> int:
    viewer = current_viewer()
    if viewer is None or viewer.family_id is None:
        abort(404)
    return viewer.family_id


def _desk(child_id: int, monday: date, draft: Draft) -> Desk:
    """The desk over the week shown and the weeks of the draft."""
    reached = [monday, *(slot.on for slot in draft.slots)]
    first = monday_of(min(reached))
    last = monday_of(max(reached)) + timedelta(days=6)
    desk = load_desk(child_id, _family_id(), first, last, clock.now())
    if desk is None:
        abort(404)
    return desk


def _is_too_long(sent: MultiDict[str, str]) -> bool:
    """Whether more squares are asked for than one sending takes."""
    return len(sent.getlist("plus")) + len(sent.getlist("moins")) > DRAFT_LIMIT


def _draft(wanted: list[str], unwanted: list[str]) -> Draft:
    """The draft in the address; keys that are none are left out, and those past the limit (``TOO_LONG``)."""
    today = clock.today()
    unwanted = unwanted[: max(0, DRAFT_LIMIT - len(wanted))]

    def slots(keys: list[str]) -> frozenset[Slot]:
        found = (planning.slot_of(key) for key in keys[:DRAFT_LIMIT])
        return frozenset(s for s in found if s is not None and abs(s.on - today) <= REACH)

    return Draft(slots(wanted), slots(unwanted))

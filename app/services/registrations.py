"""Registrations: a parent asks, the papers and the age are looked at, the activity or staff accept (I1, I2).

A document that is missing stops the asking; one that staff must still check lets the parent ask,
and stops the accepting. Where the activity accepts by itself, the registration is accepted as
soon as nothing stops it: at once, or when the last document is validated (``release``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.viewer import Viewer, unscoped
from app.entities.booking import RegistrationStatus
from app.models import Activity, CareGroup, Family, HistoryEntry, Person, Registration, SchoolYear
from app.rules.ages import age_problem
from app.rules.calendar import local_day, month_day_in
from app.rules.calendar import school_year as year_of
from app.rules.paperwork import Missing
from app.rules.verdict import Severity
from app.rules.words import NBSP, day_words, of
from app.services import outbox, paperwork, registration_rules
from app.services.documents import Outcome
from app.services.paperwork import RENEWS, Facts, first_day
from app.services.recipients import tell_household


@dataclass(frozen=True)
class Asked:
    """What came of asking: a registration, or every reason why not and the documents to hand in."""

    registration: Registration | None = None
    refused: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    is_accepted: bool = False


# --- Reading -------------------------------------------------------------------------------------


def of_family(family_id: int) -> list[Registration]:
    """A household's registrations, the latest year first. One statement."""
    return list(
        db.session.scalars(
            select(Registration)
            .where(Registration.family_id == family_id)
            .join(Registration.activity)
            .join(Registration.school_year)
            .options(
                joinedload(Registration.activity).joinedload(Activity.facility),
                joinedload(Registration.school_year),
                joinedload(Registration.child),
                joinedload(Registration.group),
            )
            .order_by(SchoolYear.starts_on.desc(), Activity.position, Activity.name, Registration.id)
        )
    )


def open_years(today: date) -> list[SchoolYear]:
    """The school years one can register for: the one in force, and the next one from 1 May. One statement."""
    coming = db.session.scalars(
        select(SchoolYear).where(SchoolYear.ends_on >= today).order_by(SchoolYear.starts_on).limit(2)
    ).all()
    early = today < month_day_in(year_of(today), RENEWS)
    return [one for rank, one in enumerate(coming) if rank == 0 or not early]


def activities_on_offer() -> list[Activity]:
    """Every activity, with its facility, in the order of the menu. One statement."""
    return list(
        db.session.scalars(
            select(Activity)
            .options(joinedload(Activity.facility))
            .order_by(Activity.position, Activity.name, Activity.id)
        )
    )


def window(year: SchoolYear, today: date) -> tuple[date, date]:
    """The days that a registration asked today covers, both included."""
    return max(today, year.starts_on), year.ends_on


# --- Asking --------------------------------------------------------------------------------------


def standing(
    registrations: Sequence[Registration], child_id: int, activity_id: int, year_id: int
) -> Registration | None:
    """The registration asked or accepted already, if any."""
    return next(
        (
            one
            for one in registrations
            if (one.child_id, one.activity_id, one.school_year_id) == (child_id, activity_id, year_id)
            and one.status in paperwork.LIVE
        ),
        None,
    )


def ask(
    child: Person, family: Family, activity: Activity, school_year: SchoolYear, viewer: Viewer, now: datetime
) -> Asked:
    """Ask for a registration, or say everything that stops it. Commits; about twelve statements.

    The child belongs to the household: the caller has read it there. A refused or ended one is
    asked again in the same row.
    """
    today = local_day(now)
    from_on, until_on = window(school_year, today)
    row = _same(child.id, family.id, activity.id, school_year.id)
    if row is not None and row.status in paperwork.LIVE:
        return _already(row, child, activity)
    refused = []
    if until_on < today:
        refused.append(f"L’année {school_year.code} est finie.")
    answer = registration_rules.answer(child, family.id, activity, from_on, now)
    refused += [sentence for _, severity, sentence in answer.refusals if severity is Severity.REFUSED]
    from_on = max(from_on, answer.first_day)
    if from_on > until_on and not refused:
        first = day_words(answer.first_day)
        refused.append(f"Une inscription demandée aujourd’hui commence le {first}, après la fin de l’année.")
    if age := age_problem(child.first_name, child.born_on, activity.ages, from_on, until_on):
        refused.append(age)
    facts = paperwork.load(family.id)
    stops, waits = papers(child.id, family.id, activity, from_on, today, facts)
    if refused or stops:
        return Asked(refused=(*refused, *(one.why for one in stops)), missing=stops)
    if row is None:
        row = Registration(
            family_id=family.id, child_id=child.id, activity_id=activity.id, school_year_id=school_year.id
        )
        db.session.add(row)
    row.status = RegistrationStatus.ASKED
    row.starts_on, row.ends_on = from_on, until_on
    row.asked_at, row.decided_at, row.reason = now, None, None
    try:
        db.session.flush()
    except IntegrityError:  # the other parent, at the same moment
        db.session.rollback()
        return Asked(refused=(f"{child.first_name} a déjà une demande pour cette activité.",))
    is_accepted = activity.accepts_alone and not waits and not answer.by(Severity.ASK_STAFF)
    (_accept if is_accepted else _acknowledge)(row, child.first_name, activity.name, now)
    db.session.commit()
    return Asked(row, is_accepted=is_accepted)


def papers(
    child_id: int, family_id: int, activity: Activity, from_on: date, today: date, facts: Facts
) -> tuple[tuple[Missing, ...], tuple[Missing, ...]]:
    """The documents that stop the asking, and those that only wait for staff. No statement."""
    day = max(today, first_day(from_on))
    missing = paperwork.missing_for(child_id, family_id, activity, day, today=today, facts=facts)
    return (
        tuple(one for one in missing if one.state != "received"),
        tuple(one for one in missing if one.state == "received"),
    )


def _same(child_id: int, family_id: int, activity_id: int, year_id: int) -> Registration | None:
    return db.session.scalars(
        select(Registration).where(
            Registration.child_id == child_id,
            Registration.family_id == family_id,
            Registration.activity_id == activity_id,
            Registration.school_year_id == year_id,
        )
    ).one_or_none()


def _already(row: Registration, child: Person, activity: Activity) -> Asked:
    if row.status is RegistrationStatus.ACCEPTED:
        return Asked(
            refused=(
                f"L’inscription {of(child.first_name)} à «{NBSP}{activity.name}{NBSP}» est déjà acceptée.",
            )
        )
    when = f" le {day_words(local_day(row.asked_at))}" if row.asked_at else ""
    return Asked(
        refused=(
            f"Vous avez déjà demandé «{NBSP}{activity.name}{NBSP}» pour {child.first_name}{when}.",
            "Le service vous répond par e-mail.",
        )
    )


def _accept(row: Registration, child: str, activity: str, now: datetime) -> None:
    row.status = RegistrationStatus.ACCEPTED
    row.decided_at = now
    tell_household(
        "registration_accepted",
        row.family_id,
        now,
        enfant=child,
        activite=activity,
        debut=day_words(row.starts_on),
        lien=outbox.link(f"/planning/{row.child_id}"),
    )


def _acknowledge(row: Registration, child: str, activity: str, now: datetime) -> None:
    tell_household(
        "registration_received",
        row.family_id,
        now,
        enfant=child,
        activite=activity,
        lien=outbox.link(f"/inscriptions/?qui={row.child_id}"),
    )


# --- Deciding ------------------------------------------------------------------------------------


def decide(
    registration: Registration,
    accept: bool,
    by: str,
    now: datetime,
    reason: str = "",
    group: CareGroup | None = None,
    *,
    seen: int | None = None,
) -> Outcome:
    """Accept or refuse, and tell the household. Commits; nothing is done twice.

    A refusal gives its reason. Accepting waits for the mandatory documents: staff grant a delay,
    or validate them, first. ``seen`` is the revision that was looked at.
    """
    reason = reason.strip()
    if not accept and not reason:
        return Outcome("Dites pourquoi vous refusez cette inscription\u00a0: la famille reçoit votre phrase.")
    row = _locked(registration.id)
    problem = ""
    if row is None:
        problem = "Cette demande n’existe plus."
    elif row.status is not RegistrationStatus.ASKED:
        problem = _decided_words(row)
    elif seen is not None and row.revision != seen:
        problem = "Cette demande a changé entre-temps\u00a0: relisez-la avant de décider."
    elif accept:
        problem = _not_yet(row, local_day(now), group)
    if problem or row is None:
        db.session.rollback()
        return Outcome(problem)
    if accept:
        row.group_id = group.id if group else None
        row.starts_on = max(row.starts_on, local_day(now))
        _accept(row, row.child.first_name, row.activity.name, now)
    else:
        row.status = RegistrationStatus.REFUSED
        row.decided_at = now
        row.reason = reason
        tell_household(
            "registration_refused",
            row.family_id,
            now,
            enfant=row.child.first_name,
            activite=row.activity.name,
            motif=reason,
            lien=outbox.link(f"/inscriptions/?qui={row.child_id}"),
        )
    db.session.commit()
    return Outcome()


def _not_yet(row: Registration, today: date, group: CareGroup | None) -> str:
    if group is not None and group.activity_id != row.activity_id:
        return "Ce groupe n’est pas celui de cette activité."
    facts = paperwork.load(row.family_id)
    stops, waits = papers(row.child_id, row.family_id, row.activity, row.starts_on, today, facts)
    if stops or waits:
        return (
            " ".join(one.why for one in (*stops, *waits))
            + " Accordez d’abord un délai, ou validez le document."
        )
    return ""


def release(family_id: int, now: datetime) -> int:
    """Accept what the household asked for in activities that accept by themselves and that nothing stops now.

    To call once a document is validated or a delay granted; returns how many. Commits.
    """
    asked = db.session.scalars(
        select(Registration)
        .join(Registration.activity)
        .where(
            Registration.family_id == family_id,
            Registration.status == RegistrationStatus.ASKED,
            Activity.accepts_alone,
        )
        .options(joinedload(Registration.activity), joinedload(Registration.child))
    ).all()
    if not asked:
        return 0
    today, accepted = local_day(now), 0
    facts = paperwork.load(family_id)
    for row in asked:
        # What was asked out of its window stays with the service.
        answer = registration_rules.answer(
            row.child, family_id, row.activity, row.starts_on, row.asked_at or now
        )
        stopped = any(papers(row.child_id, family_id, row.activity, row.starts_on, today, facts))
        if not stopped and not answer.by(Severity.ASK_STAFF):
            _accept(row, row.child.first_name, row.activity.name, now)
            accepted += 1
    db.session.commit()
    return accepted


def _locked(registration_id: int) -> Registration | None:
    return db.session.scalars(
        select(Registration)
        .where(Registration.id == registration_id)
        .options(joinedload(Registration.activity), joinedload(Registration.child))
        .with_for_update(of=Registration)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _decided_words(row: Registration) -> str:
    """« Cette demande est déjà acceptée par Maëlle Tresserre. » The history knows by whom."""
    with unscoped("dire à une collègue qui a décidé avant elle"):
        who = db.session.scalar(
            select(HistoryEntry.actor)
            .where(HistoryEntry.entity == "Registration", HistoryEntry.row_id == row.id)
            .order_by(HistoryEntry.id.desc())
            .limit(1)
        )
    return f"Cette demande est déjà {row.status.label.lower()}{f' par {who}' if who else ''}."


# --- The queue -----------------------------------------------------------------------------------


def to_decide(limit: int) -> list[Registration]:
    """What waits for a decision, by the town's priorities, then the oldest first.

    One statement, and one each where the town has priorities.
    """
    rows = list(
        db.session.scalars(
            select(Registration)
            .where(Registration.status == RegistrationStatus.ASKED)
            .options(
                joinedload(Registration.activity).joinedload(Activity.facility),
                joinedload(Registration.child),
                joinedload(Registration.family),
                joinedload(Registration.school_year),
            )
            .order_by(Registration.asked_at, Registration.id)
            .limit(limit)
        )
    )
    ranks = {row.id: registration_rules.rank(row) for row in rows}
    return sorted(rows, key=lambda row: ranks[row.id])


def to_decide_count() -> int:
    """How many wait. One statement."""
    waiting = select(func.count(Registration.id)).where(Registration.status == RegistrationStatus.ASKED)
    return db.session.scalar(waiting) or 0


def groups_of(activity_id: int, year_id: int) -> list[tuple[CareGroup, int]]:
    """The groups of an activity, with the children already in each for that year. Two statements."""
    groups = db.session.scalars(
        select(CareGroup).where(CareGroup.activity_id == activity_id).order_by(CareGroup.name)
    ).all()
    if not groups:
        return []
    rows = db.session.execute(
        select(Registration.group_id, func.count(Registration.id))
        .where(
            Registration.activity_id == activity_id,
            Registration.school_year_id == year_id,
            Registration.status == RegistrationStatus.ACCEPTED,
        )
        .group_by(Registration.group_id)
    )
    taken = dict(rows.tuples().all())
    return [(one, taken.get(one.id, 0)) for one in groups]

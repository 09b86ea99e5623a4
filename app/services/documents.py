"""Documents handed in, and what staff decide of each: valid, refused with its reason, put off.

Two people never decide the same document: a decision names the revision that was looked at,
and is refused when somebody decided, or when the family sent another file, in between.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.declare import FileRef
from app.entities.paperwork import DocumentStatus, Validity
from app.models import Deferral, Document, SchoolYear
from app.rules.calendar import ONE_DAY, Hour, add_months, local, local_day
from app.rules.calendar import school_year as year_of
from app.rules.words import NBSP, day_words, hour_words
from app.services import outbox
from app.services.paperwork import FAMILY_KEY, Demand, first_day, rule_of
from app.services.recipients import tell_household

LONGEST_DELAY = timedelta(days=366)


@dataclass(frozen=True)
class Outcome:
    """What came of a decision: it holds unless ``problem`` says why not."""

    problem: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the decision is saved."""
        return not self.problem


# --- Handing in ----------------------------------------------------------------------------------


def hand_in(demand: Demand, file: FileRef, now: datetime) -> Document:
    """The file becomes the document that waits for staff. Commits.

    It takes the place of one that still waits (whose bytes leave with the orphans). What staff
    decided, valid or refused, stays in the file beside it.
    """
    year_id = _year_served(demand, local_day(now))
    document = demand.document
    if document is None or document.status is not DocumentStatus.RECEIVED:
        document = Document(
            document_type_id=demand.type.id,
            family_id=demand.family_id,
            person_id=None if demand.subject.kind == "family" else demand.subject.id,
        )
        db.session.add(document)
    document.file = file
    document.status = DocumentStatus.RECEIVED
    document.received_at = now
    document.school_year_id = year_id
    db.session.commit()
    return document


def _year_served(demand: Demand, today: date) -> int | None:
    """The school year that a yearly document serves, handed in that day; None: nobody entered it."""
    if demand.type.validity is not Validity.SCHOOL_YEAR:
        return None
    rule = rule_of(demand.type)
    days = [rule.expires_on(on) for on in (today, demand.on or today)]
    served = year_of(max(day for day in days if day is not None) - ONE_DAY)
    years = db.session.scalars(
        select(SchoolYear).where(
            SchoolYear.starts_on >= served.from_on - timedelta(days=31),
            SchoolYear.starts_on < served.until_on,
        )
    )
    return next((one.id for one in years if first_day(one.starts_on) in served), None)


# --- Deciding ------------------------------------------------------------------------------------


def proposed_end(document: Document) -> date | None:
    """The last day of validity to propose; None when it never ends."""
    kind = document.document_type
    if kind.validity is Validity.PERMANENT:
        return None
    received_on = local_day(document.received_at)
    if kind.validity is Validity.SCHOOL_YEAR and document.school_year is not None:
        return year_of(first_day(document.school_year.starts_on)).until_on - ONE_DAY
    if kind.validity is Validity.MONTHS:
        return add_months(received_on, kind.validity_months or 12) - ONE_DAY
    expires_on = rule_of(kind).expires_on(received_on)
    return None if expires_on is None else expires_on - ONE_DAY


def validate(
    document: Document, by: str, now: datetime, valid_until: date | None = None, *, seen: int | None = None
) -> Outcome:
    """The document holds, until ``valid_until`` included or the day proposed for it. Commits.

    ``seen`` is the revision that was looked at.
    """
    row, outcome = _undecided(document.id, seen)
    if row is None:
        return outcome
    until_on = None if row.document_type.validity is Validity.PERMANENT else valid_until or proposed_end(row)
    if until_on is not None and until_on < local_day(now):
        db.session.rollback()
        return Outcome(
            f"Le {day_words(until_on)} est passé{NBSP}: indiquez une date à venir, ou refusez le document."
        )
    row.status = DocumentStatus.VALID
    row.valid_until = until_on
    row.reason = None
    _sign(row, by, now)
    db.session.commit()
    return Outcome()


def refuse(document: Document, reason: str, by: str, now: datetime, *, seen: int | None = None) -> Outcome:
    """The document does not hold; the household is told why, by mail. Commits."""
    reason = reason.strip()
    if not reason:
        return Outcome("Dites pourquoi vous refusez ce document\u00a0: la famille reçoit votre phrase.")
    row, outcome = _undecided(document.id, seen)
    if row is None:
        return outcome
    row.status = DocumentStatus.REFUSED
    row.reason = reason
    _sign(row, by, now)
    who = FAMILY_KEY if row.person is None else str(row.person_id)
    tell_household(
        "document_refused",
        row.family_id,
        now,
        document=row.document_type.name,
        personne=row.person.first_name if row.person else f"la famille {row.family.name}",
        motif=reason,
        lien=outbox.link(f"/documents/?qui={who}"),
    )
    db.session.commit()
    return Outcome()


def _undecided(document_id: int, seen: int | None) -> tuple[Document | None, Outcome]:
    row = db.session.scalars(
        select(Document)
        .where(Document.id == document_id)
        .options(
            joinedload(Document.document_type),
            joinedload(Document.person),
            joinedload(Document.family),
            joinedload(Document.school_year),
        )
        .with_for_update(of=Document)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        problem = "Ce document n’existe plus."
    elif row.status is not DocumentStatus.RECEIVED:
        word = "validé" if row.status is DocumentStatus.VALID else "refusé"
        by = f" par {row.decided_by}" if row.decided_by else ""
        when = f", {moment_words(row.decided_at)}" if row.decided_at else ""
        problem = f"Ce document est déjà {word}{by}{when}."
    elif seen is not None and row.revision != seen:
        problem = "La famille a envoyé un autre fichier entre-temps\u00a0: regardez-le avant de décider."
    else:
        return row, Outcome()
    db.session.rollback()
    return None, Outcome(problem)


def moment_words(moment: datetime) -> str:
    """« lundi 2 septembre 2024 à 8 h 12 »."""
    there = local(moment)
    return f"{day_words(there.date())} à {hour_words(Hour(there.hour * 60 + there.minute))}"


def _sign(row: Document, by: str, now: datetime) -> None:
    row.decided_at = now
    row.decided_by = by


def defer(
    document_type_id: int, family_id: int, person_id: int | None, until_on: date, reason: str, now: datetime
) -> Outcome:
    """Grant a delay, until that day included, or move the one granted. Commits."""
    today = local_day(now)
    if until_on < today:
        return Outcome(f"Le {day_words(until_on)} est passé{NBSP}: indiquez une date à venir.")
    if until_on > today + LONGEST_DELAY:
        return Outcome("Un délai dure un an au plus\u00a0: indiquez une date plus proche.")
    row = db.session.scalars(
        select(Deferral).where(
            Deferral.document_type_id == document_type_id,
            Deferral.family_id == family_id,
            Deferral.person_id == person_id,
        )
    ).first()
    if row is None:
        row = Deferral(document_type_id=document_type_id, family_id=family_id, person_id=person_id)
        db.session.add(row)
    row.until_on = until_on
    row.reason = reason.strip() or None
    db.session.commit()
    return Outcome()


# --- The queue -----------------------------------------------------------------------------------


def waiting(limit: int) -> list[Document]:
    """The documents to check, oldest first, with their type, household and person. One statement."""
    return list(
        db.session.scalars(
            select(Document)
            .where(Document.status == DocumentStatus.RECEIVED)
            .options(
                joinedload(Document.document_type),
                joinedload(Document.family),
                joinedload(Document.person),
                joinedload(Document.school_year),
            )
            .order_by(Document.received_at, Document.id)
            .limit(limit)
        )
    )


def waiting_count() -> int:
    """How many wait. One statement."""
    return (
        db.session.scalar(select(func.count(Document.id)).where(Document.status == DocumentStatus.RECEIVED))
        or 0
    )


def find(document_id: int) -> Document | None:
    """A document in reach, with what surrounds it. One statement."""
    return db.session.scalars(
        select(Document)
        .where(Document.id == document_id)
        .options(
            joinedload(Document.document_type),
            joinedload(Document.family),
            joinedload(Document.person),
            joinedload(Document.school_year),
        )
    ).one_or_none()

"""Documents asked of a household and of its people: where each stands, and which one blocks a registration.

Rows become facts, ``app.rules.paperwork`` says what is missing, each demand comes back with its
words. Five statements read a household, whatever its size. What is handed in and decided is in
``documents``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.declare import Choice
from app.entities.booking import RegistrationStatus
from app.entities.family import MemberKind
from app.entities.paperwork import DocumentStatus, Validity
from app.models import (
    Activity,
    Deferral,
    Document,
    DocumentType,
    Membership,
    Person,
    Registration,
    SchoolYear,
)
from app.rules import paperwork as rules
from app.rules.calendar import ONE_DAY, local_day, month_day_in
from app.rules.calendar import school_year as year_of
from app.rules.paperwork import Deferred, DocumentRule, Held, Missing, Subject, SubjectKind
from app.services.child_facts import Told, answers_of

RENEWS = (5, 1)
"""Month and day from which what is handed in counts for the next school year as well."""
RENEW_SOON = timedelta(days=60)
LIVE = (RegistrationStatus.ASKED, RegistrationStatus.ACCEPTED)
FAMILY_KEY = "foyer"


class DemandState(Choice):
    """Where a demand stands, with the look's colour and sign (D5)."""

    MISSING = "missing", "Pas encore reçu", "rose", "exclamation-lg"
    REFUSED = "refused", "Refusé", "rose", "x-lg"
    EXPIRED = "expired", "À renouveler", "rose", "arrow-repeat"
    DEFERRED = "deferred", "Délai accordé", "peach", "calendar-x"
    OPTIONAL = "optional", "Facultatif", "grey", "dash-lg"
    RECEIVED = "received", "Reçu, à vérifier", "yellow", "hourglass-split"
    VALID = "valid", "Validé", "green", "check-lg"
    TO_RENEW = "to_renew", "Validé, à renouveler", "blue", "arrow-repeat"


WITH_US = frozenset({DemandState.RECEIVED, DemandState.VALID, DemandState.TO_RENEW})


@dataclass(frozen=True)
class Demand:
    """A document asked of the household or of one of its people.

    ``document`` is the latest handed in. ``until_on``, included: the end of the delay, or of the
    validity of what holds. ``missing`` carries the rule's sentence when nothing holds.
    """

    type: DocumentType
    subject: Subject
    family_id: int
    state: DemandState
    document: Document | None = None
    until_on: date | None = None
    missing: Missing | None = None
    on: date | None = None

    @property
    def is_to_do(self) -> bool:
        """Whether it is counted as expected of the parents."""
        wanted = self.state in (DemandState.MISSING, DemandState.EXPIRED) and self.type.is_mandatory
        return wanted or self.state is DemandState.REFUSED

    @property
    def is_with_us(self) -> bool:
        """Handed in: waiting, or valid."""
        return self.state in WITH_US

    @property
    def who(self) -> str:
        """Its subject in an address: « foyer », or the person's number."""
        return who_of(self.subject)

    @property
    def label(self) -> str:
        """Its name, with the school year when it is asked again each year."""
        if self.type.validity is not Validity.SCHOOL_YEAR or self.on is None:
            return self.type.name
        return f"{self.type.name} {year_of(self.on).label}"


@dataclass(frozen=True)
class Facts:
    """What a household's papers are judged on. ``documents`` come latest first."""

    family_id: int
    members: tuple[Membership, ...]
    registrations: tuple[Registration, ...]
    types: tuple[DocumentType, ...]
    documents: Mapping[tuple[int, int], tuple[Document, ...]]
    deferrals: tuple[Deferral, ...]
    answers: tuple[Told, ...] = ()
    """The questions answered yes, among those by which a document is asked."""

    def children(self) -> list[Person]:
        """The children of the household, in its order."""
        return [one.person for one in self.members if one.member_kind is MemberKind.CHILD]

    def answered(self, on: date) -> dict[int | None, frozenset[str]]:
        """By whom (None: the household) -> the questions answered yes that hold that day."""
        found: dict[int | None, set[str]] = defaultdict(set)
        for one in self.answers:
            if (one.starts_on is None or one.starts_on <= on) and (one.ends_on is None or on <= one.ends_on):
                found[one.person_id].add(one.code)
        return {who: frozenset(codes) for who, codes in found.items()}

    def given(self, document_type: DocumentType, subject: Subject) -> tuple[Document, ...]:
        """What was handed in for that demand, latest first."""
        return self.documents.get((document_type.id, subject.id), ())


Asking = Mapping[int, Activity]
"""Child -> the activity asked for, not registered yet."""


def who_of(subject: Subject) -> str:
    """A subject in an address."""
    return FAMILY_KEY if subject.kind == "family" else str(subject.id)


def load(family_id: int) -> Facts:
    """Read a household's papers. Five statements."""
    members = db.session.scalars(
        select(Membership)
        .where(Membership.family_id == family_id, Membership.member_kind != MemberKind.CONTACT)
        .options(joinedload(Membership.person), joinedload(Membership.family))
        .order_by(Membership.position, Membership.id)
    ).all()
    registrations = db.session.scalars(
        select(Registration)
        .where(Registration.family_id == family_id, Registration.status.in_(LIVE))
        .options(joinedload(Registration.activity).joinedload(Activity.facility))
    ).all()
    types = db.session.scalars(select(DocumentType).order_by(DocumentType.position, DocumentType.id)).all()
    documents: dict[tuple[int, int], list[Document]] = defaultdict(list)
    for one in db.session.scalars(
        select(Document)
        .where(Document.family_id == family_id)
        .options(joinedload(Document.school_year))
        .order_by(Document.received_at.desc(), Document.id.desc())
    ):
        documents[one.document_type_id, one.person_id or family_id].append(one)
    deferrals = db.session.scalars(select(Deferral).where(Deferral.family_id == family_id)).all()
    return Facts(
        family_id,
        tuple(sorted(members, key=lambda one: one.member_kind is MemberKind.GUARDIAN)),
        tuple(registrations),
        tuple(types),
        {key: tuple(value) for key, value in documents.items()},
        tuple(deferrals),
        answers_of(family_id, {one.asked_if for one in types if one.asked_if}),
    )


# --- What is asked, and what is missing ------------------------------------------------------------


def demands(
    family_id: int,
    on: date,
    school_year: SchoolYear | None = None,
    *,
    asking: Asking | None = None,
    facts: Facts | None = None,
) -> list[Demand]:
    """Every document asked of the household, of its guardians and of its children who take part.

    ``on`` is the day of the question; ``school_year`` asks for a year to come. ``asking`` adds
    activities that are only asked for. Five statements, none with ``facts``.
    """
    facts = facts or load(family_id)
    asking = asking or {}
    day = reference_day(facts.registrations, on, school_year)
    subjects = _subjects(facts, on, day, asking)
    asked = {one.id: rule_of(one) for one in facts.types}
    missing = {
        (one.code, one.subject.id): one
        for one in rules.missing(asked.values(), subjects, _held(facts), _deferred(facts), day, on)
    }
    return [
        _demand(facts, one, subject, missing.get((one.code, subject.id)), day, on)
        for subject in subjects
        for one in facts.types
        if asked[one.id].asked_of(subject)
    ]


def missing_for(
    child_id: int,
    family_id: int,
    activity: Activity,
    on: date,
    *,
    today: date | None = None,
    facts: Facts | None = None,
) -> list[Missing]:
    """The mandatory documents without which this child can't be registered for this activity on that day.

    The child's own, the household's and the guardians'; a delay that runs ``today`` lifts its
    own. One in state ``received`` only waits for staff. Five statements, none with ``facts``.
    """
    facts = facts or load(family_id)
    today = today or on
    subjects = _subjects(facts, today, on, {child_id: activity})
    found = rules.missing(map(rule_of, facts.types), subjects, _held(facts), _deferred(facts), on, today)
    return list(rules.blocking(found, child_id, _codes(activity)))


def reference_day(registrations: Iterable[Registration], today: date, year: SchoolYear | None = None) -> date:
    """The day on which documents must hold: today, or the first of a year to come.

    A coming year counts once documents are taken for it (1 May) and the household asked for it.
    """
    if year is not None:
        return max(today, first_day(year.starts_on))
    coming = [first_day(one.starts_on) for one in registrations if one.starts_on > today]
    return max(coming) if coming and today >= month_day_in(year_of(today), RENEWS) else today


def first_day(starts_on: date) -> date:
    """A school year that begins on the last days of August is the year of its 1st September."""
    return max(starts_on, date(starts_on.year, 9, 1)) if starts_on.month == 8 else starts_on


def _codes(activity: Activity) -> frozenset[str]:
    return frozenset({f"activity:{activity.id}", f"facility:{activity.facility_id}"})


def rule_of(row: DocumentType) -> DocumentRule:
    """A document type as the rules take it; activities and facilities go by their numbers."""
    concerns: frozenset[str] | None = None
    if row.activity_id is not None:
        concerns = frozenset({f"activity:{row.activity_id}"})
    elif row.facility_id is not None:
        concerns = frozenset({f"facility:{row.facility_id}"})
    validity: rules.Validity = "permanent"
    if row.validity is Validity.SCHOOL_YEAR:
        validity = "school_year"
    elif row.validity is Validity.MONTHS:
        validity = row.validity_months or 12
    return DocumentRule(
        code=row.code,
        label=row.name,
        subject=row.subject.value,
        mandatory=row.is_mandatory,
        validity=validity,
        concerns=concerns,
        accepts_received=row.accepts_received,
        renews=RENEWS,
        phrase=row.phrase or "",
        asked_if=row.asked_if or None,
    )


def _subjects(facts: Facts, today: date, day: date, asking: Asking) -> list[Subject]:
    """The household, then its children who take part or handed something in, then its guardians.

    Each with what was answered yes that ``day``: a child's answer asks of its guardians too, a guardian's
    of nobody else.
    """
    concerned: dict[int, set[str]] = defaultdict(set)
    for one in facts.registrations:
        if one.ends_on >= today:
            concerned[one.child_id] |= _codes(one.activity)
    for child_id, activity in asking.items():
        concerned[child_id] |= _codes(activity)
    known = {person_id for _, person_id in facts.documents}
    known |= {one.person_id for one in facts.deferrals if one.person_id}
    whole = frozenset(code for codes in concerned.values() for code in codes)
    name = facts.members[0].family.name if facts.members else ""
    told = facts.answered(day)
    children = {one.person_id for one in facts.members if one.member_kind is MemberKind.CHILD}
    own = told.get(None, frozenset())
    shared = own.union(*(codes for who, codes in told.items() if who in children))
    anybody = own.union(*told.values())
    found = [Subject("family", facts.family_id, f"la famille {name}".strip(), whole, anybody)]
    for member in facts.members:
        is_child = member.member_kind is MemberKind.CHILD
        kind: SubjectKind = "child" if is_child else "guardian"
        person = member.person
        if not is_child or person.id in concerned or person.id in known:
            codes = frozenset(concerned.get(person.id, ())) if is_child else whole
            traits = (own if is_child else shared) | told.get(person.id, frozenset())
            found.append(Subject(kind, person.id, person.first_name, codes, traits))
    return found


def _held(facts: Facts) -> list[Held]:
    codes = {one.id: one.code for one in facts.types}
    return [
        _holds(one, codes[type_id], subject_id)
        for (type_id, subject_id), documents in facts.documents.items()
        if type_id in codes
        for one in documents
    ]


def _holds(document: Document, code: str, subject_id: int) -> Held:
    from_on = document.valid_from or local_day(document.received_at)
    until_on = None if document.valid_until is None else document.valid_until + ONE_DAY
    if document.school_year is not None:
        first = first_day(document.school_year.starts_on)
        from_on = min(from_on, first)
        until_on = until_on or year_of(first).until_on
    return Held(code, subject_id, document.status.value, from_on, until_on)


def _deferred(facts: Facts) -> list[Deferred]:
    codes = {one.id: one.code for one in facts.types}
    return [
        Deferred(codes[one.document_type_id], one.person_id or facts.family_id, one.until_on + ONE_DAY)
        for one in facts.deferrals
        if one.document_type_id in codes
    ]


def _demand(
    facts: Facts, row: DocumentType, subject: Subject, missing: Missing | None, day: date, today: date
) -> Demand:
    given = facts.given(row, subject)
    document = given[0] if given else None
    waits = document is not None and document.status is DocumentStatus.RECEIVED
    if missing is None:
        until_on = _holds_until(row, given, day)
        if waits:
            state = DemandState.RECEIVED
        else:
            state = DemandState.TO_RENEW if _ends_soon(row, until_on, today) else DemandState.VALID
            document = next((one for one in given if one.status is DocumentStatus.VALID), document)
    else:
        until_on = None if missing.until_on is None else missing.until_on - ONE_DAY
        if waits and missing.state in ("received", "deferred"):
            state = DemandState.RECEIVED
        elif missing.state == "deferred":
            state = DemandState.DEFERRED
        elif missing.state == "refused":
            state = DemandState.REFUSED
        elif not row.is_mandatory:
            state = DemandState.OPTIONAL
        else:
            state = DemandState.EXPIRED if missing.state == "expired" else DemandState.MISSING
    return Demand(row, subject, facts.family_id, state, document, until_on, missing, day)


def _holds_until(row: DocumentType, given: Iterable[Document], day: date) -> date | None:
    """The last day on which what holds that day will hold; None for ever."""
    last = day
    for one in given:
        held = _holds(one, row.code, 0)
        until_on = held.until_on or rule_of(row).expires_on(held.from_on)
        if one.status is DocumentStatus.REFUSED or held.from_on > day:
            continue
        if until_on is None:
            return None
        last = max(last, until_on - ONE_DAY)
    return last


def _ends_soon(row: DocumentType, until_on: date | None, today: date) -> bool:
    """Within two months; for a school year, as soon as documents are taken for the next one."""
    if until_on is None:
        return False
    year = year_of(today)
    opened = row.validity is Validity.SCHOOL_YEAR and today >= month_day_in(year, RENEWS)
    return until_on - today <= RENEW_SOON or (opened and until_on < year.until_on)

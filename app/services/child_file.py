"""A child's file in parts: what each says, whether it is complete, until when it may be edited (F7-F11).

Everything is loaded for all the children of a household at once, so that a page costs the same
for one child as for six.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from app.access import permissions
from app.access.database import db
from app.access.viewer import current_viewer
from app.entities.catalogue import FacilityKind
from app.entities.family import MemberKind
from app.entities.health import Level
from app.entities.question import QuestionSection
from app.models import (
    Answer,
    Contact,
    Facility,
    HealthRecord,
    Membership,
    Person,
    Question,
    Schooling,
)
from app.rules.calendar import local_day
from app.rules.words import joined
from app.services import freezes, questions
from app.services.freezes import AUTHORISATIONS, CONTACTS, HEALTH, NURSERY, SCHOOLING, FreezeDates, Window
from app.services.questions import Asked

SCHOOL_AGE_MONTHS = 36
DONE = ("green", "check-lg", "Complète")
TITLES = {
    NURSERY: "Multi-accueil",
    SCHOOLING: "Scolarité, repas et régime",
    AUTHORISATIONS: "Autorisations",
}
SECTIONS = {
    NURSERY: QuestionSection.NURSERY,
    SCHOOLING: QuestionSection.SCHOOLING,
    HEALTH: QuestionSection.HEALTH,
    AUTHORISATIONS: QuestionSection.AUTHORISATIONS,
}


@dataclass(frozen=True)
class Part:
    """One part of a child's file and its state, ready to show: tone, icon and word go together."""

    code: str
    title: str
    icon: str
    path: str
    tone: str
    sign: str
    word: str
    detail: str = ""
    window: Window | None = None

    @property
    def is_missing(self) -> bool:
        """Something the service needs is not there."""
        return self.tone == "rose"

    @property
    def is_stale(self) -> bool:
        """To be read again for the coming school year, while it may be."""
        return self.tone == "blue"


@dataclass(frozen=True)
class Known:
    """What the parts of the children of one household are made from."""

    now: datetime
    dates: FreezeDates
    facilities: Mapping[int, list[Facility]]
    health: Mapping[int, HealthRecord]
    schoolings: Mapping[int, list[Schooling]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    answers: Mapping[tuple[int, int], list[Answer]] = field(default_factory=dict)
    contacts: Mapping[int, int] = field(default_factory=dict)
    births: Mapping[int, date | None] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day in Europe/Paris."""
        return local_day(self.now)

    def attends_nursery(self, child_id: int) -> bool:
        """Whether a nursery is among the child's facilities."""
        return any(one.facility_kind is FacilityKind.NURSERY for one in self.facilities[child_id])

    def is_schooled(self, child: Person) -> bool:
        """Whether a school is asked of the child: three years old, or in another facility than a nursery."""
        others = [one for one in self.facilities[child.id] if one.facility_kind is not FacilityKind.NURSERY]
        months = age_months(child.born_on, self.today)
        return bool(others) or months is None or months >= SCHOOL_AGE_MONTHS

    def window(self, section: str, child_id: int) -> Window:
        """The window of a section for a child."""
        return self.dates.window(
            section, self.facilities[child_id], self.now, self._declared_on(section, child_id)
        )

    def _declared_on(self, section: str, child_id: int) -> date | None:
        if section == HEALTH:
            record = self.health.get(child_id)
            return None if record is None else record.confirmed_on or date.min
        if section == CONTACTS:
            return date.min if self.contacts.get(child_id) else None
        days = [
            local_day(one.answered_at) if one.answered_at else date.min
            for question in self.questions
            if question.section is SECTIONS[section]
            for one in self.answers.get((child_id, question.id), ())
        ]
        if section == SCHOOLING and self.schoolings.get(child_id):
            days.append(date.min)
        return max(days, default=None)

    def schooling(self, child_id: int, year: str) -> Schooling | None:
        """The schooling declared for that school year."""
        return next((one for one in self.schoolings.get(child_id, ()) if one.school_year.code == year), None)

    def asked(self, section: str, child_id: int, year: str) -> list[Asked]:
        """The questions of a section that concern the child, in their order."""
        attended = {one.id for one in self.facilities[child_id]}
        viewer = current_viewer()
        return [
            questions.in_view(one, self.answers.get((child_id, one.id), []), year, viewer)
            for one in self.questions
            if one.section is SECTIONS[section]
            and questions.concerns(one, attended, self.births.get(child_id), self.today)
        ]


def load(
    family_id: int, children: Collection[Person], health: Mapping[int, HealthRecord], now: datetime
) -> Known:
    """What the parts of these children are made from, in five statements."""
    today = local_day(now)
    child_ids = [child.id for child in children]
    schoolings: dict[int, list[Schooling]] = {}
    rows = db.session.scalars(
        select(Schooling)
        .where(Schooling.child_id.in_(child_ids))
        .options(joinedload(Schooling.school), joinedload(Schooling.school_year))
    )
    for row in rows:
        schoolings.setdefault(row.child_id, []).append(row)
    asked, answers = questions.about_children(family_id, child_ids)
    counted = db.session.execute(
        select(Contact.child_id, func.count(Contact.id).label("number"))
        .where(Contact.family_id == family_id, Contact.child_id.in_(child_ids))
        .group_by(Contact.child_id)
    )
    return Known(
        now=now,
        dates=freezes.read_dates(),
        facilities=freezes.facilities_by_child(child_ids, today),
        health=health,
        schoolings=schoolings,
        questions=asked,
        answers=answers,
        contacts={row.child_id: row.number for row in counted},
        births={child.id: child.born_on for child in children},
    )


def child_of(family_id: int | None, child_id: int) -> tuple[Person, HealthRecord | None] | None:
    """A child of that household and its health record; None for anybody else. One statement."""
    found = db.session.execute(
        select(Person, HealthRecord)
        .join(Membership, Membership.person_id == Person.id)
        .outerjoin(HealthRecord, HealthRecord.child_id == Person.id)
        .where(
            Person.id == child_id,
            Membership.family_id == family_id,
            Membership.member_kind == MemberKind.CHILD,
        )
    ).one_or_none()
    return None if found is None else (found[0], found[1])


# --- Parts ---------------------------------------------------------------------------------------


def parts(child: Person, known: Known) -> list[Part]:
    """The parts of the child's file that its facilities call for, in the order of the page."""
    home = f"/ma-famille/enfant/{child.id}"
    found = [_identity(child), _schooling(child, known, home), _health(child, known, home)]
    if known.attends_nursery(child.id):
        found.append(_questions_part(NURSERY, "balloon", child, known, f"{home}/multi-accueil"))
    found.append(_contacts(child, known, home))
    found.append(_questions_part(AUTHORISATIONS, "pen", child, known, f"{home}/autorisations"))
    return [_settled(one) for one in found if one is not None]


def _settled(part: Part) -> Part:
    """What can't be read again for now is not asked for; what is missing stays said."""
    if part.is_stale and part.window is not None and not part.window.open:
        return replace(part, tone="grey", sign="lock-fill", word="Lecture seule")
    return part


def _identity(child: Person) -> Part:
    state = DONE if child.born_on else ("rose", "exclamation-lg", "Il manque la date de naissance")
    return Part("identity", "Identité", "person-badge", f"/ma-famille/personne/{child.id}", *state)


def _health(child: Person, known: Known, home: str) -> Part:
    window = known.window(HEALTH, child.id)
    record = known.health.get(child.id)
    detail = record.doctor_name or "" if record and permissions.is_shown(record, "doctor_name") else ""
    if record is None or not record.doctor_name:
        state = ("rose", "exclamation-lg", "Il manque le médecin")
    elif (record.confirmed_on or date.min) < window.season_on and window.open:
        state = ("blue", "pencil-fill", "À relire")
    else:
        state = _answered(known.asked(HEALTH, child.id, window.year)) or DONE
    return Part(HEALTH, "Santé", "heart-pulse", f"{home}/sante", *state, detail=detail, window=window)


def _schooling(child: Person, known: Known, home: str) -> Part | None:
    window = known.window(SCHOOLING, child.id)
    asked = known.asked(SCHOOLING, child.id, window.year)
    schooled = known.is_schooled(child)
    if not schooled and not asked:
        return None
    row = known.schooling(child.id, window.year)
    title = TITLES[SCHOOLING] if asked else "Scolarité"
    if schooled and row is None:
        state = ("blue", "pencil-fill", f"À compléter pour {window.year}")
    else:
        state = _answered(asked) or DONE
    return Part(
        SCHOOLING, title, "backpack", f"{home}/scolarite", *state, detail=school_words(row), window=window
    )


def _contacts(child: Person, known: Known, home: str) -> Part:
    number = known.contacts.get(child.id, 0)
    window = known.window(CONTACTS, child.id)
    state = (
        ("green", "check-lg", f"{number} personne{'s' if number > 1 else ''}")
        if number
        else ("grey", "dash-lg", "Personne d’autre que vous")
    )
    return Part(CONTACTS, "Qui peut venir le chercher", "people", f"{home}/contacts", *state, window=window)


def _questions_part(section: str, icon: str, child: Person, known: Known, path: str) -> Part | None:
    window = known.window(section, child.id)
    asked = known.asked(section, child.id, window.year)
    if not asked:
        return None
    state = _answered(asked) or DONE
    return Part(section, TITLES[section], icon, path, *state, window=window)


def _answered(asked: Iterable[Asked]) -> tuple[str, str, str] | None:
    """The state of some questions; None when there is nothing left to answer."""
    open_ones = [one for one in asked if not one.is_answered and one.is_editable]
    required = [one for one in open_ones if one.question.is_required]
    if required:
        count = len(required)
        words = "1 réponse manque" if count == 1 else f"{count} réponses manquent"
        return ("rose", "exclamation-lg", words)
    if any(one.earlier is not None for one in open_ones):
        return ("blue", "pencil-fill", "À relire")
    if open_ones:
        return ("blue", "pencil-fill", "À compléter")
    return None


def school_words(row: Schooling | None) -> str:
    """« CE2, école des Tilleuls »; empty when nothing is known."""
    if row is None:
        return ""
    level = row.level.label if row.level is not Level.NONE else ""
    return ", ".join(filter(None, (level, row.school.name if row.school else "")))


def age_months(born_on: date | None, today: date) -> int | None:
    """Whole months of age."""
    if born_on is None:
        return None
    return (today.year - born_on.year) * 12 + today.month - born_on.month - (today.day < born_on.day)


def age_words(born_on: date | None, today: date) -> str:
    """« 14 mois » under two years, then « 8 ans »; empty when the birth date is not known."""
    months = age_months(born_on, today)
    if months is None or months < 0:
        return ""
    return f"{months}\u00a0mois" if months < 24 else f"{months // 12}\u00a0ans"


def where_words(child: Person, known: Known) -> str:
    """Age, then class and school, or the facilities when no school is known."""
    rows = sorted(known.schoolings.get(child.id, ()), key=lambda one: one.school_year.code)
    place = school_words(rows[-1]) if rows else ""
    place = place or joined(one.name for one in known.facilities[child.id])
    return " · ".join(filter(None, (age_words(child.born_on, known.today), place)))

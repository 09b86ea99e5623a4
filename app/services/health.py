"""What parents declare of a child's health: doctor, vaccinations, illnesses, allergies (F10)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.access.viewer import Viewer
from app.entities.health import WordKind
from app.models import Condition, HealthRecord, HealthWord, Person, Vaccination, Vaccine
from app.rules import vaccines as vaccines_rule
from app.rules.vaccines import Standing, standing
from app.services import changes, questions
from app.services.changes import Outcome, Refused
from app.services.child_file import Known
from app.services.declarations import NO_YEAR, needs_year, year_row
from app.services.freezes import HEALTH


@dataclass(frozen=True)
class Given:
    """A vaccination as typed: a new one, or the correction of the row ``id``."""

    vaccine_id: int
    given_on: date
    booster_on: date | None = None
    id: int | None = None


@dataclass(frozen=True)
class Chart:
    """What the health page shows beside the record, in three statements."""

    vaccinations: tuple[Vaccination, ...]
    words: tuple[HealthWord, ...]
    had: frozenset[int]
    vaccines: tuple[Vaccine, ...]
    standing: Standing

    def of_kind(self, kind: WordKind) -> list[HealthWord]:
        """The words of one kind, in their order."""
        return [one for one in self.words if one.word_kind is kind]

    @property
    def allergies(self) -> list[HealthWord]:
        """The allergies that can be chosen."""
        return self.of_kind(WordKind.ALLERGY)

    @property
    def illnesses(self) -> list[HealthWord]:
        """The illnesses that can be chosen."""
        return self.of_kind(WordKind.ILLNESS)


def chart(child_id: int, born_on: date | None, today: date) -> Chart:
    """The vaccinations, words and vaccines of the page of one child. Three statements."""
    vaccinations = db.session.scalars(
        select(Vaccination)
        .where(Vaccination.child_id == child_id)
        .options(joinedload(Vaccination.vaccine))
        .order_by(Vaccination.given_on.desc(), Vaccination.id)
    ).all()
    rows = db.session.execute(
        select(HealthWord, Condition.id)
        .outerjoin(Condition, (Condition.word_id == HealthWord.id) & (Condition.child_id == child_id))
        .order_by(HealthWord.position, HealthWord.name)
    ).all()
    vaccines = db.session.scalars(select(Vaccine).order_by(Vaccine.position, Vaccine.name)).all()
    return Chart(
        tuple(vaccinations),
        tuple(word for word, _ in rows),
        frozenset(word.id for word, condition_id in rows if condition_id is not None),
        tuple(vaccines),
        standing([ruled(one) for one in vaccines], born_on, {one.vaccine_id for one in vaccinations}, today),
    )


def ruled(one: Vaccine) -> vaccines_rule.Vaccine:
    """A vaccine of the settings, as the rule takes it."""
    return vaccines_rule.Vaccine(
        one.id, one.name, one.is_mandatory, one.born_from, one.born_until, one.due_months
    )


def save(
    child: Person,
    record: HealthRecord | None,
    known: Known,
    values: Mapping[str, Any],
    word_ids: Collection[int],
    viewer: Viewer,
    *,
    given: Given | None = None,
    drop_id: int | None = None,
    answers: Mapping[int, Any] | None = None,
) -> Outcome:
    """Save the whole health page in one transaction, and note that it was read again today.

    Refused whole once the section is closed to families. Words and vaccinations that are not the
    child's are left alone. Commits.
    """
    window = known.window(HEALTH, child.id)
    if viewer.is_family and not window.open:
        return Outcome(refused=(Refused("Santé", window.sentence),))
    if record is None:
        record = HealthRecord(child_id=child.id, has_care_plan=False)
        db.session.add(record)
    outcome = changes.prepare(record, values, viewer, known.now, {HEALTH: window})
    record.confirmed_on = known.today
    saved = [*outcome.saved]
    if _mark(child.id, frozenset(word_ids)):
        saved.append("maladies et allergies")
    if drop_id is not None and _drop(child.id, drop_id):
        saved.append("vaccin retiré")
    if given is not None and _give(child.id, given):
        saved.append("vaccin" if given.id is None else "vaccin corrigé")
    refused = [*outcome.refused]
    if answers:
        asked = known.asked(HEALTH, child.id, window.year)
        year = year_row(window.year)
        if year is None and needs_year(asked, answers):
            refused.append(Refused("Réponses", NO_YEAR))
        elif questions.record(child.id, viewer.family_id, asked, answers, year, known.now):
            saved.append("réponses")
    db.session.commit()
    return Outcome(saved=tuple(saved), refused=tuple(refused))


def _mark(child_id: int, word_ids: frozenset[int]) -> bool:
    """Leave exactly these words on the child; whether anything changed."""
    rows = db.session.scalars(select(Condition).where(Condition.child_id == child_id)).all()
    had = {row.word_id for row in rows}
    wanted = set(db.session.scalars(select(HealthWord.id).where(HealthWord.id.in_(word_ids - had))))
    for row in rows:
        if row.word_id not in word_ids:
            db.session.delete(row)
    db.session.add_all(Condition(child_id=child_id, word_id=word_id) for word_id in sorted(wanted))
    return bool(wanted) or bool(had - word_ids)


def _give(child_id: int, given: Given) -> bool:
    row: Vaccination | None
    if given.id is None:
        row = Vaccination(child_id=child_id)
        db.session.add(row)
    else:
        row = db.session.scalars(
            select(Vaccination).where(Vaccination.id == given.id, Vaccination.child_id == child_id)
        ).one_or_none()
        if row is None:
            return False
    row.vaccine_id, row.given_on, row.booster_on = given.vaccine_id, given.given_on, given.booster_on
    return True


def _drop(child_id: int, vaccination_id: int) -> bool:
    row = db.session.scalars(
        select(Vaccination).where(Vaccination.id == vaccination_id, Vaccination.child_id == child_id)
    ).one_or_none()
    if row is None:
        return False
    db.session.delete(row)
    return True

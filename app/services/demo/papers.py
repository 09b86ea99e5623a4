"""A household's papers and declarations: documents in every state, answers, health, schooling, quotient."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from schwifty import IBAN

from app.declare import FileRef
from app.entities.booking import RegistrationStatus
from app.entities.health import Level
from app.entities.paperwork import DocumentStatus, Subject, Validity
from app.entities.question import SHARED, QuestionKind
from app.models import (
    Answer,
    Condition,
    Deferral,
    Document,
    HealthRecord,
    Mandate,
    MandateFacility,
    Quotient,
    Schooling,
    Vaccination,
)
from app.services import files
from app.services.demo import paper, words
from app.services.demo.batch import Batch
from app.services.demo.household import Household, Kid
from app.services.demo.life import Registered, at
from app.services.demo.town import TownFacts

STAFF = "Nadège Rivollet"
SPECIMEN = "Spécimen pour la démonstration : personne n’existe."
INVENTED_BANK = "9999900000"


@dataclass(frozen=True)
class Whole:
    """A household as written: its number, those of its people, what its children take part in."""

    home: Household
    family_id: int
    kid_ids: dict[str, int]
    adult_ids: dict[str, int]
    registered: list[Registered]

    @property
    def random(self) -> Random:
        """Its own lots."""
        return self.home.random

    def facilities_of(self, kid: Kid) -> set[int]:
        """Where a child takes part or asks to."""
        return {
            one.activity.facility_id
            for one in self.registered
            if one.kid.key == kid.key and one.status is not RegistrationStatus.REFUSED
        }


class Filer:
    """Keeps the PDFs: one for each document to check, a specimen of each type for what is settled."""

    def __init__(self, most: int = 120) -> None:
        self._left = most
        self._specimens: dict[str, FileRef] = {}

    def own(self, name: str, whom: str) -> FileRef:
        """A PDF that names its subject; a specimen once there are many."""
        if self._left <= 0:
            return self.specimen(name)
        self._left -= 1
        return files.keep(paper.pdf(name, [f"Concerne : {whom}", "", SPECIMEN]), f"{name}.pdf", files.PDF)

    def specimen(self, name: str) -> FileRef:
        """The PDF that all settled documents of a type share."""
        if name not in self._specimens:
            self._specimens[name] = files.keep(paper.pdf(name, [SPECIMEN]), f"{name}.pdf", files.PDF)
        return self._specimens[name]


# --- Documents -----------------------------------------------------------------------------------


def hand_in(batch: Batch, town: TownFacts, whole: Whole, filer: Filer) -> None:
    """Every document asked of the household and of its children, each in some state."""
    for one in town.document_types:
        if one.subject is Subject.FAMILY:
            _document(batch, town, whole, filer, one, None)
        elif one.subject is Subject.CHILD:
            for kid in whole.home.kids:
                places = whole.facilities_of(kid)
                if places and (one.facility_id is None or one.facility_id in places):
                    _document(batch, town, whole, filer, one, kid)


def _state(whole: Whole, one: Any, kid: Kid | None) -> str:
    """valid, received, refused, late (a delay is granted), missing."""
    if whole.home.rank == 0:  # the household with things to do
        if one.code == "assurance":
            return "valid" if kid is whole.home.kids[0] else "missing"
        if one.code == "fiche-sanitaire":
            return "refused" if kid is whole.home.kids[0] else "received"
        return "valid" if one.is_mandatory else "missing"
    drawn = whole.random.random()
    if not one.is_mandatory:
        return (
            "valid"
            if drawn < 0.45
            else "received"
            if drawn < 0.53
            else "refused"
            if drawn < 0.57
            else "missing"
        )
    if drawn < 0.76:
        return "valid"
    return "received" if drawn < 0.85 else "refused" if drawn < 0.9 else "late" if drawn < 0.95 else "missing"


def _document(batch: Batch, town: TownFacts, whole: Whole, filer: Filer, one: Any, kid: Kid | None) -> None:
    state, random = _state(whole, one, kid), whole.random
    person_id = None if kid is None else whole.kid_ids[kid.key]
    yearly = one.validity is Validity.SCHOOL_YEAR
    subject = {"document_type_id": one.id, "family_id": whole.family_id, "person_id": person_id}
    if yearly and town.last_year_id and random.random() < 0.35:
        given_on = town.starts_on - timedelta(days=random.randint(330, 400))
        batch.add(
            Document,
            **subject,
            school_year_id=town.last_year_id,
            file=filer.specimen(one.name),
            status=DocumentStatus.VALID,
            received_at=at(given_on, 18),
            decided_at=at(given_on + timedelta(days=2), 9),
            decided_by=STAFF,
        )
    if state == "missing":
        return
    if state == "late":
        batch.add(
            Deferral,
            **subject,
            until_on=town.today + timedelta(days=random.randint(6, 30)),
            reason=random.choice(words.LATE_DOCUMENTS),
        )
        return
    whom = f"{kid.first_name} {kid.last_name}" if kid else f"famille {whole.home.name}"
    given_on = town.today - timedelta(days=random.randint(0, 12))
    if state == "valid":
        given_on = min(town.today, town.starts_on + timedelta(days=random.randint(-25, 20)))
    decided_on = (
        None if state == "received" else min(town.today, given_on + timedelta(days=random.randint(0, 4)))
    )
    batch.add(
        Document,
        **subject,
        school_year_id=town.year_id if yearly else None,
        file=filer.specimen(one.name) if state == "valid" else filer.own(one.name, whom),
        status={"valid": DocumentStatus.VALID, "refused": DocumentStatus.REFUSED}.get(
            state, DocumentStatus.RECEIVED
        ),
        received_at=at(given_on, 6, random.randint(0, 59)),
        decided_at=None if decided_on is None else at(decided_on, 9, random.randint(0, 59)),
        decided_by=None if decided_on is None else STAFF,
        reason=random.choice(words.REFUSED_DOCUMENTS) if state == "refused" else None,
    )


# --- Declarations --------------------------------------------------------------------------------


def declare(batch: Batch, town: TownFacts, whole: Whole) -> None:
    """What is said of each child of this home: school, health, answers; once for a child of two homes."""
    for kid in whole.home.kids:
        number = whole.kid_ids[kid.key]
        places = whole.facilities_of(kid)
        if places:
            _answers(batch, town, whole, kid, places)
        if kid.shared and whole.home.odd_weeks:
            continue
        if kid.level is not Level.NONE:
            batch.add(
                Schooling,
                child_id=number,
                school_year_id=town.year_id,
                school_id=_school(town, kid.level),
                level=kid.level,
                teacher=None
                if kid.level in (Level.COLLEGE, Level.LYCEE)
                else whole.random.choice(words.TEACHERS),
            )
        _health(batch, town, whole.random, kid, number)


def _school(town: TownFacts, level: Level) -> int | None:
    rank = 0 if level in (Level.PS, Level.MS, Level.GS) else 1
    rank = {Level.COLLEGE: 2, Level.LYCEE: 3}.get(level, rank)
    return town.schools[min(rank, len(town.schools) - 1)][0] if town.schools else None


def _health(batch: Batch, town: TownFacts, random: Random, kid: Kid, number: int) -> None:
    confirmed_on = town.starts_on - timedelta(days=random.randint(35, 90))
    batch.add(
        HealthRecord,
        child_id=number,
        doctor_name=random.choice(words.DOCTORS),
        doctor_phone=f"01 99 00 {random.randint(0, 99):02d} {random.randint(0, 99):02d}",
        doctor_city="Le Touvet",
        has_care_plan=random.random() < 0.05,
        remarks=random.choice(words.REMARKS) if random.random() < 0.15 else None,
        confirmed_on=confirmed_on if random.random() < 0.88 else None,
    )
    for vaccine in town.vaccines:
        if random.random() < (0.95 if vaccine.concerns(kid.born_on) else 0.2):
            given_on = min(kid.born_on + timedelta(days=random.randint(60, 360)), town.starts_on)
            booster_on = given_on + timedelta(days=365 * 5) if random.random() < 0.4 else None
            batch.add(
                Vaccination, child_id=number, vaccine_id=vaccine.id, given_on=given_on, booster_on=booster_on
            )
    had = [word for word in town.illnesses if random.random() < 0.09]
    had += [word for word in town.allergies if random.random() < 0.016]
    for word_id in had:
        batch.add(Condition, child_id=number, word_id=word_id)


def _answers(batch: Batch, town: TownFacts, whole: Whole, kid: Kid, places: set[int]) -> None:
    random = whole.random
    is_complete = random.random() < 0.9 and whole.home.rank > 0
    answered_on = town.starts_on - timedelta(days=random.randint(35, 100))
    for question in town.questions:
        asking = {one.facility_id for one in question.places}
        if question.subject is not Subject.CHILD or (asking and asking.isdisjoint(places)):
            continue
        if not is_complete and random.random() < 0.5:
            continue
        value = _answer(random, question)
        if value is None:
            continue
        if question.section in SHARED and kid.shared and whole.home.odd_weeks:
            continue  # said once, for both homes
        row = Answer(
            question_id=question.id,
            family_id=None if question.section in SHARED else whole.family_id,
            person_id=whole.kid_ids[kid.key],
            school_year_id=town.year_id if question.is_yearly else None,
            value={"value": value},
        )
        batch.add(
            Answer,
            question_id=row.question_id,
            family_id=row.family_id,
            person_id=row.person_id,
            school_year_id=row.school_year_id,
            value=row.value,
            words=row.words,
            number=row.number,
            day=row.day,
            subject_key=row.subject,
            answered_at=at(answered_on, 20, random.randint(0, 59)),
        )


def _answer(random: Random, question: Any) -> Any:
    choices = question.choices or []
    if question.question_kind is QuestionKind.YES_NO:
        return random.random() < 0.8
    if question.question_kind is QuestionKind.CHOICE:
        return random.choice(choices)
    if question.question_kind is QuestionKind.SEVERAL:
        return [random.choice(choices)] if random.random() < 0.22 else []
    return "S’endort à 13 h, avec son doudou." if question.question_kind is QuestionKind.TEXT else None


# --- Money ---------------------------------------------------------------------------------------


def afford(batch: Batch, town: TownFacts, whole: Whole) -> None:
    """The quotient of the household, sometimes a new one in the year; sometimes a direct debit."""
    random, home = whole.random, whole.home
    if home.quotient is not None:
        common = {
            "family_id": whole.family_id,
            "source": random.choice(("Attestation CAF", "Attestation MSA")),
        }
        changes_on = town.starts_on + timedelta(days=61)
        changes = random.random() < 0.05 and changes_on <= town.today
        until_on = changes_on - timedelta(days=1) if changes else None
        batch.add(Quotient, amount=home.quotient, from_on=town.starts_on, until_on=until_on, **common)
        if changes:
            batch.add(Quotient, amount=home.quotient + 140, from_on=changes_on, **common)
    if town.debit_facilities and random.random() < 0.22:
        holder = home.adults[0]
        number = batch.add(
            Mandate,
            family_id=whole.family_id,
            reference=f"MARELLE-{whole.family_id:06d}",
            holder=f"{holder.first_name} {holder.last_name}",
            iban=invented_iban(whole.family_id),
            bic=None,
            signed_on=min(town.today, town.starts_on + timedelta(days=random.randint(-60, 10))),
        )
        for facility_id in town.debit_facilities:
            batch.add(MandateFacility, mandate_id=number, facility_id=facility_id)


def invented_iban(number: int) -> str:
    """A French IBAN with right keys, at a bank that does not exist."""
    return str(IBAN.generate("FR", bank_code=INVENTED_BANK, account_code=f"{number:011d}"))

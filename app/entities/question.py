"""Questions that configurators add to the file, and what was answered."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Index, UniqueConstraint, event
from sqlalchemy.orm import Mapped, relationship, validates

from app.declare import (
    CARE,
    FAMILY,
    NOBODY,
    SETTINGS,
    TOWN,
    Choice,
    Entity,
    FileRef,
    FirstGiven,
    Kind,
    attribute,
    code_word,
    feminine,
    positive,
    relation,
)
from app.entities.calendar import SchoolYear
from app.entities.catalogue import Facility
from app.entities.family import Family, Person
from app.entities.paperwork import Subject


class QuestionKind(Choice):
    """What an answer looks like."""

    YES_NO = "yes_no", "Oui ou non"
    CHOICE = "choice", "Un choix"
    SEVERAL = "several", "Plusieurs choix"
    TEXT = "text", "Texte"
    NUMBER = "number", "Nombre"
    DATE = "date", "Date"
    FILE = "file", "Fichier"


class QuestionSection(Choice):
    """Where a question stands in the file."""

    NURSERY = "nursery", "Multi-accueil"
    SCHOOLING = "schooling", "Scolarité, repas et régime"
    HEALTH = "health", "Santé"
    AUTHORISATIONS = "authorisations", "Autorisations"


class Answering(Choice):
    """Who answers a question and who reads the answer; rights can be tightened further (``FieldRight``)."""

    FAMILY = "family", "La famille répond, le service corrige"
    SERVICE = "service", "Le service répond, la famille le lit"
    STAFF = "staff", "Le service seul le lit et le remplit"


class Question(Entity):
    """Question: what configurators ask beyond the declared attributes (authorisations, diets, ...)."""

    __term__ = feminine("question", "questions")
    __scope__ = TOWN
    __edit__ = SETTINGS
    __inner__ = ("answering", Answering.STAFF.value)
    __menu__ = "Réglages"
    __named__ = ("label",)
    __listed__ = ("label", "section", "question_kind", "is_required", "is_yearly")

    label: Mapped[str] = attribute("Question", section="La question")
    code: Mapped[str] = attribute(
        "Code", unique=True, length=60, see=SETTINGS, check=code_word, made_from="label"
    )
    help_text: Mapped[str | None] = attribute("Explication", section="La question", kind=Kind.LONG_TEXT)
    question_kind: Mapped[QuestionKind] = attribute("Réponse", section="La question")
    choices: Mapped[list[Any] | None] = attribute(
        "Choix proposés",
        section="La question",
        see=SETTINGS,
        help="Pour « Un choix » et « Plusieurs choix ».",
    )
    section: Mapped[QuestionSection] = attribute("Partie du dossier", section="À qui")
    subject: Mapped[Subject] = attribute("Concerne", section="À qui", default=Subject.CHILD)
    from_age: Mapped[int | None] = attribute(
        "À partir de", section="À qui", unit="ans", check=positive, help="Vide : dès la naissance."
    )
    to_age: Mapped[int | None] = attribute(
        "Jusqu’à", section="À qui", unit="ans", check=positive, help="Cet âge compris. Vide : à tout âge."
    )
    is_required: Mapped[bool] = attribute("Réponse obligatoire", section="Comment", default=False)
    is_yearly: Mapped[bool] = attribute("À redire chaque année", section="Comment", default=True)
    answering: Mapped[Answering] = attribute(
        "Qui répond", section="Comment", see=SETTINGS, default=Answering.FAMILY
    )
    is_asked: Mapped[bool] = attribute(
        "Posée aujourd’hui",
        section="Comment",
        default=True,
        see=SETTINGS,
        help="Décochez pour ne plus la poser\u00a0: les réponses déjà données restent.",
    )
    position: Mapped[int] = attribute("Rang", section="Comment", default=0, see=SETTINGS)

    places: Mapped[list["QuestionFacility"]] = relationship(
        back_populates="question", order_by="QuestionFacility.id", passive_deletes=True
    )


class QuestionFacility(Entity):
    """A facility that asks a question, of its children; a question that none of them asks is everybody's."""

    __term__ = feminine("structure qui la pose", "structures qui la posent")
    __scope__ = TOWN
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("facility",)
    __table_args__ = (UniqueConstraint("question_id", "facility_id"),)

    question: Mapped[Question] = relation("Question", parent=True, inline=True, back_populates="places")
    question_id: Mapped[int]
    facility: Mapped[Facility] = relation("Structure", help="Aucune ligne : la question est pour toutes.")
    facility_id: Mapped[int]


SHARED = (QuestionSection.NURSERY, QuestionSection.SCHOOLING, QuestionSection.HEALTH)
"""What is asked there is a fact about the child, one for both its homes; an authorisation is each home's."""


class Answer(Entity):
    """Answer: what was declared to a question, about a person or about a household."""

    __term__ = feminine("réponse", "réponses")
    __scope__ = FirstGiven("family", "person")
    __see__ = FAMILY | CARE
    # Written by ``services/questions.record`` alone, which asks what the rights of each question are.
    __edit__ = NOBODY
    __create__ = NOBODY
    __menu__ = "Dossiers"
    __named__ = ("question",)
    __repeated__ = ("question", "school_year")
    __answers__ = "question"
    __listed__ = ("question", "family", "person", "school_year", "words")
    __table_args__ = (
        UniqueConstraint("question_id", "subject_key"),
        Index("ix_answer_person_question", "person_id", "question_id"),
    )

    question: Mapped[Question] = relation("Question")
    question_id: Mapped[int]
    family: Mapped[Family | None] = relation(
        "Famille", parent=True, help="Vide : ce qui tient à l’enfant, le même dans ses deux foyers."
    )
    family_id: Mapped[int | None]
    person: Mapped[Person | None] = relation("Personne", parent=True)
    person_id: Mapped[int | None]
    school_year: Mapped[SchoolYear | None] = relation("Année scolaire")
    school_year_id: Mapped[int | None]
    value: Mapped[dict[str, Any] | None] = attribute("Réponse", see=NOBODY, edit=NOBODY)
    words: Mapped[str | None] = attribute("Réponse en mots", kind=Kind.LONG_TEXT, edit=NOBODY)
    number: Mapped[Decimal | None] = attribute("Réponse en nombre", see=NOBODY, edit=NOBODY)
    day: Mapped[date | None] = attribute("Réponse en jour", see=NOBODY, edit=NOBODY)
    file: Mapped[FileRef | None] = attribute("Fichier", edit=NOBODY)
    # Household, person and year in one word: empty ones count, which no unique constraint does by itself.
    subject_key: Mapped[str] = attribute("Sujet", see=NOBODY, edit=NOBODY, length=40)
    answered_at: Mapped[datetime | None] = attribute("Répondu le", edit=NOBODY)

    @property
    def given(self) -> Any:
        """The answer itself: true or false, a word, words, a text, a number or a day as text; None: none."""
        return (self.value or {}).get("value")

    @property
    def subject(self) -> str:
        """What ``subject_key`` holds."""
        return "-".join(str(key or 0) for key in (self.family_id, self.person_id, self.school_year_id))

    @validates("value")
    def _put_in_columns(self, name: str, kept: dict[str, Any] | None) -> dict[str, Any] | None:
        """What lists filter and search by follows the answer, whoever gives it."""
        given = (kept or {}).get("value")
        self.words = in_words(given)
        text_ = given if isinstance(given, str) else ""
        self.number = Decimal(text_) if NUMBER.fullmatch(text_) else None
        self.day = _day(text_)
        return kept


@event.listens_for(Answer, "before_insert")
@event.listens_for(Answer, "before_update")
def _say_about(mapper: Any, connection: Any, answer: Answer) -> None:
    answer.subject_key = answer.subject


NUMBER = re.compile(r"-?\d{1,10}(\.\d{1,4})?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
YES, NO = "oui", "non"


def _day(words: str) -> date | None:
    try:
        return date.fromisoformat(words) if DAY.fullmatch(words) else None
    except ValueError:
        return None


def in_words(given: Any) -> str | None:
    """An answer as lists keep it: « oui », a word, words with commas, a text."""
    if given in (None, "", []):
        return None
    if isinstance(given, bool):
        return YES if given else NO
    if isinstance(given, list):
        return ", ".join(map(str, given))
    return str(given)

"""A child's health and schooling, as declared each year."""

from datetime import date

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from app.declare import (
    CARE,
    FAMILY,
    SETTINGS,
    TOWN,
    Choice,
    Entity,
    Kind,
    attribute,
    feminine,
    masculine,
    not_in_future,
    relation,
)
from app.entities.calendar import SchoolYear
from app.entities.catalogue import School
from app.entities.family import Person


class Level(Choice):
    """The class a child is in."""

    NONE = "none", "Pas encore à l’école"
    TPS = "tps", "Toute petite section"
    PS = "ps", "Petite section"
    MS = "ms", "Moyenne section"
    GS = "gs", "Grande section"
    CP = "cp", "CP"
    CE1 = "ce1", "CE1"
    CE2 = "ce2", "CE2"
    CM1 = "cm1", "CM1"
    CM2 = "cm2", "CM2"
    COLLEGE = "college", "Collège"
    LYCEE = "lycee", "Lycée"


class Schooling(Entity):
    """Schooling: the school and the class of a child for one school year."""

    __term__ = feminine("scolarité", "scolarités")
    __scope__ = "child"
    __edit__ = FAMILY | CARE
    __create__ = FAMILY | CARE
    __menu__ = "Dossiers"
    __named__ = ("level",)
    __table_args__ = (UniqueConstraint("child_id", "school_year_id"),)

    child: Mapped[Person] = relation("Enfant", parent=True)
    child_id: Mapped[int]
    school_year: Mapped[SchoolYear] = relation("Année scolaire")
    school_year_id: Mapped[int]
    school: Mapped[School | None] = relation("École", freeze="schooling")
    school_id: Mapped[int | None]
    level: Mapped[Level] = attribute("Classe", freeze="schooling")
    teacher: Mapped[str | None] = attribute("Enseignant", freeze="schooling")


class HealthRecord(Entity):
    """Health record: the doctor and what the team must know; one for each child."""

    __term__ = feminine("fiche santé", "fiches santé")
    __scope__ = "child"
    __see__ = FAMILY | CARE
    __edit__ = FAMILY | CARE
    __create__ = FAMILY | CARE
    __menu__ = "Dossiers"
    __named__ = ("child",)
    __listed__ = ("child", "doctor_name", "doctor_phone", "has_care_plan")

    child: Mapped[Person] = relation("Enfant", parent=True, unique=True)
    child_id: Mapped[int]
    doctor_name: Mapped[str | None] = attribute("Médecin traitant", section="Médecin", freeze="health")
    doctor_phone: Mapped[str | None] = attribute(
        "Téléphone du médecin", section="Médecin", freeze="health", kind=Kind.PHONE
    )
    doctor_city: Mapped[str | None] = attribute("Commune du médecin", section="Médecin", freeze="health")
    has_care_plan: Mapped[bool] = attribute(
        "A un projet d’accueil individualisé (PAI)",
        section="À savoir",
        freeze="health",
        default=False,
        help="Un protocole écrit avec le médecin : allergie, asthme, diabète…",
    )
    remarks: Mapped[str | None] = attribute(
        "Ce que l’équipe doit savoir", section="À savoir", freeze="health", kind=Kind.LONG_TEXT
    )
    confirmed_on: Mapped[date | None] = attribute("Relue le", edit=CARE | FAMILY)


class Vaccine(Entity):
    """Vaccine: one of those that parents can declare."""

    __term__ = masculine("vaccin", "vaccins")
    __scope__ = TOWN
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("name",)

    code: Mapped[str] = attribute("Code", unique=True, length=60, see=SETTINGS)
    name: Mapped[str] = attribute("Nom")
    is_mandatory: Mapped[bool] = attribute("Obligatoire", default=False)
    position: Mapped[int] = attribute("Rang", default=0, see=SETTINGS)


class Vaccination(Entity):
    """Vaccination: one vaccine given to a child, with the date of its booster."""

    __term__ = feminine("vaccination", "vaccinations")
    __scope__ = "child"
    __see__ = FAMILY | CARE
    __edit__ = FAMILY | CARE
    __create__ = FAMILY | CARE
    __menu__ = "Dossiers"
    __named__ = ("given_on",)
    __listed__ = ("child", "vaccine", "given_on", "booster_on")

    child: Mapped[Person] = relation("Enfant", parent=True)
    child_id: Mapped[int]
    vaccine: Mapped[Vaccine] = relation("Vaccin", freeze="health")
    vaccine_id: Mapped[int]
    given_on: Mapped[date] = attribute("Fait le", freeze="health", check=not_in_future)
    booster_on: Mapped[date | None] = attribute("Rappel le", freeze="health")


class WordKind(Choice):
    """What a health word says."""

    ILLNESS = "illness", "Maladie", "blue", "bandaid"
    ALLERGY = "allergy", "Allergie", "rose", "exclamation-triangle-fill"


class HealthWord(Entity):
    """Health word: an illness or an allergy that turns blue when touched (F10)."""

    __term__ = masculine("mot de santé", "mots de santé")
    __scope__ = TOWN
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("name",)

    code: Mapped[str] = attribute("Code", unique=True, length=60, see=SETTINGS)
    word_kind: Mapped[WordKind] = attribute("Type")
    name: Mapped[str] = attribute("Mot")
    position: Mapped[int] = attribute("Rang", default=0, see=SETTINGS)


class Condition(Entity):
    """Condition: an illness had by a child, or an allergy of theirs."""

    __term__ = feminine("maladie ou allergie", "maladies et allergies")
    __scope__ = "child"
    __see__ = FAMILY | CARE
    __edit__ = FAMILY | CARE
    __create__ = FAMILY | CARE
    __menu__ = "Dossiers"
    __named__ = ("word",)
    __listed__ = ("child", "word")
    __table_args__ = (UniqueConstraint("child_id", "word_id"),)

    child: Mapped[Person] = relation("Enfant", parent=True)
    child_id: Mapped[int]
    word: Mapped[HealthWord] = relation("Mot", freeze="health")
    word_id: Mapped[int]

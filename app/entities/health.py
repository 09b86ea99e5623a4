"""A child's health and schooling, as declared each year."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from app.declare import (
    CARE,
    FAMILY,
    NOBODY,
    SETTINGS,
    TOWN,
    Choice,
    Entity,
    Kind,
    Role,
    attribute,
    between,
    feminine,
    masculine,
    not_in_future,
    relation,
)
from app.entities.account import Account
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
    __health__ = "child"
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
    __listed__ = ("name", "is_mandatory", "born_from", "born_until", "due_months")

    code: Mapped[str] = attribute("Code", unique=True, length=60, see=SETTINGS)
    name: Mapped[str] = attribute("Nom")
    is_mandatory: Mapped[bool] = attribute("Obligatoire", section="La loi", default=False)
    born_from: Mapped[date | None] = attribute(
        "Pour les enfants nés à partir du", section="La loi", help="Vide : sans limite."
    )
    born_until: Mapped[date | None] = attribute(
        "Pour les enfants nés jusqu’au", section="La loi", help="Ce jour compris. Vide : sans limite."
    )
    due_months: Mapped[int] = attribute(
        "Attendu à partir de",
        section="La loi",
        unit="mois",
        default=0,
        check=between(0, 216),
        help="L’âge de la première dose. 0 : dès l’arrivée.",
    )
    position: Mapped[int] = attribute("Rang", default=0, see=SETTINGS)


class Vaccination(Entity):
    """Vaccination: one vaccine given to a child, with the date of its booster."""

    __term__ = feminine("vaccination", "vaccinations")
    __scope__ = "child"
    __health__ = "child"
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
    __health__ = "child"
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


class HealthReading(Entity):
    """Health reading: who of the service was shown a child's health that day, first at that moment (H1)."""

    __term__ = feminine("consultation de santé", "consultations de santé")
    __scope__ = "child"
    __see__ = FAMILY | Role.ADMIN
    __edit__ = NOBODY
    __menu__ = "Dossiers"
    __named__ = ("reader",)
    __listed__ = ("read_at", "reader", "child")
    __descending__ = True
    __history__ = False
    __table_args__ = (UniqueConstraint("child_id", "account_id", "day"),)

    child: Mapped[Person] = relation("Enfant", parent=True)
    child_id: Mapped[int]
    account: Mapped[Account | None] = relation("Compte", see=Role.ADMIN, ondelete="SET NULL")
    account_id: Mapped[int | None]
    reader: Mapped[str] = attribute("Lue par")
    day: Mapped[date] = attribute("Jour", see=NOBODY)
    read_at: Mapped[datetime] = attribute("Lue le", index=True)

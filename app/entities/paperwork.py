"""Documents asked, received, refused or put off."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.declare import (
    CARE,
    FAMILY,
    NOBODY,
    SETTINGS,
    TOWN,
    Choice,
    Entity,
    FileRef,
    Kind,
    attribute,
    feminine,
    masculine,
    relation,
)
from app.entities.calendar import SchoolYear
from app.entities.catalogue import Activity, Facility
from app.entities.family import Family, Person


class Subject(Choice):
    """Whom a document or a question is about."""

    FAMILY = "family", "Le foyer", "blue", "house-door"
    CHILD = "child", "Chaque enfant", "green", "person"
    GUARDIAN = "guardian", "Chaque responsable", "blue", "person-badge"


class Validity(Choice):
    """How long a document holds (D3)."""

    SCHOOL_YEAR = "school_year", "Une année scolaire", "yellow", "arrow-repeat"
    PERMANENT = "permanent", "Sans limite", "green", "check-lg"
    MONTHS = "months", "Un nombre de mois", "yellow", "calendar3"


class DocumentType(Entity):
    """Document type: what is asked, of whom, for how long, and whether it blocks registration."""

    __term__ = feminine("pièce demandée", "pièces demandées")
    __scope__ = TOWN
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("name",)
    __listed__ = ("name", "subject", "is_mandatory", "validity", "activity", "facility")

    name: Mapped[str] = attribute("Nom")
    code: Mapped[str] = attribute("Code", unique=True, length=60, see=SETTINGS, made_from="name")
    phrase: Mapped[str | None] = attribute(
        "Dans une phrase", help="Avec son article : l’attestation d’assurance."
    )
    help_text: Mapped[str | None] = attribute("Explication", kind=Kind.LONG_TEXT)
    subject: Mapped[Subject] = attribute("Concerne")
    is_mandatory: Mapped[bool] = attribute(
        "Obligatoire", help="Tant qu’elle manque, l’enfant ne peut pas être inscrit.", default=True
    )
    validity: Mapped[Validity] = attribute("Valable", default=Validity.SCHOOL_YEAR)
    validity_months: Mapped[int | None] = attribute("Nombre de mois", unit="mois")
    facility: Mapped[Facility | None] = relation("Pour la structure", help="Vide : toutes.")
    facility_id: Mapped[int | None]
    activity: Mapped[Activity | None] = relation("Pour l’activité", help="Vide : toutes.")
    activity_id: Mapped[int | None]
    asked_if: Mapped[str | None] = attribute(
        "Seulement si la réponse est oui à",
        help="Le code d’une question sur l’enfant. Vide : demandée à tous.",
        length=60,
        see=SETTINGS,
    )
    accepts_received: Mapped[bool] = attribute(
        "Suffit d’être reçue", help="L’inscription n’attend pas que le service l’ait validée.", default=False
    )
    position: Mapped[int] = attribute("Rang", default=0, see=SETTINGS)


class DocumentStatus(Choice):
    """Where a document stands (D5)."""

    RECEIVED = "received", "Reçu, à vérifier", "yellow", "hourglass-split"
    VALID = "valid", "Validé", "green", "check-lg"
    REFUSED = "refused", "Refusé", "rose", "x-lg"


class Document(Entity):
    """Document: a file handed in for a household or for one of its members."""

    __term__ = masculine("document", "documents")
    __scope__ = "family"
    __see__ = FAMILY | CARE
    __edit__ = CARE
    __create__ = CARE
    __menu__ = "Dossiers"
    __named__ = ("document_type",)
    __listed__ = ("document_type", "family", "person", "status", "received_at", "valid_until")
    __table_args__ = (Index("ix_document_status_received", "status", "received_at"),)

    document_type: Mapped[DocumentType] = relation("Pièce")
    document_type_id: Mapped[int]
    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    person: Mapped[Person | None] = relation(
        "Personne", help="Vide : la pièce concerne le foyer.", parent=True
    )
    person_id: Mapped[int | None]
    school_year: Mapped[SchoolYear | None] = relation("Année scolaire")
    school_year_id: Mapped[int | None]
    file: Mapped[FileRef | None] = attribute("Fichier")
    status: Mapped[DocumentStatus] = attribute("État", default=DocumentStatus.RECEIVED)
    received_at: Mapped[datetime] = attribute("Reçu le", edit=NOBODY)
    decided_at: Mapped[datetime | None] = attribute("Vérifié le", edit=NOBODY)
    decided_by: Mapped[str | None] = attribute("Vérifié par", see=CARE, edit=NOBODY)
    reason: Mapped[str | None] = attribute("Motif du refus", kind=Kind.LONG_TEXT)
    valid_from: Mapped[date | None] = attribute("Valable du")
    valid_until: Mapped[date | None] = attribute("Valable jusqu’au")


class Deferral(Entity):
    """Deferral: a document may arrive later; until that day it does not block."""

    __term__ = masculine("délai accordé", "délais accordés")
    __scope__ = "family"
    __see__ = FAMILY | CARE
    __edit__ = CARE
    __menu__ = "Dossiers"
    __named__ = ("document_type", "until_on")
    __listed__ = ("document_type", "family", "person", "until_on", "reason")

    document_type: Mapped[DocumentType] = relation("Pièce")
    document_type_id: Mapped[int]
    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    person: Mapped[Person | None] = relation("Personne", parent=True)
    person_id: Mapped[int | None]
    until_on: Mapped[date] = attribute("Jusqu’au")
    reason: Mapped[str | None] = attribute("Motif")

"""The town's rules as data: articles, dated rules, freeze dates, settings."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Table, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.declare import (
    NOBODY,
    SETTINGS,
    STAFF,
    TOWN,
    Choice,
    Entity,
    Kind,
    Role,
    attribute,
    between,
    feminine,
    masculine,
    relation,
)
from app.entities.catalogue import Activity, Facility


class Article(Entity):
    """Article of the règlement intérieur from which rules come."""

    __term__ = masculine("article", "articles")
    __scope__ = TOWN
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("number", "title")
    __listed__ = ("number", "title", "facility")

    number: Mapped[str] = attribute("Numéro", length=20)
    title: Mapped[str] = attribute("Titre")
    code: Mapped[str] = attribute("Code", unique=True, length=60, see=SETTINGS, made_from="title")
    text: Mapped[str | None] = attribute("Texte", kind=Kind.LONG_TEXT)
    facility: Mapped[Facility | None] = relation("Structure", help="Vide : toutes.")
    facility_id: Mapped[int | None]


class Rule(Entity):
    """Rule: a dated row of a rule kind, with its parameters and its article."""

    __term__ = feminine("règle", "règles")
    __scope__ = TOWN
    __see__ = STAFF
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("code",)
    __listed__ = ("code", "rule_kind", "activity", "from_on", "until_on", "article")

    code: Mapped[str] = attribute("Code", unique=True, length=60)
    rule_kind: Mapped[str] = attribute("Sorte de règle", length=60)
    parameters: Mapped[dict[str, Any]] = attribute("Paramètres")
    activity: Mapped[Activity | None] = relation("Activité", help="Vide : toutes.")
    activity_id: Mapped[int | None]
    units: Mapped[list[Any] | None] = attribute(
        "Unités concernées", help="Leurs codes, comme cantine.repas. Vide : toutes celles de l’activité."
    )
    weekdays: Mapped[list[Any] | None] = attribute(
        "Jours concernés", help="Par exemple : lundi, mardi. Vide : tous."
    )
    who: Mapped[dict[str, Any] | None] = attribute(
        "Pour qui", help="Rattachement, classes, groupes, réponses ou pièces. Vide : tous les enfants."
    )
    unless: Mapped[dict[str, Any] | None] = attribute("Sauf pour", help="Les enfants qu’elle épargne.")
    from_on: Mapped[date | None] = attribute("En vigueur du")
    until_on: Mapped[date | None] = attribute("Jusqu’au (exclu)")
    article: Mapped[Article | None] = relation("Article")
    article_id: Mapped[int | None]
    version_of: Mapped[str | None] = attribute(
        "Version de",
        length=60,
        help="Le code de la règle dont celle-ci est une autre version, d’avant ou d’après. Vide : le sien.",
    )

    @property
    def called(self) -> str:
        """The code that every version of the rule answers to, in verdicts and examples."""
        return self.version_of or self.code


class RuleDraft(Entity):
    """Rule draft: a rule being written or changed, tried on the examples, in force for nobody yet.

    ``body`` holds what the form says, in plain values (``services/rule_drafts.py``).
    """

    __term__ = masculine("brouillon de règle", "brouillons de règles")
    __scope__ = TOWN
    __see__ = SETTINGS
    __edit__ = NOBODY  # by the page of rules
    __menu__ = "Réglages"
    __named__ = ("code",)
    __listed__ = ("code", "saved_at", "saved_by")

    code: Mapped[str] = attribute("Code", unique=True, length=60)
    body: Mapped[dict[str, Any]] = attribute("La règle")
    saved_at: Mapped[datetime] = attribute("Enregistré le")
    saved_by: Mapped[str | None] = attribute("Par")


class Example(Entity):
    """Worked example: a question put to the règlement and the answer that it must give.

    ``body`` holds it in plain values, as ``app.rules.examples`` reads them.
    """

    __term__ = masculine("exemple", "exemples")
    __scope__ = TOWN
    __see__ = STAFF
    __edit__ = NOBODY  # by the page of examples
    __menu__ = "Réglages"
    __named__ = ("sentence",)
    __listed__ = ("sentence", "code", "position")

    code: Mapped[str] = attribute("Code", unique=True, length=60)
    sentence: Mapped[str] = attribute("Ce qu’il montre", length=400)
    body: Mapped[dict[str, Any]] = attribute("Faits, demande et réponse attendue")
    position: Mapped[int] = attribute("Rang", default=0)


class FreezeDate(Entity):
    """Freeze date: from that day of each year, a section is read-only for families (F6)."""

    __term__ = feminine("date de gel", "dates de gel")
    __scope__ = TOWN
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("section",)
    __listed__ = ("section", "facility", "day", "month", "reopens_day", "reopens_month")
    __table_args__ = (UniqueConstraint("section", "facility_id"),)

    section: Mapped[str] = attribute("Partie du dossier", length=60)
    facility: Mapped[Facility | None] = relation("Structure", help="Vide : toutes.")
    facility_id: Mapped[int | None]
    day: Mapped[int] = attribute("Jour", check=between(1, 31))
    month: Mapped[int] = attribute("Mois", check=between(1, 12))
    reopens_day: Mapped[int] = attribute("Rouvre le jour", check=between(1, 31), default=1)
    reopens_month: Mapped[int] = attribute("Rouvre le mois", check=between(1, 12), default=5)


class Refusable(Choice):
    """What the service refuses with a reason that the family reads."""

    CHANGE = "change", "Une modification", "blue", "pencil-square"
    DOCUMENT = "document", "Un document", "yellow", "file-earmark-text"
    REGISTRATION = "registration", "Une inscription", "green", "calendar2-check"
    BOOKING = "booking", "Une réservation", "yellow", "calendar-check"


class RefusalReason(Entity):
    """Refusal reason: offered where the service refuses, and the sentence that the family then reads.

    A town that writes some for a thing replaces the usual ones of that thing (``services/refusals.py``).
    """

    __term__ = masculine("motif de refus", "motifs de refus")
    __scope__ = TOWN
    __see__ = STAFF
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("name",)
    __listed__ = ("about", "name", "sentence", "position")

    code: Mapped[str] = attribute("Code", unique=True, length=60, see=SETTINGS)
    about: Mapped[Refusable] = attribute("Ce qui est refusé")
    name: Mapped[str] = attribute("Motif", length=60, help="Les mots du bouton : « Illisible ».")
    sentence: Mapped[str] = attribute("Ce que lit la famille", length=400, help="Une phrase entière.")
    position: Mapped[int] = attribute("Rang", default=0, see=SETTINGS)


class Setting(Entity):
    """Setting: one value of the town that is not a rule (name, threshold, due day, link validity)."""

    __term__ = masculine("réglage", "réglages")
    __scope__ = TOWN
    __see__ = STAFF
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("label",)
    __listed__ = ("label", "value", "key")

    key: Mapped[str] = attribute("Clé", unique=True, length=60)
    label: Mapped[str] = attribute("Nom")
    value: Mapped[str] = attribute("Valeur", length=400)


class Audience(Choice):
    """Whose right it is: one role."""

    FAMILY = "family", Role.FAMILY.label, "peach", "people"
    DESK = "desk", Role.DESK.label, "blue", "person-badge"
    HEAD = "head", Role.HEAD.label, "green", "house-door"
    ACCOUNTANT = "accountant", Role.ACCOUNTANT.label, "yellow", "receipt"
    CONFIGURATOR = "configurator", Role.CONFIGURATOR.label, "peach", "sliders"
    ADMIN = "admin", Role.ADMIN.label, "rose", "shield-lock"

    @property
    def role(self) -> Role:
        """The bit that declarations use."""
        return Role[self.name]


class Level(Choice):
    """What is left of a right, from the most to the least."""

    APPROVAL = "approval", "Modifie, à valider", "yellow", "hourglass-split"
    READ = "read", "Voit", "blue", "eye"
    HIDDEN = "hidden", "Ne voit pas", "grey", "eye-slash"


class FieldRight(Entity):
    """Tightened right: a role keeps less of one attribute than its declaration gives; never more."""

    __term__ = masculine("droit resserré", "droits resserrés")
    __scope__ = TOWN
    __see__ = SETTINGS
    __edit__ = NOBODY  # by the page of rights
    __menu__ = "Réglages"
    __named__ = ("entity_name", "attribute_name")
    __listed__ = ("entity_name", "attribute_name", "audience", "level")
    __table_args__ = (UniqueConstraint("entity_name", "attribute_name", "audience"),)

    entity_name: Mapped[str] = attribute("Sorte de fiche", length=60)
    attribute_name: Mapped[str] = attribute("Champ", length=80)
    audience: Mapped[Audience] = attribute("Rôle")
    level: Mapped[Level] = attribute("Ce qui reste")


# Raised by every change of a public setting (``access/versions.py``): what processes keep in memory
# of the catalogue, the rules and the tariffs holds as long as this number does.
catalogue_version = Table(
    "catalogue_version",
    Entity.metadata,
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

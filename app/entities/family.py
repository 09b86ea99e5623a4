"""The household's file, its people, and what ties them."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.declare import (
    CARE,
    FAMILY,
    HOUSEHOLD,
    NOBODY,
    STAFF,
    Choice,
    Entity,
    Kind,
    Role,
    Through,
    attribute,
    feminine,
    masculine,
    not_in_future,
    positive,
    postcode,
    relation,
)

FILE = FAMILY | Role.DESK
MONEY_SEEN = FAMILY | Role.DESK | Role.ACCOUNTANT


class Residence(Choice):
    """What tariffs and priorities ask of where a household lives or works."""

    RESIDENT = "resident", "Habite la commune", "green", "house-door"
    WORKS_HERE = "works_here", "Travaille dans la commune", "blue", "building"
    OUTSIDE = "outside", "Hors commune", "grey", "signpost-split"


class Family(Entity):
    """Family: the household's file, to which invoices are addressed."""

    __term__ = feminine("famille", "familles")
    __scope__ = HOUSEHOLD
    __facility__ = Through("Registration", "family")
    __edit__ = FILE
    __delete__ = Role.DESK
    __menu__ = "Dossiers"
    __named__ = ("name",)
    __listed__ = ("name", "city", "billing_email", "phone", "residence")

    name: Mapped[str] = attribute("Nom du foyer", edit=Role.DESK, index=True)
    street: Mapped[str | None] = attribute("Numéro et voie", section="Adresse", approval=True)
    street_more: Mapped[str | None] = attribute("Complément", section="Adresse", approval=True)
    postcode: Mapped[str | None] = attribute(
        "Code postal", section="Adresse", check=postcode, length=5, approval=True
    )
    city: Mapped[str | None] = attribute("Commune", section="Adresse", approval=True)
    phone: Mapped[str | None] = attribute("Téléphone du foyer", section="Adresse", kind=Kind.PHONE)
    residence: Mapped[Residence] = attribute(
        "Rattachement", section="Adresse", edit=Role.DESK, default=Residence.RESIDENT
    )
    billing_email: Mapped[str | None] = attribute(
        "E-mail des factures",
        section="Factures",
        kind=Kind.EMAIL,
        help="Chaque facture arrive à cette adresse. Elle peut différer de celle des parents.",
    )
    notes: Mapped[str | None] = attribute("Notes du service", kind=Kind.LONG_TEXT, see=CARE, edit=Role.DESK)
    left_on: Mapped[date | None] = attribute(
        "Partie le",
        see=STAFF,
        edit=Role.DESK,
        help="Le dossier pourra être effacé une fois la durée de conservation passée.",
    )
    erased_on: Mapped[date | None] = attribute("Effacée le", see=STAFF, edit=NOBODY)


class Quotient(Entity):
    """Quotient familial of a household, from a day on, until the next one."""

    __term__ = masculine("quotient familial", "quotients familiaux")
    __scope__ = "family"
    __see__ = MONEY_SEEN
    __edit__ = Role.DESK | Role.ACCOUNTANT
    __menu__ = "Dossiers"
    __named__ = ("amount", "from_on")
    __listed__ = ("family", "amount", "from_on", "until_on", "source")
    __descending__ = True

    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    amount: Mapped[Decimal] = attribute("Quotient", unit="€", check=positive)
    from_on: Mapped[date] = attribute("Valable à partir du")
    until_on: Mapped[date | None] = attribute("Jusqu’au", help="Vide : jusqu’au suivant.")
    source: Mapped[str | None] = attribute("D’après", help="Par exemple : attestation CAF, MSA.")


class Sex(Choice):
    """As the national student file has it; never asked of anyone who would rather not say."""

    GIRL = "f", "Fille", "grey", "person"
    BOY = "m", "Garçon", "grey", "person"


class Person(Entity):
    """Person: guardian, child or contact of one or more households."""

    __term__ = feminine("personne", "personnes")
    __scope__ = Through("Membership", "person", closed=("member_kind", "contact"))
    __edit__ = FILE
    __create__ = FILE
    __delete__ = Role.DESK
    __menu__ = "Dossiers"
    __named__ = ("last_name", "first_name")
    __listed__ = ("last_name", "first_name", "born_on", "mobile_phone", "email", "city")

    first_name: Mapped[str] = attribute("Prénom", section="Identité", approval=True)
    last_name: Mapped[str] = attribute("Nom", section="Identité", approval=True, index=True)
    birth_name: Mapped[str | None] = attribute("Nom de naissance", section="Identité", approval=True)
    born_on: Mapped[date | None] = attribute(
        "Né(e) le", section="Identité", approval=True, check=not_in_future
    )
    sex: Mapped[Sex | None] = attribute("Fille ou garçon", section="Identité")
    email: Mapped[str | None] = attribute("E-mail", section="Coordonnées", kind=Kind.EMAIL)
    mobile_phone: Mapped[str | None] = attribute("Téléphone portable", section="Coordonnées", kind=Kind.PHONE)
    home_phone: Mapped[str | None] = attribute("Téléphone fixe", section="Coordonnées", kind=Kind.PHONE)
    work_phone: Mapped[str | None] = attribute("Téléphone au travail", section="Coordonnées", kind=Kind.PHONE)
    street: Mapped[str | None] = attribute(
        "Numéro et voie", section="Coordonnées", help="Si la personne n’habite pas à l’adresse du foyer."
    )
    postcode: Mapped[str | None] = attribute("Code postal", section="Coordonnées", check=postcode, length=5)
    city: Mapped[str | None] = attribute("Commune", section="Coordonnées")
    employer: Mapped[str | None] = attribute("Employeur", section="Travail")
    profession: Mapped[str | None] = attribute("Profession", section="Travail")

    @property
    def full_name(self) -> str:
        """First name then last name, as one speaks."""
        return f"{self.first_name} {self.last_name}"


class MemberKind(Choice):
    """What a person is to a household."""

    GUARDIAN = "guardian", "Responsable légal", "blue", "person-badge"
    CHILD = "child", "Enfant", "grey", "person"
    CONTACT = "contact", "Personne autorisée", "grey", "person-check"


class CustodyWeeks(Choice):
    """Of which weeks a household has a child that it shares, as calendars number them."""

    EVEN = "even", "Semaines paires", "blue", "calendar-week"
    ODD = "odd", "Semaines impaires", "yellow", "calendar-week"


class Membership(Entity):
    """Membership: a person belongs to a household; a child can belong to two."""

    __term__ = masculine("lien avec le foyer", "liens avec le foyer")
    __scope__ = "family"
    __edit__ = Role.DESK
    __create__ = FILE
    __menu__ = "Dossiers"
    __named__ = ("person", "member_kind")
    __listed__ = ("family", "person", "member_kind", "kinship", "on_invoice")
    __table_args__ = (UniqueConstraint("family_id", "person_id"),)

    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    person: Mapped[Person] = relation("Personne", parent=True)
    person_id: Mapped[int]
    member_kind: Mapped[MemberKind] = attribute("Qualité")
    kinship: Mapped[str | None] = attribute("Lien", help="Mère, père, beau-parent, grand-parent…", length=60)
    on_invoice: Mapped[bool] = attribute(
        "Nommé sur la facture",
        help="Le Trésor public ne s’adresse qu’aux personnes nommées.",
        default=False,
        see=MONEY_SEEN,
        edit=Role.DESK | Role.ACCOUNTANT,
    )
    custody: Mapped[CustodyWeeks | None] = attribute(
        "Garde partagée",
        help="Les semaines où l’enfant est dans ce foyer. Vide : toutes, ou sans règle.",
        see=CARE | FAMILY,
    )
    position: Mapped[int] = attribute("Rang", default=0, see=Role.DESK)


class Contact(Entity):
    """Contact: who may collect a given child, or is called in an emergency (F9)."""

    __term__ = feminine("personne autorisée", "personnes autorisées")
    __scope__ = "family"
    __see__ = FAMILY | CARE
    __edit__ = FAMILY | CARE
    __create__ = FAMILY | CARE
    __menu__ = "Dossiers"
    __named__ = ("person", "kinship")
    __listed__ = ("child", "person", "kinship", "may_collect", "call_in_emergency")
    __table_args__ = (UniqueConstraint("child_id", "person_id", "family_id"),)

    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    child: Mapped[Person] = relation("Enfant", parent=True)
    child_id: Mapped[int]
    person: Mapped[Person] = relation("Personne", parent=True)
    person_id: Mapped[int]
    kinship: Mapped[str] = attribute("Lien avec l’enfant", freeze="contacts", length=60)
    may_collect: Mapped[bool] = attribute("Peut venir chercher l’enfant", freeze="contacts", default=True)
    call_in_emergency: Mapped[bool] = attribute("À prévenir en urgence", freeze="contacts", default=True)


Index("ix_person_last_first", Person.last_name, Person.first_name)

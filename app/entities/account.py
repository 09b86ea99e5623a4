"""Logins: who may enter, in which roles, and which households they reach."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.declare import (
    NOBODY,
    OWN_ACCOUNT,
    SERVICE,
    Choice,
    Entity,
    Kind,
    Role,
    attribute,
    feminine,
    masculine,
    relation,
)
from app.entities.catalogue import Facility
from app.entities.family import Family, Person

ACCOUNTS = Role.DESK | Role.ADMIN


class Account(Entity):
    """Account: a login by e-mail; reaches one or more households, or holds staff roles."""

    __term__ = masculine("compte", "comptes")
    __scope__ = OWN_ACCOUNT
    __facility__ = SERVICE
    __see__ = Role.FAMILY | ACCOUNTS
    # Whoever changes an address can have its password mailed: a secretary must not reach an administrator.
    __edit__ = Role.ADMIN
    __create__ = NOBODY  # by an invitation
    __menu__ = "Comptes"
    __named__ = ("last_name", "first_name")
    __listed__ = ("last_name", "first_name", "email", "is_active_account", "last_seen_at")
    __searched__ = ("last_name", "first_name", "email")

    email: Mapped[str] = attribute(
        "E-mail", kind=Kind.EMAIL, unique=True, help="C’est l’identifiant de connexion."
    )
    first_name: Mapped[str] = attribute("Prénom")
    last_name: Mapped[str] = attribute("Nom")
    password_hash: Mapped[str | None] = attribute("Mot de passe", secret=True, see=NOBODY, edit=NOBODY)
    password_chosen_at: Mapped[datetime | None] = attribute(
        "Mot de passe choisi le", see=ACCOUNTS, edit=NOBODY
    )
    # Kept in each cookie: changing it closes every open login of the account.
    stamp: Mapped[str] = attribute("Empreinte", secret=True, see=NOBODY, edit=NOBODY, length=64)
    is_active_account: Mapped[bool] = attribute("Ouvert", default=True, see=ACCOUNTS)
    invited_at: Mapped[datetime | None] = attribute("Invité le", see=ACCOUNTS, edit=NOBODY)
    last_seen_at: Mapped[datetime | None] = attribute("Dernière connexion", see=ACCOUNTS, edit=NOBODY)

    grants: Mapped[list["RoleGrant"]] = relationship(back_populates="account", passive_deletes=True)
    reaches: Mapped[list["AccountFamily"]] = relationship(back_populates="account", passive_deletes=True)

    # What Flask-Login and Flask-AppBuilder ask of a user.
    @property
    def is_authenticated(self) -> bool:
        """An account that was loaded is logged in."""
        return True

    @property
    def is_anonymous(self) -> bool:
        """Never: nobody is an account."""
        return False

    @property
    def is_active(self) -> bool:
        """Closed accounts don't log in."""
        return self.is_active_account

    def get_id(self) -> str:
        """The row and its stamp: a cookie of before a password change finds nobody."""
        return f"{self.id}.{self.stamp}"

    @property
    def full_name(self) -> str:
        """First name then last name, as one speaks."""
        return f"{self.first_name} {self.last_name}"


class RoleName(Choice):
    """The staff roles that can be granted."""

    DESK = "desk", Role.DESK.label, "blue", "person-badge"
    HEAD = "head", Role.HEAD.label, "green", "house-door"
    ACCOUNTANT = "accountant", Role.ACCOUNTANT.label, "yellow", "receipt"
    CONFIGURATOR = "configurator", Role.CONFIGURATOR.label, "peach", "sliders"
    ADMIN = "admin", Role.ADMIN.label, "rose", "shield-lock"

    @property
    def role(self) -> Role:
        """The bit that declarations use."""
        return Role[self.name]


class RoleGrant(Entity):
    """Grant: an account holds a role, everywhere or in one facility."""

    __term__ = masculine("rôle", "rôles")
    __scope__ = SERVICE
    __see__ = Role.ADMIN
    __edit__ = Role.ADMIN
    __menu__ = "Comptes"
    __named__ = ("role_name",)
    __listed__ = ("account", "role_name", "facility")

    account: Mapped[Account] = relation("Compte", parent=True, back_populates="grants")
    account_id: Mapped[int]
    role_name: Mapped[RoleName] = attribute("Rôle")
    facility: Mapped[Facility | None] = relation("Structure", help="Vide : toutes les structures.")
    facility_id: Mapped[int | None]


class AccountFamily(Entity):
    """Reach: an account reaches a household, as one of its guardians."""

    __term__ = masculine("accès à un foyer", "accès aux foyers")
    __scope__ = "family"
    __see__ = ACCOUNTS
    __edit__ = ACCOUNTS
    __menu__ = "Comptes"
    __named__ = ("account",)
    __listed__ = ("account", "family", "person")
    __table_args__ = (UniqueConstraint("account_id", "family_id"),)

    account: Mapped[Account] = relation("Compte", parent=True, back_populates="reaches")
    account_id: Mapped[int]
    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    person: Mapped[Person | None] = relation("Personne")
    person_id: Mapped[int | None]


class LinkPurpose(Choice):
    """What a mailed link lets one do."""

    INVITATION = "invitation", "Première connexion", "blue", "envelope"
    RESET = "reset", "Mot de passe oublié", "yellow", "key"


class LoginLink(Entity):
    """Login link: a mailed, single-use way to choose a password; only its digest is kept."""

    __term__ = masculine("lien de connexion", "liens de connexion")
    __scope__ = SERVICE
    __see__ = Role.ADMIN
    __edit__ = NOBODY
    __menu__ = "Comptes"
    __named__ = ("purpose",)
    __listed__ = ("account", "purpose", "expires_at", "used_at")
    __history__ = False

    account: Mapped[Account] = relation("Compte", parent=True)
    account_id: Mapped[int]
    purpose: Mapped[LinkPurpose] = attribute("Objet")
    digest: Mapped[str] = attribute("Empreinte", secret=True, see=NOBODY, unique=True, length=64)
    expires_at: Mapped[datetime] = attribute("Expire")
    used_at: Mapped[datetime | None] = attribute("Utilisé")


class Connection(Entity):
    """Connection: one login of an account, with its day and hour (H1)."""

    __term__ = feminine("connexion", "connexions")
    __scope__ = "account"
    __see__ = Role.FAMILY | Role.ADMIN
    __edit__ = NOBODY
    __menu__ = "Comptes"
    __named__ = ("connected_at",)
    __descending__ = True
    __history__ = False

    account: Mapped[Account] = relation("Compte", parent=True)
    account_id: Mapped[int]
    connected_at: Mapped[datetime] = attribute("Le", index=True)
    address: Mapped[str | None] = attribute("Adresse", length=64, see=Role.ADMIN)
    device: Mapped[str | None] = attribute("Appareil")


class SavedView(Entity):
    """SavedView: an address of a generated list, kept by somebody of the service under a name.

    No role sees an attribute of it: no generated screen, export, tab or program reads it. It is reached
    through ``services/saved_views.py`` alone, which gives each their own views and those that are shared.
    """

    __term__ = feminine("vue enregistrée", "vues enregistrées")
    __scope__ = SERVICE
    __see__ = NOBODY
    __edit__ = NOBODY
    __create__ = NOBODY
    __menu__ = "Comptes"
    __named__ = ("name",)
    __history__ = False
    __table_args__ = (UniqueConstraint("owner_id", "list_name", "name"),)

    owner: Mapped[Account] = relation("Gardée par", parent=True)
    owner_id: Mapped[int]
    list_name: Mapped[str] = attribute("Liste", length=60)
    name: Mapped[str] = attribute("Nom", length=60)
    query: Mapped[str] = attribute("Adresse", length=2000)
    is_shared: Mapped[bool] = attribute("Partagée avec les collègues", default=False)
    is_default: Mapped[bool] = attribute("S’ouvre par défaut", default=False)

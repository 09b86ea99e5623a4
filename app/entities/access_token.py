"""Tokens of the API: what a colleague's script or a program shows instead of a log-in."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped

from app.declare import NOBODY, SERVICE, Entity, Role, attribute, masculine, relation
from app.entities.account import Account
from app.entities.catalogue import Facility


class ApiToken(Entity):
    """API token: acts for a colleague, or for a program with roles of its own; only its digest is kept.

    With an account, it can do what ``roles`` and the account's hat of today both allow, and stops
    when the stamp of the account changes. Without one, ``roles`` and ``facility`` are its own.
    """

    __term__ = masculine("jeton d’accès", "jetons d’accès")
    __scope__ = SERVICE
    __see__ = Role.ADMIN
    __edit__ = NOBODY  # made and revoked at /service/jetons
    __menu__ = "Comptes"
    __named__ = ("label",)
    __listed__ = ("label", "account", "powers", "is_read_only", "expires_at", "revoked_at", "last_used_at")

    label: Mapped[str] = attribute("Nom", length=80)
    digest: Mapped[str] = attribute("Empreinte", secret=True, see=NOBODY, unique=True, length=64)
    account: Mapped[Account | None] = relation(
        "Compte", parent=True, help="Vide : le jeton est celui d’un programme."
    )
    account_id: Mapped[int | None]
    stamp: Mapped[str | None] = attribute("Empreinte du compte", secret=True, see=NOBODY, length=64)
    hat: Mapped[str | None] = attribute("Casquette", see=NOBODY, length=200)
    roles: Mapped[list[Any]] = attribute("Rôles", see=NOBODY)
    facility: Mapped[Facility | None] = relation("Structure", help="Vide : toutes les structures.")
    facility_id: Mapped[int | None]
    powers: Mapped[str] = attribute("Droits", length=400, help="Tels que choisis à la création.")
    is_read_only: Mapped[bool] = attribute("Lecture seule", default=True)
    created_by: Mapped[str] = attribute("Créé par", length=200)
    created_at: Mapped[datetime] = attribute("Créé le")
    expires_at: Mapped[datetime] = attribute("Expire le")
    revoked_at: Mapped[datetime | None] = attribute("Révoqué le")
    last_used_at: Mapped[datetime | None] = attribute("Dernier usage", help="À l’heure près.")

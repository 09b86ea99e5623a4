"""The town's values that are not rules; a row of ``Setting`` replaces a default."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields
from datetime import date
from typing import Any

from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Problem, email_address
from app.models import Setting
from app.rules.words import NBSP


def _setting(label: str, default: str | int, least: int = 0, most: int | None = None) -> object:
    return field(default=default, metadata={"label": label, "least": least, "most": most})


@dataclass(frozen=True)
class Town:
    """Everything that a configurator can set here; the type of each default is its type."""

    town_name: str = _setting("Nom de la ville", "Ville")  # type: ignore[assignment]
    service_name: str = _setting("Nom du service", "Service Enfance")  # type: ignore[assignment]
    service_email: str = _setting("E-mail du service", "enfance@example.org")  # type: ignore[assignment]
    service_phone: str = _setting("Téléphone du service", "")  # type: ignore[assignment]
    service_contact: str = _setting("Personne à contacter", "le service Enfance")  # type: ignore[assignment]
    link_hours: int = _setting("Durée du lien de première connexion (heures)", 72, 1, 720)  # type: ignore[assignment]
    reset_hours: int = _setting("Durée du lien de mot de passe oublié (heures)", 2, 1, 72)  # type: ignore[assignment]
    billing_threshold_cents: int = _setting("Seuil de facturation (centimes)", 1500, 0, 1_000_000)  # type: ignore[assignment]
    billing_day: int = _setting("Jour d’émission des factures", 15, 1, 28)  # type: ignore[assignment]
    billing_starts: str = _setting("Premier mois facturé ici (AAAA-MM)", "")  # type: ignore[assignment]
    due_day: int = _setting("Jour d’échéance des factures", 10, 1, 28)  # type: ignore[assignment]
    creditor: str = _setting("Créancier sur la facture", "Trésor public")  # type: ignore[assignment]
    retention_months: int = _setting("Conservation d’un dossier après le départ (mois)", 24, 1, 600)  # type: ignore[assignment]
    payment_url: str = _setting("Site de paiement", "")  # type: ignore[assignment]

    @property
    def billing_starts_on(self) -> date | None:
        """The first month that is billed here; what comes before was billed elsewhere. None: no limit."""
        return date.fromisoformat(f"{self.billing_starts}-01") if self.billing_starts else None

    # What the layouts call them.
    @property
    def name(self) -> str:
        """The town's name."""
        return self.town_name

    @property
    def service(self) -> str:
        """The service's name."""
        return self.service_name

    @property
    def email(self) -> str:
        """Where to write to the service."""
        return self.service_email

    @property
    def phone(self) -> str:
        """Where to call the service."""
        return self.service_phone


LABELS = {one.name: one.metadata["label"] for one in fields(Town)}


def town_of(rows: Mapping[str, str]) -> Town:
    """The values in force from the rows of ``Setting``, by key."""
    values: dict[str, Any] = {}
    for one in fields(Town):
        if one.name in rows:
            values[one.name] = int(rows[one.name]) if isinstance(one.default, int) else rows[one.name]
    return Town(**values)


def read_town() -> Town:
    """The values in force, in one statement."""
    with unscoped("les réglages de la ville sont publics"):
        return town_of(dict(db.session.execute(select(Setting.key, Setting.value)).tuples().all()))


def problem_of(key: str, value: str) -> str:
    """Why a value can't be kept, or nothing. An unknown key holds anything."""
    known = next((one for one in fields(Town) if one.name == key), None)
    if known is None:
        return ""
    if isinstance(known.default, int):
        least, most = known.metadata["least"], known.metadata["most"]
        if not re.fullmatch(r"-?[0-9]{1,9}", value):
            return f"Ce réglage est un nombre entier, par exemple {known.default}."
        if not least <= int(value) <= most:
            unit = (100, f"{NBSP}€") if key.endswith("_cents") else (1, "")
            return f"De {least // unit[0]} à {most // unit[0]}{unit[1]}."
    if key == "billing_starts" and not re.fullmatch(r"(20[0-9]{2}-(0[1-9]|1[0-2]))?", value):
        return "Ce réglage est un mois, par exemple 2026-09."
    if key == "payment_url" and not re.fullmatch(r"(https?://[^\s\\/]+\.[^\s\\]+)?", value):
        return "Écrivez l’adresse entière du site, par exemple https://www.payfip.gouv.fr."
    if key == "service_email" and value:
        try:
            email_address(value, date.min)
        except Problem as problem:
            return str(problem)
    return ""


def mark_of(town: Town) -> str:
    """What tells these settings from any others."""
    return hashlib.sha256(repr(astuple(town)).encode()).hexdigest()[:16]


def save(values: Mapping[str, str]) -> dict[str, str]:
    """Keep these settings; an empty one takes its default again. What is wrong, by key: nothing is then kept.

    Commits. One statement, and one a setting that changes.
    """
    wrong = {key: told for key, value in values.items() if value and (told := problem_of(key, value))}
    if wrong:
        return wrong
    rows = {row.key: row for row in db.session.scalars(select(Setting))}
    defaults = {one.name: str(one.default) for one in fields(Town)}
    for key, value in values.items():
        row = rows.get(key)
        if not value or (row is None and value == defaults[key]):
            if row is not None:
                db.session.delete(row)
        elif row is None:
            db.session.add(Setting(key=key, label=LABELS[key], value=value))
        elif row.value != value:
            row.value = value
    db.session.commit()
    return {}

"""The logins of the demonstration: one a role, one a guardian; one password, told on the first screen."""

import json
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import current_app

from app.entities.account import RoleName
from app.entities.catalogue import FacilityKind
from app.models import Account, RoleGrant
from app.services.demo.batch import Batch
from app.services.demo.household import Adult
from app.services.demo.town import TownFacts

# Public on purpose: it opens invented households alone, and is printed beside the address.
PASSWORD = "caillou-craie-ciel"  # noqa: S105
FILE = "demo-accounts.json"
STAFF = (
    ("Secrétariat", RoleName.DESK, "Nadège", "Rivollet", "secretariat", None),
    ("Direction des Grappaloups", RoleName.HEAD, "Hugo", "Sarrazanet", "direction", FacilityKind.LEISURE),
    ("Direction du multi-accueil", RoleName.HEAD, "Inès", "Colombet", "creche", FacilityKind.NURSERY),
    ("Direction du restaurant", RoleName.HEAD, "Marc", "Delahaut", "restaurant", FacilityKind.CANTEEN),
    ("Régie", RoleName.ACCOUNTANT, "Solène", "Bricourt", "regie", None),
    ("Paramétrage", RoleName.CONFIGURATOR, "Amel", "Tissotin", "parametrage", None),
    ("Administration", RoleName.ADMIN, "Gilles", "Ormancey", "admin", None),
)


class Accounts:
    """Makes the logins and remembers whom to name on the first screen."""

    def __init__(self, batch: Batch, password_hash: str, now: datetime) -> None:
        self.batch = batch
        self.now = now
        self.password_hash = password_hash
        self.told: list[dict[str, Any]] = []

    def staff(self, town: TownFacts) -> None:
        """One account a role; heads reach their own facility alone."""
        for label, role, first_name, last_name, name, kind in STAFF:
            facility_id = next((n for n, (_, _, k) in town.facilities.items() if k is kind), None)
            if kind is not None and facility_id is None:
                continue
            number = self._account(f"{name}@example.org", first_name, last_name)
            self.batch.add(RoleGrant, account_id=number, role_name=role, facility_id=facility_id)
            self.tell(label, f"{name}@example.org", "")

    def guardian(self, adult: Adult, is_open: bool) -> int:
        """The login of a guardian; not open: invited, and never come."""
        return self._account(adult.email or "", adult.first_name, adult.last_name, is_open)

    def _account(self, email: str, first_name: str, last_name: str, is_open: bool = True) -> int:
        return self.batch.add(
            Account,
            email=email,
            first_name=first_name,
            last_name=last_name,
            password_hash=self.password_hash if is_open else None,
            password_chosen_at=self.now if is_open else None,
            stamp=secrets.token_urlsafe(24),
            is_active_account=True,
        )

    def tell(self, role: str, email: str, family: str) -> None:
        """Name an account on the first screen."""
        self.told.append({"role": role, "email": email, "password": PASSWORD, "family": family})


def write_file(told: list[dict[str, Any]]) -> Path:
    """Write MARELLE_HOME/demo-accounts.json, which ``run.py`` reads; readable by its owner alone."""
    path = Path(current_app.config["MARELLE_HOME"]) / FILE
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(told, ensure_ascii=False, indent=2), encoding="utf-8")
    draft.replace(path)
    return path

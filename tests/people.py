"""A small town for tests: who is who, and what each may reach.

Households A (Martin) and B (Durand), each with one guardian and one child; Zoé is a child of
both homes; Claire Martin reaches A, Denis Durand reaches B, Paul Double reaches both. One
account a staff role; Hugo heads the canteen alone. Nobody here exists.
"""

import contextvars
import copy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, has_app_context
from flask.testing import FlaskClient

from app import create_app
from app.access import versions
from app.access.database import db
from app.access.guard import load_account, viewer_of
from app.access.viewer import Side, Viewer, acting, unscoped
from app.entities.account import RoleName
from app.entities.catalogue import FacilityKind
from app.entities.family import MemberKind
from app.models import (
    Account,
    AccountFamily,
    Activity,
    Facility,
    Family,
    Membership,
    Person,
    RoleGrant,
    SchoolYear,
    Unit,
)

SETTINGS: dict[str, Any] = {
    "SECRET_KEY": "tests",
    "JWT_SECRET_KEY": "tests-tests-tests-tests-tests-tests",
    "TESTING": True,
    "WTF_CSRF_ENABLED": False,
    "RATELIMIT_ENABLED": False,
    "PASSWORD_TIME_COST": 1,
    "PASSWORD_MEMORY_KIB": 64,
    "FORGOTTEN_SECONDS": 0,
    "FAB_CREATE_DB": False,
    "FAB_UPDATE_PERMS": False,
    "FAB_ADD_SECURITY_VIEWS": False,
    "FAB_ADD_OPENAPI_VIEWS": False,
    "FAB_ADD_MENU_API": False,
    "BABEL_DEFAULT_LOCALE": "fr",
    "LANGUAGES": {"fr": {"flag": "fr", "name": "Français"}},
    "SERVER_NAME": "localhost",
    "PUBLIC_URL": "http://localhost",
    "MAIL_DEFAULT_SENDER": "service@example.org",
}
STAFF_ROLES = (RoleName.DESK, RoleName.HEAD, RoleName.ACCOUNTANT, RoleName.CONFIGURATOR, RoleName.ADMIN)


class Browser(FlaskClient):
    """A client whose requests know nothing of the test's own context, as in a real server.

    The test's transaction is closed first: on SQLite it would keep the request waiting.
    """

    def open(self, *args: Any, **options: Any) -> Any:
        """One request."""
        if has_app_context():
            db.session.close()
        options.setdefault("buffered", True)
        return contextvars.Context().run(super().open, *args, **options)


@dataclass
class Town:
    """The rows of the small town, by first name or code; ids, so that no row outlives its transaction."""

    app: Flask
    families: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)
    facilities: dict[str, int] = field(default_factory=dict)
    activities: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    school_year: int = 0

    def on(self, app: Flask) -> "Town":
        """The same town, served by that application."""
        return replace(self, app=app)

    def viewer(self, name: str, side: Side | None = None) -> Viewer:
        """The viewer that account is, on its usual side."""
        account = load_account(self.accounts[name])
        assert account is not None
        return viewer_of(account, side or (Side.STAFF if account.grants else Side.FAMILY))

    def acting(self, name: str, side: Side | None = None) -> Any:
        """Act as that account."""
        return acting(self.viewer(name, side))

    def client(self, name: str | None) -> FlaskClient:
        """A browser in which that account is logged in; None: nobody."""
        client = self.app.test_client()
        if name is not None:
            account = load_account(self.accounts[name])
            assert account is not None
            with client.session_transaction() as cookie:
                cookie["_user_id"] = account.get_id()
                cookie["_fresh"] = True
        return client


def settings_for(folder: Any) -> dict[str, Any]:
    """Settings of an application whose data lies in that folder."""
    return {
        **SETTINGS,
        "MARELLE_HOME": str(folder),
        "FILES_DIR": str(folder / "files"),
        "MAIL_FOLDER": str(folder / "mail"),
        "HUEY_PATH": str(folder / "jobs.db"),
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/marelle.db",
    }


@dataclass(frozen=True)
class Ground:
    """One application a process, and the files its database is put back to before each test."""

    app: Flask
    folder: Path
    settings: dict[str, Any]
    town: Town

    def restore(self, name: str) -> None:
        """Put the database back to ``empty`` or ``town``, and forget whatever a test has left."""
        db.session.remove()
        db.engine.dispose()
        for suffix in ("-wal", "-shm"):
            (self.folder / f"marelle.db{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self.folder / f"{name}.db", self.folder / "marelle.db")
        for left in ("files", "mail", "invoices"):
            shutil.rmtree(self.folder / left, ignore_errors=True)
        self.app.config.clear()
        self.app.config.update(self.settings)
        versions.forget_everything()


@pytest.fixture
def postgres_town(postgres_url: str, tmp_path: Path) -> Iterator[Town]:
    """The small town on a real PostgreSQL."""
    made = create_app({**settings_for(tmp_path), "SQLALCHEMY_DATABASE_URI": postgres_url})
    made.test_client_class = Browser
    with made.app_context():
        db.create_all()
        yield make_town(made)
        db.session.remove()
        db.drop_all()
        db.engine.dispose()


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """The application of this process over a database of its own, empty then with the small town."""
    folder = tmp_path_factory.mktemp("ground")
    flask_app = create_app(settings_for(folder))
    flask_app.test_client_class = Browser
    with flask_app.app_context():
        db.create_all()
        _keep(folder, "empty")
        town = make_town(flask_app)
        _keep(folder, "town")
    return Ground(flask_app, folder, dict(flask_app.config), town)


def _keep(folder: Path, name: str) -> None:
    db.session.remove()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    db.engine.dispose()
    shutil.copyfile(folder / "marelle.db", folder / f"{name}.db")


@pytest.fixture
def app(ground: Ground) -> Iterator[Flask]:
    """The application over an empty database."""
    with ground.app.app_context():
        ground.restore("empty")
        yield ground.app
        db.session.remove()


@pytest.fixture
def town(app: Flask, ground: Ground) -> Town:
    """The small town, committed."""
    ground.restore("town")
    return copy.deepcopy(replace(ground.town, app=None), {}).on(app)  # type: ignore[arg-type]


def make_town(app: Flask) -> Town:
    """Write the small town of this module's docstring."""
    town = Town(app)
    with unscoped("la petite ville des tests"):
        year = SchoolYear(code="2026-2027", starts_on=date(2026, 9, 1), ends_on=date(2027, 7, 3))
        db.session.add(year)
        canteen = Facility(code="restaurant", name="Restaurant scolaire", facility_kind=FacilityKind.CANTEEN)
        leisure = Facility(code="grappaloups", name="Les Grappaloups", facility_kind=FacilityKind.LEISURE)
        lunch = Activity(code="cantine", name="Cantine", facility=canteen)
        wednesday = Activity(code="mercredi", name="Mercredis des Grappaloups", facility=leisure, position=1)
        units = [
            Unit(code="repas", name="Repas", activity=lunch, is_meal=True),
            Unit(code="matin", name="Matin", activity=wednesday, position=0),
            Unit(code="repas", name="Repas", activity=wednesday, is_meal=True, position=1),
            Unit(code="apres-midi", name="Après-midi", activity=wednesday, position=2),
        ]
        db.session.add_all([canteen, leisure, lunch, wednesday, *units])
        martin = Family(name="Martin", billing_email="martin@example.org", city="Le Touvet", postcode="38660")
        durand = Family(name="Durand", billing_email="durand@example.org", city="Crolles", postcode="38920")
        claire = Person(first_name="Claire", last_name="Martin", email="claire@example.org")
        denis = Person(first_name="Denis", last_name="Durand", email="denis@example.org")
        lila = Person(first_name="Lila", last_name="Martin", born_on=date(2018, 5, 12))
        tom = Person(first_name="Tom", last_name="Durand", born_on=date(2017, 1, 3))
        zoe = Person(first_name="Zoé", last_name="Martin-Durand", born_on=date(2019, 2, 28))
        members = [
            (martin, claire, MemberKind.GUARDIAN, "mère", True),
            (martin, lila, MemberKind.CHILD, None, False),
            (martin, zoe, MemberKind.CHILD, None, False),
            (durand, denis, MemberKind.GUARDIAN, "père", True),
            (durand, tom, MemberKind.CHILD, None, False),
            (durand, zoe, MemberKind.CHILD, None, False),
        ]
        for family, person, kind, kinship, named in members:
            db.session.add(
                Membership(family=family, person=person, member_kind=kind, kinship=kinship, on_invoice=named)
            )
        double = _account("paul@example.org", "Paul", "Double")
        accounts = {
            "claire": _account("claire@example.org", "Claire", "Martin"),
            "denis": _account("denis@example.org", "Denis", "Durand"),
            "paul": double,
        }
        reaches: tuple[tuple[Account, Family, Person | None], ...] = (
            (accounts["claire"], martin, claire),
            (accounts["denis"], durand, denis),
            (double, martin, None),
            (double, durand, None),
        )
        for account, family, guardian in reaches:
            db.session.add(AccountFamily(account=account, family=family, person=guardian))
        for role in STAFF_ROLES:
            accounts[role.value] = _account(f"{role.value}@example.org", role.label, "Service")
            db.session.add(RoleGrant(account=accounts[role.value], role_name=role))
        accounts["hugo"] = _account("hugo@example.org", "Hugo", "Cantine")
        db.session.add(RoleGrant(account=accounts["hugo"], role_name=RoleName.HEAD, facility=canteen))
        db.session.add_all(accounts.values())
        db.session.commit()
        town.school_year = year.id
        town.families = {"A": martin.id, "B": durand.id}
        town.people = {p.first_name.lower().replace("é", "e"): p.id for p in (claire, denis, lila, tom, zoe)}
        town.accounts = {name: account.id for name, account in accounts.items()}
        town.facilities = {"restaurant": canteen.id, "grappaloups": leisure.id}
        town.activities = {"cantine": lunch.id, "mercredi": wednesday.id}
        town.units = {f"{u.activity.code}.{u.code}": u.id for u in units}
        db.session.expunge_all()
    return town


def _account(email: str, first_name: str, last_name: str) -> Account:
    return Account(email=email, first_name=first_name, last_name=last_name, stamp=email)

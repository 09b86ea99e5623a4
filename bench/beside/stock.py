"""The same data in a stock Flask-AppBuilder: models as its documentation writes them, and its own views.

Two things are as generous as stock allows: the list is ordered by the same names, and ``plain`` leaves
the relations out of its search form, which otherwise loads every row that they could point at.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder import AppBuilder, Model, ModelRestApi, ModelView
from flask_appbuilder.models.sqla.base import SQLA
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Column, Date, DateTime, ForeignKey, Integer, String, Text, insert, text
from sqlalchemy.orm import relationship

from bench.beside import rows
from bench.beside.ours import Answer

PAGES = {
    "list": "/registrations/list/",
    "list, no relation in its search": "/plain/list/",
    "form": "/registrations/edit/5000",
}
API_PAGE = 100
"""What its API gives at once, as it comes."""
LISTED = ["child", "activity", "family", "school_year", "status", "asked_at"]
db = SQLA(metadata=Model.metadata)


class Family(Model):  # type: ignore[misc]
    """A household."""

    __tablename__ = "family"
    id = Column(Integer, primary_key=True)
    name = Column(String(200), nullable=False)
    street = Column(String(200))
    postcode = Column(String(10))
    city = Column(String(100))
    phone = Column(String(30))
    billing_email = Column(String(200))

    def __repr__(self) -> str:
        return str(self.name)


class Child(Model):  # type: ignore[misc]
    """A child."""

    __tablename__ = "child"
    id = Column(Integer, primary_key=True)
    first_name = Column(String(100), nullable=False)
    last_name = Column(String(100), nullable=False, index=True)
    born_on = Column(Date)

    def __repr__(self) -> str:
        return f"{self.last_name} {self.first_name}"


class Activity(Model):  # type: ignore[misc]
    """What children are registered at."""

    __tablename__ = "activity"
    id = Column(Integer, primary_key=True)
    name = Column(String(200), nullable=False)

    def __repr__(self) -> str:
        return str(self.name)


class SchoolYear(Model):  # type: ignore[misc]
    """When."""

    __tablename__ = "school_year"
    id = Column(Integer, primary_key=True)
    code = Column(String(20), nullable=False)

    def __repr__(self) -> str:
        return str(self.code)


class Registration(Model):  # type: ignore[misc]
    """A child at an activity, for a year."""

    __tablename__ = "registration"
    id = Column(Integer, primary_key=True)
    family_id = Column(Integer, ForeignKey("family.id"), nullable=False, index=True)
    family = relationship(Family)
    child_id = Column(Integer, ForeignKey("child.id"), nullable=False, index=True)
    child = relationship(Child)
    activity_id = Column(Integer, ForeignKey("activity.id"), nullable=False, index=True)
    activity = relationship(Activity)
    school_year_id = Column(Integer, ForeignKey("school_year.id"), nullable=False, index=True)
    school_year = relationship(SchoolYear)
    status = Column(String(40), nullable=False)
    starts_on = Column(Date, nullable=False)
    ends_on = Column(Date, nullable=False)
    asked_at = Column(DateTime)
    reason = Column(Text)


class Registrations(ModelView):  # type: ignore[misc]
    """Its list and its forms."""

    route_base = "/registrations"
    datamodel = SQLAInterface(Registration)
    list_columns = LISTED
    base_order = ("child.last_name", "asc")
    page_size = 25


class Plain(Registrations):
    """The same list; its search form has no relation."""

    route_base = "/plain"
    search_columns = ["status", "starts_on", "ends_on", "asked_at"]


class RegistrationApi(ModelRestApi):  # type: ignore[misc]
    """Its API, opened to the browser that is logged in."""

    resource_name = "registration"
    datamodel = SQLAInterface(Registration)
    allow_browser_login = True
    list_columns = [
        "child.last_name", "child.first_name", "activity.name", "family.name", "school_year.code", "status",
        "starts_on", "ends_on", "asked_at", "reason",
    ]  # fmt: skip
    base_order = ("id", "asc")


def application(folder: Path, is_new: bool = False) -> Flask:
    """The application; its tables and permissions are made once."""
    app = Flask("stock")
    app.config.update(
        SECRET_KEY="bench-bench-bench-bench-bench",  # noqa: S106  (a bench)
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/stock.db",
        WTF_CSRF_ENABLED=False,
        RATELIMIT_ENABLED=False,
        TESTING=True,
        FAB_CREATE_DB=is_new,
        FAB_UPDATE_PERMS=is_new,
        BABEL_DEFAULT_LOCALE="fr",
        LANGUAGES={"fr": {"flag": "fr", "name": "Français"}},
    )
    db.init_app(app)
    with app.app_context():
        builder = AppBuilder(app, db.session)
        builder.add_view(Registrations, "Registrations")
        builder.add_view(Plain, "Plain")
        builder.add_api(RegistrationApi)
        if is_new:
            db.create_all()
            builder.add_permissions(update_perms=True)
            builder.sm.add_user(
                "desk", "Accueil", "Service", "desk@example.org", builder.sm.find_role("Admin"), "x"
            )
    return app


def fill(folder: Path) -> None:
    """Make the database."""
    app = application(folder, is_new=True)
    with app.app_context():
        activities = [{"id": n, "name": name} for n, name in enumerate(rows.ACTIVITIES, 1)]
        db.session.execute(insert(Activity), activities)
        db.session.execute(insert(SchoolYear), [{"id": 1, "code": "2026-2027"}])
        db.session.execute(insert(Family), rows.families())
        db.session.execute(insert(Child), rows.children())
        db.session.execute(insert(Registration), rows.registrations())
        db.session.execute(text("ANALYZE"))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


def opened(folder: Path) -> tuple[Flask, Any, FlaskClient]:
    """The application, its engine, and the browser of somebody logged in."""
    app = application(folder)
    with app.app_context():
        engine = db.engine
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "1"
        cookie["_fresh"] = True
    return app, engine, client


def work(client: FlaskClient, page: str) -> Callable[[], Answer]:
    """What is measured; there is no export: the nearest is its API, a hundred rows at a time."""

    def read() -> Answer:
        answer = client.get(PAGES[page])
        if answer.status_code != 200:
            raise AssertionError(f"{page}: {answer.status_code}")
        return len(answer.data), answer.get_data(as_text=True)

    return (lambda: _every_page(client)) if page == "export" else read


def _every_page(client: FlaskClient) -> Answer:
    size = 0
    for number in range(rows.COUNT // API_PAGE):
        answer = client.get(f"/api/v1/registration/?q=(page:{number},page_size:{API_PAGE})")
        if len((answer.json or {})["result"]) != API_PAGE:
            raise AssertionError(f"{answer.status_code}: {answer.data[:200]!r}")
        size += len(answer.data)
    return size, ""

"""Our application over the compared rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from bench.beside import rows

Answer = tuple[int, str]
"""The size of what was answered, and the page itself if it is one."""
PAGES = {
    "list": "/service/inscriptions/",
    "form": "/service/inscriptions/5000/modifier",
    "export": "/service/inscriptions/export.csv",
}


def fill(folder: Path) -> None:
    """Make the database."""
    from sqlalchemy import insert, text

    from app.access.database import db
    from app.access.viewer import unscoped
    from app.entities.account import RoleName
    from app.entities.booking import RegistrationStatus
    from app.entities.catalogue import FacilityKind
    from app.entities.family import MemberKind
    from app.models import (
        Account,
        Activity,
        Facility,
        Family,
        Membership,
        Person,
        Registration,
        RoleGrant,
        SchoolYear,
    )
    from bench.town import open_app

    app = open_app(folder)
    with app.app_context(), unscoped("les mêmes lignes des deux côtés"):
        db.create_all()
        place = Facility(code="ecoles", name="Écoles", facility_kind=FacilityKind.CANTEEN)
        db.session.add_all(
            Activity(code=f"a{n}", name=name, facility=place) for n, name in enumerate(rows.ACTIVITIES, 1)
        )
        db.session.add(SchoolYear(code="2026-2027", starts_on=rows.STARTS_ON, ends_on=rows.ENDS_ON))
        desk = Account(email="desk@example.org", first_name="Accueil", last_name="Service", stamp="desk")
        db.session.add_all([desk, RoleGrant(account=desk, role_name=RoleName.DESK)])
        db.session.commit()
        db.session.execute(insert(Family), rows.families())
        db.session.execute(insert(Person), rows.children())
        kept = {"member_kind": MemberKind.CHILD}
        ties = [{"family_id": one["id"], "person_id": one["id"], **kept} for one in rows.children()]
        db.session.execute(insert(Membership), ties)
        statuses = {one.value: one for one in RegistrationStatus}
        given = [{**one, "status": statuses[one["status"]]} for one in rows.registrations()]
        db.session.execute(insert(Registration), given)
        db.session.execute(text("ANALYZE"))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


def opened(folder: Path) -> tuple[Flask, Any, FlaskClient]:
    """The application, its engine, and the browser of somebody logged in."""
    from app.access.database import db
    from bench.town import Town, open_app

    town = Town(open_app(folder), rows.COUNT)
    with town.open():
        engine = db.engine
    return town.app, engine, town.client("desk@example.org")


def work(client: FlaskClient, page: str) -> Callable[[], Answer]:
    """What is measured; the export is read as it comes, as a browser does."""

    def read() -> Answer:
        answer = client.get(PAGES[page])
        if page != "export":
            return len(answer.data), answer.get_data(as_text=True)
        size = sum(len(one) for one in answer.iter_encoded())
        answer.close()
        return size, ""

    return read

"""Registrations, demands and documents of the small town, one line each."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import FileRef
from app.entities.booking import RegistrationStatus
from app.entities.paperwork import DocumentStatus, Subject
from app.models import Activity, Deferral, Document, DocumentType, Registration
from tests.people import Town

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FILE = FileRef("0" * 32, "scan.pdf", "application/pdf", 1000, "0" * 64)


def register(town: Town, family: str, child: str, activity: str, **values: Any) -> int:
    given = {
        "status": RegistrationStatus.ACCEPTED,
        "starts_on": date(2026, 9, 1),
        "ends_on": date(2027, 7, 3),
        "school_year_id": town.school_year,
        **values,
    }
    with unscoped("une inscription des tests"):
        row = Registration(
            family_id=town.families[family],
            child_id=town.people[child],
            activity_id=town.activities[activity],
            **given,
        )
        db.session.add(row)
        db.session.commit()
        return row.id


def ask_for(code: str, subject: Subject = Subject.CHILD, **values: Any) -> int:
    with unscoped("une pièce des tests"):
        row = DocumentType(code=code, name=values.pop("name", code.capitalize()), subject=subject, **values)
        db.session.add(row)
        db.session.commit()
        return row.id


def give(
    town: Town, type_id: int, family: str, person: str | None, status: DocumentStatus, **values: Any
) -> int:
    with unscoped("un document des tests"):
        row = Document(
            document_type_id=type_id,
            family_id=town.families[family],
            person_id=town.people[person] if person else None,
            status=status,
            file=FILE,
            **{"received_at": NOW, **values},
        )
        db.session.add(row)
        db.session.commit()
        return row.id


def put_off(town: Town, type_id: int, family: str, person: str | None, until_on: date) -> int:
    with unscoped("un délai des tests"):
        row = Deferral(
            document_type_id=type_id,
            family_id=town.families[family],
            person_id=town.people[person] if person else None,
            until_on=until_on,
        )
        db.session.add(row)
        db.session.commit()
        return row.id


def set_activity(town: Town, code: str, **values: Any) -> None:
    with unscoped("un réglage des tests"):
        row = db.session.scalars(select(Activity).where(Activity.id == town.activities[code])).one()
        for name, value in values.items():
            setattr(row, name, value)
        db.session.commit()

"""What is declared each year is refused by the service itself once its section is closed."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.health import Level
from app.models import FreezeDate, HealthRecord, Schooling
from app.services import child_file, declarations, health
from app.services.changes import Outcome
from app.services.freezes import SCHOOLING
from tests.people import Town

PARIS = ZoneInfo("Europe/Paris")
LAST_SECOND = datetime(2026, 7, 31, 23, 59, 59, tzinfo=PARIS)
TOO_LATE = datetime(2026, 8, 1, tzinfo=PARIS)


@pytest.fixture(autouse=True)
def declared(town: Town) -> None:
    """Lila's health and schooling were declared in May; both sections close on 1 August."""
    with unscoped("déclarations du test"):
        db.session.add_all(
            [
                FreezeDate(section="health", day=1, month=8),
                FreezeDate(section="schooling", day=1, month=8),
                HealthRecord(
                    child_id=town.people["lila"], doctor_name="Dr Avant", confirmed_on=date(2026, 5, 2)
                ),
                Schooling(child_id=town.people["lila"], school_year_id=town.school_year, level=Level.CE1),
            ]
        )
        db.session.commit()


def save_health(town: Town, now: datetime) -> Outcome:
    with town.acting("claire"):
        found = child_file.child_of(town.families["A"], town.people["lila"])
        assert found is not None
        child, record = found
        assert record is not None
        known = child_file.load(town.families["A"], [child], {child.id: record}, now)
        return health.save(child, record, known, {"doctor_name": "Dr Après"}, (), town.viewer("claire"))


def save_school(town: Town, now: datetime) -> Outcome:
    with town.acting("claire"):
        found = child_file.child_of(town.families["A"], town.people["lila"])
        assert found is not None
        known = child_file.load(town.families["A"], [found[0]], {}, now)
        values = {"school": None, "level": Level.CE2, "teacher": None}
        return declarations.save_declarations(found[0], SCHOOLING, known, values, {}, town.viewer("claire"))


def test_health_is_saved_in_the_last_second_of_july(town: Town) -> None:
    assert save_health(town, LAST_SECOND).saved
    with unscoped("vérification"):
        row = db.session.scalars(select(HealthRecord)).one()
        assert (row.doctor_name, row.confirmed_on) == ("Dr Après", date(2026, 7, 31))


def test_health_is_refused_in_the_first_second_of_august(town: Town) -> None:
    outcome = save_health(town, TOO_LATE)
    assert "Prévenez la structure" in outcome.refused[0].sentence
    with unscoped("vérification"):
        row = db.session.scalars(select(HealthRecord)).one()
        assert (row.doctor_name, row.confirmed_on) == ("Dr Avant", date(2026, 5, 2))


@pytest.mark.parametrize(("now", "level"), [(LAST_SECOND, Level.CE2), (TOO_LATE, Level.CE1)])
def test_schooling_closes_with_july(town: Town, now: datetime, level: Level) -> None:
    assert bool(save_school(town, now).refused) is (now == TOO_LATE)
    with unscoped("vérification"):
        assert db.session.scalars(select(Schooling.level)).all() == [level]

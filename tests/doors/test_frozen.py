"""What is frozen: the four moments that decide, and every door by which a parent could write it.

Pages are read while the section is open and sent at the moment: a form kept in a tab, a replayed request.
Then everything that a family can send to is sent a forged form: a door added later is tried without a line
here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from app.access.database import db, reading
from app.access.viewer import unscoped
from app.declare import Entity, entities
from app.entities.family import MemberKind
from app.entities.health import Level
from app.entities.paperwork import Subject
from app.entities.question import QuestionKind, QuestionSection
from app.models import (
    Answer,
    Contact,
    FreezeDate,
    HealthRecord,
    Membership,
    Person,
    Question,
    QuestionFacility,
    Schooling,
    SchoolYear,
)
from app.services import clock
from tests.doors.walk import forged, generated, path_of, rules, side_of, writes
from tests.people import Town
from tests.support.api import Caller, token_of
from tests.support.rows import Rows

pytestmark = pytest.mark.slow
PARIS = ZoneInfo("Europe/Paris")
SECTIONS = ("health", "schooling", "contacts", "authorisations", "nursery")
MOMENTS = [
    pytest.param(datetime(2026, 7, 31, 23, 59, 59, tzinfo=PARIS), True, id="the last second of 31 July"),
    pytest.param(datetime(2026, 8, 1, tzinfo=PARIS), False, id="the first of 1 August"),
    pytest.param(datetime(2027, 4, 30, 23, 59, 59, tzinfo=PARIS), False, id="the last second of 30 April"),
    pytest.param(datetime(2027, 5, 1, tzinfo=PARIS), True, id="the first of 1 May"),
]
FROZEN = [entity for entity in entities() if any(one.freeze for one in entity.__attributes__.values())]
Cells = dict[str, list[Any]]


def cells() -> Cells:
    """Every row that has something frozen, and every answer."""
    db.session.close()
    found: Cells = {}
    with reading(), db.engine.connect() as connection:
        watched: list[type[Entity]] = [*FROZEN, Answer]
        for entity in watched:
            table = Entity.metadata.tables[entity.__tablename__]
            columns = [one for one in table.c if one.name not in ("revision", "answered_at", "confirmed_on")]
            rows = connection.execute(select(*columns).order_by(table.c.id))
            found[entity.__name__] = list(map(tuple, rows))
    return found


@pytest.fixture
def declared(town: Town, rows: dict[str, Rows], monkeypatch: pytest.MonkeyPatch) -> Rows:
    """Everything about Lila was declared in June; every section closes on 1 August and opens on 1 May."""
    set_clock(monkeypatch, datetime(2026, 6, 2, 12, tzinfo=PARIS))
    mine = rows["A"]
    with unscoped("tout est déclaré"):
        db.session.query(FreezeDate).delete()
        db.session.query(QuestionFacility).delete()
        for section in SECTIONS:
            db.session.add(FreezeDate(section=section, day=1, month=8, reopens_day=1, reopens_month=5))
        june = datetime(2026, 6, 1, 12, tzinfo=PARIS)
        question = mine["Question"]
        db.session.execute(
            update(HealthRecord).values(confirmed_on=june.date(), doctor_phone="04 76 00 00 01")
        )
        db.session.execute(
            update(Question).where(Question.id == question).values(
                subject=Subject.CHILD, section=QuestionSection.AUTHORISATIONS,
                question_kind=QuestionKind.TEXT,
                from_age=None, to_age=None, is_yearly=False,
            )
        )  # fmt: skip
        db.session.execute(
            update(Answer).where(Answer.id == mine["Answer"]).values(
                value={"value": "avant"}, words="avant", answered_at=june, school_year_id=None
            )
        )  # fmt: skip
        paulette = Person(first_name="Paulette", last_name="Tamarchière")
        db.session.add(paulette)
        db.session.flush()
        family_id, lila = town.families["A"], town.people["lila"]
        db.session.add_all(
            [
                Membership(family_id=family_id, person_id=paulette.id, member_kind=MemberKind.CONTACT),
                Contact(family_id=family_id, child_id=lila, person_id=paulette.id, kinship="tante"),
                Schooling(child_id=lila, school_year_id=year("2027-2028"), level=Level.CE2),
            ]
        )
        db.session.commit()
    return mine


def year(code: str) -> int:
    """The school year of that code, made if need be."""
    row = db.session.scalars(select(SchoolYear).where(SchoolYear.code == code)).one_or_none()
    if row is None:
        first = int(code[:4])
        row = SchoolYear(code=code, starts_on=date(first, 9, 1), ends_on=date(first + 1, 8, 31))
        db.session.add(row)
        db.session.flush()
    return row.id


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)
    monkeypatch.setattr(clock, "today", moment.date)


@dataclass(frozen=True)
class Sending:
    """A page of the parent's, what they send of it, and the records that it writes."""

    path: str
    data: dict[str, Any]
    entity: type[Entity]


def sendings(town: Town, rows: Rows) -> list[Sending]:
    """One for each part of the file, as the browser sends it."""
    base = f"/ma-famille/enfant/{town.people['lila']}"
    with unscoped("la tante"):
        aunt = db.session.scalars(select(Person.id).where(Person.first_name == "Paulette")).one()
    return [
        Sending(f"{base}/sante", {"doctor_name": "Dr Après", "words": [], "doctor_phone": ""}, HealthRecord),
        Sending(f"{base}/scolarite", {"level": "cm2", "school": "", "teacher": "M. Après"}, Schooling),
        Sending(f"{base}/contacts", {f"lien_{aunt}": "cousine", f"venir_{aunt}": "y"}, Contact),
        Sending(f"{base}/autorisations", {f"q{rows['Question']}": "après"}, Answer),
    ]


@pytest.mark.parametrize(("moment", "is_open"), MOMENTS)
def test_a_form_sent_at_that_moment(
    town: Town, declared: Rows, monkeypatch: pytest.MonkeyPatch, moment: datetime, is_open: bool
) -> None:
    """From a page opened while it could be edited: a tab left open, a request played again."""
    claire, those = town.client("claire"), sendings(town, declared)
    for one in those:
        assert claire.get(one.path).status_code == 200
    before = cells()
    set_clock(monkeypatch, moment)
    claire = town.client("claire")
    for one in those:
        answer = claire.post(one.path, data=one.data)
        assert answer.status_code in ((302,) if is_open else (200, 422)), (one.path, answer.status_code)
        assert is_open or "Prévenez la structure" in answer.text
    after = cells()
    tried = {one.entity.__name__ for one in those}
    assert {name for name in tried if after[name] != before[name]} == (tried if is_open else set())
    assert is_open or after == before


@pytest.mark.parametrize(("moment", "is_open"), MOMENTS[1:3])
def test_whatever_else_a_family_can_send_to(
    town: Town, declared: Rows, monkeypatch: pytest.MonkeyPatch, moment: datetime, is_open: bool
) -> None:
    set_clock(monkeypatch, moment)
    before, claire, knocks = cells(), town.client("claire"), 0
    for rule in rules(town, lambda rule: writes(rule) and rule.rule != "/deconnexion"):
        entity = generated(town, rule)
        if side_of(town, rule) is None and entity is None:
            continue
        claire.post(path_of(town, rule, declared), data=forged(declared, entity))
        knocks += 1
    assert knocks > 200
    assert cells() == before


@pytest.mark.parametrize("entity", FROZEN, ids=lambda entity: entity.__name__)
def test_the_interface_of_programs_takes_nothing_from_a_parent_and_corrections_from_the_service(
    town: Town, declared: Rows, monkeypatch: pytest.MonkeyPatch, entity: type[Entity]
) -> None:
    set_clock(monkeypatch, datetime(2026, 8, 1, tzinfo=PARIS))
    path = f"/{entity.__term__.slug}/{declared[entity.__name__]}"
    before = cells()
    by_cookie = town.client("claire")
    for method in ("PATCH", "PUT", "DELETE"):
        assert by_cookie.open(f"/api/v1{path}", method=method, json={}).status_code in (401, 405)
    assert cells() == before
    desk = Caller(town, token_of(town, "desk"))
    row = desk.get(path)
    assert row.status_code == 200
    if entity is HealthRecord:
        values = {"doctor_name": "Dr Après"}
        assert desk("PATCH", path, json=values, revision=row.get_json()["revision"]).status_code == 200
        assert cells() != before


def test_every_frozen_attribute_is_in_a_part_that_is_tried(town: Town, declared: Rows) -> None:
    tried = {one.entity for one in sendings(town, declared)}
    by_section: dict[str, set[str]] = {}
    for entity in FROZEN:
        for one in entity.__attributes__.values():
            if one.freeze:
                by_section.setdefault(one.freeze, set()).add(entity.__name__)
    covered = {one.freeze for entity in tried for one in entity.__attributes__.values() if one.freeze}
    assert set(by_section) == covered

"""A child of two homes: both parents read the child's health, neither reads anything of the other's."""

import pytest
from sqlalchemy import update

from app.access.database import db
from app.access.viewer import Side, unscoped
from app.declare import Entity, Kind
from app.models import Answer, Booking, ChangeRequest, Contact, Document, HealthRecord, Registration
from tests.doors.walk import Walker, forged, generated, path_of, pointing, reads, rules, side_of, writes
from tests.people import Town
from tests.support.rows import Rows

pytestmark = pytest.mark.slow
HEALTH = "Docteur Commun, et les allergies de Zoé"
OF_A_HOME: tuple[type[Entity], ...] = (Answer, Booking, ChangeRequest, Contact, Document, Registration)


@pytest.fixture
def shared(town: Town, rows: dict[str, Rows]) -> dict[str, Rows]:
    """What each home says of Zoé becomes about Zoé; her health is one."""
    zoe = town.people["zoe"]
    with unscoped("ce que chaque foyer dit de Zoé"):
        for entity in OF_A_HOME:
            about = [
                one.column
                for one in entity.__attributes__.values()
                if one.kind is Kind.RELATION and one.name in ("child", "person") and one.target == "Person"
            ]
            column = "child_id" if "child_id" in about else "person_id"
            ids = [rows[whose][entity.__name__] for whose in "AB"]
            db.session.execute(update(entity).where(entity.id.in_(ids)).values({column: zoe}))
        db.session.add(HealthRecord(child_id=zoe, doctor_name=HEALTH))
        db.session.commit()
    return {whose: {**those, "Person": zoe} for whose, those in rows.items()}


@pytest.mark.parametrize(("name", "own"), [("claire", "A"), ("denis", "B")])
def test_each_parent_reads_her_health_and_nothing_of_the_other_home(
    town: Town, shared: dict[str, Rows], name: str, own: str
) -> None:
    walker, told, opened = Walker(town, shared, name), "", 0
    for rule in rules(town, lambda rule: reads(rule) and side_of(town, rule) is Side.FAMILY):
        path = path_of(town, rule, shared[own])
        answer = walker.client.get(path)
        opened += answer.status_code == 200
        if answer.mimetype in ("text/html", "application/json"):
            walker.read(f"{name} {path}", answer.text, Side.FAMILY)
            told += answer.text
    assert walker.faults == []
    assert opened > 60
    assert HEALTH in told and f"Ligne {own} " in told


@pytest.mark.parametrize(("name", "own"), [("claire", "A"), ("denis", "B")])
def test_neither_writes_in_what_the_other_home_says_of_her(
    town: Town, shared: dict[str, Rows], name: str, own: str
) -> None:
    other = "B" if own == "A" else "A"
    theirs = {key: number for key, number in shared[other].items() if key != "Person"}
    theirs["Person"] = town.people["tom" if other == "B" else "lila"]
    before = pointing(theirs)
    walker = Walker(town, shared, name)
    for rule in rules(town, lambda rule: writes(rule) and rule.rule != "/deconnexion"):
        entity = generated(town, rule)
        walker.client.post(path_of(town, rule, shared[own]), data=forged(shared[other], entity))
        walker.client.post(path_of(town, rule, shared[other]), data=forged(shared[own], entity))
    assert pointing(theirs) == before

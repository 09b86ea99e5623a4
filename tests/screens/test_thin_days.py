"""The days under their minimum, as the service reads them."""

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Rule
from app.services import bookings
from app.services.desk import Draft
from tests.people import Town
from tests.services.test_rules_in_force import rule
from tests.support.pages import words
from tests.support.sql import count_statements
from tests.wednesday import MEAL, NOW

pytestmark = pytest.mark.usefixtures("first_of_december")
ADDRESS = "/service/journees-sous-leur-minimum/"


@pytest.fixture
def watched(open_town: Town) -> Town:
    """Two children at least each Wednesday, decided two days before at noon; Lila eats on the first."""
    with unscoped("test"):
        for one in db.session.scalars(select(Rule)):
            db.session.delete(one)
        db.session.commit()
    rule(open_town, "minimum", {"least": 2, "days": 2, "hour": "12:00"}, units=["mercredi.repas"])
    with open_town.acting("claire"):
        assert bookings.send(open_town.people["lila"], open_town.families["A"], Draft(frozenset({MEAL})), NOW)
    return open_town


def test_the_days_under_their_minimum_are_told_with_when_one_decides(watched: Town) -> None:
    page = words(watched.client("desk").get(ADDRESS))
    assert "Mercredi 9 décembre Mercredis des Grappaloups, repas 1 sur 2" in page
    assert "Mercredi 16 décembre Mercredis des Grappaloups, repas 0 sur 2" in page
    assert "lundi 7 décembre" in page
    assert "23 décembre" not in page  # closed


def test_a_day_with_enough_children_is_not_told(watched: Town) -> None:
    with watched.acting("denis"):
        bookings.send(watched.people["tom"], watched.families["B"], Draft(frozenset({MEAL})), NOW)
    assert "9 décembre" not in words(watched.client("desk").get(ADDRESS))


def test_a_town_without_such_a_rule_reads_where_it_comes_from(open_town: Town) -> None:
    assert "Aucune journée sous son minimum" in words(open_town.client("desk").get(ADDRESS))


def test_a_head_reads_those_of_their_facility_and_others_nothing(watched: Town) -> None:
    assert "Aucune journée sous son minimum" in words(watched.client("hugo").get(ADDRESS))
    for name in ("claire", "accountant", "configurator", None):
        assert watched.client(name).get(ADDRESS).status_code in (302, 403, 404)


def test_it_costs_a_few_statements_whatever_the_days(watched: Town) -> None:
    client = watched.client("desk")
    client.get(ADDRESS)
    with count_statements() as statements:
        client.get(ADDRESS)
    assert len(statements) <= 7

"""The catalogue in memory: fresh after each change, whole or not at all, and never poisoned."""

from decimal import Decimal

import pytest
from sqlalchemy import select, update

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.rulebook import catalogue_version
from app.models import Bracket, Rule, Setting, Unit
from app.services.catalogue import BrokenRule, catalogue
from tests.people import Town
from tests.support.sql import count_statements


def lowest_price(town: Town) -> Decimal:
    grid = catalogue().activity_grids[town.activities["mercredi"]][0].grid
    return min(bracket.price for bracket in grid.brackets)


def reprice(price: str) -> None:
    with unscoped("nouveau tarif"):
        bracket = db.session.scalars(select(Bracket).order_by(Bracket.price)).first()
        assert bracket is not None
        bracket.price = Decimal(price)
        db.session.flush()


def test_what_has_not_changed_costs_one_statement_a_transaction(open_town: Town) -> None:
    first = catalogue()
    db.session.rollback()
    with count_statements() as counted:
        assert catalogue() is first
        assert catalogue() is first
    assert len(counted) == 1, counted


def test_what_another_process_changed_is_seen_in_the_next_transaction(open_town: Town) -> None:
    first = catalogue()
    db.session.rollback()
    with db.engine.begin() as other:
        other.execute(update(catalogue_version).values(number=catalogue_version.c.number + 1))
    db.session.rollback()
    assert catalogue() is not first


def test_a_change_is_seen_at_once(open_town: Town) -> None:
    assert lowest_price(open_town) == Decimal("3.10")
    reprice("2.50")
    db.session.commit()
    assert lowest_price(open_town) == Decimal("2.50")


def test_a_change_made_in_bulk_is_seen_too(open_town: Town) -> None:
    catalogue()
    with unscoped("renommage"):
        db.session.execute(update(Unit).values(name="Journée"))
        db.session.commit()
    assert {unit.name for unit in catalogue().units} == {"Journée"}


def test_a_change_rolled_back_leaves_no_price_behind(open_town: Town) -> None:
    reprice("99")
    assert lowest_price(open_town) == Decimal("4.20")
    db.session.rollback()
    with unscoped("un autre réglage"):
        db.session.add(Setting(key="town_name", label="Nom", value="Le Touvet"))
        db.session.commit()
    assert lowest_price(open_town) == Decimal("3.10")


def test_a_rule_that_cannot_be_read_stops_judging_and_nothing_else(open_town: Town) -> None:
    with unscoped("une règle cassée"):
        db.session.add(Rule(code="cassee", rule_kind="requires", parameters={"unit": "x"}))
        db.session.commit()
    known = catalogue()
    assert known.units
    with pytest.raises(BrokenRule, match="cassee"):
        _ = known.rules
    assert open_town.client("claire").get("/factures/").status_code == 200
    assert open_town.client("configurator").get("/service/").status_code == 200

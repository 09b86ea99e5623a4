"""The database's history: it makes what the entities declare, up and down, on both engines."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import JSON, column, create_engine, inspect, select, table

from app import create_app
from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Entity
from app.models import Rule
from app.rules.registry import build
from tests.people import settings_for

RULES = table("rule", column("code"), column("parameters", JSON()))


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Flask:
    """An application over a database without a table."""
    settings: dict[str, Any] = settings_for(tmp_path)
    if request.param == "postgresql":
        settings["SQLALCHEMY_DATABASE_URI"] = request.getfixturevalue("postgres_url")
    return create_app(settings)


def tables(flask_app: Flask) -> set[str]:
    """The tables there are, Alembic's own left out."""
    engine = create_engine(flask_app.config["SQLALCHEMY_DATABASE_URI"])
    try:
        return set(inspect(engine).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()


@pytest.mark.slow
def test_the_history_makes_what_is_declared_and_takes_it_away_again(bare: Flask) -> None:
    with bare.app_context():
        upgrade()
        assert tables(bare) == set(Entity.metadata.tables)
        with db.engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": False, "target_metadata": Entity.metadata}
            )
            assert compare_metadata(context, Entity.metadata) == []
        downgrade(revision="base")
        assert tables(bare) == set()
        upgrade()
        assert tables(bare) == set(Entity.metadata.tables)
        db.session.remove()
        db.engine.dispose()


@pytest.mark.slow
def test_rules_written_by_a_newer_code_are_read_by_the_older_one(bare: Flask) -> None:
    """0009 down: what can be said is said otherwise, what can't goes; up again, the notice is as it was."""
    written = {
        "a": (
            "notice",
            {"days": 2, "counted": "clear", "if_closed": "school", "late": "surcharge", "times": 2},
        ),
        "b": ("count", {"minimum": 3}),
        "c": ("requires", {"unit": "x.y", "needs": ["x.z"], "how_many": "all"}),
        "d": ("requires", {"unit": "x.y", "needs": ["x.z"], "how_many": "one"}),
    }
    with bare.app_context():
        upgrade()
        with unscoped("des règles"):
            only = {"residence": ["outside"]}  # the older code would hold it for everybody
            db.session.add(Rule(code="e", rule_kind="capacity", parameters={"places": 2}, who=only))
            for code, (kind, parameters) in written.items():
                db.session.add(Rule(code=code, rule_kind=kind, parameters=parameters))
            db.session.commit()
        db.session.remove()
        downgrade(revision="0008")
        with db.engine.connect() as connection:
            found = dict(connection.execute(select(RULES.c.code, RULES.c.parameters)).tuples().all())
        assert found == {
            "a": {"days": 3, "counted": "calendar", "if_holiday": "earlier", "late": "ask_staff"},
            "c": {"unit": "x.y", "needs": ["x.z"]},
        }
        upgrade()
        with unscoped("la même"):
            again = db.session.scalars(select(Rule).where(Rule.code == "a")).one()
            assert again.parameters["if_closed"] == "earlier" and build("notice", again.parameters).rule
        db.session.remove()
        db.engine.dispose()


@pytest.mark.slow
def test_rules_of_0012_are_gone_or_said_as_before_it(bare: Flask) -> None:
    """0012 down: sorts and parameters that the older code does not know; stripped, a rule is stricter."""
    written: dict[str, tuple[str, dict[str, Any]]] = {
        "a": ("capacity", {"places": 48, "overflow": 10, "overflow_per": "week", "pending": "free"}),
        "b": ("capacity", {"places": 48, "when_full": "ask_staff"}),
        "c": ("capacity", {"when_full": "refused"}),
        "d": ("count", {"minimum": 3, "late": "surcharge"}),
        "e": ("priority", {"rank": 1}),
        "f": ("custody", {}),
        "g": ("staff_ratio", {"adults": 2, "under_six": 8, "six_plus": 12}),
        "h": ("same_each_day", {}),
        "i": ("registration", {"starts": "next_month"}),
        "j": ("minimum", {"least": 3}),
    }
    with bare.app_context():
        upgrade()
        with unscoped("des règles"):
            for code, (kind, parameters) in written.items():
                assert build(kind, parameters).rule is not None, code
                db.session.add(Rule(code=code, rule_kind=kind, parameters=parameters))
            db.session.commit()
        db.session.remove()
        downgrade(revision="0011")
        with db.engine.connect() as connection:
            found = dict(connection.execute(select(RULES.c.code, RULES.c.parameters)).tuples().all())
        assert found == {
            "a": {"places": 48},
            "b": {"places": 48, "when_full": "waiting"},
            "c": {"when_full": "refused"},
            "d": {"minimum": 3},
        }
        upgrade()
        db.session.remove()
        db.engine.dispose()

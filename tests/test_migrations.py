"""The database's history: it makes what the entities declare, up and down, on both engines."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect

from app import create_app
from app.access.database import db
from app.declare import Entity
from tests.people import settings_for


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

"""A town of the demonstration, loaded once a file: tests here read it and write nothing."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.access.database import db
from app.services import demo, rulebook
from tests.people import settings_for

TODAY = date(2026, 11, 23)
RULEBOOK = Path("communes/le-touvet.yaml")


def touvet(folder: Path) -> Flask:
    """An application over Le Touvet, without a household."""
    flask_app = create_app({**settings_for(folder), "PASSWORD_TIME_COST": 1, "PASSWORD_MEMORY_KIB": 64})
    with flask_app.app_context():
        db.create_all()
        rulebook.apply(rulebook.check(RULEBOOK, TODAY).draft, TODAY)
    return flask_app


@pytest.fixture(scope="module")
def demo_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Le Touvet with the sixty households of seed 1, on 23 November 2026."""
    flask_app = touvet(tmp_path_factory.mktemp("demo"))
    with flask_app.app_context():
        demo.load(seed=1, today=TODAY)
        yield flask_app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def empty_town(tmp_path: Path) -> Iterator[Flask]:
    """Le Touvet without a household."""
    flask_app = touvet(tmp_path)
    with flask_app.app_context():
        yield flask_app
        db.session.remove()
        db.engine.dispose()

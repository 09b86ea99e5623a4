"""Marelle, the town's childcare portal."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def create_app(settings: Mapping[str, Any] | None = None) -> "Flask":
    """The whole application, from settings (``config.settings``) alone.

    Imports are inside so that ``app.rules``, the floor of pure rules, loads nothing else.
    """
    import os

    from flask import Flask
    from flask_appbuilder import AppBuilder
    from flask_migrate import Migrate

    import app.models  # noqa: F401  (declares every entity)
    from app import cli, views
    from app.access import database, readings, scope, trail, versions
    from app.access.guard import Guard
    from app.declare import verify
    from app.screens import home, web
    from app.services import clock, jobs

    if settings is None:
        from config import settings as read_settings

        settings = read_settings(os.environ)
    verify()
    flask_app = Flask(__name__)
    flask_app.config.update(settings)
    database.init_app(flask_app)
    scope.install()
    trail.install(clock.now)
    readings.install()
    versions.install()
    Migrate(flask_app, database.db, directory="migrations", render_as_batch=True, compare_type=True)
    jobs.init_app(flask_app)
    web.init_app(flask_app)
    with flask_app.app_context():
        builder = AppBuilder(
            flask_app, database.db.session, indexview=home.Home, security_manager_class=Guard
        )
        views.register(builder)
    cli.init_app(flask_app)
    return flask_app

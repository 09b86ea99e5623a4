"""The real start and stop around a stub application: what run.py does, whatever the portal holds."""

import http.client
import subprocess
import sys
from pathlib import Path

import config
from tests.support import free_port
from tests.support.server import bare_environ

STUB = {
    "app/__init__.py": """
import os, pathlib, signal, time
import click
from flask import Flask
from flask.cli import AppGroup
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
db = SQLAlchemy()
def create_app(settings):
    home = pathlib.Path(settings["MARELLE_HOME"])
    flask_app = Flask(__name__)
    flask_app.config.update(settings)
    db.init_app(flask_app)
    Migrate(flask_app, db, directory="migrations")
    @flask_app.get("/healthz")
    def healthz():
        return ("ok", 200) if (home / "worker.pid").exists() else ("worker", 503)
    @flask_app.get("/pid")
    def pid():
        return str(os.getppid())
    for group, name, does in (
        ("rulebook", "apply", lambda: None),
        ("demo", "load", lambda: (home / "demo-accounts.json").write_text(
            '[{"role": "Parent", "email": "p@example.org", "password": "marelle", "family": "Martin"}]')),
        ("worker", "run", lambda: ((home / "worker.pid").write_text(str(os.getpid())), time.sleep(600))),
    ):
        def command(words, group=group, name=name, does=does):
            with (home / "calls").open("a") as calls:
                calls.write(f"{group} {name}\\n")
            if group == "demo" and os.environ.get("STUB_DEMO_FAILS"):
                raise SystemExit("the demonstration fails")
            does()
        command = click.argument("words", nargs=-1)(command)
        family = AppGroup(group)
        family.command(name)(command)
        flask_app.cli.add_command(family)
    return flask_app
""",
    "migrations/alembic.ini": "[alembic]\n",
    "migrations/env.py": """
from alembic import context
from flask import current_app
with current_app.extensions["migrate"].db.engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
""",
    "migrations/versions/0001.py": """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0001", None
def upgrade():
    op.create_table("town", sa.Column("id", sa.Integer, primary_key=True))
""",
    "communes/le-touvet.yaml": "town: Le Touvet\n",
}


class Place:
    """The real run.py and config.py around a stub application, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("run.py", "config.py"):
            (folder / name).write_bytes((config.ROOT / name).read_bytes())
        for name, text in STUB.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.home = folder / "var"
        self.port = free_port()
        self.environ = {**bare_environ(), "PORT": str(self.port), "WEB_CONCURRENCY": "1"}
        self.started: list[subprocess.Popen[str]] = []

    def run(self, *words: str, **environ: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "run.py", *words],
            cwd=self.folder,
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def ready(self, process: "subprocess.Popen[str]") -> str:
        """What it printed until it was ready."""
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if "Ctrl-C" in line:
                return printed
        raise AssertionError(f"ended with {process.wait()}:\n{printed}")

    def calls(self) -> list[str]:
        return (self.home / "calls").read_text().splitlines()

    def gunicorn_pid(self) -> int:
        """Of the web server's first process; 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/pid")
            return int(connection.getresponse().read())
        except OSError:
            return 0
        finally:
            connection.close()

    def worker_pid(self) -> int:
        return int((self.home / "worker.pid").read_text())

"""Start Marelle: ``python run.py`` (what ``make run`` calls), or ``run:web()`` for a WSGI server.

``python run.py`` brings the database up to date, starts the web server and the worker, and keeps
them running. ``python run.py prepare`` stops after the database. Importing this does nothing.
"""

import ctypes
import errno
import fcntl
import gc
import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from config import ROOT, BadSetting, settings

if TYPE_CHECKING:
    from flask import Flask

START_SECONDS = 90
STOP_SECONDS = 20
LONGEST_BACKOFF_SECONDS = 30
STEADY_SECONDS = 60
"""A process that lived this long had no trouble starting: its next failure counts as the first."""
TRIES_TO_START = 3
LOG_LIMIT_BYTES = 10_000_000
PR_SET_PDEATHSIG = 1
FIRST_ACCOUNT = ".venv/bin/flask --app run:web account create --role admin --email vous@ville.example"


class CannotStart(Exception):
    """Why the server does not start and what to do about it, in French."""


def web() -> "Flask":
    """The application, as ``gunicorn 'run:web()'`` and ``flask --app run:web`` want it."""
    from app import create_app

    app = create_app(settings(os.environ))

    def forget_connections() -> None:
        # A connection opened before a fork (--preload) belongs to the parent: never share it.
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose(close=False)

    os.register_at_fork(after_in_child=forget_connections)
    # What is loaded by now stays: shared by the forked workers, and not searched again for garbage.
    gc.freeze()
    return app


# The processes -------------------------------------------------------------------------------


def bracketed(host: str) -> str:
    """That host as it is written before a port."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def web_command(told: Mapping[str, Any]) -> list[str]:
    """The web server's command line."""
    options = {
        "--bind": f"{bracketed(told['HOST'])}:{told['PORT']}",
        "--workers": told["WEB_CONCURRENCY"],
        "--threads": told["WEB_THREADS"],
        "--worker-class": "gthread",
        "--timeout": 120,
        "--graceful-timeout": STOP_SECONDS - 5,
    }
    if Path("/dev/shm").is_dir():  # noqa: S108  (gunicorn's heartbeat: a disk that stalls would kill workers)
        options["--worker-tmp-dir"] = "/dev/shm"  # noqa: S108
    flat = [str(part) for option in options.items() for part in option]
    return [sys.executable, "-m", "gunicorn", "--preload", "--no-control-socket", *flat, "run:web()"]


def worker_command() -> list[str]:
    """The worker's command line: it sends mail and does what nobody should wait for."""
    return flask_command("worker", "run")


def flask_command(*words: str) -> list[str]:
    """``flask WORDS`` on this application."""
    return [sys.executable, "-m", "flask", "--app", "run:web", *words]


def child_environ(told: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the children, who start from this folder: relative paths made absolute."""
    absolute = {
        "MARELLE_HOME": told["MARELLE_HOME"],
        "DATABASE_URL": told["SQLALCHEMY_DATABASE_URI"],
        "FILES_DIR": told["FILES_DIR"],
        "HUEY_PATH": told["HUEY_PATH"],
    }
    if told["MAIL_FOLDER"]:
        absolute["MAIL_FOLDER"] = told["MAIL_FOLDER"]
    moment = environ.get("MARELLE_NOW", "")
    if moment and "@" not in moment:
        absolute["MARELLE_NOW"] = f"{moment}@{time.time()}"  # the children's clocks agree
    return {**environ, **absolute, "PYTHONUNBUFFERED": "1"}


def die_with_parent() -> None:
    """In a child about to start: have the kernel end it if its parent vanishes. Linux only."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    except (OSError, AttributeError):
        pass  # elsewhere, whoever kills the parent outright kills the children too


@dataclass
class Child:
    """One process kept running; what it writes goes to its log."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    failures: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = field(default=0.0)
    start_again_at: float = field(default=0.0)

    def start(self) -> None:
        """Start it, in a process group of its own: Ctrl-C reaches us alone, and we stop it in order."""
        with open_log(self.log) as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  (this process has one thread)
            )
        self.started_at = time.monotonic()

    def look_after(self) -> None:
        """Start it again if it died, waiting longer each time."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self.failures = 1 if now - self.started_at > STEADY_SECONDS else self.failures + 1
            delay = min(2 ** (self.failures - 1), LONGEST_BACKOFF_SECONDS)
            say(f"{self.name} s’est arrêté (code {self.process.returncode}) : nouveau départ dans {delay} s.")
            self.end_group()  # its own children must not hold the port
            self.process, self.start_again_at = None, now + delay
        if self.process is None and now >= self.start_again_at:
            self.start()

    def ask_to_stop(self) -> None:
        """Let it finish what it is doing."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self, deadline: float) -> None:
        """Wait until that moment (monotonic), then insist."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            say(f"{self.name} ne s’arrête pas : interrompu.")
        self.end_group()
        self.process.wait()

    def end_group(self) -> None:
        """Whatever is left of it."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass  # nothing is left


def open_log(path: Path) -> IO[bytes]:
    """That log, at its end; a long one is set aside first, in place of the one before."""
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".1.log"))
    return path.open("ab")


def tail(path: Path, lines: int = 15) -> str:
    """The end of a log, for whoever wonders why it stopped there."""
    if not path.exists():
        return ""
    return "\n".join("  | " + line for line in path.read_text(errors="replace").splitlines()[-lines:])


# Before the first request --------------------------------------------------------------------


def check_port(host: str, port: int) -> None:
    """Somebody already listens there, or we may not: say so, rather than let gunicorn try for ever."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"Le port {port} est déjà pris. Arrêtez le programme qui l’occupe, "
                    f"ou prenez-en un autre : PORT={min(port + 1, 65535)} make run"
                ) from error
            raise CannotStart(
                f"Impossible d’écouter sur {bracketed(host)}:{port} : {error.strerror}."
            ) from error


def take_home(told: Mapping[str, Any]) -> IO[str]:
    """The folders of MARELLE_HOME, and the lock that says a server runs on it: keep it open."""
    home = Path(told["MARELLE_HOME"])
    try:
        for folder in (home / "log", Path(told["FILES_DIR"]), Path(told["HUEY_PATH"]).parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if told["MAIL_FOLDER"]:
            Path(told["MAIL_FOLDER"]).mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (home / "running.lock").open("w")
    except OSError as error:
        raise CannotStart(f"Impossible d’écrire dans {error.filename} : {error.strerror}.") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CannotStart(
            f"Marelle tourne déjà sur le dossier {home}. Arrêtez-la d’abord, "
            "ou donnez un autre dossier : MARELLE_HOME=/ailleurs PORT=8001 make run"
        ) from error
    return lock


def revisions(told: Mapping[str, Any]) -> tuple[set[str], set[str], set[str]]:
    """(the database's revisions, the program's latest, all the program knows), without loading the app."""
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    try:
        address = make_url(told["SQLALCHEMY_DATABASE_URI"])
        options = told["SQLALCHEMY_ENGINE_OPTIONS"].get("connect_args", {})
        engine = create_engine(address, poolclass=NullPool, connect_args=options)
        with engine.connect() as connection:
            current = set(MigrationContext.configure(connection).get_current_heads())
    except (SQLAlchemyError, ImportError, ValueError) as error:
        shown = address.render_as_string() if "address" in locals() else "DATABASE_URL"
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise CannotStart(
            f"La base de données ne s’ouvre pas : {shown}\n  ({reason})\n"
            "Vérifiez DATABASE_URL, que le serveur de base tourne, et que ce compte peut y écrire."
        ) from error
    migrations = Config()
    migrations.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    try:
        script = ScriptDirectory.from_config(migrations)
        return current, set(script.get_heads()), {one.revision for one in script.walk_revisions()}
    except CommandError as error:
        raise CannotStart(f"Le dossier migrations/ est incomplet : {error}.") from error


def prepare_database(told: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    """Tables up to date; a database that was empty gets the rulebook and the demonstration: was it?

    A first start that was interrupted is taken up again: a mark stays until it is over. The mark
    belongs to one database, so that another, already lived in, never gets a demonstration.
    """
    current, latest, known = revisions(told)
    mark = Path(told["MARELLE_HOME"]) / "first-start"
    name = hashlib.sha256(told["SQLALCHEMY_DATABASE_URI"].encode()).hexdigest()
    if not current <= known:
        raise CannotStart(
            "La base de données vient d’une version plus récente de Marelle : installez cette version, "
            "ou restaurez la sauvegarde faite avant elle."
        )
    if not current:
        mark.write_text(name)
    if current != latest:
        say("Base de données : mise à jour…")
        run_flask(told, environ, "db", "upgrade", failed="La base de données ne se met pas à jour")
    if not mark.exists() or mark.read_text() != name:
        return False
    rulebook = Path(told["MARELLE_RULEBOOK"])
    if not rulebook.is_file():
        raise CannotStart(f"Le règlement {rulebook} n’existe pas : vérifiez MARELLE_RULEBOOK.")
    say(f"Règlement : application de {rulebook.name}…")
    run_flask(told, environ, "rulebook", "apply", str(rulebook), failed="Le règlement ne s’applique pas")
    if told["MARELLE_DEMO"]:
        say("Démonstration : création de familles inventées…")
        run_flask(told, environ, "demo", "load", failed="La démonstration ne se charge pas")
    mark.unlink()
    return True


def run_flask(told: Mapping[str, Any], environ: Mapping[str, str], *words: str, failed: str) -> None:
    """One ``flask`` command; what it writes goes to log/prepare.log, and to the screen if it fails."""
    log = Path(told["MARELLE_HOME"]) / "log" / "prepare.log"
    with open_log(log) as out:
        done = subprocess.run(
            flask_command(*words),
            cwd=ROOT,
            env=child_environ(told, environ),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
            check=False,
        )
    if done.returncode:
        raise CannotStart(f"{failed}. La fin de {log} :\n{tail(log)}")


# What one reads ------------------------------------------------------------------------------


def say(sentence: str) -> None:
    """To the screen at once, even through a pipe."""
    print(sentence, flush=True)


def table(rows: Sequence[Sequence[str]]) -> str:
    """A table drawn with lines; the first row is its heading."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]

    def rule(left: str, middle: str, right: str) -> str:
        return left + middle.join("─" * (width + 2) for width in widths) + right

    drawn = [
        "│" + "│".join(f" {cell:<{width}} " for cell, width in zip(row, widths, strict=True)) + "│"
        for row in rows
    ]
    return "\n".join([rule("┌", "┬", "┐"), drawn[0], rule("├", "┼", "┤"), *drawn[1:], rule("└", "┴", "┘")])


def one_a_role(accounts: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The first account of each role, in the order they come."""
    kept: dict[str, Mapping[str, Any]] = {}
    for account in accounts:
        kept.setdefault(account["role"], account)
    return list(kept.values())


def welcome(told: Mapping[str, Any], was_empty: bool = False) -> str:
    """The address, and with whom to log in; how to make the first account, where there is none."""
    lines = ["", f"Marelle est prête : {told['PUBLIC_URL']}"]
    listed = Path(told["MARELLE_HOME"]) / "demo-accounts.json"
    if listed.exists():
        accounts = one_a_role(json.loads(listed.read_text()))
        rows = [
            [str(one.get(key) or "") for key in ("role", "email", "password", "family")] for one in accounts
        ]
        lines += ["", "Démonstration : personne n’existe, rien n’est envoyé à qui que ce soit. Pour entrer :"]
        lines.append(table([["Rôle", "E-mail", "Mot de passe", "Famille"], *rows]))
    elif was_empty:
        lines += ["Personne n’a encore de compte. Le premier, qui créera les autres :", f"  {FIRST_ACCOUNT}"]
    if told["MAIL_FOLDER"]:
        lines.append(f"Courrier : {told['MAIL_FOLDER']} (un fichier par e-mail)")
    lines += [f"Journaux : {Path(told['MARELLE_HOME']) / 'log'}", "Ctrl-C pour arrêter.", ""]
    return "\n".join(lines)


# All together --------------------------------------------------------------------------------


def health(host: str, port: int) -> tuple[int, str]:
    """(status, body) of /healthz; (0, why) when nobody answers."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1"}.get(host, host)  # noqa: S104  (compared only)
    connection = http.client.HTTPConnection(reachable.strip("[]"), port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        return answer.status, answer.read(2000).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error)
    finally:
        connection.close()


class Supervisor:
    """The web server and the worker, until somebody says stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children
        self.stopping = False

    def listen(self) -> None:
        """Stop on Ctrl-C, on ``kill``, and when the terminal closes."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self.stopping = True

    def start(self, host: str, port: int) -> None:
        """Start all, wait until they are well; ``CannotStart`` when one dies again and again."""
        for child in self.children:
            child.start()
        deadline = time.monotonic() + START_SECONDS
        while not self.stopping:
            status, answer = health(host, port)
            if status == http.HTTPStatus.OK:
                return
            for child in self.children:
                child.look_after()
                if child.failures >= TRIES_TO_START:
                    raise CannotStart(
                        f"{child.name} ne démarre pas. La fin de {child.log} :\n{tail(child.log)}"
                    )
            if time.monotonic() > deadline:
                logs = "\n".join(f"{child.log} :\n{tail(child.log)}" for child in self.children)
                raise CannotStart(f"Toujours pas prêt après {START_SECONDS} s ({status} {answer}).\n{logs}")
            time.sleep(0.1)

    def watch(self) -> None:
        """Look after them until told to stop."""
        while not self.stopping:
            for child in self.children:
                child.look_after()
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop all, giving each the time to finish."""
        for child in self.children:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.stop(deadline)


def serve(told: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    """Everything, until told to stop."""
    check_port(told["HOST"], told["PORT"])
    log = Path(told["MARELLE_HOME"]) / "log"
    around = child_environ(told, environ)
    supervisor = Supervisor(
        [
            Child("Le serveur web", web_command(told), around, log / "web.log"),
            Child("Le travail de fond", worker_command(), around, log / "worker.log"),
        ]
    )
    with take_home(told):
        was_empty = prepare_database(told, environ)
        supervisor.listen()
        try:
            supervisor.start(told["HOST"], told["PORT"])
            if not supervisor.stopping:
                say(welcome(told, was_empty))
            supervisor.watch()
        finally:
            supervisor.stop()
    say("Marelle est arrêtée.")


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Exit status: 0 when all went well, 1 with a sentence when it cannot start."""
    if list(arguments) not in ([], ["prepare"]):
        print("usage : python run.py [prepare]", file=sys.stderr)
        return 2
    try:
        told = settings(environ)
        if arguments:
            with take_home(told):
                prepare_database(told, environ)
        else:
            serve(told, environ)
    except (BadSetting, CannotStart) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

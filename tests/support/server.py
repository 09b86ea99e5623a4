"""The real thing: gunicorn and the worker in processes of their own, on a folder of their own."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import config
import run
from tests.support import free_port, locked
from tests.support.postgres import Cluster

LIVE: list["Server"] = []
"""Servers of this process, for their logs when a test fails."""
START_SECONDS = 60


def bare_environ() -> dict[str, str]:
    """This process's environment, without anything that sets up a Marelle."""
    ours = {one.name for one in config.VARIABLES}
    return {name: value for name, value in os.environ.items() if name not in ours}


class Server:
    """A web server and a worker on one MARELLE_HOME and one database, already prepared."""

    def __init__(self, home: Path, database_url: str | None, environ: Mapping[str, str]) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            **bare_environ(),
            "MARELLE_HOME": str(home),
            "PORT": str(self.port),
            **({"DATABASE_URL": database_url} if database_url else {}),
            **environ,
        }
        self.settings = config.settings(self.environ)
        (home / "log").mkdir(exist_ok=True)
        self.children = self._children()

    def _children(self) -> dict[str, run.Child]:
        around = run.child_environ(self.settings, self.environ)
        commands = {"web": run.web_command(self.settings), "worker": run.worker_command()}
        return {
            name: run.Child(name, command, around, self.home / "log" / f"{name}.log")
            for name, command in commands.items()
        }

    def start(self) -> None:
        """Start both, and wait until /healthz is content."""
        LIVE.append(self)
        for child in self.children.values():
            child.start()
        self.wait_until_well()

    def wait_until_well(self, timeout: float = START_SECONDS) -> None:
        """Fail with the logs if /healthz is not content in time, or a process has died."""
        deadline = time.monotonic() + timeout
        status, answer = 0, ""
        while status != 200:
            status, answer = run.health("127.0.0.1", self.port)
            dead = [name for name, child in self.children.items() if not self._alive(child)]
            if dead or time.monotonic() > deadline:
                raise AssertionError(f"server not well: {status} {answer}, dead: {dead}\n{self.logs()}")
            time.sleep(0.05)

    def kill(self, name: str) -> None:
        """Kill 'web' or 'worker' outright, as a power cut would."""
        self.children[name].end_group()
        process = self.children[name].process
        assert process is not None
        process.wait()

    def restart(self, name: str) -> None:
        """Start 'web' or 'worker' again after ``kill``."""
        self.children[name].start()
        self.wait_until_well()

    def travel(self, moment: str) -> None:
        """Stop, then start again on the same data at that moment of Europe/Paris: ``2027-06-15T09:00``."""
        self.stop()
        self.environ["MARELLE_NOW"] = moment
        self.children = self._children()
        self.start()

    def stop(self) -> None:
        """Stop both, by their own process numbers."""
        for child in self.children.values():
            child.ask_to_stop()
        deadline = time.monotonic() + run.STOP_SECONDS
        for child in self.children.values():
            child.stop(deadline)
        if self in LIVE:
            LIVE.remove(self)

    def flask(self, *words: str) -> str:
        """``flask WORDS`` on this server's data; what it printed."""
        return flask(self.environ, *words)

    def accounts(self) -> list[dict[str, Any]]:
        """The demonstration's accounts: role, email, password, family."""
        listed: list[dict[str, Any]] = json.loads((self.home / "demo-accounts.json").read_text())
        return listed

    def mails(self) -> list[Path]:
        """The .eml files written so far, when no SMTP server is set."""
        return sorted((self.home / "mail").glob("*.eml"))

    def logs(self) -> str:
        """The end of every log."""
        return "\n".join(
            f"{path.name}:\n{run.tail(path, 40)}" for path in sorted((self.home / "log").glob("*.log"))
        )

    @staticmethod
    def _alive(child: run.Child) -> bool:
        return child.process is not None and child.process.poll() is None


def flask(environ: Mapping[str, str], *words: str) -> str:
    """``flask WORDS`` in a process of its own; what it printed. Fails with its output."""
    return _checked(run.flask_command(*words), environ)


def _checked(command: list[str], environ: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=config.ROOT,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(
            f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
    return done.stdout


class Homes:
    """Prepared folders and databases: made once a test run for each kind, then copied."""

    def __init__(self, shared: Path) -> None:
        self.shared = shared

    def sqlite(self, home: Path, demo: bool, rulebook: str = "") -> None:
        """Make ``home`` a copy of a prepared folder, with its SQLite database."""
        shutil.copytree(self._prepared(demo, None, rulebook), home, dirs_exist_ok=True, ignore=_locks)

    def postgres(self, home: Path, demo: bool, cluster: Cluster, name: str) -> str:
        """The same with a database of that name on the cluster; its address."""
        template = f"prepared_{'demo' if demo else 'bare'}"
        shutil.copytree(self._prepared(demo, (cluster, template)), home, dirs_exist_ok=True, ignore=_locks)
        with locked(self.shared, template):  # a template is copied by one at a time
            cluster.create(name, template)
        return cluster.url(name)

    def _prepared(self, demo: bool, on: tuple[Cluster, str] | None, rulebook: str = "") -> Path:
        kind = f"home-{'demo' if demo else 'bare'}-{'postgres' if on else 'sqlite'}{Path(rulebook).stem}"
        home = self.shared / kind
        with locked(self.shared, kind):
            if not (home / "prepared").exists():
                shutil.rmtree(home, ignore_errors=True)
                environ = {**bare_environ(), "MARELLE_HOME": str(home), "MARELLE_DEMO": "1" if demo else "0"}
                if rulebook:
                    environ["MARELLE_RULEBOOK"] = rulebook
                if on is not None:
                    cluster, template = on
                    cluster.drop(template)
                    cluster.create(template)
                    environ["DATABASE_URL"] = cluster.url(template)
                _checked([sys.executable, "run.py", "prepare"], environ)
                (home / "prepared").touch()
        return home


def _locks(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name in {"running.lock", "prepared", "log"}]

"""A private PostgreSQL cluster: made by the first test that asks, gone with the test run.

A keeper process (this file, run as a program) makes the cluster, and stops and erases it once the
process of the test run has ended, however it ended. Test processes of one run share the cluster.
"""

import ctypes
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.support import absent, locked, run_pid, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
OWNER = "marelle"
# Nothing here outlives the run: no care for the disk.
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "timezone": "UTC",
}


def programs() -> Path | None:
    """The folder of the newest PostgreSQL server on this machine."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda folder: float(folder.parent.name))
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).resolve().parent if elsewhere else None


# For tests -----------------------------------------------------------------------------------


class Cluster:
    """A running cluster, reached through a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, database: str) -> str:
        """For DATABASE_URL."""
        return f"postgresql+psycopg://{OWNER}@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> "psycopg.Connection[Any]":
        """A bare connection, outside any transaction."""
        return psycopg.connect(host=str(self.folder), user=OWNER, dbname=database, autocommit=True)

    @contextmanager
    def database(self, name: str, template: str = "template0") -> Iterator[str]:
        """The address of a new database, a copy of ``template``; dropped at the end."""
        self.create(name, template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def create(self, name: str, template: str = "template0") -> None:
        """A new database, a copy of ``template``."""
        order = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self.connect() as connection:
            connection.execute(order.format(sql.Identifier(name), sql.Identifier(template)))

    def drop(self, name: str) -> None:
        """Drop it, whoever is still connected."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def cluster(shared: Path) -> Cluster:
    """The cluster of this test run, started if nobody has yet; skips where there is no PostgreSQL."""
    if programs() is None:
        absent("PostgreSQL")
    told = shared / "postgres.json"
    log = shared / "postgres.log"
    with locked(shared, "postgres"):
        if not told.exists():
            with log.open("ab") as out:
                keeper = subprocess.Popen(
                    [sys.executable, "-m", "tests.support.postgres", str(told), str(run_pid())],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )

            def ready() -> bool:
                if keeper.poll() is not None:
                    raise AssertionError(f"PostgreSQL did not start:\n{log.read_text()}")
                return told.exists()

            wait_until(ready, f"PostgreSQL ready\n{log.read_text()}", timeout=60)
            keeper.returncode = 0  # it outlives us: nothing to wait for, nothing to warn about
    return Cluster(Path(json.loads(told.read_text())["folder"]))


# The keeper ----------------------------------------------------------------------------------


def unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: who runs it then."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise SystemExit("neither postgres nor nobody exists here")


def die_with_keeper() -> None:
    """Have the kernel stop the server at once if the keeper is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGINT, 0, 0, 0)


def birth(pid: int) -> str | None:
    """When that process was born, to tell it from a later one of the same number; None: it is gone."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if after_name[0] == "Z" else after_name[19]


def keep(told: Path, pid: int) -> None:
    """Run a cluster until that process ends; say in ``told`` where it is."""
    bin_folder = programs()
    assert bin_folder is not None
    born = birth(pid)
    # Short, for a socket's name has 107 characters at most; under /tmp, which everybody may enter.
    folder = Path(tempfile.mkdtemp(prefix="marelle-pg-", dir="/tmp"))
    who = unprivileged()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = None
    try:
        if who:
            os.chown(folder, who["user"], who["group"])
        folder.chmod(0o755)
        around = {"cwd": folder, "env": {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"}, **who}
        new = [
            "-D",
            f"{folder}/data",
            "-U",
            OWNER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        subprocess.run([bin_folder / "initdb", *new], check=True, stdout=subprocess.DEVNULL, **around)
        settings = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
        server = subprocess.Popen(
            [bin_folder / "postgres", "-D", f"{folder}/data", "-k", str(folder), *settings],
            preexec_fn=die_with_keeper,  # noqa: PLW1509  (this process has one thread)
            **around,
        )
        answering(Cluster(folder), server)
        draft = told.with_suffix(".draft")
        draft.write_text(json.dumps({"folder": str(folder)}))
        draft.replace(told)
        while birth(pid) == born and server.poll() is None:
            time.sleep(0.3)
    finally:
        if server is not None and server.poll() is None:
            server.send_signal(signal.SIGINT)  # "fast": roll back whoever is connected
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.send_signal(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def answering(made: Cluster, server: "subprocess.Popen[bytes]") -> None:
    """Wait for the first connection."""

    def answers() -> bool:
        if server.poll() is not None:
            raise SystemExit("postgres stopped")
        try:
            made.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    wait_until(answers, "PostgreSQL answering", timeout=30)


if __name__ == "__main__":
    keep(Path(sys.argv[1]), int(sys.argv[2]))

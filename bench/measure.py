"""Measuring one bench: CPU time, statements and peak memory, in a process of its own."""

import contextvars
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

from bench.registry import Bench, Work, load_all
from bench.town import ROOT, Town, open_app

QUIET = ("PRAGMA", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@dataclass(frozen=True)
class Measure:
    """What one bench took. CPU is of this process, user and system; memory is its highest ever, in MB."""

    name: str
    families: int
    says: str
    cpu_ms: float | None = None
    first_ms: float | None = None
    statements: int | None = None
    bytes: int | None = None
    peak_mb: int | None = None
    repeats: int = 0
    promised_ms: float | None = None
    promised_statements: int | None = None
    kept: bool | None = None
    skipped: str = ""


def measure_apart(name: str, families: int, folder: Path) -> Measure:
    """The measure, from a new process over its own copy of the town: benches don't disturb each other."""
    with tempfile.TemporaryDirectory(prefix="marelle-bench-run-") as copy:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "bench",
            "--one",
            name,
            "--families",
            str(families),
            "--folder",
            copy,
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            return Measure(name, families, "", skipped=done.stderr.strip()[-2000:])
        return Measure(**json.loads(done.stdout.splitlines()[-1]))


def measure_here(name: str, families: int, folder: Path) -> Measure:
    """The measure, in this process."""
    one = load_all()[name]
    town = Town(open_app(folder), families)
    work = _prepared(one, town)
    if work is None:
        return Measure(name, families, one.says, skipped="pas encore de quoi mesurer")
    return _measured(one, families, town, work)


def _measured(one: Bench, families: int, town: Town, work: Work) -> Measure:
    first_ms, answer = timed(work)  # reads templates and the catalogue, once a process
    with counting(town) as seen:
        timed(_prepared(one, town) or work if one.each_time else work)
    statements = len(seen)
    times = []
    for _ in range(one.repeats):
        again = _prepared(one, town) if one.each_time else work
        assert again is not None
        times.append(timed(again)[0])
    cpu_ms = round(median(times), 2)
    keeps = (one.cpu_ms is None or cpu_ms <= one.cpu_ms) and (
        one.statements is None or statements <= one.statements
    )
    return Measure(
        name=one.name,
        families=families,
        says=one.says,
        cpu_ms=cpu_ms,
        first_ms=round(first_ms, 2),
        statements=statements,
        bytes=_size(answer),
        peak_mb=peak_mb(),
        repeats=one.repeats,
        promised_ms=one.cpu_ms,
        promised_statements=one.statements,
        kept=keeps if one.cpu_ms is not None or one.statements is not None else None,
    )


def _prepared(one: Bench, town: Town) -> Work | None:
    with town.app.app_context():
        return one.prepare(town)


def timed(work: Work) -> tuple[float, Any]:
    """CPU milliseconds of this process, and the answer; an error page is no measure."""
    # In a context of its own, as a request of a real server: nothing is remembered from the last one.
    alone = contextvars.Context()
    started = process_time()
    answer = alone.run(work)
    spent = (process_time() - started) * 1000
    status = getattr(answer, "status_code", 200)
    if status >= 400:
        raise AssertionError(f"the page answered {status}")
    return spent, answer


def peak_mb() -> int:
    """The most memory that this process ever held; ``getrusage`` would count its parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) // 1024  # type: ignore[index]


def _size(answer: Any) -> int | None:
    content = getattr(answer, "data", None)
    return len(content) if isinstance(content, bytes) else None


@contextmanager
def counting(town: Town) -> Iterator[list[str]]:
    """The statements sent to the town's database."""
    from app.access.database import db

    with town.open():
        engine = db.engine
    with counting_on(engine) as seen:
        yield seen


@contextmanager
def counting_on(engine: Any) -> Iterator[list[str]]:
    """The statements sent to a database, transactions and pragmas left out."""
    from sqlalchemy import event

    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.lstrip().upper().startswith(QUIET):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def as_json(measures: list[Any]) -> str:
    """The measures, one object each."""
    return json.dumps(measures, ensure_ascii=False, indent=2)

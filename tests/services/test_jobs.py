"""The worker: woken by a commit, alive by its heartbeat, and nothing lost when it is killed."""

import logging
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

import config
from app.access.database import db, reading
from app.access.viewer import unscoped
from app.entities.exchange import MailStatus
from app.models import Heartbeat, OutgoingMail
from app.services import clock, files, jobs, outbox
from tests.people import Town
from tests.support.smtp import Listener

VALUES: dict[str, Any] = {
    "prenom": "Claire",
    "structure": "Cantine",
    "lien": "http://localhost/contact/1",
}
PATIENCE_SECONDS = 30


def post(number: int = 1) -> None:
    """Commit mails that are due."""
    with unscoped("essai"):
        for n in range(number):
            outbox.post(
                "message", to=f"parent{n}@example.org", now=clock.now() - timedelta(seconds=1), **VALUES
            )
        db.session.commit()


def statuses() -> list[MailStatus]:
    """Where each mail stands, holding nothing of the database afterwards."""
    with unscoped("essai"), reading():
        db.session.close()
        found = list(db.session.scalars(select(OutgoingMail.status).order_by(OutgoingMail.id)))
        db.session.close()
    return found


def until(condition: Any, what: str) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def empty_queue(app: Flask) -> None:
    """The application outlives a test; its queue does not."""
    app.extensions.pop("jobs", None)
    for path in Path(app.config["MARELLE_HOME"]).glob("jobs.db*"):
        path.unlink()


# --- Waking --------------------------------------------------------------------------------------


@pytest.fixture
def waking(town: Town) -> Flask:
    """An application whose commits wake the worker, as they do outside tests."""
    town.app.config["JOBS_WAKE"] = True
    return town.app


def test_a_commit_that_holds_a_mail_wakes_the_worker_once(waking: Flask) -> None:
    post(3)
    assert jobs.jobs_of(waking).huey.pending_count() == 1


def test_a_commit_without_a_mail_and_a_mail_rolled_back_wake_nobody(waking: Flask) -> None:
    with unscoped("essai"):
        outbox.post("message", to="claire@example.org", now=clock.now(), **VALUES)
        db.session.rollback()
        db.session.add(Heartbeat(name="essai", beaten_at=clock.now()))
        db.session.commit()
    assert jobs.jobs_of(waking).huey.pending_count() == 0


def test_a_queue_that_cannot_be_written_does_not_undo_the_commit(
    waking: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise OSError("disk full")

    monkeypatch.setattr(jobs.jobs_of(waking), "send_mail", broken)
    with caplog.at_level(logging.WARNING):
        post()
    assert statuses() == [MailStatus.WAITING]
    assert "can't be woken" in caplog.text


def test_in_tests_nothing_is_queued_by_itself(town: Town) -> None:
    post()
    assert "jobs" not in town.app.extensions


# --- Working -------------------------------------------------------------------------------------


def test_the_minute_task_beats_and_sends_what_no_wake_told(town: Town) -> None:
    post(2)
    huey = jobs.jobs_of(town.app).huey
    (task,) = huey.read_periodic(datetime(2026, 9, 7, 10, 0, tzinfo=UTC))
    huey.execute(task)
    assert statuses() == [MailStatus.SENT] * 2
    with unscoped("essai"):
        beat = db.session.scalars(select(Heartbeat).where(Heartbeat.name == "worker")).one()
    assert abs(datetime.now(UTC) - beat.beaten_at) < timedelta(seconds=30)


def test_every_night_the_files_of_no_row_are_removed_a_day_after_they_came(town: Town) -> None:
    lost, fresh = (files.open_path(files.keep(b"%PDF-1.4", "piece.pdf", files.PDF)) for _ in range(2))
    days_ago = time.time() - 2 * 86_400
    os.utime(lost, (days_ago, days_ago))
    huey = jobs.jobs_of(town.app).huey
    told = {task.name: task for task in huey.read_periodic(datetime(2026, 9, 7, 3, 40, tzinfo=UTC))}
    assert set(told) == {"every_minute", "every_night"}
    huey.execute(told["every_night"])
    assert fresh.is_file() and not lost.is_file()


def test_a_job_of_another_module_runs_in_the_worker_with_the_application(town: Town) -> None:
    seen: list[str] = []

    def note(word: str) -> None:
        with unscoped("essai"):
            seen.append(f"{word} {len(db.session.scalars(select(OutgoingMail)).all())}")

    queue = jobs.jobs_of(town.app)
    later = queue.add("note", note)
    later("bonjour")
    assert seen == []
    db.session.close()  # SQLite has one writer: the test's own transaction would keep the job waiting
    queue.huey.execute(queue.huey.dequeue())
    assert seen == ["bonjour 0"]


# --- The real process ----------------------------------------------------------------------------

WORKER = """
    import logging, pathlib, sys
    logging.basicConfig(level=logging.INFO)
    from app import create_app
    from app.services import jobs
    from tests.people import settings_for
    mail = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": int(sys.argv[2]), "MAIL_SUPPRESS_SEND": False}
    jobs.run_worker(create_app({**settings_for(pathlib.Path(sys.argv[1])), **mail}))
"""


class Worker:
    """A worker in a process of its own, on the data of the test."""

    def __init__(self, home: Path, port: int) -> None:
        self.log = (home / "worker.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WORKER), str(home), str(port)],
            cwd=config.ROOT,
            env={**os.environ, "PYTHONPATH": str(config.ROOT)},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def end(self, number: int) -> int:
        """Send that signal, and wait for the end."""
        self.process.send_signal(number)
        return self.process.wait(timeout=PATIENCE_SECONDS)


@pytest.fixture
def workers(town: Town, smtp: Listener) -> Any:
    """Start workers; whatever is left of them ends with the test."""
    started: list[Worker] = []

    def start() -> Worker:
        started.append(Worker(Path(town.app.config["MARELLE_HOME"]), smtp.port))
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.end(signal.SIGKILL)
        worker.log.close()


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing_and_doubles_nothing_that_it_had_marked(
    town: Town, smtp: Listener, workers: Any
) -> None:
    post(60)
    first = workers()
    until(lambda: len(smtp.messages) >= 15, "the first mails")
    first.end(signal.SIGKILL)
    at_the_kill = statuses()
    assert MailStatus.SENT in at_the_kill and set(at_the_kill) != {MailStatus.SENT}
    with unscoped("essai"):  # five minutes go by
        for mail in db.session.scalars(select(OutgoingMail).where(OutgoingMail.status == MailStatus.SENDING)):
            mail.claimed_until = clock.now() - timedelta(seconds=1)
        db.session.commit()
    workers()
    until(lambda: set(statuses()) == {MailStatus.SENT}, "every mail sent")
    identifiers = [message["Message-ID"] for message in smtp.messages]
    assert len(set(identifiers)) == 60
    # Accepted by the server and not yet marked: one at most for each thread that was sending.
    assert len(identifiers) <= 60 + jobs.THREADS


@pytest.mark.slow
def test_a_worker_beats_at_once_and_stops_cleanly_with_mail_left(
    town: Town, smtp: Listener, workers: Any
) -> None:
    worker = workers()

    def beats() -> bool:
        with unscoped("essai"), reading():
            db.session.close()
            found = db.session.scalars(select(Heartbeat).where(Heartbeat.name == "worker")).first()
            db.session.close()
        return found is not None

    until(beats, "a sign of life")
    post(300)
    jobs.jobs_of(town.app).send_mail()
    until(lambda: len(smtp.messages) >= 5, "the first mails")
    started = time.monotonic()
    assert worker.end(signal.SIGTERM) == 0
    assert time.monotonic() - started < 10
    left = statuses()
    assert set(left) == {MailStatus.SENT, MailStatus.WAITING}
    assert left.count(MailStatus.SENT) == len(smtp.messages)

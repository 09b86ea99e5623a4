"""The worker: Huey's queue and its tasks. What must not be lost is in the database, never here.

The queue only says « look now »: a task lost with a killed worker costs at most a minute, since
``every_minute`` looks by itself. By default the queue is a SQLite file beside the data; with
``HUEY_REDIS_URL`` it is in Redis, for several machines.
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask, current_app, has_app_context
from huey import Huey, SqliteHuey, crontab
from huey.exceptions import HueyException
from sqlalchemy import event, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Heartbeat
from app.services import clock, files, mailer, places, refused_requests
from app.services.outbox import MAIL_ADDED

log = logging.getLogger(__name__)

THREADS = 2
BEAT_SECONDS = 30
LONGEST_WAIT_SECONDS = 2.0
"""How long an idle worker sleeps before it looks at the queue again."""
STOP_SECONDS = 45

Job = Callable[..., Any]


class Jobs:
    """The queue of one application, and what it can be asked."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.huey = _queue(app)
        self.stopping = threading.Event()
        self.send_mail = self.huey.task(name="send_mail")(self._in_app(self._send_mail))
        self.huey.periodic_task(crontab(minute="*"), name="every_minute")(self._in_app(self._every_minute))
        self.huey.periodic_task(crontab(hour="3", minute="40"), name="every_night")(
            self._in_app(self._every_night)
        )

    def add(self, name: str, job: Job) -> Job:
        """Make a task of a function; calling what is returned puts it in the queue.

        It runs in the worker, inside the application's context, and says itself who is asking
        (``unscoped``). Its arguments must be plain values: it may run in another process.
        """
        task: Job = self.huey.task(name=name)(self._in_app(job))
        return task

    def _in_app(self, job: Job) -> Job:
        def run(*args: Any, **kwargs: Any) -> Any:
            with self.app.app_context():
                try:
                    return job(*args, **kwargs)
                finally:
                    db.session.remove()

        return run

    def _send_mail(self) -> None:
        mailer.send_due(clock.now(), should_stop=self.stopping.is_set)

    def _every_minute(self) -> None:
        beat()
        self._send_mail()
        places.give_all(clock.now())

    def _every_night(self) -> None:
        removed = files.remove_orphans(clock.now())
        if removed:
            log.info("%s files that no row points at were removed", removed)
        forgotten = refused_requests.forget(clock.now())
        if forgotten:
            log.info("%s refused requests of more than a year were removed", forgotten)


def _queue(app: Flask) -> Huey:
    address = app.config.get("HUEY_REDIS_URL")
    if address:
        from huey import RedisHuey

        return RedisHuey("marelle", url=address, results=False)
    path = Path(app.config["HUEY_PATH"])
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("marelle", filename=str(path), results=False, cache_mb=1, timeout=5)


def init_app(app: Flask) -> None:
    """Set up mail, and wake the worker after each commit that holds a mail. The queue opens at first use."""
    mailer.init_app(app)
    if not event.contains(Session, "after_commit", _wake):
        event.listen(Session, "after_commit", _wake)
        event.listen(Session, "after_soft_rollback", _forget)


def jobs_of(app: Flask) -> Jobs:
    """The application's queue."""
    if "jobs" not in app.extensions:
        app.extensions["jobs"] = Jobs(app)
    jobs: Jobs = app.extensions["jobs"]
    return jobs


def _wake(session: Session) -> None:
    if not session.info.pop(MAIL_ADDED, False) or not has_app_context():
        return
    if current_app.config.get("JOBS_WAKE", not current_app.testing):
        wake()


def _forget(session: Session, previous: Any) -> None:
    session.info.pop(MAIL_ADDED, None)


def wake() -> None:
    """Ask the worker to send now; if it can't be asked, it looks by itself within a minute."""
    try:
        jobs_of(current_app._get_current_object()).send_mail()  # type: ignore[attr-defined]
    except (sqlite3.Error, HueyException, OSError):
        log.warning("the worker can't be woken: it will look within a minute", exc_info=True)


def beat() -> None:
    """Sign of life, read by /healthz. One short transaction."""
    with unscoped("le signe de vie n’est à personne"):
        row = db.session.scalars(select(Heartbeat).where(Heartbeat.name == "worker")).one_or_none()
        if row is None:
            db.session.add(Heartbeat(name="worker", beaten_at=clock.now()))
        else:
            row.beaten_at = clock.now()
        db.session.commit()


@contextmanager
def _beating(app: Flask) -> Iterator[None]:
    """A sign of life every 30 seconds from a thread of its own, even while a task is long."""
    over = threading.Event()

    def run() -> None:
        while True:
            with app.app_context():
                try:
                    beat()
                except SQLAlchemyError:
                    db.session.rollback()
                    log.exception("no sign of life could be written")
                finally:
                    db.session.remove()
            if over.wait(BEAT_SECONDS):
                return

    thread = threading.Thread(target=run, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=5)


def run_worker(app: Flask) -> None:
    """Work until SIGTERM: the mail in hand is finished, the next ones are given back, then it returns."""
    jobs = jobs_of(app)
    # What was waiting when the last worker stopped is looked at without waiting for the minute.
    jobs.send_mail()
    consumer = jobs.huey.create_consumer(
        workers=THREADS,
        worker_type="thread",
        max_delay=LONGEST_WAIT_SECONDS,
        graceful_signal="TERM",
        shutdown_timeout=STOP_SECONDS,
    )
    stop = consumer.stop

    def stop_jobs_too(graceful: bool = False) -> None:
        jobs.stopping.set()
        stop(graceful=graceful)

    consumer.stop = stop_jobs_too
    with _beating(app):
        consumer.run()

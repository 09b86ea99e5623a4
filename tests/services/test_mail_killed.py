"""The sender of mail is killed at each point between the queue and the server's answer.

Guaranteed: every mail leaves, and leaves once, but where the server had accepted it and the process died
before it was marked: that one leaves again, with the same Message-ID, and mail programs show it once.
"""

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

import config
from app.access.database import db
from app.access.viewer import unscoped
from app.entities.exchange import MailStatus
from app.models import OutgoingMail
from app.services import clock
from tests.people import Town
from tests.services.test_jobs import post, statuses
from tests.support.smtp import Listener

pytestmark = pytest.mark.slow

SENDER = """
    import os, pathlib, signal, smtplib, sys
    from app import create_app
    from app.entities.exchange import MailStatus
    from app.services import clock, mailer
    from tests.people import settings_for

    home, port, owner, name, when = sys.argv[1:]
    places = {"mailer": mailer, "smtp": smtplib.SMTP, "line": mailer._Line}

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    if owner in places:
        place, real = places[owner], getattr(places[owner], name)

        def instead(*args, **values):
            if when == "before":
                die()
            found = real(*args, **values)
            if when == "after" or values.get("status") is MailStatus.SENT:
                die()
            return found

        setattr(place, name, instead)
    mail = {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": int(port), "MAIL_SUPPRESS_SEND": False}
    app = create_app({**settings_for(pathlib.Path(home)), **mail})
    with app.app_context():
        mailer.send_due(clock.now())
"""
POINTS = [
    ("nothing is claimed yet", "mailer claim before", 0),
    ("claimed", "mailer claim after", 0),
    ("before the server is called", "line configure_host before", 0),
    ("connected", "line configure_host after", 0),
    ("the recipient is said", "smtp rcpt after", 0),
    ("before the message goes", "smtp data before", 0),
    ("accepted, the answer on its way", "server keeps now", 1),
    ("the answer is read", "smtp data after", 1),
    ("before the mark", "mailer _record before", 1),
    ("marked, not committed", "mailer _mark sent", 1),
    ("committed", "mailer _record after", 0),
]


def send(town: Town, smtp: Listener, point: str) -> int:
    """Send what is due in a process of its own, that dies there; its exit status."""
    home, port = str(town.app.config["MARELLE_HOME"]), str(smtp.port)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SENDER), home, port, *point.split()],
        cwd=config.ROOT,
        env={**os.environ, "PYTHONPATH": str(config.ROOT)},
    ) as process:
        smtp.before_answering = process.kill if point.startswith("server") else lambda: None
        return process.wait(timeout=60)


@pytest.mark.parametrize(("where", "point", "doubled"), POINTS, ids=[where for where, _, _ in POINTS])
def test_every_mail_leaves_and_none_twice_that_was_not_accepted_and_unmarked(
    town: Town, smtp: Listener, where: str, point: str, doubled: int
) -> None:
    post(3)
    assert send(town, smtp, point) == -signal.SIGKILL
    assert len(smtp.messages) < 3  # it died on the first mail
    with unscoped("cinq minutes passent"):
        for mail in db.session.scalars(select(OutgoingMail).where(OutgoingMail.status == MailStatus.SENDING)):
            mail.claimed_until = clock.now() - timedelta(seconds=1)
        db.session.commit()
        db.session.close()
    assert send(town, smtp, "nowhere at all") == 0
    assert statuses() == [MailStatus.SENT] * 3
    times = Counter(str(message["Message-ID"]) for message in smtp.messages)
    assert len(times) == 3
    assert sorted(times.values()) == [1, 1, 1 + doubled]

"""Sending what waits in the outbox: at least once, never lost.

A mail is claimed for five minutes in a short transaction, sent with no transaction open, then
marked. A worker killed after the server's answer and before the mark leaves a mail that is sent
again once its claim is over, with the same Message-ID: mail programs show it once. Two workers
never claim the same mail at the same time.
"""

import email.charset
import html
import os
import re
import smtplib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.mime.text import MIMEText
from pathlib import Path

import flask_mail
from flask import Flask, current_app
from sqlalchemy import and_, or_, select, update

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.exchange import MailStatus
from app.models import OutgoingMail
from app.services.outbox import public_host
from app.services.settings import Town, read_town

CLAIM = timedelta(minutes=5)
# What a batch may take at worst (its size times the timeout) is shorter than the claim.
BATCH = 10
SMTP_TIMEOUT_SECONDS = 20
PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
)
"""After the first failure, the second, ...; the last one repeats."""
MOST_ATTEMPTS = 8
ERROR_LENGTH = 500


def init_app(app: Flask) -> None:
    """Set Flask-Mail up from the ``MAIL_...`` settings."""
    flask_mail.Mail(app)


def keeps_mail_here(app: Flask) -> bool:
    """Whether mails stay on this machine as files: no SMTP server, a folder (demonstration)."""
    return not app.config.get("MAIL_SERVER") and bool(app.config.get("MAIL_FOLDER"))


@dataclass(frozen=True)
class Letter:
    """A claimed mail, free of its row: nothing of the database is held while it is sent."""

    id: int
    message_id: str
    recipient: str
    subject: str
    body: str
    attempts: int


@dataclass(frozen=True)
class Failure:
    """What the server said; ``is_final`` when trying again can't help."""

    error: str
    is_final: bool = False


def never() -> bool:
    """Nobody asks to stop."""
    return False


def send_due(now: datetime, limit: int = 200, should_stop: Callable[[], bool] = never) -> int:
    """Send up to ``limit`` mails that are due; returns how many left. Commits as it goes.

    ``should_stop`` is asked between two mails: what is claimed and not sent is given back.
    """
    if not current_app.config.get("MAIL_SERVER") and not current_app.config.get("MAIL_FOLDER"):
        current_app.logger.error("neither MAIL_SERVER nor MAIL_FOLDER is set: mails wait in the outbox")
        return 0
    started = time.monotonic()
    sent = taken = 0
    with unscoped("l’envoi des e-mails n’est demandé par personne"):
        while taken < limit and not should_stop():
            at = now + timedelta(seconds=time.monotonic() - started)
            letters = claim(at, min(BATCH, limit - taken))
            if not letters:
                break
            taken += len(letters)
            sent += _send_all(letters, at, should_stop)
    return sent


def claim(now: datetime, number: int) -> list[Letter]:
    """Take the mails that have waited longest, for five minutes; one short transaction."""
    due = or_(
        and_(OutgoingMail.status == MailStatus.WAITING, OutgoingMail.due_at <= now),
        and_(OutgoingMail.status == MailStatus.SENDING, OutgoingMail.claimed_until <= now),
    )
    wanted = select(OutgoingMail).where(due).order_by(OutgoingMail.due_at, OutgoingMail.id).limit(number)
    # Elsewhere than on SQLite, where the write lock is already ours: two workers share the queue.
    rows = list(db.session.scalars(wanted.with_for_update(skip_locked=True)))
    letters = [
        Letter(row.id, row.message_id, row.recipient, row.subject, row.body, row.attempts) for row in rows
    ]
    if letters:
        _mark([one.id for one in letters], status=MailStatus.SENDING, claimed_until=now + CLAIM)
    db.session.commit()
    db.session.expunge_all()
    return letters


def _send_all(letters: list[Letter], now: datetime, should_stop: Callable[[], bool]) -> int:
    sent = 0
    carrier = _Carrier(current_app._get_current_object())  # type: ignore[attr-defined]
    try:
        for rank, letter in enumerate(letters):
            if should_stop():
                _mark([one.id for one in letters[rank:]], status=MailStatus.WAITING, claimed_until=None)
                db.session.commit()
                break
            failure = carrier.carry(letter)
            _record(letter, failure, now, keep_links=carrier.folder is not None)
            sent += failure is None
    finally:
        carrier.close()
    return sent


def _record(letter: Letter, failure: Failure | None, now: datetime, keep_links: bool) -> None:
    if failure is None:
        # A link that has left is worth a password: what is kept no longer holds it.
        body = letter.body if keep_links else without_links(letter.body)
        _mark(
            [letter.id], status=MailStatus.SENT, sent_at=now, claimed_until=None, error=None, body=body,
            attempts=letter.attempts + 1,
        )  # fmt: skip
    else:
        attempts = letter.attempts + 1
        over = failure.is_final or attempts >= MOST_ATTEMPTS
        _mark(
            [letter.id],
            status=MailStatus.FAILED if over else MailStatus.WAITING,
            attempts=attempts,
            due_at=now + pause_after(attempts),
            claimed_until=None,
            error=failure.error[:ERROR_LENGTH],
        )
        log = current_app.logger.error if over else current_app.logger.warning
        log("mail %s not sent (attempt %s): %s", letter.id, attempts, failure.error)
    db.session.commit()


def pause_after(attempts: int) -> timedelta:
    """How long to wait after that many failures."""
    return PAUSES[min(attempts, len(PAUSES)) - 1]


def _mark(ids: list[int], **values: object) -> None:
    db.session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.id.in_(ids))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def without_links(body: str) -> str:
    """The text with the secret of each personal link taken out."""
    return re.sub(r"(/bienvenue/)[\w-]+", r"\1…", body)


# --- Carrying ------------------------------------------------------------------------------------


class _Carrier:
    """One SMTP connection for a batch, opened at the first mail; or the folder."""

    def __init__(self, app: Flask) -> None:
        self.folder = Path(app.config["MAIL_FOLDER"]) if keeps_mail_here(app) else None
        self.state = app.extensions["mail"]
        self.reply_to = reply_address()
        self.line: _Line | None = None
        self.unreachable: Failure | None = None

    def carry(self, letter: Letter) -> Failure | None:
        """None when it has left. A server that can't be reached is not called again for this batch."""
        if self.unreachable:
            return self.unreachable
        try:
            message = compose(letter, self.reply_to)
            if self.folder is not None:
                write_file(self.folder, letter, message.as_bytes())
            else:
                self._open().send(message)
        except smtplib.SMTPRecipientsRefused as error:
            self._reset()
            return recipient_failure(error)
        except smtplib.SMTPDataError as error:
            # Refused once read: 5xx is the server's last word, 4xx is not.
            self._reset()
            return Failure(f"{error.smtp_code} {_text(error.smtp_error)}", is_final=error.smtp_code >= 500)
        except smtplib.SMTPResponseException as error:
            return self._failed(f"{error.smtp_code} {_text(error.smtp_error)}")
        except (smtplib.SMTPException, OSError) as error:
            what = "Le serveur d’envoi ne répond pas" if self.folder is None else "Le fichier ne s’écrit pas"
            return self._failed(f"{what} ({type(error).__name__}: {error})")
        except (flask_mail.BadHeaderError, ValueError) as error:
            return Failure(f"{type(error).__name__}: {error}", is_final=True)
        return None

    def _open(self) -> "_Line":
        if self.line is None:
            self.line = _Line(self.state).__enter__()
        return self.line

    def _failed(self, said: str) -> Failure:
        failure = Failure(said)
        if self.line is None and self.folder is None:
            self.unreachable = failure
        self.close()
        return failure

    def _reset(self) -> None:
        """Ready for the next mail on the same connection."""
        try:
            if self.line and self.line.host:
                self.line.host.rset()
        except (smtplib.SMTPException, OSError):
            self.close()

    def close(self) -> None:
        """Say goodbye to the server, whatever state it is in."""
        line, self.line = self.line, None
        if line is None or line.host is None:
            return
        try:
            line.host.quit()
        except (smtplib.SMTPException, OSError):
            line.host.close()


class _Line(flask_mail.Connection):
    """Flask-Mail's connection, which does not wait for ever for a server that is silent."""

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(SMTP_TIMEOUT_SECONDS)
        try:
            host = super().configure_host()
        finally:
            socket.setdefaulttimeout(before)
        return host


def recipient_failure(error: smtplib.SMTPRecipientsRefused) -> Failure:
    """What the server said of the address: 5xx is final, 4xx is not."""
    said = "; ".join(f"{code} {_text(words)}" for code, words in error.recipients.values())
    return Failure(said, is_final=all(500 <= code < 600 for code, _ in error.recipients.values()))


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def reply_address() -> str | None:
    """Where an answer goes: the service, once its address is set. One statement."""
    told = read_town().service_email
    return told if told and told != Town().service_email else None


QUOTED = email.charset.Charset("utf-8")
QUOTED.body_encoding = email.charset.QP


class _Mail(flask_mail.Message):
    """Flask-Mail's message, in short lines: servers refuse those past 998 octets (RFC 5321)."""

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        return MIMEText(text or "", subtype, QUOTED)  # type: ignore[arg-type]


def compose(letter: Letter, reply_to: str | None = None) -> flask_mail.Message:
    """The message as it leaves: the text, its HTML twin, and the identifier fixed when it was written."""
    message = _Mail(
        subject=letter.subject,
        recipients=[letter.recipient],
        body=letter.body,
        html=html_of(letter.body, letter.subject),
        sender=current_app.config.get("MAIL_DEFAULT_SENDER") or f"ne-pas-repondre@{public_host()}",
        reply_to=reply_to,
        extra_headers={"Auto-Submitted": "auto-generated"},
    )
    message.msgId = letter.message_id
    return message


def write_file(folder: Path, letter: Letter, content: bytes) -> Path:
    """The mail as ``<id>.eml``; whoever lists the folder never sees half of it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{letter.id:08d}.eml"
    draft = path.with_suffix(".part")
    with draft.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    return path


BUTTON = re.compile(r"^(?P<label>[^\n]*?)[ \u00a0]: ?(?P<url>https?://\S+)$")
ADDRESS = re.compile(r"https?://[^\s<]+")
# Mail programs know inline styles alone.
PAGE = (
    '<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title></head>'
    '<body style="margin:0;background:#fbf6ec"><div style="max-width:34rem;margin:0 auto;padding:24px 20px;'
    'font:17px/1.5 Verdana,Arial,sans-serif;color:#211a33">{inside}</div></body></html>'
)
PARAGRAPH = '<p style="margin:0 0 16px">{}</p>'
LINK_BUTTON = (
    '<p style="margin:0 0 16px"><a href="{url}" style="display:inline-block;padding:14px 22px;'
    'border-radius:12px;background:#5b2a86;color:#ffffff;font-weight:bold;text-decoration:none">{label}</a></p>'
)


def html_of(body: str, title: str) -> str:
    """The text as HTML: paragraphs, and « Words : address » alone in its paragraph as a button."""
    pieces = []
    for block in re.split(r"\n\s*\n", body.strip()):
        button = BUTTON.match(block.strip())
        if button:
            pieces.append(
                LINK_BUTTON.format(url=html.escape(button["url"]), label=html.escape(button["label"].strip()))
            )
        else:
            words = html.escape(block.strip())
            words = ADDRESS.sub(
                lambda found: f'<a href="{found[0]}" style="color:#5b2a86">{found[0]}</a>', words
            )
            pieces.append(PARAGRAPH.format(words.replace("\n", "<br>")))
    return PAGE.format(title=html.escape(title), inside="".join(pieces))

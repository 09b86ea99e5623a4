"""The outbox: a mail is a row, written in the transaction of its cause; the worker sends it.

Nothing here talks SMTP (``mailer`` does) and nothing commits but ``retry``: the mail is lost or
kept together with the change that it announces.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import make_msgid
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import ColumnElement, func, insert, select, update

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.exchange import MailStatus
from app.models import Account, Family, MailText, OutgoingMail
from app.rules.words import french
from app.services.mail_texts import COMMON, TEXTS
from app.services.settings import Town, read_town

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
BRACE = re.compile(r"[{}]")
MAIL_ADDED = "outbox_mail_added"
"""Key of ``Session.info``: this transaction holds a new mail (``jobs`` wakes the worker after it)."""


class MailMistake(Exception):
    """A caller asks for a mail that does not exist, or does not give it the values that it declares."""


# --- Texts ---------------------------------------------------------------------------------------


def problems(text: str, code: str) -> list[str]:
    """What would prevent this subject or body from being filled, a sentence each. To ask before saving."""
    words = TEXTS.get(code)
    if words is None:
        return [f"Aucun e-mail n’a le code «\u00a0{code}\u00a0»."]
    allowed = ", ".join(f"{{{name}}}" for name in sorted(words.known))
    found = [
        f"«\u00a0{{{name}}}\u00a0» n’existe pas dans cet e-mail. Vous pouvez écrire\u00a0: {allowed}."
        for name in dict.fromkeys(PLACEHOLDER.findall(text))
        if name not in words.known
    ]
    if BRACE.search(PLACEHOLDER.sub("", text)):
        found.append(
            "Une accolade est seule\u00a0: écrivez le nom entre deux accolades, par exemple {ville}."
        )
    return found


@dataclass(frozen=True)
class Texts:
    """The texts in force and the town's own values: read once, then any number of mails."""

    rows: Mapping[str, tuple[str, str]]
    town: Town

    def fill(self, code: str, values: Mapping[str, str]) -> tuple[str, str]:
        """Subject and body. Raises MailMistake when the values are not exactly the declared ones."""
        words = TEXTS.get(code)
        if words is None:
            raise MailMistake(f"no mail has the code {code!r}: see services/mail_texts.py")
        if set(values) != set(words.placeholders):
            asked = ", ".join(sorted(words.placeholders))
            raise MailMistake(f"the mail {code!r} takes exactly: {asked}; given: {', '.join(sorted(values))}")
        subject, body = self.rows.get(code, (words.subject, words.body))
        if problems(subject, code) or problems(body, code):
            # Saved around the check: the default words leave rather than nothing.
            current_app.logger.error("mail text %s in the database can't be filled, default words used", code)
            subject, body = words.subject, words.body
        whole = {**self._common(), **values}
        subject = " ".join(_filled(subject, whole).split())
        body = re.sub(r"\n{3,}", "\n\n", _filled(body.replace("\r\n", "\n"), whole)).strip() + "\n"
        return french(subject), french(body)

    def _common(self) -> dict[str, str]:
        town = self.town
        contacts = [
            f"Téléphone : {town.service_phone}" if town.service_phone else "",
            f"E-mail : {town.service_email}" if town.service_email else "",
        ]
        values = {
            "ville": town.town_name,
            "service": town.service_name,
            "contact": town.service_contact,
            "telephone": town.service_phone,
            "email_service": town.service_email,
            "signature": "\n".join(filter(None, (f"{town.service_name}, {town.town_name}", *contacts))),
        }
        assert values.keys() == COMMON.keys()
        return values


def _filled(text: str, values: Mapping[str, str]) -> str:
    # One pass: a value that holds braces is not read again.
    return PLACEHOLDER.sub(lambda found: values[found[1]], text)


def read_texts() -> Texts:
    """The texts in force, in two statements."""
    with unscoped("les textes des e-mails sont ceux de la ville"):
        found = db.session.execute(select(MailText.code, MailText.subject, MailText.body)).all()
    return Texts({code: (subject, body) for code, subject, body in found}, read_town())


# --- Posting -------------------------------------------------------------------------------------


def post(
    code: str,
    *,
    to: str,
    account: Account | int | None = None,
    family: Family | int | None = None,
    now: datetime,
    texts: Texts | None = None,
    **values: str,
) -> OutgoingMail:
    """Write a mail in this transaction; it leaves after the commit.

    ``values`` are exactly the placeholders that ``mail_texts.TEXTS[code]`` declares. The rows
    pending in the session are flushed first, as whoever is asking. ``texts`` (``read_texts()``)
    spares its two statements to who posts many. Raises MailMistake on a wrong code or value.
    """
    # Before anything unscoped, whose queries would flush them with no check.
    db.session.flush()
    subject, body = (texts or read_texts()).fill(code, values)
    mail = OutgoingMail(
        created_at=now,
        message_id=make_msgid(domain=public_host()),
        recipient=to.strip(),
        subject=subject[:200],
        body=body,
        account_id=account.id if isinstance(account, Account) else account,
        family_id=family.id if isinstance(family, Family) else family,
        due_at=now,
    )
    with unscoped("la boîte d’envoi appartient au service"):
        db.session.add(mail)
        db.session.flush()
    db.session().info[MAIL_ADDED] = True
    return mail


@dataclass(frozen=True)
class Letter:
    """One of many mails with the same text: to whom, and its own values."""

    to: str
    values: Mapping[str, str]
    family_id: int | None = None
    account_id: int | None = None


def post_many(code: str, letters: Iterable[Letter], *, now: datetime, texts: Texts | None = None) -> int:
    """Write many mails in this transaction, as ``post`` does one; returns how many. One insertion.

    Raises MailMistake on a wrong code or value.
    """
    db.session.flush()
    texts = texts or read_texts()
    rows = []
    for one in letters:
        subject, body = texts.fill(code, one.values)
        rows.append(
            {
                "created_at": now,
                "message_id": make_msgid(domain=public_host()),
                "recipient": one.to.strip(),
                "subject": subject[:200],
                "body": body,
                "account_id": one.account_id,
                "family_id": one.family_id,
                "status": MailStatus.WAITING,
                "attempts": 0,
                "due_at": now,
                "revision": 1,
            }
        )
    if rows:
        with unscoped("la boîte d’envoi appartient au service"):
            db.session.execute(insert(OutgoingMail), rows)
        db.session().info[MAIL_ADDED] = True
    return len(rows)


def link(path: str) -> str:
    """The public address of a path. Never from the request: its Host header is the sender's to choose."""
    return str(current_app.config.get("PUBLIC_URL", "http://localhost:5000")).rstrip("/") + path


def public_host() -> str:
    """The host of the public address: the right-hand side of message identifiers."""
    return urlsplit(link("/")).hostname or "localhost"


# --- What staff do with it -----------------------------------------------------------------------


def retry(mail_id: int, now: datetime) -> bool:
    """Send it again as soon as possible; False when it is not in reach, sent, or being sent. Commits."""
    return bool(_again(now, OutgoingMail.id == mail_id))


def retry_failed(now: datetime) -> int:
    """Send again every mail that failed; returns how many. Commits."""
    return _again(now, OutgoingMail.status == MailStatus.FAILED)


def _again(now: datetime, *which: ColumnElement[bool]) -> int:
    result = db.session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.status.in_((MailStatus.WAITING, MailStatus.FAILED)), *which)
        .values(status=MailStatus.WAITING, due_at=now, attempts=0, claimed_until=None)
        .execution_options(synchronize_session=False)
    )
    number = int(result.rowcount)  # type: ignore[attr-defined]
    db.session().info[MAIL_ADDED] = bool(number)
    db.session.commit()
    return number


def counts() -> dict[MailStatus, int]:
    """How many mails stand where. One statement."""
    found = db.session.execute(
        select(OutgoingMail.status, func.count(OutgoingMail.id)).group_by(OutgoingMail.status)
    )
    return dict(found.tuples().all())


def page_of_mails(status: MailStatus | None, start: int, size: int) -> list[OutgoingMail]:
    """One page, latest first."""
    wanted = select(OutgoingMail).order_by(OutgoingMail.created_at.desc(), OutgoingMail.id.desc())
    if status is not None:
        wanted = wanted.where(OutgoingMail.status == status)
    return list(db.session.scalars(wanted.offset(start).limit(size)))

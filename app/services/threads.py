"""Conversations between households and facilities (C1): opened, continued, answered, closed.

A text sent twice within a minute is one message. Two people of the service never answer the same
words: an answer names the last message that was read, and is refused when another came since.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ScalarSelect, Table, func, select, update
from sqlalchemy.orm import joinedload

from app.access.database import db, mark
from app.access.viewer import unscoped
from app.declare import CARE, Choice, FileRef, Role
from app.entities.account import RoleName
from app.entities.exchange import ThreadStatus
from app.models import Account, Facility, Family, Message, RoleGrant, Thread
from app.services import outbox
from app.services.recipients import tell_household

SUBJECT_LENGTH = 120
BODY_LENGTH = 4000
ANSWERING = CARE | Role.ACCOUNTANT
"""The roles that answer families."""
SENT_TWICE = timedelta(minutes=1)
ASKED_LIMIT = 200
"""How many conversations a list shows at most."""


@dataclass(frozen=True)
class Outcome:
    """What came of an answer: it holds unless ``problem`` says why not."""

    problem: str = ""
    told: int = 0
    """How many people get an e-mail."""

    @property
    def is_done(self) -> bool:
        """Whether it is saved."""
        return not self.problem


def tidy(text: str | None) -> str:
    """The text as it is kept: one sort of line end, nothing around."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def wrong_with(body: str) -> str:
    """Why this text can't be sent, as a sentence; empty when it can."""
    if not body:
        return "Écrivez votre message."
    if len(body) > BODY_LENGTH:
        return f"Votre message est trop long\u00a0: {BODY_LENGTH} signes au plus, il en a {len(body)}."
    return ""


# --- Reading -------------------------------------------------------------------------------------


def of_household(family_id: int) -> list[Thread]:
    """The household's conversations, the latest first, with their facility. One statement."""
    return list(
        db.session.scalars(
            select(Thread)
            .where(Thread.family_id == family_id)
            .order_by(Thread.last_at.desc(), Thread.id.desc())
            .options(joinedload(Thread.facility))
            .limit(ASKED_LIMIT)
        )
    )


def thread_with_id(thread_id: int) -> Thread | None:
    """A conversation in reach, with household and facility. One statement."""
    return db.session.scalars(
        select(Thread)
        .where(Thread.id == thread_id)
        .options(joinedload(Thread.facility), joinedload(Thread.family))
    ).one_or_none()


def messages_of(thread_id: int) -> list[Message]:
    """What was written in it, in order. One statement."""
    return list(
        db.session.scalars(
            select(Message).where(Message.thread_id == thread_id).order_by(Message.sent_at, Message.id)
        )
    )


class Pile(Choice):
    """Which conversations the service looks at."""

    WAITING = "a-repondre", "À répondre"
    MINE = "les-miennes", "Les miennes"
    ANSWERED = "repondues", "Répondues"
    CLOSED = "terminees", "Terminées"


def pile(which: Pile = Pile.WAITING, name: str = "") -> list[Thread]:
    """A pile: what waits from the oldest, what was answered or closed from the latest. One statement.

    ``MINE``: what waits and is followed by the person of that name.

    ``family`` is None where the viewer's facilities do not know that household: it may write to a
    place before its children go there.
    """
    chosen = select(Thread).where(Thread.status == STATUS[which])
    if which is Pile.MINE:
        chosen = chosen.where(Thread.assigned_to == name)
    is_past = which in (Pile.ANSWERED, Pile.CLOSED)
    order = (Thread.last_at.desc(), Thread.id.desc()) if is_past else (Thread.last_at, Thread.id)
    return list(
        db.session.scalars(
            chosen.order_by(*order)
            .options(joinedload(Thread.facility), joinedload(Thread.family))
            .limit(ASKED_LIMIT)
        )
    )


STATUS = {
    Pile.WAITING: ThreadStatus.OPEN,
    Pile.MINE: ThreadStatus.OPEN,
    Pile.ANSWERED: ThreadStatus.ANSWERED,
    Pile.CLOSED: ThreadStatus.CLOSED,
}


def unread_count(family_id: int) -> ScalarSelect[int]:
    """How many answers of the service the household has not opened, for a statement of the caller's."""
    chosen = (Thread.family_id == family_id, Thread.status == ThreadStatus.ANSWERED)
    later = Thread.read_at.is_(None) | (Thread.read_at < Thread.last_at)
    return select(func.count(Thread.id)).where(*chosen, later).scalar_subquery()


def mark_read(thread: Thread, now: datetime) -> None:
    """A parent opened it. To call last (``database.mark``)."""
    if thread.is_unread:
        table = cast(Table, Thread.__table__)
        read = update(table).where(table.c.id == thread.id).values(read_at=now)
        with mark() as connection:
            connection.execute(read)


def colleagues(facility_id: int) -> list[str]:
    """Who answers for that facility, by name. One statement."""
    with unscoped("les noms de l’équipe qui répond, et rien d’autre"):
        rows = db.session.execute(
            select(Account.first_name, Account.last_name)
            .join(RoleGrant, RoleGrant.account_id == Account.id)
            .where(
                RoleGrant.role_name.in_([one for one in RoleName if one.role & ANSWERING]),
                (RoleGrant.facility_id == facility_id) | RoleGrant.facility_id.is_(None),
                Account.is_active_account,
            )
            .order_by(Account.last_name, Account.first_name)
        )
        return list(dict.fromkeys(f"{first} {last}" for first, last in rows))


# --- What parents write --------------------------------------------------------------------------


def open_thread(
    family_id: int,
    facility_id: int,
    subject: str,
    body: str,
    author: str,
    now: datetime,
    file: FileRef | None = None,
) -> Thread:
    """A new conversation with its first message, both or none. Commits.

    The one that the same person opened with the same words within a minute, if there is one.
    """
    subject, body = " ".join(subject.split()), tidy(body)
    # Held until the commit: of two sendings at once, the second sees the first.
    db.session.scalars(select(Family).where(Family.id == family_id).with_for_update()).one()
    already = db.session.scalars(
        select(Thread)
        .join(Message, Message.thread_id == Thread.id)
        .where(
            Thread.family_id == family_id,
            Thread.facility_id == facility_id,
            Thread.subject == subject,
            Message.author == author,
            Message.body == body,
            Message.from_staff.is_(False),
            Message.sent_at > now - SENT_TWICE,
        )
        .order_by(Thread.id)
    ).first()
    if already is not None:
        db.session.rollback()
        return already
    thread = Thread(family_id=family_id, facility_id=facility_id, subject=subject, last_at=now)
    db.session.add(thread)
    db.session.add(Message(thread=thread, author=author, body=body, file=file, sent_at=now))
    db.session.commit()
    return thread


def reply(thread_id: int, body: str, author: str, now: datetime, file: FileRef | None = None) -> bool:
    """A parent's message in a conversation in reach, which then waits for the service. Commits.

    False when there is no such conversation. The same text within a minute is kept once.
    """
    body = tidy(body)
    thread = _held(thread_id)
    if thread is None:
        return False
    if _is_repeated(messages_of(thread_id), body, author, now, from_staff=False):
        db.session.rollback()
        return True
    db.session.add(Message(thread_id=thread_id, author=author, body=body, file=file, sent_at=now))
    thread.status = ThreadStatus.OPEN
    thread.last_at = now
    db.session.commit()
    return True


# --- What the service does -----------------------------------------------------------------------


def staff_reply(
    thread_id: int,
    body: str,
    author: str,
    now: datetime,
    *,
    seen: int | None = None,
    file: FileRef | None = None,
) -> Outcome:
    """The service's answer, and a mail to each parent of the household, in one transaction. Commits.

    ``seen`` is the last message that was read: if another came since, nothing is sent. The same
    text within a minute is sent once.
    """
    body = tidy(body)
    problem = wrong_with(body)
    if problem:
        return Outcome(problem)
    thread = _held(thread_id)
    if thread is None:
        return Outcome("Cette conversation n’existe plus.")
    messages = messages_of(thread_id)
    if _is_repeated(messages, body, author, now, from_staff=True):
        db.session.rollback()
        return Outcome()
    problem = _written_since(messages, seen)
    if problem:
        db.session.rollback()
        return Outcome(problem)
    facility = db.session.scalars(select(Facility).where(Facility.id == thread.facility_id)).one()
    db.session.add(
        Message(thread_id=thread_id, from_staff=True, author=author, body=body, file=file, sent_at=now)
    )
    thread.status = ThreadStatus.ANSWERED
    thread.assigned_to = author
    thread.last_at = now
    told = tell_household(
        "message",
        thread.family_id,
        now,
        lien=outbox.link(f"/contact/{thread_id}"),
        structure=facility.name,  # never its subject: it may tell a child's health
    )
    db.session.commit()
    return Outcome(told=told)


def close(thread_id: int, author: str, *, seen: int | None = None) -> Outcome:
    """Nothing more is to answer: the conversation leaves the pile, without a mail. Commits.

    Refused when a message came since ``seen``. A parent who writes again opens it again.
    """
    thread = _held(thread_id)
    if thread is None:
        return Outcome("Cette conversation n’existe plus.")
    problem = _written_since(messages_of(thread_id), seen)
    if problem:
        db.session.rollback()
        return Outcome(problem)
    thread.status = ThreadStatus.CLOSED
    thread.assigned_to = thread.assigned_to or author
    db.session.commit()
    return Outcome()


def assign(thread_id: int, name: str) -> Outcome:
    """Who follows the conversation: one of those who answer for its facility, or nobody (""). Commits."""
    thread = _held(thread_id)
    if thread is None:
        return Outcome("Cette conversation n’existe plus.")
    if name and name not in colleagues(thread.facility_id):
        db.session.rollback()
        return Outcome("Choisissez dans la liste une personne qui répond pour cette structure.")
    thread.assigned_to = name or None
    db.session.commit()
    return Outcome()


def _held(thread_id: int) -> Thread | None:
    """The conversation, nobody else writing in it until the end of this transaction."""
    return db.session.scalars(
        select(Thread)
        .where(Thread.id == thread_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _is_repeated(
    messages: Sequence[Message], body: str, author: str, now: datetime, *, from_staff: bool
) -> bool:
    """Whether this person has just sent these words."""
    return any(
        one.body == body
        and one.author == author
        and one.from_staff is from_staff
        and one.sent_at > now - SENT_TWICE
        for one in messages
    )


def _written_since(messages: Sequence[Message], seen: int | None) -> str:
    """Who wrote after the message that was read, as a refusal; empty when nobody did."""
    later = [one for one in messages if seen is not None and one.id > seen]
    if not later:
        return ""
    return (
        f"{later[-1].author} a écrit pendant que vous lisiez\u00a0: relisez la conversation, puis répondez."
    )

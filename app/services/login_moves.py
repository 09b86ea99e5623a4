"""The address that a parent logs in with, moved to the one that is now on their record."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.access.database import db
from app.declare import Problem
from app.models import Account, AccountFamily, HistoryEntry, Person
from app.services import login, outbox
from app.services.accounts import Outcome, Sent, granted, tidied


def move_login(family_id: int, person_id: int, now: datetime) -> Outcome | None:
    """Let a parent log in with the address that is now on their record; None out of reach. Commits.

    For a mailbox that is lost. Refused for a colleague's account: its address opens the service.
    Both addresses are told.
    """
    reach = db.session.scalars(
        select(AccountFamily)
        .where(AccountFamily.family_id == family_id, AccountFamily.person_id == person_id)
        .options(joinedload(AccountFamily.account), joinedload(AccountFamily.person))
    ).one_or_none()
    if reach is None or reach.person is None:
        return None
    account, before = reach.account, reach.account.email
    try:
        address = tidied(reach.person.email or "", now.date())
    except Problem as problem:
        return Outcome(email=before, problem=str(problem))
    if granted(account.id):
        problem_words = "Ce compte est aussi celui d’un collègue\u00a0: l’Administration change son adresse."
        return Outcome(email=before, problem=problem_words)
    giver = _another_parent(reach.person_id, account.id)
    if giver:
        problem_words = (
            f"Cette adresse a été donnée par {giver}, et non par {account.first_name} {account.last_name}"
            "\u00a0: demandez-lui son adresse, puis écrivez-la vous-même sur sa fiche."
        )
        return Outcome(email=before, problem=problem_words)
    if db.session.scalars(select(Account.id).where(Account.email == address)).first() is not None:
        problem_words = (
            f"L’adresse {address} est déjà celle d’un compte\u00a0: fermez cet accès, puis invitez-la."
        )
        return Outcome(email=before, problem=problem_words)
    account.email = address
    account.stamp = login.new_stamp()
    login.end_links(account.id, now)
    db.session.flush()
    texts = outbox.read_texts()
    for to in (before, address):
        outbox.post(
            "login_moved", to=to, account=account, now=now, texts=texts,
            prenom=account.first_name, identifiant=address, lien=outbox.link("/"),
        )  # fmt: skip
    db.session.commit()
    return Outcome(email=address, account_id=account.id, sent=Sent.TOLD)


def _another_parent(person_id: int | None, account_id: int) -> str:
    """Who else, from a household, wrote the e-mail that is on this record; empty: nobody else."""
    entry = db.session.scalars(
        select(HistoryEntry)
        .where(
            HistoryEntry.entity == Person.__name__,
            HistoryEntry.row_id == person_id,
            HistoryEntry.after["email"].as_string().is_not(None),
        )
        .order_by(HistoryEntry.done_at.desc(), HistoryEntry.id.desc())
        .limit(1)
    ).first()
    if entry is None or entry.account_id in (None, account_id) or granted(entry.account_id):
        return ""
    return entry.actor

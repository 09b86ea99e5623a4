"""Entering: passwords, mailed links, and what nobody learns from an answer."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from app.access.database import db
from app.access.guard import load_account
from app.access.viewer import unscoped
from app.models import Account, Connection, HistoryEntry, OutgoingMail
from app.services import accounts, login, passwords
from tests.people import Town

NOW = datetime(2026, 9, 7, 10, 0, tzinfo=UTC)
LONG = "quatre cailloux bleus"
LATER = "sept pigeons sur le toit"


def mails(to: str) -> list[OutgoingMail]:
    with unscoped("essai"):
        return list(
            db.session.scalars(
                select(OutgoingMail).where(OutgoingMail.recipient == to).order_by(OutgoingMail.id)
            )
        )


def token_in(mail: OutgoingMail) -> str:
    found = re.search(r"/bienvenue/([\w-]+)", mail.body)
    assert found is not None
    return found[1]


def account(email: str) -> Account:
    """With its grants and households, as it is now."""
    with unscoped("essai"):
        db.session.expunge_all()
        number = db.session.scalars(select(Account.id).where(Account.email == email)).one()
    row = load_account(number)
    assert row is not None
    return row


def give_password(town: Town, name: str, password: str = LONG) -> None:
    with unscoped("essai"):
        row = db.session.scalars(select(Account).where(Account.id == town.accounts[name])).one()
        row.password_hash = passwords.hash_password(password)
        db.session.commit()


def test_the_identifier_is_the_address_whatever_its_case_and_spaces(town: Town) -> None:
    give_password(town, "claire")
    assert login.check(" Claire@EXAMPLE.org ", LONG) is not None
    assert login.check("claire@example.org", LONG + " ") is None
    assert login.check("nobody@example.org", LONG) is None


def test_an_account_without_a_password_opens_with_none(town: Town) -> None:
    assert login.check("claire@example.org", "") is None
    assert login.check("claire@example.org", LONG) is None


def test_an_unknown_address_costs_the_same_hash_as_a_known_one(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_password(town, "claire")
    checked: list[str] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, kept: str, password: str) -> bool:
        checked.append(kept)
        return verify(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    for email in ("claire@example.org", "denis@example.org", "nobody@example.org"):
        login.check(email, "une phrase au hasard")
    assert len(checked) == 3


def test_entering_is_written_as_a_connection_and_not_in_the_history(town: Town) -> None:
    give_password(town, "claire")
    with unscoped("essai"):
        before = db.session.scalar(select(func.count(HistoryEntry.id)))
    opened = login.check("claire@example.org", LONG)
    assert opened is not None
    entered = login.enter(opened, "127.0.0.1", "iPhone, Safari", NOW)
    assert entered is not None and entered.last_seen_at == NOW
    with unscoped("essai"):
        (row,) = db.session.scalars(select(Connection))
        assert (row.account_id, row.connected_at, row.device) == (
            town.accounts["claire"],
            NOW,
            "iPhone, Safari",
        )
        assert db.session.scalar(select(func.count(HistoryEntry.id))) == before


def test_entering_renews_a_hash_of_former_parameters(town: Town) -> None:
    give_password(town, "claire")
    former = account("claire@example.org").password_hash
    town.app.config["PASSWORD_TIME_COST"] = 2
    opened = login.check("claire@example.org", LONG)
    assert opened is not None
    login.enter(opened, None, None, NOW)
    renewed = account("claire@example.org").password_hash
    assert renewed != former
    assert login.check("claire@example.org", LONG) == login.Opened(town.accounts["claire"])


def test_changing_ones_password_asks_the_current_one_and_closes_the_other_log_ins(town: Town) -> None:
    give_password(town, "claire")
    stamp = account("claire@example.org").stamp
    claire = town.accounts["claire"]
    assert "current" in login.change_password(claire, "autre chose encore", LATER, NOW)
    assert "password" in login.change_password(claire, LONG, "court", NOW)
    assert "password" in login.change_password(claire, LONG, LONG, NOW)
    assert account("claire@example.org").stamp == stamp
    assert login.change_password(claire, LONG, LATER, NOW) == {}
    assert account("claire@example.org").stamp != stamp
    assert login.check("claire@example.org", LATER) is not None
    assert [mail.subject for mail in mails("claire@example.org")] == ["Votre mot de passe a changé"]


def test_a_forgotten_password_is_mailed_to_an_open_account_and_to_nobody_else(town: Town) -> None:
    give_password(town, "claire")
    login.ask_reset(" Claire@example.org", NOW)
    login.ask_reset("nobody@example.org", NOW)
    with town.acting("desk"):
        accounts.close_household(town.families["B"], town.accounts["denis"], NOW)
    login.ask_reset("denis@example.org", NOW)
    with unscoped("essai"):
        assert db.session.scalars(select(OutgoingMail.recipient)).all() == ["claire@example.org"]


def test_a_reset_lasts_two_hours_replaces_the_password_and_tells_it(town: Town) -> None:
    give_password(town, "claire")
    stamp = account("claire@example.org").stamp
    login.ask_reset("claire@example.org", NOW)
    token = token_in(mails("claire@example.org")[0])
    assert login.open_link(token, NOW + timedelta(hours=2)) is None
    link = login.open_link(token, NOW + timedelta(hours=2, seconds=-1))
    assert link is not None and not link.is_invitation
    assert login.use_link(link, LATER, NOW) == []
    assert login.check("claire@example.org", LONG) is None
    assert login.check("claire@example.org", LATER) is not None
    assert account("claire@example.org").stamp != stamp
    assert len(mails("claire@example.org")) == 2


def test_changing_the_password_ends_the_links_that_were_mailed(town: Town) -> None:
    give_password(town, "claire")
    login.ask_reset("claire@example.org", NOW)
    token = token_in(mails("claire@example.org")[0])
    login.change_password(town.accounts["claire"], LONG, LATER, NOW)
    assert login.open_link(token, NOW) is None


def test_a_link_asked_by_a_stranger_does_not_end_the_owners_and_all_end_when_one_serves(town: Town) -> None:
    give_password(town, "claire")
    login.ask_reset("claire@example.org", NOW)
    login.ask_reset("claire@example.org", NOW + timedelta(minutes=1))
    first, second = (token_in(mail) for mail in mails("claire@example.org"))
    link = login.open_link(first, NOW + timedelta(minutes=2))
    assert link is not None
    assert login.use_link(link, LATER, NOW + timedelta(minutes=2)) == []
    assert login.open_link(first, NOW + timedelta(minutes=3)) is None
    assert login.open_link(second, NOW + timedelta(minutes=3)) is None

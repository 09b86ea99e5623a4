"""Conversations: written once, told to the household, never answered blindly."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.scope import OutOfScope
from app.access.viewer import unscoped
from app.entities.exchange import ThreadStatus
from app.models import Account, Message, OutgoingMail, Thread
from app.services import threads
from tests.people import Town

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def write(
    town: Town,
    who: str = "claire",
    family: str = "A",
    facility: str = "restaurant",
    body: str = "Lila peut-elle manger sans porc ?",
    now: datetime = NOW,
) -> int:
    with town.acting(who):
        viewer = town.viewer(who)
        thread = threads.open_thread(
            town.families[family], town.facilities[facility], "Repas", body, viewer.name, now
        )
        return thread.id


def answer(
    town: Town,
    number: int,
    body: str = "Oui.",
    who: str = "desk",
    now: datetime = NOW + MINUTE,
    seen: int | None = None,
) -> threads.Outcome:
    with town.acting(who):
        return threads.staff_reply(number, body, town.viewer(who).name, now, seen=seen)


def stored(number: int) -> Thread:
    with unscoped("vérification"):
        return db.session.scalars(select(Thread).where(Thread.id == number)).one()


def bodies() -> list[str]:
    with unscoped("vérification"):
        return list(db.session.scalars(select(Message.body).order_by(Message.id)))


def mails() -> list[OutgoingMail]:
    with unscoped("vérification"):
        return list(db.session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))


def test_a_conversation_and_its_first_message_are_written_together(town: Town) -> None:
    number = write(town)
    with unscoped("vérification"):
        (message,) = db.session.scalars(select(Message)).all()
    assert (message.thread_id, message.author, message.from_staff) == (number, "Claire Martin", False)
    assert stored(number).status is ThreadStatus.OPEN
    assert stored(number).last_at == NOW


def test_neither_is_written_for_another_household(town: Town) -> None:
    with town.acting("claire"), pytest.raises(Exception, match="No row was found"):
        threads.open_thread(town.families["B"], town.facilities["restaurant"], "Repas", "Bonjour", "C", NOW)
    db.session.rollback()
    assert bodies() == []


def test_neither_is_written_for_a_facility_that_does_not_exist(town: Town) -> None:
    with town.acting("claire"), pytest.raises(OutOfScope):
        threads.open_thread(town.families["A"], 9999, "Repas", "Bonjour", "C", NOW)
    db.session.rollback()
    with unscoped("vérification"):
        assert db.session.scalars(select(Thread)).all() == []
    assert bodies() == []


@pytest.mark.parametrize(("later", "kept"), [(MINUTE - SECOND, 1), (MINUTE, 2)])
def test_the_same_words_within_a_minute_open_one_conversation(
    town: Town, later: timedelta, kept: int
) -> None:
    assert (write(town) == write(town, now=NOW + later)) is (kept == 1)
    assert len(bodies()) == kept


def test_other_words_open_another_conversation(town: Town) -> None:
    assert write(town) != write(town, body="Et Zoé ?")


@pytest.mark.parametrize(("later", "kept"), [(MINUTE - SECOND, 2), (MINUTE, 3)])
def test_the_same_reply_within_a_minute_is_kept_once(town: Town, later: timedelta, kept: int) -> None:
    number = write(town)
    with town.acting("claire"):
        assert threads.reply(number, "Merci.\r\n", "Claire Martin", NOW)
        assert threads.reply(number, "Merci.", "Claire Martin", NOW + later)
    assert len(bodies()) == kept


def test_two_parents_may_write_the_same_words(town: Town) -> None:
    number = write(town)
    for who in ("claire", "paul"):
        with town.acting(who):
            threads.reply(number, "Merci.", town.viewer(who).name, NOW)
    assert bodies().count("Merci.") == 2


def test_a_reply_out_of_reach_is_not_written(town: Town) -> None:
    number = write(town)
    with town.acting("denis"):
        assert not threads.reply(number, "Bonjour", "Denis Durand", NOW)
    assert len(bodies()) == 1


def test_an_answer_is_mailed_to_each_open_account_of_the_household(town: Town) -> None:
    with unscoped("Paul n'a plus de compte ouvert"):
        paul = db.session.scalars(select(Account).where(Account.id == town.accounts["paul"])).one()
        paul.is_active_account = False
        db.session.commit()
    number = write(town)
    outcome = answer(town, number)
    (mail,) = mails()
    assert outcome.told == 1
    assert mail.recipient == "claire@example.org"
    assert mail.family_id == town.families["A"]
    assert "Restaurant scolaire" in mail.body
    assert f"/contact/{number}" in mail.body
    assert "Oui." not in mail.body
    assert stored(number).status is ThreadStatus.ANSWERED
    assert stored(number).assigned_to == town.viewer("desk").name


def test_the_same_answer_within_a_minute_is_sent_once(town: Town) -> None:
    number = write(town)
    assert answer(town, number, seen=1).is_done
    assert answer(town, number, seen=1, now=NOW + 2 * MINUTE - SECOND).is_done
    assert len(bodies()) == 2
    assert len(mails()) == 2  # Claire and Paul


def test_an_answer_to_words_that_were_not_read_is_refused(town: Town) -> None:
    number = write(town)
    with unscoped("vérification"):
        seen = db.session.scalars(select(Message.id)).one()
    with town.acting("claire"):
        threads.reply(number, "Et sans poisson ?", "Claire Martin", NOW)
    refused = answer(town, number, seen=seen)
    assert "Claire Martin a écrit" in refused.problem
    with town.acting("desk"):
        assert not threads.close(number, "Service", seen=seen).is_done
    assert stored(number).status is ThreadStatus.OPEN
    assert mails() == []
    assert answer(town, number, seen=seen + 1).is_done


@pytest.mark.parametrize(
    ("body", "is_done"),
    [("", False), (" \r\n ", False), ("a" * threads.BODY_LENGTH, True), ("a" * 4001, False)],
)
def test_an_answer_has_words_and_not_too_many(town: Town, body: str, is_done: bool) -> None:
    assert answer(town, write(town), body).is_done is is_done


def test_a_closed_conversation_opens_again_when_a_parent_writes(town: Town) -> None:
    number = write(town)
    with town.acting("desk"):
        assert threads.close(number, "Service").is_done
    assert stored(number).status is ThreadStatus.CLOSED
    assert mails() == []
    with town.acting("claire"):
        threads.reply(number, "Encore une question.", "Claire Martin", NOW)
    assert stored(number).status is ThreadStatus.OPEN


def test_a_head_answers_a_household_that_its_facility_does_not_know_yet(town: Town) -> None:
    number = write(town)
    with town.acting("hugo"):
        (waiting,) = threads.pile()
        unknown = waiting.family is None
    assert unknown
    assert answer(town, number, who="hugo").told == 2


def test_a_head_neither_sees_nor_answers_what_is_written_elsewhere(town: Town) -> None:
    number = write(town, facility="grappaloups")
    with town.acting("hugo"):
        assert threads.pile() == []
        assert threads.thread_with_id(number) is None
    assert not answer(town, number, who="hugo").is_done
    assert len(bodies()) == 1


def test_the_pile_gives_the_oldest_first_and_a_household_its_latest_first(town: Town) -> None:
    first = write(town, now=NOW)
    second = write(town, body="Et Zoé ?", now=NOW + MINUTE)
    with town.acting("desk"):
        assert [one.id for one in threads.pile()] == [first, second]
    with town.acting("claire"):
        assert [one.id for one in threads.of_household(town.families["A"])] == [second, first]

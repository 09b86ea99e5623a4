"""The outbox and the mailer: written with their cause, sent at least once, never lost."""

import smtplib
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.exchange import MailStatus
from app.models import Account, MailText, OutgoingMail, Setting
from app.services import mailer, outbox
from app.services.mail_texts import TEXTS
from tests.people import Town
from tests.support.smtp import Listener, text_of

NOW = datetime(2026, 9, 7, 10, 0, tzinfo=UTC)
MESSAGE: dict[str, Any] = {
    "prenom": "Claire",
    "structure": "Les Grappaloups",
    "lien": "http://localhost/contact/1",
}


def post(to: str = "claire@example.org", now: datetime = NOW, **values: str) -> int:
    mail = outbox.post("message", to=to, now=now, **{**MESSAGE, **values})
    db.session.commit()
    return mail.id


def read(mail_id: int) -> OutgoingMail:
    db.session.expunge_all()
    return db.session.scalars(select(OutgoingMail).where(OutgoingMail.id == mail_id)).one()


@pytest.fixture
def service(app: Flask) -> Any:
    with unscoped("essai de la boîte d’envoi"):
        yield app


@pytest.fixture
def by_smtp(service: Flask, smtp: Listener) -> Listener:
    """The application sends to a real listener."""
    service.config.update(smtp.environ(), MAIL_PORT=smtp.port, MAIL_SUPPRESS_SEND=False)
    mailer.init_app(service)
    return smtp


# --- Texts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", TEXTS)
def test_every_default_text_fills_with_the_values_it_declares(service: Flask, code: str) -> None:
    words = TEXTS[code]
    assert outbox.problems(words.subject, code) == []
    assert outbox.problems(words.body, code) == []
    filled = outbox.read_texts().fill(code, {name: f"<{name}>" for name in words.placeholders})
    for name in words.placeholders:
        assert f"<{name}>" in filled[0] + filled[1] or name in ("famille", "identifiant")
    assert "{" not in "".join(filled)


def test_an_unknown_placeholder_and_a_lone_brace_are_told_when_the_text_is_checked() -> None:
    assert outbox.problems("Bonjour {prenom} de {ville}", "message") == []
    assert "{prenon}" in outbox.problems("Bonjour {prenon}", "message")[0]
    assert "accolade" in outbox.problems("Bonjour {prenom", "message")[0]
    assert "accolade" in outbox.problems("Bonjour {0}", "message")[0]
    assert outbox.problems("Bonjour", "inconnu") != []


def test_a_caller_that_forgets_or_invents_a_value_is_told_at_once(service: Flask) -> None:
    with pytest.raises(outbox.MailMistake, match="structure"):
        outbox.post("message", to="claire@example.org", now=NOW, prenom="Claire")
    with pytest.raises(outbox.MailMistake, match="no mail"):
        outbox.post("nothing", to="claire@example.org", now=NOW)


def test_the_towns_own_words_replace_the_default_ones(service: Flask) -> None:
    db.session.add(
        MailText(code="message", name="Réponse", subject="Coucou {prenom}", body="De {ville}.\n\n\n\n{lien}")
    )
    db.session.add(Setting(key="town_name", label="Nom", value="Le Touvet"))
    db.session.commit()
    mail = read(post())
    assert mail.subject == "Coucou Claire"
    assert mail.body == "De Le Touvet.\n\nhttp://localhost/contact/1\n"


def test_a_broken_text_saved_around_the_check_gives_way_to_the_default_one(service: Flask) -> None:
    db.session.add(MailText(code="message", name="Réponse", subject="{nom}", body="x"))
    db.session.commit()
    assert read(post()).subject == "Les Grappaloups a répondu à votre message"


def test_a_value_never_brings_a_placeholder_nor_a_header(service: Flask) -> None:
    mail = read(post(structure="{lien}\nBcc: tous@example.org"))
    assert mail.subject == "{lien} Bcc: tous@example.org a répondu à votre message"


# --- Posting -------------------------------------------------------------------------------------


def test_a_mail_leaves_with_its_cause_or_not_at_all(town: Town) -> None:
    with unscoped("essai"):
        account = db.session.scalars(select(Account).where(Account.email == "claire@example.org")).one()
        account.first_name = "Clara"
        outbox.post("message", to=account.email, account=account, now=NOW, **MESSAGE)
        db.session.rollback()
        assert db.session.scalars(select(OutgoingMail)).all() == []


def test_a_parents_action_can_post_though_the_outbox_is_not_theirs_to_read(town: Town) -> None:
    with town.acting("claire"):
        outbox.post("message", to="claire@example.org", family=town.families["A"], now=NOW, **MESSAGE)
        db.session.commit()
        assert db.session.scalars(select(OutgoingMail)).all() == []
    with unscoped("essai"):
        assert [m.family_id for m in db.session.scalars(select(OutgoingMail))] == [town.families["A"]]


def test_posting_does_not_let_a_parents_pending_write_out_of_their_household(town: Town) -> None:
    from app.access.scope import OutOfScope
    from app.models import HealthRecord

    with town.acting("claire"):
        db.session.add(HealthRecord(child_id=town.people["tom"]))
        with pytest.raises(OutOfScope):
            outbox.post("message", to="claire@example.org", now=NOW, **MESSAGE)
        db.session.rollback()


# --- Sending -------------------------------------------------------------------------------------


def test_without_a_server_the_mail_becomes_a_file_and_no_half_file_remains(service: Flask) -> None:
    mail_id = post()
    assert mailer.send_due(NOW) == 1
    folder = Path(service.config["MAIL_FOLDER"])
    (path,) = folder.iterdir()
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["To"] == "claire@example.org"
    assert "Les Grappaloups" in text_of(message)
    assert read(mail_id).status is MailStatus.SENT


def test_a_mail_reaches_a_real_server_as_text_and_as_html_with_its_own_identifier(by_smtp: Listener) -> None:
    mail_id = post()
    assert mailer.send_due(NOW) == 1
    message = by_smtp.wait_for(to="claire@example.org", subject="a répondu")
    assert message["Message-ID"] == read(mail_id).message_id
    assert message["Auto-Submitted"] == "auto-generated"
    html = message.get_body(("html",))
    assert html is not None
    assert '<a href="http://localhost/contact/1"' in html.get_content()
    assert "Lire la réponse" in html.get_content()


def test_a_mail_is_not_sent_twice_nor_before_its_time(by_smtp: Listener) -> None:
    post(now=NOW + timedelta(minutes=1))
    assert mailer.send_due(NOW) == 0
    assert mailer.send_due(NOW + timedelta(minutes=1)) == 1
    assert mailer.send_due(NOW + timedelta(minutes=2)) == 0
    assert len(by_smtp.messages) == 1


def test_a_claimed_mail_is_left_alone_until_its_claim_is_over_then_sent_with_the_same_identifier(
    by_smtp: Listener,
) -> None:
    mail_id = post()
    (claimed,) = mailer.claim(NOW, 10)  # a worker that dies here, before or after the server's answer
    assert mailer.send_due(NOW + mailer.CLAIM - timedelta(seconds=1)) == 0
    assert mailer.send_due(NOW + mailer.CLAIM) == 1
    assert by_smtp.messages[0]["Message-ID"] == claimed.message_id == read(mail_id).message_id


def test_two_workers_never_claim_the_same_mail(service: Flask) -> None:
    ids = [post() for _ in range(5)]
    first, second = mailer.claim(NOW, 3), mailer.claim(NOW, 3)
    assert sorted(one.id for one in first + second) == ids
    assert mailer.claim(NOW, 3) == []


def test_a_temporary_refusal_waits_longer_each_time_and_the_eighth_is_the_last(by_smtp: Listener) -> None:
    mail_id, at, waits = post(), NOW, []
    by_smtp.refuse_next(times=8)
    for _ in range(8):
        assert mailer.send_due(at) == 0
        due = read(mail_id).due_at
        waits.append(due - at)
        assert mailer.send_due(due - timedelta(seconds=1)) == 0
        at = due
    row = read(mail_id)
    minutes = [round(wait.total_seconds() / 60) for wait in waits]
    assert minutes == [1, 5, 15, 60, 360, 360, 360, 360]
    assert row.status is MailStatus.FAILED
    assert row.error == "451 try again later"
    assert mailer.send_due(at + timedelta(days=1)) == 0


def test_a_final_refusal_fails_at_once_and_the_next_mail_leaves(by_smtp: Listener) -> None:
    refused, kept = post(to="partie@example.org"), post()
    by_smtp.refuse_next(answer="550 nobody of that name")
    assert mailer.send_due(NOW) == 1
    assert read(refused).status is MailStatus.FAILED
    assert read(refused).error == "550 nobody of that name"
    assert read(kept).status is MailStatus.SENT


def test_a_recipient_unknown_to_the_server_is_final_and_one_it_defers_is_not() -> None:
    refused = smtplib.SMTPRecipientsRefused({"a@example.org": (550, b"no")})
    later = smtplib.SMTPRecipientsRefused({"a@example.org": (450, b"later")})
    assert mailer.recipient_failure(refused) == mailer.Failure("550 no", is_final=True)
    assert mailer.recipient_failure(later) == mailer.Failure("450 later", is_final=False)


def test_a_server_that_is_down_delays_everything_and_loses_nothing(service: Flask) -> None:
    service.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=9, MAIL_SUPPRESS_SEND=False)
    mailer.init_app(service)
    ids = [post() for _ in range(3)]
    assert mailer.send_due(NOW) == 0
    rows = [read(mail_id) for mail_id in ids]
    assert {(row.status, row.attempts) for row in rows} == {(MailStatus.WAITING, 1)}
    assert "Refused" in (rows[0].error or "")


def test_with_nowhere_to_send_mails_wait(service: Flask) -> None:
    service.config.update(MAIL_SERVER=None, MAIL_FOLDER=None)
    mail_id = post()
    assert mailer.send_due(NOW) == 0
    assert read(mail_id).status is MailStatus.WAITING


def test_a_worker_that_is_told_to_stop_gives_back_what_it_has_not_sent(by_smtp: Listener) -> None:
    ids = [post() for _ in range(3)]
    assert mailer.send_due(NOW, should_stop=lambda: len(by_smtp.messages) >= 1) == 1
    assert [read(i).status for i in ids] == [MailStatus.SENT, MailStatus.WAITING, MailStatus.WAITING]
    assert mailer.send_due(NOW) == 2


def test_a_personal_link_that_has_left_is_no_longer_in_the_database(by_smtp: Listener) -> None:
    link = "http://localhost/bienvenue/secret-secret_secret"
    mail_id = post(lien=link)
    mailer.send_due(NOW)
    assert link in text_of(by_smtp.messages[0])
    assert "secret" not in read(mail_id).body


def test_an_answer_goes_to_the_service_once_its_address_is_set(by_smtp: Listener) -> None:
    post()
    mailer.send_due(NOW)
    db.session.add(Setting(key="service_email", label="E-mail", value="enfance@ville.example"))
    db.session.commit()
    post()
    mailer.send_due(NOW)
    assert [one["Reply-To"] for one in by_smtp.messages] == [None, "enfance@ville.example"]


def test_what_failed_can_be_sent_again_but_what_left_cannot(by_smtp: Listener) -> None:
    failed, gone = post(), post()
    by_smtp.refuse_next(answer="550 no")
    mailer.send_due(NOW)
    assert not outbox.retry(gone, NOW)
    assert outbox.retry(failed, NOW)
    assert (read(failed).status, read(failed).attempts) == (MailStatus.WAITING, 0)
    assert mailer.send_due(NOW) == 1
    assert outbox.retry_failed(NOW) == 0


def test_words_in_a_mail_are_escaped_in_its_html() -> None:
    page = mailer.html_of(
        "Bonjour <b>Claire</b>,\n\nVoir\u00a0: http://x.example/?a=1&b=2\n\nun\ndeux", "Titre"
    )
    assert "&lt;b&gt;Claire" in page
    assert 'href="http://x.example/?a=1&amp;b=2"' in page
    assert "un<br>deux" in page

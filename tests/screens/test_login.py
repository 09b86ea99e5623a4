"""The door: who enters, who does not, and what neither of them learns."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Account, Connection, LoginLink, OutgoingMail, Setting
from app.screens import login as screen
from app.services import clock, login
from tests.people import Town
from tests.support.doors import enter, give_passwords, is_in
from tests.support.sql import count_statements

LONG = "quatre cailloux bleus"
LATER = "sept pigeons sur le toit"


@pytest.fixture
def doors(town: Town) -> Town:
    """Everybody of the small town has chosen the same password."""
    give_passwords(LONG)
    return town


def words(response: Any) -> str:
    """What one reads, without the address that was typed."""
    text = re.sub(r'value="[^"]*"|content="[^"]*"', "", response.text)
    return re.sub(r"\s+", " ", text)


def invitation(town: Town, email: str = "claire@example.org", ago: timedelta = timedelta(0)) -> str:
    """The path of a first link mailed that long ago, to somebody who has no password yet."""
    from app.entities.account import LinkPurpose

    with unscoped("essai"):
        account = db.session.scalars(select(Account).where(Account.email == email)).one()
        account.password_hash = None
        url, _ = login.issue_link(account.id, LinkPurpose.INVITATION, clock.now() - ago, 72)
        db.session.commit()
        db.session.expunge_all()
    return url.removeprefix("http://localhost")


# --- Entering ------------------------------------------------------------------------------------


def test_a_parent_enters_on_their_home_and_a_colleague_on_theirs(doors: Town) -> None:
    assert enter(doors.client(None), " Claire@Example.ORG ").location == "/"
    assert enter(doors.client(None), "desk@example.org").location == "/service/"


def test_one_finds_again_the_page_that_one_came_for(doors: Town) -> None:
    client = doors.client(None)
    sent = client.get("/service/courrier?etat=failed")
    assert sent.status_code == 302
    page = client.get(sent.location)
    assert page.status_code == 200
    answer = client.post(sent.location, data={"email": "desk@example.org", "password": LONG})
    assert answer.location == "/service/courrier?etat=failed"


@pytest.mark.parametrize(
    "wanted",
    [
        "https://example.com/",
        "//example.com/",
        "/\\example.com",
        "/\t/example.com",
        "javascript:alert(1)",
        "connexion",
        "/ /example.com",
        "https:/example.com",
        "/\n/example.com",
    ],
)
def test_log_in_never_leads_to_another_site(doors: Town, wanted: str) -> None:
    assert enter(doors.client(None), "claire@example.org", wanted=wanted).location == "/"


def test_a_parent_who_came_for_a_page_of_the_service_goes_home(doors: Town) -> None:
    assert enter(doors.client(None), "claire@example.org", wanted="/service/courrier").location == "/"


def test_unknown_closed_without_password_and_wrong_password_read_the_same(doors: Town) -> None:
    with unscoped("essai"):
        for email, values in (("denis@", {"is_active_account": False}), ("paul@", {"password_hash": None})):
            account = db.session.scalars(select(Account).where(Account.email == f"{email}example.org")).one()
            for name, value in values.items():
                setattr(account, name, value)
        db.session.commit()
    answers = [
        enter(doors.client(None), email, password)
        for email, password in (
            ("claire@example.org", "ce n’est pas le bon"),
            ("nobody@example.org", LONG),
            ("denis@example.org", LONG),
            ("paul@example.org", LONG),
        )
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({words(answer) for answer in answers}) == 1
    assert "ne correspond pas" in answers[0].text


def test_a_refused_log_in_keeps_the_address_and_never_the_password(doors: Town) -> None:
    answer = enter(doors.client(None), "claire@example.org", "un secret mal tapé")
    assert 'value="claire@example.org"' in answer.text
    assert "mal tapé" not in answer.text


def test_nothing_that_the_visitor_carried_survives_log_in(doors: Town) -> None:
    client = doors.client(None)
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
        cookie["family"] = 999
    enter(client, "claire@example.org")
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert "family" not in cookie
        assert cookie["_user_id"].startswith(f"{doors.accounts['claire']}.")


def test_each_log_in_is_one_connection_with_its_device(doors: Town) -> None:
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Mobile Safari/604.1"
    client = doors.client(None)
    client.post(
        "/connexion", data={"email": "claire@example.org", "password": LONG}, headers={"User-Agent": agent}
    )
    enter(client, "claire@example.org", "faux")
    with unscoped("essai"):
        assert [row.device for row in db.session.scalars(select(Connection))] == ["iPhone, Safari"]


def test_who_is_in_is_sent_home_from_the_log_in_page(doors: Town) -> None:
    client = doors.client(None)
    enter(client, "desk@example.org")
    assert client.get("/connexion").location == "/service/"


def test_leaving_takes_a_post_and_forgets_everything(doors: Town) -> None:
    client = doors.client(None)
    enter(client, "claire@example.org")
    assert client.get("/deconnexion").status_code == 405
    assert is_in(client)
    assert client.post("/deconnexion").location == "/connexion"
    assert not is_in(client)


def test_a_form_without_its_token_is_refused(doors: Town) -> None:
    doors.app.config["WTF_CSRF_ENABLED"] = True
    assert enter(doors.client(None), "claire@example.org").status_code == 400


def test_the_door_is_kept_in_no_cache(doors: Town) -> None:
    for path in ("/connexion", "/mot-de-passe-oublie", "/bienvenue/x"):
        assert doors.client(None).get(path).headers["Cache-Control"] == "no-store"


# --- The first link ------------------------------------------------------------------------------


def test_looking_at_a_link_does_not_use_it(doors: Town) -> None:
    path = invitation(doors)
    for _ in range(2):
        page = doors.client(None).get(path)
        assert page.status_code == 200
        assert "Bienvenue, Claire" in page.text
        assert "claire@example.org" in page.text


def test_choosing_a_password_enters_and_the_link_is_then_over(doors: Town) -> None:
    path, client = invitation(doors), doors.client(None)
    assert client.post(path, data={"password": LATER}).location == "/"
    assert is_in(client)
    again = doors.client(None).get(path)
    assert again.status_code == 410
    assert enter(doors.client(None), "claire@example.org", LATER).status_code == 302


def test_a_weak_choice_is_explained_and_the_link_still_serves(doors: Town) -> None:
    path, client = invitation(doors), doors.client(None)
    answer = client.post(path, data={"password": "court"})
    assert answer.status_code == 422
    assert "5 caractères" in answer.text
    assert client.post(path, data={"password": LATER}).status_code == 302


def test_an_expired_used_or_unknown_link_says_whom_to_contact(doors: Town) -> None:
    with unscoped("essai"):
        for key, value in (("service_phone", "04 65 71 01 12"), ("service_contact", "Maëlle Tresserre")):
            db.session.add(Setting(key=key, label=key, value=value))
        db.session.commit()
    for path in (invitation(doors, ago=timedelta(hours=72)), "/bienvenue/" + "x" * 43):
        page = doors.client(None).get(path)
        assert page.status_code == 410
        assert "Maëlle Tresserre" in page.text
        assert 'href="tel:+33465710112"' in page.text
        assert doors.client(None).post(path, data={"password": LATER}).status_code == 410


def test_who_uses_a_link_while_somebody_else_is_in_enters_as_its_owner(doors: Town) -> None:
    client = doors.client("denis")
    client.post(invitation(doors), data={"password": LATER})
    assert "claire@example.org" in client.get("/mon-mot-de-passe").text


# --- Forgotten and changed -----------------------------------------------------------------------


def test_the_answer_to_a_forgotten_password_tells_nothing(doors: Town) -> None:
    answers = [
        doors.client(None).post("/mot-de-passe-oublie", data={"email": email})
        for email in ("claire@example.org", "wanda@example.org")
    ]
    first, second = (words(answer).replace("claire", "x").replace("wanda", "x") for answer in answers)
    assert first == second
    with unscoped("essai"):
        assert db.session.scalars(select(OutgoingMail.recipient)).all() == ["claire@example.org"]


def test_the_mailed_link_does_not_follow_the_host_that_the_request_claims(doors: Town) -> None:
    doors.app.config["SERVER_NAME"] = None
    doors.client(None).post(
        "/mot-de-passe-oublie", data={"email": "claire@example.org"}, headers={"Host": "evil.example.com"}
    )
    with unscoped("essai"):
        body = db.session.scalars(select(OutgoingMail.body)).one()
        assert db.session.scalars(select(LoginLink)).one() is not None
    assert "http://localhost/bienvenue/" in body
    assert "evil" not in body


def test_a_fast_answer_is_held_back() -> None:
    import time

    started = time.monotonic()
    with screen.at_least(0.05):
        pass
    assert time.monotonic() - started >= 0.05


def test_changing_ones_password_keeps_this_browser_in_and_puts_the_other_out(doors: Town) -> None:
    here, elsewhere = doors.client(None), doors.client(None)
    enter(here, "claire@example.org")
    enter(elsewhere, "claire@example.org")
    answer = here.post("/mon-mot-de-passe", data={"current": LONG, "password": LATER})
    assert answer.status_code == 302
    assert is_in(here)
    assert not is_in(elsewhere)


def test_a_wrong_current_password_changes_nothing(doors: Town) -> None:
    client = doors.client(None)
    enter(client, "desk@example.org")
    answer = client.post("/mon-mot-de-passe", data={"current": "au hasard", "password": LATER})
    assert answer.status_code == 422
    assert "pas votre mot de passe actuel" in answer.text
    assert enter(doors.client(None), "desk@example.org").status_code == 302


def test_nobody_changes_a_password_without_being_in(doors: Town) -> None:
    assert doors.client(None).get("/mon-mot-de-passe").location == "/connexion?next=/mon-mot-de-passe"


def test_no_page_of_the_door_asks_more_than_a_dozen_statements(doors: Town) -> None:
    path = invitation(doors)
    for visit in (
        lambda: doors.client(None).get("/connexion"),
        lambda: enter(doors.client(None), "denis@example.org"),
        lambda: doors.client(None).post("/mot-de-passe-oublie", data={"email": "denis@example.org"}),
        lambda: doors.client(None).get(path),
        lambda: doors.client(None).post(path, data={"password": LATER}),
    ):
        with count_statements() as found:
            assert visit().status_code in (200, 302)
        assert len(found) <= 12, found
    client = doors.client("desk")
    with count_statements() as found:
        assert client.get("/mon-mot-de-passe").status_code == 200
    assert len(found) <= 12

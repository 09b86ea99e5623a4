"""Trying too often: a pause, for known and unknown addresses alike."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.access.database import db
from app.screens import throttle
from tests.people import Browser, Town, make_town, settings_for
from tests.support.doors import enter, give_passwords, is_in


@pytest.fixture
def limited(tmp_path: Any) -> Iterator[Town]:
    """The small town behind a door that counts tries."""
    app = create_app(
        {**settings_for(tmp_path), "RATELIMIT_ENABLED": True, "RATELIMIT_STORAGE_URI": "memory://"}
    )
    app.test_client_class = Browser
    with app.app_context():
        db.create_all()
        town = make_town(app)
        give_passwords()
        yield town
        db.session.remove()
        db.engine.dispose()


def test_the_ninth_try_waits_even_with_the_right_password_and_says_until_when(limited: Town) -> None:
    client = limited.client(None)
    for _ in range(8):
        assert enter(client, "claire@example.org", "au hasard").status_code == 422
    answer = enter(client, " CLAIRE@example.org")
    assert answer.status_code == 429
    assert re.search(r"réessayez à partir de (\d+\u00a0h|minuit)", answer.text)
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert not is_in(client)
    assert enter(limited.client(None), "denis@example.org").status_code == 302


def test_an_unknown_address_is_paused_like_a_known_one(limited: Town) -> None:
    client = limited.client(None)
    answers = [enter(client, "nobody@example.org", "au hasard").status_code for _ in range(9)]
    assert answers == [422] * 8 + [429]


def test_a_stranger_s_tries_do_not_shut_the_owner_out(limited: Town) -> None:
    def come_from(address: str) -> FlaskClient:
        client = limited.client(None)
        client.environ_base["REMOTE_ADDR"] = address
        return client

    stranger, owner = come_from("192.0.2.1"), come_from("192.0.2.2")
    tries = [enter(stranger, "claire@example.org", "au hasard").status_code for _ in range(50)]
    assert tries == [422] * 8 + [429] * 42
    assert enter(owner, "claire@example.org").status_code == 302
    # From everywhere at once, forty tries in all: 8, the owner’s one, then 31 more.
    spread = [
        enter(come_from(f"198.51.100.{n}"), "claire@example.org", "au hasard").status_code for n in range(40)
    ]
    assert spread == [422] * 31 + [429] * 9


def test_getting_in_forgets_the_tries_before(limited: Town) -> None:
    for _ in range(2):
        client = limited.client(None)
        for _ in range(7):
            enter(client, "claire@example.org", "au hasard")
        assert enter(client, "claire@example.org").status_code == 302


def test_one_machine_cannot_try_every_account(limited: Town) -> None:
    client = limited.client(None)
    answers = [enter(client, f"parent{n}@example.org", "au hasard").status_code for n in range(61)]
    assert answers == [422] * 60 + [429]


def test_a_link_is_asked_three_times_an_hour(limited: Town) -> None:
    client = limited.client(None)
    answers = [client.post("/mot-de-passe-oublie", data={"email": "claire@example.org"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "Trop d’essais" in answers[3].text


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
    ],
)
def test_an_ipv6_visitor_is_counted_by_the_network_of_their_home(app: Flask, told: str, counted: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": told}):
        assert throttle.address_key() == counted

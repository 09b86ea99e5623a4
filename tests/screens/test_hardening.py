"""What protects every answer: headers, cookies, sizes, addresses behind a relay, renewed passwords."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import create_app
from app.access.database import db
from app.access.viewer import unscoped
from app.models import Account
from app.screens.login import local_path
from app.services import clock, passwords
from config import settings
from tests.people import Browser, Town, make_town, settings_for
from tests.support.doors import LONG, enter, give_passwords, is_in

NOW = datetime(2026, 11, 23, 20, 6, tzinfo=UTC)


def served(folder: Path, **more: Any) -> Town:
    """The small town, as a server with these settings would serve it."""
    app = create_app({**settings_for(folder), **more})
    app.test_client_class = Browser
    with app.app_context():
        db.create_all()
        town = make_town(app)
        give_passwords()
        db.session.remove()
    return town


@pytest.mark.parametrize(
    "path", ["/connexion", "/", "/service/familles/", "/nimporte", "/static/css/marelle.css"]
)
@pytest.mark.parametrize("who", [None, "claire", "desk"])
def test_every_answer_carries_its_headers(town: Town, path: str, who: str | None) -> None:
    headers = town.client(who).get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'self'" and policy["form-action"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]


def test_behind_https_the_cookie_and_the_site_stay_there(tmp_path: Path) -> None:
    told = settings({"MARELLE_HOME": str(tmp_path / "home"), "PUBLIC_URL": "https://famille.ville.example"})
    town = served(tmp_path, **{key: told[key] for key in told if "COOKIE" in key})
    with town.app.app_context():
        client = town.app.test_client()
        answer = client.post(
            "/connexion",
            data={"email": "claire@example.org", "password": LONG},
            base_url="https://localhost",
        )
        db.session.remove()
        db.engine.dispose()
    assert answer.status_code == 302
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Expires" not in cookie  # goes with the browser
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    "wanted",
    [
        "https://mal.example", "//mal.example", "/\\mal.example", "\\\\mal.example", "javascript:alert(1)",
        "/\t/mal.example", "///mal.example", "http:/mal.example", "/%0d%0aSet-Cookie:a=b\r\n", "", None,
    ],
)  # fmt: skip
def test_no_address_leads_elsewhere(wanted: str | None) -> None:
    found = local_path(wanted)
    assert found is None or (found.startswith("/") and not found.startswith("//") and "\r" not in found)
    assert found != wanted or wanted is None or "mal.example" not in wanted


@pytest.mark.parametrize("hops", [0, 1])
def test_one_address_is_counted_as_the_relay_says_if_it_is_trusted(tmp_path: Path, hops: int) -> None:
    """Untrusted, what the visitor writes changes nothing; trusted, the last relay is believed."""
    town = served(
        tmp_path,
        RATELIMIT_ENABLED=True,
        RATELIMIT_STORAGE_URI=f"attempts://{tmp_path / 'attempts.db'}",
        TRUSTED_PROXIES=hops,
    )
    with town.app.app_context():
        client = town.app.test_client()
        last = 0
        for number in range(61):
            # The visitor lies in front of the relay; the relay adds where it really came from.
            told = {"X-Forwarded-For": f"10.0.{number}.1, 203.0.113.{7 if hops else number}"}
            last = client.post(
                "/connexion", data={"email": f"n{number}@example.org", "password": "au hasard"}, headers=told
            ).status_code
        assert last == 429
        other = client.post(
            "/connexion",
            data={"email": "claire@example.org", "password": LONG},
            headers={"X-Forwarded-For": "203.0.113.8"},
        )
        assert other.status_code == (302 if hops else 429)
        db.session.remove()
        db.engine.dispose()


def test_a_request_too_heavy_is_refused_in_french_and_writes_nothing(town: Town) -> None:
    heavy = b"x" * (17 * 1024 * 1024)
    town.app.config.update(MAX_CONTENT_LENGTH=16 * 1024 * 1024, MAX_FORM_MEMORY_SIZE=512 * 1024)
    for path in ("/service/familles/creer", "/connexion"):
        answer = town.client("desk").post(path, data={"name": heavy})
        assert answer.status_code == 413, path
        assert "trop lourd" in answer.text


# --- An administrator's password -------------------------------------------------------------------


def age_password(town: Town, name: str, days: int) -> None:
    with unscoped("le temps passe"):
        account = db.session.scalars(select(Account).where(Account.id == town.accounts[name])).one()
        account.password_hash = passwords.hash_password(LONG)
        account.password_chosen_at = NOW - timedelta(days=days)
        db.session.commit()


@pytest.fixture
def evening(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def test_an_administrator_chooses_another_password_once_a_year(town: Town, evening: None) -> None:
    age_password(town, "admin", 364)
    assert town.client("admin").get("/service/").status_code == 200
    age_password(town, "admin", 365)
    client = town.client("admin")
    for path in ("/service/", "/service/familles/", "/service/familles/export.csv"):
        answer = client.get(path)
        assert answer.status_code == 302 and answer.headers["Location"].endswith("/mon-mot-de-passe"), path
    assert "plus d’un an" in client.get("/mon-mot-de-passe").text
    chosen = {"current": LONG, "password": "trois lanternes vertes"}
    assert client.post("/mon-mot-de-passe", data=chosen).status_code == 302
    assert client.get("/service/").status_code == 200


@pytest.mark.parametrize(("name", "home"), [("desk", "/service/"), ("claire", "/ma-famille")])
def test_nobody_else_is_asked_to(town: Town, evening: None, name: str, home: str) -> None:
    age_password(town, name, 4_000)
    assert town.client(name).get(home).status_code == 200


def test_the_day_of_the_choice_is_noted(town: Town, evening: None) -> None:
    age_password(town, "claire", 30)
    client = town.client(None)
    assert enter(client, "claire@example.org").status_code == 302 and is_in(client)
    client.post("/mon-mot-de-passe", data={"current": LONG, "password": "trois lanternes vertes"})
    with unscoped("vérification"):
        account = db.session.scalars(select(Account).where(Account.id == town.accounts["claire"])).one()
        assert account.password_chosen_at == NOW

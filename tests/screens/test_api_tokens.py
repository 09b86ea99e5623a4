"""Tokens: made after one's password, shown once, never more than the account has now, and told nowhere."""

import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app import create_app
from app.access.database import db
from app.access.viewer import unscoped
from app.entities.account import RoleName
from app.models import Account, ApiToken, HistoryEntry, RoleGrant
from app.services import clock, login, passwords, team, tokens
from tests.people import Browser, Town, make_town, settings_for
from tests.support.api import Caller, caller, change, program, token_of
from tests.support.doors import LONG, give_passwords
from tests.support.sql import count_statements

SHOWN = re.compile(r"mrl_[A-Za-z0-9_-]{43}")


def make(town: Town, name: str, **values: Any) -> Any:
    given = {"label": "Essai", "days": "90", "is_read_only": "y", "hat": "*", "password": LONG, **values}
    return town.client(name).post("/service/jetons", data=given)


def make_for_program(town: Town, name: str, **values: Any) -> Any:
    given = {"label": "Robot", "days": "30", "roles": ["desk"], "facility": "0", "password": LONG, **values}
    return town.client(name).post(
        "/service/jetons/programme", data={f"p-{key}": value for key, value in given.items()}
    )


def test_without_a_good_token_nobody_enters_and_nobody_is_redirected(town: Town) -> None:
    admin = town.client("admin")  # a cookie is no token
    for path in ("", "/", "/familles", "/familles/1", "/nimporte", "/openapi.json"):
        for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
            answer = admin.get("/api/v1" + path, headers=headers)
            assert answer.status_code == 401, path
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.mimetype == "application/problem+json"
    for wrong in ("mrl_" + "0" * 43, "nimporte", "mrl_" + "é" * 43, "x" * 5000):
        answer = Caller(town, "").get("/", headers={"Authorization": f"Bearer {wrong}"})
        assert answer.status_code == 401, wrong


def test_an_address_that_does_not_exist_is_told_in_json_and_reads_no_session(town: Town) -> None:
    for path in ("/api/", "/api/v2/familles", "/api/v1/a/b/c/d/e"):
        answer = town.client("admin").get(path)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    answer = Caller(town, "")("PUT", "/familles/1")
    assert answer.status_code == 405 and "PATCH" in answer.headers["Allow"]


def test_a_token_is_shown_once_and_only_its_digest_is_kept(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    give_passwords()
    caplog.set_level(logging.DEBUG)
    answer = make(town, "desk")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    (told,) = set(SHOWN.findall(answer.text))
    call = Caller(town, told)
    assert call.get("/").get_json()["jeton"]["nom"] == "Essai"
    assert call("POST", "/familles", json={"name": "X"}).status_code == 403  # read only
    digest = tokens.digest_of(told)
    number = re.findall(r"/service/jetons/(\d+)/revoquer", town.client("desk").get("/service/jetons").text)
    pages = [
        town.client(who).get(path).text
        for who, path in (
            ("desk", "/service/jetons"),
            ("admin", "/service/jetons"),
            ("admin", "/service/jetons-d-acces/"),
            ("admin", f"/service/jetons-d-acces/{number[0]}"),
            ("admin", f"/service/jetons-d-acces/{number[0]}?onglet=historique"),
            ("admin", "/service/jetons-d-acces/export.csv"),
            ("desk", "/service/historique/"),
        )
    ]
    pages.append(caller(town, "admin").get("/jetons-d-acces").text)
    with unscoped("tout ce qui s'est écrit"):
        entries = db.session.scalars(select(HistoryEntry).where(HistoryEntry.entity == "ApiToken")).all()
        pages += [f"{one.summary} {one.before} {one.after}" for one in entries]
        mails = db.session.execute(text("SELECT * FROM outgoing_mail")).all()
    assert len(entries) == 2  # the other one is the administrator's
    for page in (*pages, caplog.text, str(mails)):
        assert told not in page and digest not in page


def test_a_password_is_asked_and_nothing_is_made_without_it(town: Town) -> None:
    give_passwords()
    for wrong in ({"password": "au hasard"}, {"password": ""}, {"label": ""}, {"days": "4000"}, {"hat": "9"}):
        answer = make(town, "desk", **wrong)
        assert answer.status_code == 422 and not SHOWN.search(answer.text), wrong
    with unscoped("compter"):
        assert db.session.scalars(select(ApiToken)).all() == []


def test_a_parent_has_no_token(town: Town) -> None:
    give_passwords()
    assert make(town, "claire").status_code == 404
    assert town.client("claire").get("/service/api").status_code == 404


def test_an_administrator_alone_makes_a_program_s_token_and_revokes_anybody_s(town: Town) -> None:
    give_passwords()
    assert make_for_program(town, "desk").status_code == 403
    answer = make_for_program(town, "admin", facility=str(town.facilities["restaurant"]))
    (told,) = set(SHOWN.findall(answer.text))
    call = Caller(town, told)
    assert call.get("/").get_json()["jeton"]["agit_comme"] == "Programme\u00a0: Robot"
    assert [one["name"] for one in call.get("/structures").get_json()["elements"]] == ["Restaurant scolaire"]
    (own,) = set(SHOWN.findall(make(town, "desk").text))
    desk, admin = town.client("desk"), town.client("admin")
    assert "Robot" not in desk.get("/service/jetons").text
    numbers = set(re.findall(r"/service/jetons/(\d+)/revoquer", admin.get("/service/jetons").text))
    assert len(numbers) == 2
    mine = set(re.findall(r"/service/jetons/(\d+)/revoquer", desk.get("/service/jetons").text))
    (theirs,) = numbers - mine
    assert desk.post(f"/service/jetons/{theirs}/revoquer").status_code == 404
    assert call.get("/").status_code == 200
    for number in numbers:
        assert admin.post(f"/service/jetons/{number}/revoquer").status_code == 302
        assert admin.post(f"/service/jetons/{number}/revoquer").status_code == 404
    assert call.get("/").status_code == 401 and Caller(town, own).get("/").status_code == 401


def test_nobody_lends_a_program_what_they_have_not(town: Town) -> None:
    give_passwords()
    where = town.facilities["restaurant"]
    with unscoped("une administration limitée"):
        db.session.add(
            RoleGrant(account_id=town.accounts["hugo"], role_name=RoleName.ADMIN, facility_id=where)
        )
        db.session.commit()
    for facility in ("0", str(town.facilities["grappaloups"])):
        assert make_for_program(town, "hugo", facility=facility).status_code == 422
    program([RoleName.DESK], label="De toute la ville")
    assert "De toute la ville" not in town.client("hugo").get("/service/jetons").text
    assert SHOWN.search(make_for_program(town, "hugo", facility=str(where)).text)


def test_a_token_ends_when_it_expires_or_is_revoked(town: Town) -> None:
    told = token_of(town, "desk")
    call, now = Caller(town, told), clock.now()
    for values, status in (
        ({"expires_at": now}, 401),
        ({"expires_at": now + timedelta(minutes=1)}, 200),
        ({"revoked_at": now}, 401),
    ):
        change(told, **values)
        assert call.get("/familles").status_code == status, values


def test_an_administrator_s_token_waits_for_the_yearly_password(town: Town) -> None:
    late = caller(town, "admin")
    assert late("GET", "/").status_code == 200
    change_account(town, "admin", clock.now() - passwords.RENEWAL)
    assert late("GET", "/").status_code == 401
    change_account(town, "admin", clock.now())
    assert late("GET", "/").status_code == 200


def change_account(town: Town, name: str, chosen_at: datetime) -> None:
    with unscoped("le temps passe"):
        account = db.session.scalars(select(Account).where(Account.id == town.accounts[name])).one()
        account.password_chosen_at = chosen_at
        db.session.commit()


def test_a_token_loses_what_its_account_loses(town: Town) -> None:
    call, other = caller(town, "desk"), caller(town, "hugo")
    stamped, closed = caller(town, "accountant"), caller(town, "configurator")
    with unscoped("les comptes changent"):
        account = db.session.query(Account).filter_by(id=town.accounts["accountant"]).one()
        account.stamp = login.new_stamp()
        db.session.query(Account).filter_by(id=town.accounts["configurator"]).one().is_active_account = False
        db.session.query(RoleGrant).filter_by(account_id=town.accounts["hugo"]).delete()
        db.session.commit()
    assert call.get("/familles").status_code == 200
    for gone in (other, stamped, closed):
        assert gone.get("/").status_code == 401
    with town.acting("admin"):
        team.close_colleague(town.accounts["desk"], None, clock.now())
    assert call.get("/familles").status_code == 401


def test_a_token_gains_nothing_that_its_account_gains(town: Town) -> None:
    call = caller(town, "desk")
    assert call.get("/roles").status_code == 404
    with unscoped("une promotion"):
        db.session.add(RoleGrant(account_id=town.accounts["desk"], role_name=RoleName.ADMIN))
        db.session.commit()
    assert call.get("/roles").status_code == 404


def test_a_token_wears_the_hat_it_was_made_under(town: Town) -> None:
    where = town.facilities["restaurant"]
    with unscoped("deux casquettes"):
        db.session.add(RoleGrant(account_id=town.accounts["hugo"], role_name=RoleName.ACCOUNTANT))
        db.session.commit()
    everywhere, there = caller(town, "hugo", hat="*"), caller(town, "hugo", hat=str(where))
    assert everywhere.get("/structures").get_json()["total"] == 2
    assert everywhere.get("/fiches-sante").status_code == 404
    # Written with the roles of the other hat: none of them is this one's.
    assert there.get("/").status_code == 401
    head = caller(town, "hugo", hat=str(where), roles=[RoleName.HEAD])
    assert head.get("/structures").get_json()["total"] == 1
    assert head.get("/fiches-sante").status_code == 200


def test_a_use_is_noted_once_an_hour_and_is_no_line_of_history(town: Town) -> None:
    told = token_of(town, "desk")
    now = clock.now()

    def used() -> Any:
        with unscoped("essai"):
            db.session.rollback()
            return db.session.scalars(select(ApiToken)).one()

    change(told, last_used_at=now - timedelta(minutes=59))
    before = used().revision
    with count_statements() as found:
        Caller(town, told).get("/")
    assert len(found) == 2  # the token, the version of the settings
    change(told, last_used_at=now - timedelta(minutes=61))
    with count_statements() as found:
        Caller(town, told).get("/")
    assert len(found) == 3
    row = used()
    assert row.last_used_at >= now and row.revision == before + 1  # the change of this test
    with unscoped("essai"):
        actors = set(db.session.scalars(select(HistoryEntry.actor)))
    assert "desk essaie" not in " ".join(actors)


# --- Rates -----------------------------------------------------------------------------------------


@pytest.fixture
def limited(tmp_path: Any) -> Iterator[Town]:
    """The small town behind a door that counts, its proxy believed."""
    settings = settings_for(tmp_path) | {"TRUSTED_PROXIES": 1}
    app = create_app({**settings, "RATELIMIT_ENABLED": True, "RATELIMIT_STORAGE_URI": "memory://"})
    app.test_client_class = Browser
    with app.app_context():
        db.create_all()
        yield make_town(app)
        db.session.remove()
        db.engine.dispose()


def test_a_token_reads_300_times_a_minute_and_writes_60(limited: Town) -> None:
    call, other = caller(limited, "desk"), caller(limited, "desk")
    statuses = [call("POST", "/nimporte", json={}).status_code for _ in range(61)]
    assert statuses == [404] * 60 + [429]
    statuses = [call.get("/nimporte").status_code for _ in range(300)]
    assert statuses == [404] * 300
    answer = call.get("/")
    assert answer.status_code == 429 and 0 < int(answer.headers["Retry-After"]) <= 60
    assert other.get("/").status_code == 200


def test_wrong_tokens_are_counted_by_address_and_never_stop_a_good_one(limited: Town) -> None:
    wrong, good = Caller(limited, "mrl_" + "9" * 43), caller(limited, "desk")
    there = {"X-Forwarded-For": "192.0.2.1"}
    statuses = [wrong.get("/", headers=there).status_code for _ in range(21)]
    assert statuses == [401] * 20 + [429]
    assert 0 < int(wrong.get("/", headers=there).headers["Retry-After"]) <= 900
    assert wrong.get("/", headers={"X-Forwarded-For": "192.0.2.2"}).status_code == 401
    assert good.get("/", headers=there).status_code == 200


def test_the_password_of_a_new_token_is_tried_as_often_as_at_the_door(limited: Town) -> None:
    give_passwords()
    statuses = [make(limited, "desk", password="au hasard").status_code for _ in range(9)]
    assert statuses == [422] * 8 + [429]
    assert make(limited, "desk").status_code == 429


# --- What stands around -----------------------------------------------------------------------------


def test_the_page_of_tokens_takes_as_many_statements_for_thirty_as_for_one(town: Town) -> None:
    def statements() -> int:
        with count_statements() as found:
            assert client.get("/service/jetons").status_code == 200
        return len(found)

    client = town.client("admin")
    token_of(town, "desk")
    statements()  # the town's catalogue is read once
    few = statements()
    for name in ("desk", "hugo", "accountant", "configurator", "head") * 6:
        token_of(town, name)
    # account, facilities of the form, three for the tokens, the version of the catalogue, the piles
    assert statements() == few <= 7


def test_a_program_proves_no_form_and_a_person_still_does(town: Town) -> None:
    give_passwords()
    call = caller(town, "desk")
    town.app.config["WTF_CSRF_ENABLED"] = True
    assert call("POST", "/familles", json={"name": "Neuve"}).status_code == 201
    assert make(town, "desk").status_code == 400
    with unscoped("compter"):
        assert len(db.session.scalars(select(ApiToken)).all()) == 1


def test_a_failure_is_told_in_json_and_undone(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: Any) -> None:
        raise RuntimeError("secret des coulisses")

    told = token_of(town, "desk")
    town.app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("app.screens.api.values.row_as_json", fail)
    monkeypatch.setitem(town.app.config, "TESTING", False)
    answer = town.app.test_client().get("/api/v1/familles", headers={"Authorization": f"Bearer {told}"})
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert "coulisses" not in answer.text and answer.get_json()["status"] == 500


def test_the_way_to_use_it_names_what_one_s_own_token_opens(town: Town) -> None:
    page = town.client("accountant").get("/service/api").text
    assert "/api/v1/factures" in page and "/api/v1/fiches-sante" not in page

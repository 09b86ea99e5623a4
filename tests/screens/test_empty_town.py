"""A town of which only the name is known: nothing breaks, and each page says where to begin."""

from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.account import RoleName
from app.models import Account, Activity, Family, RoleGrant
from app.services.rulebook import apply, check_text
from tests.people import STAFF_ROLES, Town
from tests.support.pages import words

TODAY = date(2026, 12, 1)
NOTHING = Path("communes/vide.yaml").read_text(encoding="utf-8")


@pytest.fixture
def nowhere(app: Flask, first_of_december: object) -> Town:
    """The file of an empty town applied, one account a role of the service, and nobody else."""
    checked = check_text(NOTHING, TODAY)
    assert checked.is_sound, checked.problems
    apply(checked.draft, TODAY)
    made = Town(app)
    with unscoped("test"):
        for role in STAFF_ROLES:
            email = f"{role.value}@example.org"
            account = Account(email=email, first_name=role.label, last_name="Service", stamp=email)
            db.session.add_all([account, RoleGrant(account=account, role_name=role)])
            db.session.flush()
            made.accounts[role.value] = account.id
        db.session.commit()
        assert not db.session.query(Activity).count() and not db.session.query(Family).count()
    return made


def plain(rule: Rule) -> bool:
    return "GET" in (rule.methods or ()) and not rule.arguments


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_no_page_of_the_service_breaks(nowhere: Town, role: RoleName) -> None:
    client = nowhere.client(role.value)
    opened = 0
    for rule in nowhere.app.url_map.iter_rules():
        if plain(rule) and str(rule).startswith("/service"):
            answer = client.get(str(rule))
            assert answer.status_code < 500, rule
            opened += answer.status_code == 200
    assert opened > 20


def test_a_file_that_names_something_else_still_needs_what_a_town_offers() -> None:
    checked = check_text(NOTHING + "articles: {delais: {number: 1, title: Délais}}\n", TODAY)
    assert [one.message.partition(",")[0] for one in checked.problems] == [
        f"il manque la rubrique «\u00a0{name}\u00a0»" for name in ("activities", "facilities", "school_years")
    ]


def test_the_first_rule_is_written_before_anything_else(nowhere: Town) -> None:
    client = nowhere.client("configurator")
    assert "Aucune règle" in words(client.get("/service/regles/"))
    fields = {"p-weekday": "dimanche", "p-hour": "24:00", "p-weeks_before": "1", "p-gate": "booking"}
    page = client.post(
        "/service/regles/nouvelle/notice_weekly", data={**fields, "publish": "1"}, follow_redirects=True
    )
    assert "La règle est publiée" in words(page)
    assert "Réservable jusqu’au dimanche de la semaine d’avant" in words(page)

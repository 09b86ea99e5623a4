"""The base of every page: whose it is must be said, and an error waits for nobody."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from werkzeug.routing import Rule

from app.declare import Contradiction
from app.screens.page import Page
from tests.people import Town

HUGE = 10**30


def test_a_page_that_does_not_say_whose_it_is_stops_the_boot() -> None:
    class Careless(Page):
        route_base = "/oubli"

    with pytest.raises(Contradiction, match="Careless ne dit pas à qui il est"):
        Careless()


def numbered(rule: Rule) -> bool:
    return any(type(one).__name__ == "RowNumber" for one in rule._converters.values())


def address(rule: Rule, number: int) -> str:
    values: dict[str, Any] = {
        name: number if type(one).__name__ == "RowNumber" else "x" for name, one in rule._converters.items()
    }
    path = rule.rule
    for name, value in values.items():
        path = path.replace(f"<int:{name}>", str(value)).replace(f"<{name}>", str(value))
    return path


@pytest.mark.parametrize("name", ["claire", "desk"])
def test_a_number_that_no_row_can_have_is_no_page_at_any_address(town: Town, name: str) -> None:
    client = town.client(name)
    rules = [rule for rule in town.app.url_map.iter_rules() if numbered(rule)]
    assert len(rules) > 100
    answers = {
        rule.rule: client.open(
            address(rule, HUGE), method="GET" if "GET" in (rule.methods or ()) else "POST"
        ).status_code
        for rule in rules
    }
    assert {rule: status for rule, status in answers.items() if status not in (404, 405)} == {}


@pytest.mark.parametrize(
    "path",
    [
        "/inscriptions/?qui={n}&activite={n}&annee={n}",
        "/inscriptions/demande?enfant={n}&activite={n}&annee={n}",
        "/documents/?enfant={n}&pour={n}",
        "/espace/personnes/?page={n}&taille={n}&sex={n}",
        "/espace/inscriptions/?child={n}",
    ],
)
def test_a_huge_number_asked_for_is_as_if_it_were_not_written(town: Town, path: str) -> None:
    client = town.client("claire")
    assert client.get(path.format(n=HUGE), follow_redirects=True).status_code == 200
    assert client.get(path.format(n="٣"), follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/inscriptions/demande", {"enfant": HUGE, "activite": HUGE}),
        ("/documents/", {"piece": HUGE, "de": "famille"}),
        ("/foyer", {"family": HUGE}),
    ],
)
def test_a_huge_number_sent_finds_nothing(town: Town, path: str, form: dict[str, Any]) -> None:
    assert town.client("claire").post(path, data=form).status_code == 404


def test_a_roll_takes_no_number_that_is_none(town: Town) -> None:
    path = f"/service/pointage/{town.activities['cantine']}/2026-12-01"
    answer = town.client("desk").post(path, data={f"b{HUGE}": "present", "b٣": "present", "unite": HUGE})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("path", "status"), [("/nulle-part", 404), ("/connexion/", 404), ("/planning/", 405)]
)
def test_the_page_of_an_error_does_not_wait_for_who_is_writing(town: Town, path: str, status: int) -> None:
    client = town.client("claire")
    client.get("/accueil")
    writer = sqlite3.connect(Path(town.app.config["MARELLE_HOME"]) / "marelle.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        started = time.monotonic()
        assert client.post(path).status_code == status
        assert time.monotonic() - started < 5  # a writer would be waited for 15 seconds
    finally:
        writer.rollback()
        writer.close()

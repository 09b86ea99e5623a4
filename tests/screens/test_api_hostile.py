"""Bodies that nobody writes in good faith: refused in French, and nothing written."""

import json
from typing import Any

import pytest
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Family, HistoryEntry
from tests.people import Town
from tests.support.api import caller

JSON = "application/json"
BODIES: dict[str, tuple[bytes, str, int]] = {
    "nothing": (b"", JSON, 400),
    "not JSON": (b"{name: 1}", JSON, 400),
    "a list": (b'[{"name": "X"}]', JSON, 400),
    "a string": (b'"name"', JSON, 400),
    "null": (b"null", JSON, 400),
    "two objects": (b'{"name": "X"}{"name": "X"}', JSON, 400),
    "the same name twice": (b'{"name": "X", "name": "Y"}', JSON, 400),
    "NaN": (b'{"name": "X", "postcode": NaN}', JSON, 400),
    "Infinity": (b'{"name": "X", "postcode": -Infinity}', JSON, 400),
    "a float too big": (b'{"name": 1e999}', JSON, 400),
    "an integer too big": (b'{"name": 1' + b"0" * 5000 + b"}", JSON, 400),
    "deep": (b'{"name": ' + b"[" * 50 + b"]" * 50 + b"}", JSON, 400),
    "very deep": (b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", JSON, 400),
    "a NUL": (b'{"name": "X\\u0000Y"}', JSON, 400),
    "half a character": (b'{"name": "X\\ud800"}', JSON, 400),
    "a name of half a character": (b'{"\\ud800": "X"}', JSON, 400),
    "latin-1": ('{"name": "Zoé"}'.encode("latin-1"), JSON, 400),
    "UTF-16": ('{"name": "X"}'.encode("utf-16"), JSON, 400),
    "another charset": (b'{"name": "X"}', "application/json; charset=latin-1", 415),
    "a form": (b"name=X", "application/x-www-form-urlencoded", 415),
    "text": (b'{"name": "X"}', "text/plain", 415),
    "no type": (b'{"name": "X"}', "", 415),
    "ten megabytes": (b'{"name": "' + b"a" * 10_000_000 + b'"}', JSON, 413),
    "too long": (b'{"name": "' + b"a" * 201 + b'"}', JSON, 422),
    "a control character": (b'{"name": "X\\u0007"}', JSON, 422),
    "the end of a line": (b'{"name": "X\\nY"}', JSON, 422),
    "spaces": (b'{"name": "   "}', JSON, 422),
    "a number": (b'{"name": 12}', JSON, 422),
    "an object": (b'{"name": {"x": 1}}', JSON, 422),
    "no name": (b"{}", JSON, 422),
    "a null name": (b'{"name": null}', JSON, 422),
    "a key of its own": (b'{"name": "X", "id": 7}', JSON, 422),
    "a wrong date": (b'{"name": "X", "left_on": "2026-02-30"}', JSON, 422),
    "a date of another age": (b'{"name": "X", "left_on": "0001-01-01"}', JSON, 422),
    "a choice that is none": (b'{"name": "X", "residence": "mars"}', JSON, 422),
    "a choice by its label": (b'{"name": "X", "residence": ["resident"]}', JSON, 422),
    "many unknown names": (
        json.dumps({"name": "X"} | {f"x{n}": n for n in range(5000)}).encode(),
        JSON,
        422,
    ),
}


def state() -> tuple[Any, Any]:
    with unscoped("compter"):
        found = (
            db.session.scalar(select(func.count(Family.id))),
            db.session.scalar(select(func.max(HistoryEntry.id))),
        )
        db.session.rollback()
        return found


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_hostile_body_is_refused_and_writes_nothing(town: Town, method: str) -> None:
    call = caller(town, "desk")
    path = "/familles" if method == "POST" else f"/familles/{town.families['A']}"
    before = state()
    for what, (content, kind, status) in BODIES.items():
        if method == "PATCH" and what == "no name":
            continue
        answer = call(method, path, data=content, content_type=kind or None, revision=1)
        assert answer.status_code == status, (what, answer.text)
        assert len(answer.data) < 20_000, what
    assert state() == before


def test_values_of_each_kind_are_bounded(town: Town) -> None:
    call = caller(town, "admin")
    for name, value in (
        ("account", 2**31), ("account", -1), ("account", 0), ("account", True), ("account", "1"),
        ("account", 1.5), ("facility", 10**18), ("role_name", True), ("role_name", 1),
    ):  # fmt: skip
        given = {"account": town.accounts["desk"], "role_name": "desk"} | {name: value}
        answer = call("POST", "/roles", json=given)
        assert answer.status_code == 422 and set(answer.get_json()["erreurs"]) == {name}, (name, value)


@pytest.mark.parametrize(
    "path",
    ["/familles/-1", "/familles/0x1", "/familles/99999999999999999999", "/%00", "/familles/1%00", "/é"],
)
def test_an_address_that_no_row_can_have_is_a_404(town: Town, path: str) -> None:
    assert caller(town, "desk").get(path).status_code == 404


def test_a_name_of_bytes_that_are_no_text_is_a_400(town: Town) -> None:
    answer = caller(town, "desk").get("/familles?%ff%fe=1")
    assert answer.status_code == 400


@pytest.mark.parametrize("header", ["abc", '"1', 'W/"1"', '""', '"1", "2"', '"99999999999999999999999"', "é"])
def test_a_revision_is_one_that_was_read(town: Town, header: str) -> None:
    call = caller(town, "desk")
    path = f"/familles/{town.families['A']}"
    answer = call("PATCH", path, json={"city": "X"}, headers={"If-Match": header})
    assert answer.status_code in ((200,) if header == '"1", "2"' else (412, 428)), answer.text

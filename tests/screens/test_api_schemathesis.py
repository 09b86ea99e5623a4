"""The description against the API: thousands of requests drawn from it, none answered otherwise than it says.

Schemathesis draws them, good and bad; the seed is fixed. After a refusal, the database is as it was.
"""

import contextvars
import copy
import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode

from app.access.database import db
from app.entities.account import RoleName
from app.models import ApiToken
from tests.people import Town
from tests.support.api import Caller, program
from tests.support.rows import every_row

SEED = 20260901
EXAMPLES = {GenerationMode.POSITIVE: 5, GenerationMode.NEGATIVE: 4}
LEAST = 1000
NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
)
ROWS = 4


@pytest.fixture
def described(town: Town) -> Iterator[tuple[Town, str, dict[str, Any]]]:
    """The town with a row of each sort, a program that may everything, and its description."""
    every_row(town)
    told = program(list(RoleName), label="Tout")
    yield town, told, Caller(town, told).get("/openapi.json").get_json()
    db.session.remove()


def drawn(document: dict[str, Any]) -> dict[str, Any]:
    """The description with numbers of rows that exist, for more to happen than 404."""
    document = copy.deepcopy(document)
    for path in document["paths"].values():
        for parameter in path.get("parameters", ()):
            if parameter["name"] == "id":
                parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": ROWS}
        for operation in path.values():
            if not isinstance(operation, dict):
                continue
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "If-Match":
                    parameter["schema"] = {"enum": ['"1"', '"1"', '"2"']}
    return document


def test_the_description_is_a_right_one(described: tuple[Town, str, dict[str, Any]]) -> None:
    _, _, document = described
    schemathesis.openapi.from_dict(document).validate()
    assert document["openapi"].startswith("3.1")
    text = str(document)
    for secret in ("password_hash", "digest", "stamp"):
        assert secret not in text
    assert ApiToken.__term__.slug in text


@pytest.mark.slow
def test_what_is_drawn_from_the_description_is_answered_as_it_says_and_a_refusal_writes_nothing(
    described: tuple[Town, str, dict[str, Any]],
) -> None:
    town, told, document = described
    load_all_checks()
    checks = CHECKS.get_by_names(list(NAMES))
    refusals = {"checks": {"negative_data_rejection": {"expected-statuses": ["4XX"]}}}
    config = SchemathesisConfig.from_dict(refusals)
    schema = schemathesis.openapi.from_dict(drawn(document), config=config)
    watcher = sqlite3.connect(town.app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
    counted: Counter[int] = Counter()

    def apart(environ: Any, start: Any) -> Any:
        """As a server would: the request knows nothing of the test's context."""
        return contextvars.Context().run(lambda: list(town.app.wsgi_app(environ, start)))

    schema.app = apart
    db.session.close()

    def knock(case: Any) -> None:
        before = watcher.execute("PRAGMA data_version").fetchone()
        response = case.call(headers={"Authorization": f"Bearer {told}"})
        after = watcher.execute("PRAGMA data_version").fetchone()
        counted[response.status_code] += 1
        assert response.status_code < 400 or before == after, (case.method, case.path, response.status_code)
        case.validate_response(response, checks=checks)

    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]
        for mode, examples in EXAMPLES.items():
            strategy = operation.as_strategy(generation_mode=mode)
            draw: Any = given(strategy)
            options = settings(
                max_examples=examples,
                database=None,
                deadline=None,
                derandomize=False,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            drawn_alike: Any = seed(SEED)(options(draw(knock)))
            drawn_alike()
    watcher.close()
    total = sum(counted.values())
    assert total >= LEAST, counted
    assert {200, 201, 204, 400, 404, 412, 422} <= set(counted), counted

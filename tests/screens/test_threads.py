"""Eight people, a thread each, a thousand lists: every answer is the one they get when alone.

Stock Flask-AppBuilder keeps a list's filters on its view, for all threads: half of the pages showed
somebody else's. Here each request is first asked alone, then all of them at once, over fewer connections
than people; and two states that are shared on purpose show that the comparison sees it.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.access import viewer as viewers
from app.access.database import db
from app.declare import Entity
from app.screens.builder import listing
from tests.people import Town
from tests.support.together import CONNECTIONS, PEOPLE, Answers, alone, people, populated, together

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
EACH = 125


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    address = None
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgres_url")
        address = found.replace("postgresql://", "postgresql+psycopg://")
    with populated(tmp_path_factory.mktemp("together"), address) as town:
        yield town


def assert_closed() -> None:
    """No connection is left open, nor was one opened beyond the bound."""
    db.session.close()
    pool: Any = db.engine.pool
    assert pool.checkedout() == 0
    assert 0 < pool.checkedin() <= CONNECTIONS


def assert_they_differ(expected: Answers) -> None:
    """A mixture would be seen: hardly two answers are the same, and most lists have rows."""
    assert {status for status, _ in expected.values()} == {200}
    assert len({page for _, page in expected.values()}) > len(expected) * 0.95
    assert sum("Rien ne correspond" in page for _, page in expected.values()) < len(expected) // 2


def test_eight_threads_and_a_thousand_lists_hold_nobody_else_s_filters_nor_rows(full_town: Town) -> None:
    everyone = people(full_town, EACH)
    expected = alone(everyone)
    assert len(expected) == len(PEOPLE) * EACH == 1000
    assert_they_differ(expected)
    assert together(everyone, expected) == []
    assert_closed()


# --- The comparison sees a shared state ---


class OnThread:
    """In the place of the context variable: one viewer for the whole process."""

    def __init__(self) -> None:
        self.value: Any = None

    def get(self) -> Any:
        return self.value

    def set(self, value: Any) -> Any:
        before, self.value = self.value, value
        return before

    def reset(self, before: Any) -> None:
        self.value = before


def test_filters_kept_on_the_view_are_found(full_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = people(full_town, 20)
    expected = alone(everyone)
    kept: dict[type[Entity], listing.Ask] = {}
    read = listing.read

    def read_and_keep(entity: type[Entity], viewer: Any, arguments: Any) -> listing.Ask:
        kept[entity] = read(entity, viewer, arguments)
        time.sleep(0.002)  # another request comes in
        return kept[entity]

    monkeypatch.setattr(listing, "read", read_and_keep)
    assert alone(everyone) == expected  # harmless to somebody alone
    assert len(together(everyone, expected)) > 0


def test_a_viewer_kept_for_the_process_is_found(full_town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = people(full_town, 20)
    expected = alone(everyone)
    monkeypatch.setattr(viewers, "_current", OnThread())
    assert alone(everyone) == expected
    assert len(together(everyone, expected)) > 0

"""The rows that every door is knocked at with."""

import pytest

from tests.people import Town
from tests.support.rows import Rows, every_row


@pytest.fixture
def rows(town: Town, monkeypatch: pytest.MonkeyPatch) -> dict[str, Rows]:
    monkeypatch.setitem(town.app.config, "MAIL_FOLDER", "")  # a demonstration shows its mails on purpose
    return every_row(town)

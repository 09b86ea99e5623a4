"""The pages of rules read the town's rows once: more rules and examples cost no statement more."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Example, Rule, RuleDraft
from tests.people import Town
from tests.screens.rule_pages import EXAMPLES, LATE, LATE_FIELDS, RULES, WEEKLY
from tests.support.pages import words
from tests.support.sql import count_statements
from tests.wednesday import NOW

pytestmark = pytest.mark.usefixtures("first_of_december")
MOST = 16
"""Account and hats, the version of the catalogue; nine for the rows, then openings, examples, drafts and
coming bookings.
"""
PAGES: dict[str, Callable[[FlaskClient], Any]] = {
    "index": lambda client: client.get(f"{RULES}/"),
    "edit": lambda client: client.get(f"{RULES}/delai"),
    "new": lambda client: client.get(f"{RULES}/nouvelle/notice_weekly"),
    "read": lambda client: client.post(f"{RULES}/lire/notice_weekly?code=delai", data=WEEKLY),
    "drafts": lambda client: client.get(f"{RULES}/brouillons/"),
    "examples": lambda client: client.get(f"{EXAMPLES}/"),
    "example": lambda client: client.get(f"{EXAMPLES}/1"),
    "try": lambda client: client.post(f"{EXAMPLES}/essayer", data=LATE_FIELDS),
}


def fill(town: Town, first: int, last: int) -> None:
    """So many rules, versions, drafts and examples more."""
    with unscoped("test"):
        for rank in range(first, last):
            notice = {"kind": "notice_weekly", "parameters": {"weekday": "lundi"}}
            activity = town.activities["mercredi"]
            db.session.add_all(
                [
                    Rule(code=f"r{rank}", rule_kind="notice", parameters={"days": 1}, activity_id=activity),
                    RuleDraft(code=f"r{rank}", body={**notice, "activity_id": activity}, saved_at=NOW),
                    RuleDraft(code=f"n{rank}", body={**notice, "activity_id": activity}, saved_at=NOW),
                    Example(code=f"e{rank}", sentence="s", position=rank, body=dict(LATE)),
                ]
            )
        db.session.commit()


@pytest.mark.parametrize("page", PAGES)
def test_more_of_everything_costs_no_statement_more(open_town: Town, page: str) -> None:
    client = open_town.client("configurator")
    costs = []
    for first, last in ((0, 2), (2, 12)):
        fill(open_town, first, last)
        assert PAGES[page](client).status_code == 200  # the catalogue is read again after a change
        with count_statements() as ran:
            answer = PAGES[page](client)
        costs.append(len(ran))
    if page in ("index", "edit", "read", "examples"):
        assert "12 juste" in words(answer) or "12 exemples respectés" in words(answer)
    assert costs[0] == costs[1] <= MOST, costs

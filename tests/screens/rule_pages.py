"""What tests of the pages of rules and of examples share: addresses, a draft, an example, what is there."""

from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Example, Rule

RULES = "/service/regles"
EXAMPLES = "/service/exemples-du-reglement"
WEEKLY = {"p-weekday": "jeudi", "p-hour": "12:00", "p-weeks_before": "1", "p-gate": "both"}
"""The notice of Wednesdays, changed to the Thursday before."""
LATE: Mapping[str, Any] = {
    "says": "Le lundi il est trop tard pour le mercredi",
    "at": "2026-12-07 09:00",
    "books": {"mercredi.repas": "2026-12-09"},
    "expect": {"refused_by": ["delai"]},
}
"""An example that the notice of Wednesdays makes right."""
LATE_FIELDS = {
    "says": LATE["says"],
    "at": "07/12/2026 09:00",
    "books-0-unit": "mercredi.repas",
    "books-0-days": "09/12/2026",
    "e-refused_by": ["delai"],
}
"""The same as its form sends it."""


def rules() -> dict[str, Rule]:
    """The rules by their codes."""
    with unscoped("test"):
        return {one.code: one for one in db.session.scalars(select(Rule))}


def add_example(body: Mapping[str, Any], code: str = "exemple") -> None:
    """An example, as a form or a file wrote it."""
    with unscoped("test"):
        db.session.add(Example(code=code, sentence=body["says"][:400], body=dict(body)))
        db.session.commit()


def sent(client: FlaskClient, address: str, **fields: Any) -> Any:
    """The page that a form leads to."""
    return client.post(address, data=fields, follow_redirects=True)

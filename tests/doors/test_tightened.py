"""What the town took back is gone from the pages made by hand too."""

import pytest
from werkzeug.routing import Rule

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Kind
from app.entities.rulebook import Audience, Level
from app.models import FieldRight
from app.services import rights
from tests.doors.walk import Walker, generated, reads, rules
from tests.people import Town
from tests.support.rows import Rows

pytestmark = pytest.mark.slow
WORDS = (Kind.TEXT, Kind.LONG_TEXT)


def hide(audience: Audience) -> int:
    """Take from that role every word that a row can be without and that does not name it."""
    found = [
        FieldRight(
            entity_name=entity.__name__, attribute_name=one.name, audience=audience, level=Level.HIDDEN
        )
        for entity in rights.tightenable()
        for one in entity.__attributes__.values()
        if one.kind in WORDS and one.name not in entity.__named__
        if Level.HIDDEN.value in dict(rights.options(entity, one, audience))
    ]
    with unscoped("des droits resserrés"):
        db.session.add_all(found)
        db.session.commit()
    return len(found)


@pytest.mark.parametrize(("name", "audience"), [("claire", Audience.FAMILY), ("desk", Audience.DESK)])
def test_no_page_made_by_hand_shows_what_was_taken_back(
    town: Town, rows: dict[str, Rows], name: str, audience: Audience
) -> None:
    def by_hand(rule: Rule) -> bool:
        return reads(rule) and generated(town, rule) is None

    assert hide(audience) > 20
    walker = Walker(town, rows, name)
    for rule in rules(town, by_hand):
        walker.get(rule, "A")
    assert [one for one in walker.faults if "hidden" in one or "broken" in one] == []

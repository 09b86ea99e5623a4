"""Staff get what their roles and their facilities give, by any rule or method."""

import pytest

from tests.doors.walk import Walker, forged, generated, pointing, rules, walk, writes
from tests.people import Town
from tests.support.rows import Rows

pytestmark = pytest.mark.slow
STAFF = ("desk", "head", "accountant", "configurator", "admin", "hugo")


@pytest.mark.parametrize("name", STAFF)
def test_a_colleague_gets_what_their_roles_and_facilities_give(
    town: Town, rows: dict[str, Rows], name: str
) -> None:
    walker = walk(town, rows, name, whose="AB" if name == "hugo" else "A")
    assert walker.faults == []
    assert walker.knocks > 500


def test_a_head_writes_nothing_of_another_facility(town: Town, rows: dict[str, Rows]) -> None:
    before = pointing(rows["B"])
    walker = Walker(town, rows, "hugo")
    for rule in rules(town, lambda rule: writes(rule) and bool(rule.arguments)):
        walker.post(rule, "B", forged(rows["B"], generated(town, rule)))
    assert walker.faults == []
    assert pointing(rows["B"]) == before

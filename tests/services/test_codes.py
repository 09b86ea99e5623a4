"""A code is made of words where a configurator gives none, and is never that of another row."""

import pytest

from app.access.database import db
from app.models import Activity, Article, DocumentType, Facility, Question, Unit
from app.services import records
from app.services.codes import CODE_LENGTH, free_code
from tests.people import Town


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Mercredis des Grappaloups", "mercredis-des-grappaloups"),
        ("L’été à l’école", "l-ete-a-l-ecole"),
        ("Cœur d'Élan", "coeur-d-elan"),
        ("11-17 ans", "ans"),
        ("日曜", "sans-nom"),
        ("", "sans-nom"),
        ("x" * 400, "x" * (CODE_LENGTH - 4)),
    ],
)
def test_a_code_is_made_of_words(title: str, code: str) -> None:
    assert free_code(title, ()) == code


def test_a_code_that_is_taken_is_numbered() -> None:
    assert free_code("Matin", {"matin"}) == "matin-2"
    assert free_code("Matin", {"matin", "matin-2"}) == "matin-3"


def test_a_row_without_a_code_takes_one_from_its_name(town: Town) -> None:
    with town.acting("configurator"):
        viewer = town.viewer("configurator")
        place = {"name": "Les Grappaloups", "facility_kind": "leisure"}
        made = records.create(Facility, place, viewer)
        assert made, made.problems
        assert made.row is not None and made.row.code == "les-grappaloups"  # type: ignore[attr-defined]
        again = records.create(Facility, {**place, "code": ""}, viewer)
        assert again.row is not None and again.row.code == "les-grappaloups-2"  # type: ignore[attr-defined]
        given = records.create(Facility, {**place, "code": "grappa"}, viewer)
        assert given.row is not None and given.row.code == "grappa"  # type: ignore[attr-defined]


def test_the_units_of_two_activities_may_have_the_same_code(town: Town) -> None:
    with town.acting("configurator"):
        viewer = town.viewer("configurator")
        asked = {"name": "Vacances", "facility": town.facilities["grappaloups"]}
        made = records.create(Activity, asked, viewer)
        assert made.row is not None
        codes = []
        for _ in range(2):
            unit = records.create(Unit, {"activity": made.row.id, "name": "Matin"}, viewer)
            assert unit.row is not None, unit.problems
            codes.append(db.session.get(Unit, unit.row.id).code)  # type: ignore[union-attr]
        assert codes == ["matin", "matin-2"]


def test_what_is_emptied_is_made_again(town: Town) -> None:
    with town.acting("configurator"):
        viewer = town.viewer("configurator")
        row = db.session.get(Facility, town.facilities["grappaloups"])
        assert row is not None
        assert records.update(row, {"code": None}, viewer)
        assert row.code == "les-grappaloups"


@pytest.mark.parametrize("entity", [Facility, Activity, Unit, DocumentType, Question, Article])
def test_nobody_has_to_think_of_a_code(entity: type) -> None:
    one = entity.__attributes__["code"]  # type: ignore[attr-defined]
    assert not one.required and "Vide" in one.help

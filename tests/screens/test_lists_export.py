"""The files of a list: what they hold, that nothing in them runs, and that they don't fill the memory."""

import io
import tracemalloc
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert
from werkzeug.datastructures import MultiDict

from app.access import permissions
from app.access.database import db
from app.access.viewer import unscoped
from app.models import Family
from app.screens.builder import export, listing
from tests.people import Town
from tests.screens.test_builder import crowd
from tests.support.sql import count_statements

BOTH = ("/export.csv", "/export.xlsx")


def book(answer: Any) -> Any:
    """The sheet of an answer."""
    assert answer.status_code == 200
    assert answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return load_workbook(io.BytesIO(answer.data)).active


def column(sheet: Any, head: str) -> list[Any]:
    """The cells under a heading."""
    heads = [cell.value for cell in sheet[1]]
    rank = heads.index(head)
    return [row[rank] for row in sheet.iter_rows(min_row=2)]


def csv_heads(answer: Any) -> list[str]:
    """The headings of a CSV answer."""
    lines: list[str] = answer.data.decode("utf-8-sig").splitlines()
    return lines[0].split(";")


def test_a_spreadsheet_holds_typed_cells_under_a_heading_that_stays_and_filters(town: Town) -> None:
    crowd(3, town)
    answer = town.client("accountant").get("/service/factures/export.xlsx?q=F-001")
    assert answer.headers["Content-Disposition"].endswith('.xlsx"')
    sheet = book(answer)
    assert sheet.max_row == 2 and sheet.freeze_panes == "B2" and sheet.auto_filter.ref.startswith("A1:")
    (issued,) = column(sheet, "Émise le")
    assert issued.value == datetime(2026, 10, 15) and issued.number_format == "dd/mm/yyyy"  # noqa: DTZ001
    (total,) = column(sheet, "Total (€)")
    assert total.value == 4.32 and "€" in total.number_format
    assert sheet.column_dimensions["A"].width > 5


def test_moments_are_hours_of_paris_and_yes_and_no_are_words(town: Town) -> None:
    crowd(1, town)
    desk = town.client("desk")
    (asked,) = column(book(desk.get("/service/inscriptions/export.xlsx")), "Demandée le")
    assert asked.value == datetime(2026, 8, 2, 0, 30)  # noqa: DTZ001
    values = {cell.value for cell in column(book(desk.get("/service/unites/export.xlsx")), "C’est un repas")}
    assert values == {"Oui", "Non"}


@pytest.mark.parametrize(
    "name", ["=1+1", "+33 6", "-2", "@SUM(A1)", '=HYPERLINK("http://x")', "012", "http://x"]
)
def test_a_text_is_a_text_whatever_it_begins_with(town: Town, name: str) -> None:
    with unscoped("un nom malin"):
        db.session.add(Family(name=name))
        db.session.commit()
    cells = column(book(town.client("desk").get("/service/familles/export.xlsx")), "Nom du foyer")
    (found,) = [cell for cell in cells if cell.value == name]
    assert found.data_type == "s" and found.hyperlink is None


def test_what_no_cell_can_hold_is_left_out_of_it(town: Town) -> None:
    with unscoped("un nom impossible"):
        db.session.add(Family(name="Avant\x07après", notes="x" * 40_000, left_on=date(1789, 7, 14)))
        db.session.commit()
    sheet = book(town.client("desk").get("/service/familles/export.xlsx?q=avant"))
    assert column(sheet, "Nom du foyer")[0].value == "Avantaprès"
    assert len(column(sheet, "Notes du service")[0].value) == 32_767
    assert "14/07/1789" in [cell.value for cell in sheet[2]]


def test_both_files_hold_every_column_seen_or_those_chosen(town: Town) -> None:
    desk = town.client("desk")
    whole = csv_heads(desk.get("/service/familles/export.csv"))
    assert "Notes du service" in whole
    assert [cell.value for cell in book(desk.get("/service/familles/export.xlsx"))[1]] == whole
    few = csv_heads(desk.get("/service/familles/export.csv?colonnes=name,city"))
    assert few == ["Nom du foyer", "Commune"]
    assert [c.value for c in book(desk.get("/service/familles/export.xlsx?colonnes=name,city"))[1]] == few


def test_a_file_leaves_out_what_the_role_does_not_see_even_when_asked(town: Town) -> None:
    accountant = town.client("accountant")
    sheet = book(accountant.get("/service/familles/export.xlsx"))
    assert "Notes du service" not in [cell.value for cell in sheet[1]]
    asked = accountant.get("/service/familles/export.csv?colonnes=name,notes,city")
    assert csv_heads(asked) == ["Nom du foyer", "Commune"]


def test_the_rows_named_in_the_address_are_the_only_ones_and_only_in_reach(town: Town) -> None:
    crowd(2, town)
    desk = town.client("desk")
    chosen = f"?lot={town.families['A']}&lot=999999&lot=abc&lot=-1"
    for door in BOTH:
        assert desk.get(f"/service/familles{door}{chosen}").status_code == 200
    assert len(desk.get(f"/service/familles/export.csv{chosen}").data.decode().splitlines()) == 2


def test_families_and_strangers_have_no_file(town: Town) -> None:
    for door in BOTH:
        assert town.client("claire").get(f"/espace/familles{door}").status_code == 404
        assert town.client("claire").get(f"/service/familles{door}").status_code == 404
        assert town.client(None).get(f"/service/familles{door}").status_code == 302
        assert town.client("accountant").get(f"/service/documents{door}").status_code == 403


def test_ten_thousand_rows_leave_in_one_statement_and_little_memory(town: Town) -> None:
    with unscoped("une grande ville"):
        rows = [{"name": f"Foyer {n:05}", "city": "Élan", "notes": "mot " * 50} for n in range(10_000)]
        db.session.execute(insert(Family), rows)
        db.session.commit()
        db.session.expunge_all()
    with town.acting("desk") as viewer:
        seen = export.exported(permissions.visible(Family, viewer))
        ask = listing.read(Family, viewer, MultiDict())

        def whole(ending: str) -> int:
            statement = listing.rows(Family, viewer, ask, seen)
            if ending == "csv":
                return sum(len(line) for line in export.lines(statement, seen, viewer))
            return sum(len(one) for one in export.pieces(export.sheet(statement, seen, viewer, "Familles")))

        for ending in ("csv", "xlsx"):
            tracemalloc.start()
            with count_statements() as statements:
                size = whole(ending)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert size > 100_000
            assert len(statements) == 1, statements
            assert peak < 12_000_000, (ending, peak)
    answer = town.client("desk").get("/service/familles/export.csv")
    assert len(answer.data.splitlines()) == 10_003


def test_the_day_of_the_file_is_in_its_name(town: Town) -> None:
    answer = town.client("desk").get("/service/familles/export.xlsx")
    assert f"familles-{datetime.now(UTC):%Y}" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "private, no-store"

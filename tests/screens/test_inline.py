"""Parts of a row written in its form: added, changed and removed with it, or nothing at all."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Bracket, HistoryEntry, Opening, Registration, Tariff, Unit
from tests.people import Town
from tests.screens.test_builder import page_of, read
from tests.support.forms import form_of
from tests.support.sql import count_statements

PRICES = select(Bracket.from_quotient, Bracket.until_quotient, Bracket.price).order_by(Bracket.id)


def tariff(town: Town, *prices: str, code: str = "repas") -> int:
    """A tariff of the canteen with a bracket of 100 € for each price; its number."""
    with unscoped("un tarif"):
        row = Tariff(
            code=code, name="Repas", activity_id=town.activities["cantine"], from_on=date(2026, 9, 1)
        )
        db.session.add(row)
        db.session.flush()
        for n, price in enumerate(prices):
            ends = {"from_quotient": Decimal(n * 100), "until_quotient": Decimal(n * 100 + 100)}
            db.session.add(Bracket(tariff_id=row.id, price=Decimal(price), **ends))
        db.session.commit()
        return row.id


class Desk:
    """A configurator at the form of a tariff."""

    def __init__(self, town: Town, number: int | None, name: str = "configurator") -> None:
        self.client = town.client(name)
        self.address = f"/service/tarifs/{number}/modifier" if number else "/service/tarifs/creer"
        self.sent = form_of(page_of(self.client.get(self.address)))

    def post(self, **changes: Any) -> Any:
        """Send the form with these changes: ``tranches_0_price`` is the first line's price."""
        renamed = {re.sub(r"^(tranches)_(\d+)_", r"\1-\2-", name): value for name, value in changes.items()}
        return self.client.post(self.address, data={**self.sent, **renamed})


def test_lines_are_changed_added_and_removed_with_their_row_in_one_history(town: Town) -> None:
    desk = Desk(town, tariff(town, "1", "2", "3"))
    assert desk.sent["tranches-lignes"] == "3" and desk.sent["tranches-1-price"] == "2"
    new = {"tranches-3-from_quotient": "300", "tranches-3-price": "4,5", "tranches-lignes": "4"}
    assert desk.post(name="Autre", tranches_0_price="1,10", tranches_1_retirer="1", **new).status_code == 302
    assert read(PRICES) == [
        (Decimal(0), Decimal(100), Decimal("1.1")),
        (Decimal(200), Decimal(300), Decimal(3)),
        (Decimal(300), None, Decimal("4.5")),
    ]
    told = [
        f"{one.entity} {one.action}"
        for (one,) in read(select(HistoryEntry).where(HistoryEntry.account_id.is_not(None)))
    ]
    assert sorted(told) == ["Bracket create", "Bracket delete", "Bracket edit", "Tariff edit"]


def test_a_row_is_made_with_its_lines_at_once_and_empty_lines_are_none(town: Town) -> None:
    desk = Desk(town, None)
    given = {"code": "t", "name": "Tarif", "activity": town.activities["cantine"], "from_on": "2026-09-01"}
    assert desk.sent["tranches-lignes"] == "1"
    lines = {"tranches-lignes": "4", "tranches-2-price": "2", "tranches-3-price": " "}
    assert desk.post(**given, tranches_0_price="1,5", **lines).status_code == 302
    assert [price for _, _, price in read(PRICES)] == [Decimal("1.5"), Decimal(2)]
    assert read(select(func.count(Bracket.tariff_id.distinct()))) == [(1,)]


def test_the_button_adds_a_line_without_a_script_and_saves_nothing(town: Town) -> None:
    desk = Desk(town, tariff(town, "1"))
    answer = desk.post(name="Pas encore", tranches_0_price="9,9", _ajouter="tranches")
    page = page_of(answer)
    assert answer.status_code == 200 and "à corriger" not in page
    again = form_of(page)
    assert again["name"] == "Pas encore" and again["tranches-0-price"] == "9,9"
    assert again["tranches-lignes"] == "2" and again["tranches-1-price"] == ""
    assert again["revision"] == desk.sent["revision"] and 'data-warn-unsaved="always"' in page
    assert read(PRICES) == [(Decimal(0), Decimal(100), Decimal(1))]
    desk.sent = again
    assert desk.post(tranches_1_price="5").status_code == 302
    assert [price for _, _, price in read(PRICES)] == [Decimal("9.9"), Decimal(5)]


def test_a_new_line_that_is_taken_out_leaves_no_hole(town: Town) -> None:
    desk = Desk(town, tariff(town, "1"))
    more = {
        "tranches-lignes": "3",
        "tranches-1-price": "7",
        "tranches-1-retirer": "1",
        "tranches-2-price": "8",
    }
    again = form_of(page_of(desk.post(_ajouter="tranches", **more)))
    assert again["tranches-lignes"] == "3" and again["tranches-1-price"] == "8"


def test_an_error_of_a_line_is_on_its_field_and_nothing_is_written(town: Town) -> None:
    desk = Desk(town, tariff(town, "1", "2"))
    before = read(PRICES)
    answer = desk.post(name="Autre", tranches_0_price="beaucoup", tranches_1_until_quotient="50")
    page = page_of(answer)
    assert answer.status_code == 422
    # The order of the two ends is only looked at once each value can be read.
    assert 'href="#tranches-0-price">Tranche 1, Prix' in page and 'value="beaucoup"' in page
    assert page.count('id="tranches-0-price"') == 1
    page = page_of(desk.post(name="Autre", tranches_1_until_quotient="50"))
    assert 'href="#tranches-1-until_quotient">Tranche 2, ' in page and "La fin vient avant le début" in page
    assert read(PRICES) == before and read(select(Tariff.name)) == [("Repas",)]


def test_a_row_out_of_the_parent_or_out_of_thin_air_is_refused_and_nothing_is_written(town: Town) -> None:
    mine, other = tariff(town, "1"), tariff(town, "5", code="autre")
    ((stranger,),) = read(select(Bracket.id).where(Bracket.tariff_id == other))
    before = read(PRICES)
    for forged in (stranger, 999_999):
        for what in ({"tranches_0_price": "0"}, {"tranches_0_retirer": "1"}):
            desk = Desk(town, mine)
            answer = desk.post(name="Autre", tranches_0_id=forged, **what)
            assert answer.status_code == 409
            assert "Modifier" in page_of(answer) and read(PRICES) == before
            assert read(select(Tariff.name)) == [("Repas",), ("Repas",)]
    desk = Desk(town, mine)  # one row named twice
    twice = {"tranches-lignes": "2", "tranches-1-id": desk.sent["tranches-0-id"], "tranches-1-revision": "1"}
    assert desk.post(tranches_0_price="3", tranches_1_price="4", **twice).status_code == 409
    assert read(PRICES) == before


def test_lines_of_a_forged_count_stop_at_the_limit(town: Town) -> None:
    desk = Desk(town, tariff(town, "1"))
    answer = desk.post(**{"tranches-lignes": "999999", "tranches-100-price": "1"})
    assert answer.status_code == 422 and "60\u00a0lignes au plus" in page_of(answer)
    assert len(read(PRICES)) == 1


def test_past_the_limit_the_form_leads_to_the_tab_and_leaves_the_rows_alone(town: Town) -> None:
    number = tariff(town, *["1"] * 61)
    desk = Desk(town, number)
    assert "tranches-lignes" not in desk.sent
    assert f"/service/tarifs/{number}?onglet=tranches.tariff" in page_of(desk.client.get(desk.address))
    assert desk.post(name="Autre").status_code == 302
    assert len(read(PRICES)) == 61


# --- Saves that meet ---


def test_a_line_that_somebody_else_saved_is_not_overwritten_and_saving_again_wins(town: Town) -> None:
    number = tariff(town, "1", "2")
    late, other = Desk(town, number), Desk(town, number)
    assert other.post(tranches_0_price="1,11").status_code == 302
    answer = late.post(name="Tardif", tranches_0_price="1,22", tranches_1_price="2,22")
    page = page_of(answer)
    assert answer.status_code == 409 and "Modifié entre-temps par Paramétrage Service" in page
    assert "Tranche 1, Prix" in page and "1,11" in page and 'value="1,22"' in page and 'value="2,22"' in page
    assert [price for _, _, price in read(PRICES)] == [Decimal("1.11"), Decimal(2)]
    assert read(select(Tariff.name)) == [("Repas",)]
    late.sent = form_of(page)
    assert late.post().status_code == 302
    assert [price for _, _, price in read(PRICES)] == [Decimal("1.22"), Decimal("2.22")]
    assert read(select(Tariff.name)) == [("Tardif",)]


def test_what_both_typed_alike_is_no_conflict(town: Town) -> None:
    number = tariff(town, "1", "2")
    late, other = Desk(town, number), Desk(town, number)
    assert other.post(tranches_0_price="1,11").status_code == 302
    assert late.post(tranches_0_price="1,11", tranches_1_price="2,5").status_code == 302
    assert [price for _, _, price in read(PRICES)] == [Decimal("1.11"), Decimal("2.5")]


def test_a_line_that_somebody_else_removed_is_told_and_comes_back_knowingly(town: Town) -> None:
    number = tariff(town, "1", "2")
    late, other = Desk(town, number), Desk(town, number)
    more = {"tranches-lignes": "3", "tranches-2-price": "3"}
    assert other.post(tranches_0_retirer="1", **more).status_code == 302
    answer = late.post(tranches_0_price="1,22")
    page = page_of(answer)
    assert answer.status_code == 409 and "quelqu’un l’a retirée entre-temps" in page
    again = form_of(page)
    assert again["tranches-lignes"] == "3" and "tranches-0-id" not in again  # theirs has come, mine is new
    late.sent = again
    assert late.post().status_code == 302
    assert sorted(price for _, _, price in read(PRICES)) == [Decimal("1.22"), Decimal(2), Decimal(3)]


def test_a_refused_form_sent_again_still_meets_what_was_saved_in_between(town: Town) -> None:
    number = tariff(town, "1")
    late, other = Desk(town, number), Desk(town, number)
    assert other.post(name="Premier", tranches_0_price="1,11").status_code == 302
    refused = late.post(name="", tranches_0_price="1,22")
    assert refused.status_code == 422
    late.sent = form_of(page_of(refused))
    assert late.post(name="Second").status_code == 409
    redrawn = form_of(page_of(late.post(_ajouter="tranches")))
    late.sent = redrawn
    assert late.post(name="Second").status_code == 409
    assert read(select(Tariff.name)) == [("Premier",)]


# --- Rights ---


def test_who_may_not_write_a_part_neither_sees_its_lines_nor_forges_them(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = tariff(town, "1")
    ((bracket, revision),) = read(select(Bracket.id, Bracket.revision))
    client = town.client("hugo")
    assert client.get(f"/service/tarifs/{number}/modifier").status_code == 403
    from app.access import permissions

    real = permissions.may

    def tighter(viewer: Any, entity: Any, action: permissions.Action) -> bool:
        return (entity is not Bracket or action is permissions.Action.SEE) and real(viewer, entity, action)

    monkeypatch.setattr(permissions, "may", tighter)
    desk = Desk(town, number)
    assert "tranches-lignes" not in desk.sent
    line = {
        "tranches-lignes": "2", "tranches-0-id": bracket, "tranches-0-revision": revision,
        "tranches-0-price": "9", "tranches-1-price": "9",
    }  # fmt: skip
    assert desk.post(**line).status_code == 302  # nothing of it is read
    assert [price for _, _, price in read(PRICES)] == [Decimal(1)]


def test_who_may_only_change_lines_can_neither_add_nor_remove_by_forging(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bracket, "__create__", Unit.__see__ & ~Unit.__see__)
    number = tariff(town, "1", "2")
    desk = Desk(town, number)
    page = page_of(desk.client.get(desk.address))
    assert "Ajouter une tranche" not in page and "retirer" not in page
    for forged in ({"tranches_0_retirer": "1"}, {"tranches-lignes": "3", "tranches-2-price": "3"}):
        answer = desk.post(**forged)
        assert answer.status_code == 422 and "Vous ne pouvez pas" in page_of(answer)
    assert len(read(PRICES)) == 2
    assert desk.post(tranches_0_price="1,5").status_code == 302


def test_a_line_that_others_depend_on_is_not_removed_nor_takes_them_along(town: Town) -> None:
    number = town.activities["mercredi"]
    client = town.client("configurator")
    address = f"/service/activites/{number}/modifier"
    with unscoped("une ouverture"):
        db.session.add(Opening(unit_id=town.units["mercredi.matin"], open_on=date(2026, 9, 2)))
        db.session.commit()
    sent = form_of(page_of(client.get(address)))
    assert [sent[f"unites-{n}-code"] for n in range(3)] == ["matin", "repas", "apres-midi"]  # by their rank
    answer = client.post(address, data={**sent, "unites-0-retirer": "1"})
    assert answer.status_code == 422 and "Emporterait 1\u00a0ouverture" in page_of(answer)
    assert 'href="#unites-0-ligne"' in page_of(answer)
    assert client.post(address, data={**sent, "unites-2-retirer": "1"}).status_code == 302
    assert read(select(func.count(Unit.id)).where(Unit.activity_id == number)) == [(2,)]
    clash = {**form_of(page_of(client.get(address))), "unites-1-code": "matin"}
    page = page_of(client.post(address, data=clash))
    assert 'href="#unites-1-code"' in page or 'href="#unites-1-ligne"' in page
    assert read(select(func.count(Registration.id))) == [(0,)]


# --- Showing, and what it costs ---


def test_a_row_shows_its_parts_under_its_sections_and_in_its_history(town: Town) -> None:
    number = tariff(town, "1", "2")
    desk = Desk(town, number)
    desk.post(tranches_0_price="1,5", tranches_1_retirer="1")
    page = page_of(desk.client.get(f"/service/tarifs/{number}"))
    assert "1,50\u00a0€" in page and '<caption class="visually-hidden">Tranches</caption>' in page
    history = page_of(town.client("desk").get(f"/service/tarifs/{number}?onglet=historique"))
    assert "Tranche, modification : Prix" in history.replace("\u00a0:", " :")
    assert "Tranche, suppression" in history and "Paramétrage Service" in history
    assert re.search(r'<span class="was">1,00\s€</span></td><td class="now">1,50\s€', history)


def test_a_form_full_of_lines_stays_light_and_runs_few_statements(town: Town) -> None:
    desk = Desk(town, tariff(town, *["1"] * 60))
    for address in (
        desk.address,
        "/service/tarifs/creer",
        f"/service/activites/{town.activities['mercredi']}/modifier",
    ):
        desk.client.get(address)
        with count_statements() as statements:
            answer = desk.client.get(address)
        assert len(statements) <= 12, (address, statements)
        assert len(answer.data) < 100_000, address

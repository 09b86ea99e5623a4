"""Many rows at once, from the list to the result: what is shown, what is written, and what is refused."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Family, Membership, Person, RoleGrant
from app.services import batches
from tests.people import Town
from tests.screens.test_builder import crowd, read
from tests.screens.test_lists_columns import page_of
from tests.support.sql import count_statements

LOT = "/service/familles/lot"


def send(town: Town, who: str, lot: Any, action: str = "modifier", **more: Any) -> Any:
    return town.client(who).post(LOT, data={"lot": lot, "_action": action, **more})


def both(town: Town) -> list[int]:
    return [town.families["A"], town.families["B"]]


def cities() -> list[str]:
    return [city for (city,) in read(select(Family.city).order_by(Family.id))]


def test_rows_are_chosen_then_a_field_then_a_value_then_all_is_shown_and_done(town: Town) -> None:
    page = page_of(send(town, "desk", both(town)))
    assert "Modifier une valeur de 2 familles" in page
    assert '<option value="city">Commune</option>' in page
    page = page_of(send(town, "desk", both(town), _champ="city"))
    assert 'name="city"' in page and 'name="street"' not in page
    page = page_of(send(town, "desk", both(town), _champ="city", _etape="voir", city="Crolles"))
    assert "Ce qui va changer" in page and "Le Touvet" in page and "a déjà cette valeur" in page
    assert cities() == ["Le Touvet", "Crolles"]
    form = page.split("data-once")[-1]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert fields["lot"] == f"{town.families['B']},{town.families['A']}"  # as the list orders them
    answer = town.client("desk").post(LOT, data=fields)
    assert answer.status_code == 302 and answer.headers["Location"] == "/service/familles/"
    assert cities() == ["Crolles", "Crolles"]
    again = town.client("desk").post(LOT, data=fields)  # a second sending
    assert again.status_code == 302


def test_a_wrong_value_is_told_on_its_field(town: Town) -> None:
    answer = send(town, "desk", both(town), _champ="postcode", _etape="voir", postcode="386")
    assert answer.status_code == 422 and 'href="#postcode"' in page_of(answer)
    answer = send(town, "desk", both(town), _champ="postcode", _etape="faire", postcode="386")
    assert answer.status_code == 422
    assert [code for (code,) in read(select(Family.postcode).order_by(Family.id))] == ["38660", "38920"]


def test_numbers_out_of_reach_or_that_are_none_are_left_out(town: Town) -> None:
    page = page_of(send(town, "desk", ["999999", "abc", "-1", "²", "", both(town)[0]], _champ="city"))
    assert "de 1 " in page
    assert send(town, "desk", ["999999"]).status_code == 404
    nothing = send(town, "desk", ["abc"])
    assert nothing.status_code == 302
    hugo = town.client("hugo")
    tom = {"lot": str(town.people["tom"]), "_action": "modifier"}
    assert hugo.post("/service/personnes/lot", data=tom).status_code in (403, 404)


def test_a_hidden_or_unknown_field_is_as_if_none_was_chosen(town: Town) -> None:
    plain = page_of(send(town, "accountant", both(town)))
    for name in ("notes", "nobody", "id", "revision", "family_id", "name.x"):
        asked = {"_champ": name, "_etape": "faire", name: "vu"}
        assert page_of(send(town, "accountant", both(town), **asked)) == plain, name
    assert {notes for (notes,) in read(select(Family.notes))} == {None}


def test_the_doors_follow_the_rights(town: Town) -> None:
    lot = both(town)
    assert send(town, "claire", lot).status_code == 404
    assert town.client("claire").post("/espace/familles/lot", data={"lot": lot}).status_code == 404
    assert send(town, "desk", lot, "nimporte").status_code == 400
    assert send(town, "accountant", lot, "supprimer").status_code == 403
    assert town.client("desk").get(LOT).status_code == 405
    page = page_of(town.client("accountant").get("/service/familles/"))
    assert 'value="supprimer"' not in page
    assert 'value="modifier"' not in page_of(town.client("desk").get("/service/factures/"))


def test_a_form_without_its_token_is_refused(town: Town) -> None:
    town.app.config["WTF_CSRF_ENABLED"] = True
    change = {"_champ": "city", "_etape": "faire", "city": "Lumbin"}
    assert send(town, "desk", both(town), **change).status_code == 400
    assert town.client("desk").post("/service/familles/vues", data={"name": "x"}).status_code == 400
    assert "Lumbin" not in cities()


def test_what_would_stay_is_named_with_its_reason_before_and_after(town: Town) -> None:
    crowd(1, town)
    with unscoped("un foyer vide"):
        db.session.add(Family(name="Libre"))
        db.session.commit()
        ids = [
            one.id
            for one in db.session.scalars(select(Family).where(Family.name.in_(["Foule 000", "Libre"])))
        ]
    page = page_of(send(town, "desk", ids, "supprimer"))
    assert "restera comme avant" in page and "Foule 000" in page and "en dépend" in page
    assert len(cities()) == 4
    answer = send(town, "desk", ids, "supprimer", _etape="faire")
    page = page_of(answer)
    assert answer.status_code == 200 and "supprimé" in page and "Foule 000" in page
    assert len(cities()) == 3
    # Sent again: the one that is gone is no more, the other is still held.
    page = page_of(send(town, "desk", ids, "supprimer", _etape="faire"))
    assert "restera comme avant" in page and len(cities()) == 3


def test_the_whole_filtered_list_is_chosen_by_its_address(town: Town) -> None:
    crowd(30, town)
    page = page_of(town.client("desk").get("/service/familles/?q=foule"))
    assert "Choisir les 30 lignes de la liste" in page
    page = page_of(
        send(town, "desk", [], _tout="1", _query="q=foule", _champ="city", _etape="voir", city="Lumbin")
    )
    assert "30 " in page and 'value="Lumbin"' in page
    answer = send(town, "desk", [], _tout="1", _query="q=foule", _champ="city", _etape="faire", city="Lumbin")
    assert answer.headers["Location"] == "/service/familles/?q=foule"
    assert cities().count("Lumbin") == 30


def test_one_comes_back_to_the_page_of_the_list_where_the_rows_were_chosen(town: Town) -> None:
    crowd(30, town)
    page = page_of(town.client("desk").get("/service/familles/?q=foule&page=2"))
    (query,) = re.findall(r'name="_query" value="([^"]*)"', page)
    assert query == "q=foule&amp;page=2"
    answer = send(town, "desk", both(town), _query="q=foule&page=2", _champ="city", _etape="faire", city="x")
    assert answer.headers["Location"] == "/service/familles/?q=foule&page=2"


def test_too_many_rows_are_refused(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    crowd(6, town)
    monkeypatch.setattr(batches, "MOST", 5)
    answer = send(town, "desk", [], _tout="1", _query="", _champ="city", _etape="faire", city="Lumbin")
    assert answer.status_code == 422 and "ajoutez un filtre" in page_of(answer)
    assert "Lumbin" not in cities()
    listed = page_of(town.client("desk").get("/service/familles/?taille=2"))
    assert "Choisir les" not in listed.split("data-selection")[1].split("</form>", maxsplit=1)[0]


def test_the_rows_chosen_are_exported_without_the_token_in_the_address(town: Town) -> None:
    answer = send(town, "desk", both(town)[:1], "exporter", _query="colonnes=name,city&tri=-name")
    expected = f"/service/familles/export.xlsx?tri=-name&colonnes=name,city&lot={both(town)[0]}"
    assert answer.headers["Location"] == expected
    whole = send(town, "desk", [], "exporter", _tout="1", _query="q=martin")
    assert whole.headers["Location"] == "/service/familles/export.xlsx?q=martin"


def test_a_relation_is_chosen_among_the_rows_in_reach(town: Town) -> None:
    ties = [key for (key,) in read(select(Membership.id).where(Membership.person_id == town.people["tom"]))]
    door = "/service/liens-avec-le-foyer/lot"
    asked = {"lot": ties, "_action": "modifier", "_champ": "family", "_etape": "voir"}
    desk = town.client("desk")
    assert desk.post(door, data={**asked, "family": "999999"}).status_code == 422
    page = page_of(desk.post(door, data={**asked, "family": town.families["A"]}))
    assert '<td class="now">Martin</td>' in page and "Durand" in page


def test_a_page_of_a_batch_costs_few_statements_whatever_the_rows(town: Town) -> None:
    crowd(60, town)
    desk = town.client("desk")
    with unscoped("les numéros"):
        ids = ",".join(map(str, db.session.scalars(select(Person.id)).all()))
    form = {"lot": ids, "_action": "supprimer"}
    desk.post("/service/personnes/lot", data=form)
    with count_statements() as statements:
        assert desk.post("/service/personnes/lot", data=form).status_code == 200
    assert len(statements) <= 12, statements


def test_nothing_of_another_s_rows_is_told_by_a_batch(town: Town) -> None:
    with unscoped("un rôle"):
        grant = db.session.scalars(select(RoleGrant.id)).first()
    for who in ("desk", "accountant"):
        answer = town.client(who).post("/service/roles/lot", data={"lot": grant, "_action": "supprimer"})
        assert answer.status_code == 403

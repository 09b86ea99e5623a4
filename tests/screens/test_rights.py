"""The page of rights, and what its choices change on the pages of others."""

import re
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import Presence
from app.entities.rulebook import Audience, Level
from app.models import Booking, ChangeRequest, Family, FieldRight
from app.services import clock, rights
from tests.money import book
from tests.people import Town
from tests.support.sql import count_statements

FAMILIES = "/service/droits/familles"


def seen(town: Town) -> str:
    page = town.client("configurator").get(FAMILIES).text
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found is not None
    return found.group(1)


def tighten(town: Town, **levels: str) -> str:
    data = {"seen": seen(town), **{name.replace("__", "."): value for name, value in levels.items()}}
    answer = town.client("configurator").post(FAMILIES, data=data, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("name", ["desk", "head", "accountant", "hugo"])
def test_only_configurators_and_administrators_open_it(town: Town, name: str) -> None:
    assert town.client(name).get(FAMILIES).status_code == 403
    assert town.client(name).post(FAMILIES, data={"notes.desk": "hidden"}).status_code == 403


def test_to_a_parent_it_does_not_exist(town: Town) -> None:
    assert town.client("claire").get(FAMILIES).status_code == 404
    assert town.client(None).get(FAMILIES).status_code == 302


def test_every_kind_of_record_has_its_page(town: Town) -> None:
    client = town.client("configurator")
    listed = client.get("/service/droits/").text
    for entity in rights.tightenable():
        address = f"/service/droits/{entity.__term__.slug}"
        assert f'href="{address}"' in listed, entity
        with count_statements() as counted:
            page = client.get(address)
        assert page.status_code == 200, entity
        assert len(counted) <= 12 and len(page.data) < 100_000, (entity, len(counted), len(page.data))
    assert client.get("/service/droits/droits-resserres").status_code == 404
    assert client.get("/service/droits/nimporte").status_code == 404


def test_a_hidden_field_leaves_the_pages_of_that_role(town: Town) -> None:
    with unscoped("une note"):
        family = db.session.scalars(select(Family).where(Family.id == town.families["A"])).one()
        family.notes = "Mystère"
        db.session.commit()
    row = f"/service/familles/{town.families['A']}"
    assert "Mystère" in town.client("desk").get(row).text
    told = tighten(town, notes__desk="hidden")
    assert "1 droit resserré" in told.replace("\u00a0", " ").lower()
    desk = town.client("desk")
    for page in (row, f"{row}/modifier", f"{row}?onglet=historique", "/service/familles/export.csv"):
        answer = desk.get(page)
        assert answer.status_code == 200 and "Mystère" not in answer.text, page
    assert desk.post(f"{row}/modifier", data={"notes": "Forcé", "revision": "2"}).status_code in (
        302,
        409,
        422,
    )
    with unscoped("vérification"):
        family = db.session.scalars(select(Family).where(Family.id == town.families["A"])).one()
        assert family.notes == "Mystère"


def test_a_parent_s_field_becomes_read_only(town: Town) -> None:
    form = "/ma-famille/foyer"
    page = town.client("claire").get(form)
    assert page.status_code == 200 and 'name="phone"' in page.text
    tighten(town, phone__family="read")
    page = town.client("claire").get(form)
    assert page.status_code == 200 and 'name="phone"' not in page.text


def test_a_parent_s_change_waits_once_approval_is_asked(town: Town) -> None:
    tighten(town, phone__family="approval")
    client = town.client("claire")
    page = client.get("/ma-famille/foyer").text
    fields = dict(re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', page))
    client.post("/ma-famille/foyer", data={**fields, "phone": "04 76 00 00 01"})
    with unscoped("vérification"):
        asked = db.session.scalars(select(ChangeRequest)).all()
        assert [list(one.after) for one in asked] == [["phone"]]


def test_a_page_made_by_hand_says_what_can_no_longer_be_written(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 12, 8, 11, tzinfo=UTC))
    day = date(2026, 12, 8)
    with unscoped("un repas, un droit"):
        book(town, "lila", "A", "cantine.repas", day)
        right = FieldRight(entity_name="Booking", attribute_name="presence", audience=Audience.HEAD)
        right.level = Level.READ
        db.session.add(right)
        db.session.commit()
        number = db.session.scalars(select(Booking.id)).one()
    roll = f"/service/pointage/{town.activities['cantine']}/{day}"
    sent = {f"b{number}": "present"}
    refused = town.client("hugo").post(roll, data=sent)
    assert refused.status_code == 403 and "ne se modifie plus avec votre rôle" in refused.text
    assert presence() is None
    assert town.client("desk").post(roll, data=sent).status_code == 302
    assert presence() is Presence.PRESENT


def presence() -> Presence | None:
    with unscoped("vérification"):
        return db.session.scalars(select(Booking)).one().presence


def test_a_choice_that_does_not_exist_is_refused_and_what_was_chosen_is_kept(town: Town) -> None:
    data = {"seen": seen(town), "notes.desk": "hidden", "name.desk": "tout"}
    answer = town.client("configurator").post(FAMILIES, data=data)
    assert answer.status_code == 422 and "jamais élargi" in answer.text
    field = answer.text.split('name="notes.desk"')[1].split("</select>")[0]
    assert '<option value="hidden" selected>' in field


def test_somebody_saved_meanwhile(town: Town) -> None:
    before = seen(town)
    tighten(town, notes__desk="read")
    late = town.client("configurator").post(FAMILIES, data={"seen": before, "phone.desk": "hidden"})
    assert late.status_code == 409 and "entre-temps" in late.text

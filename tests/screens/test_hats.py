"""Roles held in different places are different hats: none lends its rights to another's rows."""

from datetime import date

import pytest
from sqlalchemy import select

from app.access.database import db
from app.access.guard import hats_of, load_account, viewer_of
from app.access.viewer import Side, acting, unscoped
from app.declare import Role
from app.entities.account import RoleName
from app.models import Account, Family, HealthRecord, Registration, RoleGrant
from app.services import passwords
from tests.people import Town


@pytest.fixture
def hugo(town: Town) -> Town:
    """Hugo heads the canteen and bills for the whole town; Lila eats there, Tom does not."""
    with unscoped("Hugo tient aussi la régie"):
        db.session.add(RoleGrant(account_id=town.accounts["hugo"], role_name=RoleName.ACCOUNTANT))
        for child in ("lila", "tom"):
            db.session.add(HealthRecord(child_id=town.people[child], doctor_name=f"Docteur {child}"))
        db.session.add(
            Registration(
                family_id=town.families["A"],
                child_id=town.people["lila"],
                activity_id=town.activities["cantine"],
                school_year_id=town.school_year,
                starts_on=date(2026, 9, 1),
                ends_on=date(2027, 7, 3),
            )
        )
        db.session.commit()
    return town


def canteen(town: Town) -> str:
    return str(town.facilities["restaurant"])


def test_what_holds_everywhere_and_what_holds_in_one_place_are_two_hats(hugo: Town) -> None:
    account = load_account(hugo.accounts["hugo"])
    assert account is not None
    assert [(one.key, one.roles) for one in hats_of(account)] == [
        ("*", Role.ACCOUNTANT),
        (canteen(hugo), Role.HEAD),
    ]


def test_two_roles_of_one_place_and_one_role_of_two_places_are_one_hat_each(town: Town) -> None:
    with unscoped("Hugo au centre de loisirs aussi"):
        db.session.add(
            RoleGrant(
                account_id=town.accounts["hugo"],
                role_name=RoleName.HEAD,
                facility_id=town.facilities["grappaloups"],
            )
        )
        db.session.commit()
    account = load_account(town.accounts["hugo"])
    assert account is not None
    (one,) = hats_of(account)
    assert one.facility_ids == frozenset(town.facilities.values())


def test_the_accountant_s_hat_reaches_everyone_and_no_health_page(hugo: Town) -> None:
    account = load_account(hugo.accounts["hugo"])
    assert account is not None
    with acting(viewer_of(account, Side.STAFF, hat="*")) as viewer:
        assert len(db.session.scalars(select(Family)).all()) == 2
        assert viewer.acting_roles == Role.ACCOUNTANT
    with acting(viewer_of(account, Side.STAFF, hat=canteen(hugo))) as viewer:
        assert [one.name for one in db.session.scalars(select(Family))] == ["Martin"]
        assert [one.doctor_name for one in db.session.scalars(select(HealthRecord))] == ["Docteur lila"]


def test_a_hat_that_is_not_one_s_own_is_not_worn(hugo: Town) -> None:
    account = load_account(hugo.accounts["hugo"])
    assert account is not None
    other = str(hugo.facilities["grappaloups"])
    assert viewer_of(account, Side.STAFF, hat=other).hat == "*"
    assert hugo.client("hugo").post("/service/casquette", data={"hat": other}).status_code == 404
    assert hugo.client("desk").post("/service/casquette", data={"hat": canteen(hugo)}).status_code == 404


def test_changing_hat_changes_the_menu_and_what_opens(hugo: Town) -> None:
    client = hugo.client("hugo")
    page = client.get("/service/").text
    assert "Régie, toutes les structures" in page and "Direction de structure, Restaurant scolaire" in page
    assert client.get("/service/facturation/").status_code == 200
    assert client.get("/service/pointage/").status_code == 403
    client.post("/service/casquette", data={"hat": canteen(hugo)})
    assert client.get("/service/facturation/").status_code == 403
    assert client.get("/service/pointage/").status_code == 200


def test_one_hat_offers_no_choice(town: Town) -> None:
    assert "Casquette" not in town.client("hugo").get("/service/").text


def test_without_a_role_the_service_s_side_reaches_nothing(town: Town) -> None:
    account = load_account(town.accounts["claire"])
    assert account is not None
    with acting(viewer_of(account, Side.STAFF)) as viewer:
        assert viewer.facility_ids == frozenset()
        assert db.session.scalars(select(Family)).all() == []


def test_the_widest_of_the_limited_hats_comes_first(town: Town) -> None:
    with unscoped("secrétaire des deux structures, directeur d’une"):
        for facility_id in town.facilities.values():
            db.session.add(
                RoleGrant(account_id=town.accounts["hugo"], role_name=RoleName.DESK, facility_id=facility_id)
            )
        db.session.commit()
    account = load_account(town.accounts["hugo"])
    assert account is not None
    assert [one.roles for one in hats_of(account)] == [Role.DESK, Role.HEAD]


def test_a_new_password_keeps_the_hat(hugo: Town) -> None:
    with unscoped("Hugo a un mot de passe"):
        account = db.session.scalars(select(Account).where(Account.id == hugo.accounts["hugo"])).one()
        account.password_hash = passwords.hash_password("caillou-craie-ciel")
        db.session.commit()
    client = hugo.client("hugo")
    client.post("/service/casquette", data={"hat": canteen(hugo)})
    sent = {"current": "caillou-craie-ciel", "password": "marelle-palet-terre"}
    assert client.post("/mon-mot-de-passe", data=sent).status_code == 302
    assert client.get("/service/pointage/").status_code == 200

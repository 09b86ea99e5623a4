"""Lists on a real PostgreSQL: filters, columns, files, views and batches, as on SQLite."""

import pytest
from sqlalchemy import select

from app.access import permissions
from app.access.database import db
from app.access.viewer import Side, unscoped
from app.declare import Entity, entities
from app.models import Booking, Membership, OutgoingMail, Registration
from app.screens.builder import filters, listing
from app.screens.builder.addresses import SCREENS
from app.services import batches
from tests.people import Town
from tests.wednesday import WEDNESDAY, open_wednesdays

TYPED = {
    filters.DAYS: ("-du=2020-01-01", "-au=2030-01-01"),
    filters.NUMBERS: ("-min=1", "-max=99999999999"),
    filters.WORDS: ("=%C3%89l 1%25",),
}


def asked(town: Town, entity: type[Entity]) -> str:
    """Every filter and every column of a list at once."""
    viewer = town.viewer("desk")
    parts = [f"colonnes={','.join(one.name for one in listing.choosable(entity, viewer))}"]
    for one in filters.filterable(permissions.visible(entity, viewer)):
        ends = next((ends for kinds, ends in TYPED.items() if one.kind in kinds), ("=1", "=oui", "=vide"))
        parts.extend(one.name + end for end in ends)
    return "&".join(parts)


@pytest.mark.slow
def test_lists_answer_on_postgresql(postgres_town: Town) -> None:
    town, app = postgres_town, postgres_town.app
    desk = town.client("desk")
    for entity in entities():
        page = app.extensions[SCREENS][entity.__name__, Side.STAFF]
        if not page.allows("index", town.viewer("desk")):
            continue
        query = asked(town, entity)
        for door in ("/", "/export.csv", "/export.xlsx"):
            assert desk.get(f"{page.route_base}{door}?{query}").status_code == 200, (entity, door)
        kept = desk.post(f"{page.route_base}/vues", data={"name": "Vue", "query": query, "shared": "1"})
        assert desk.get(kept.headers["Location"]).status_code == 200, entity
    found = desk.get("/service/personnes/?first_name=ZOE").get_data(as_text=True)
    assert "Martin-Durand" in found and "Lila" not in found
    _batch(town)


def _batch(town: Town) -> None:
    """A value that one row can't take and the others can; then a deletion tried, then done."""
    family = Membership.__attributes__["family"]
    with town.acting("desk") as viewer:
        people = [town.people["zoe"], town.people["tom"]]
        ties = list(db.session.scalars(select(Membership).where(Membership.person_id.in_(people))))
        batch = batches.update_many(ties, family, town.families["A"], viewer)
        assert (len(batch.done), len(batch.same), len(batch.refused)) == (1, 1, 1), batch
        assert "Il existe déjà" in next(iter(batch.refused.values()))
        left = list(db.session.scalars(select(Membership).where(Membership.person_id == people[1])))
        assert batches.delete_many(left, viewer, trial=True).done
        left = list(db.session.scalars(select(Membership).where(Membership.person_id == people[1])))
        assert len(batches.delete_many(left, viewer).done) == 1


@pytest.mark.slow
@pytest.mark.usefixtures("first_of_december")
def test_a_sign_that_no_text_holds_breaks_no_page(postgres_town: Town) -> None:
    """A NUL, which PostgreSQL refuses in a text, wherever one searches, names a rule or answers a family."""
    town = open_wednesdays(postgres_town)
    desk, configurator = town.client("desk"), town.client("configurator")
    for searched in (
        "/service/demandes-refusees/?q=a%00b",
        "/service/essai-des-regles/enfants?q=li%00l",
        "/service/chercher?q=li%00l",
        "/service/familles/?name=mar%00tin",
    ):
        assert desk.get(searched).status_code in (200, 302), searched
    assert configurator.post("/service/regles/a%00b/abandonner").status_code == 404
    with unscoped("test"):
        number = db.session.scalars(select(Registration.id).limit(1)).one()
        asked = Booking(
            registration_id=number,
            family_id=town.families["A"],
            child_id=town.people["lila"],
            unit_id=town.units["mercredi.repas"],
            booked_on=WEDNESDAY,
        )
        db.session.add(asked)
        db.session.commit()
        seen = f"{asked.id}:{asked.revision}"
    sent = {"seen": seen, "case": seen.partition(":")[0], "reason": "Trop\x00 tard"}
    address = f"/service/reservations-a-decider/{town.people['lila']}-{town.families['A']}/refuser"
    assert desk.post(address, data=sent).status_code == 302
    with unscoped("test"):
        assert "Trop tard" in db.session.scalars(select(OutgoingMail.body).limit(1)).one()

"""What the town offers: facilities, activities, their bookable units, groups, schools."""

from datetime import time

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from app.declare import (
    FACILITY,
    SETTINGS,
    TOWN,
    Choice,
    Entity,
    Kind,
    Role,
    attribute,
    feminine,
    masculine,
    positive,
    relation,
)


class FacilityKind(Choice):
    """What a facility is, as the law and the child's page need to know."""

    NURSERY = "nursery", "Multi-accueil", "rose", "balloon"
    AFTER_SCHOOL = "after_school", "Accueil périscolaire", "blue", "backpack"
    CANTEEN = "canteen", "Restaurant scolaire", "peach", "egg-fried"
    LEISURE = "leisure", "Centre de loisirs", "green", "sun"
    YOUTH = "youth", "Accueil jeunes", "yellow", "bicycle"


class CollectedBy(Choice):
    """Who collects what is billed (B2)."""

    TREASURY = "treasury", "Trésor public", "grey", "bank"
    TOWN_DESK = "town_desk", "Régie de la commune", "grey", "cash-coin"


class Facility(Entity):
    """Facility: a place with its team, its rules and its telephone."""

    __term__ = feminine("structure", "structures")
    __scope__ = TOWN
    __facility__ = FACILITY
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("name",)
    __listed__ = ("name", "facility_kind", "email", "phone", "collected_by")

    name: Mapped[str] = attribute("Nom")
    code: Mapped[str] = attribute("Code", unique=True, length=60, see=SETTINGS, made_from="name")
    facility_kind: Mapped[FacilityKind] = attribute("Type")
    email: Mapped[str | None] = attribute("E-mail", kind=Kind.EMAIL)
    phone: Mapped[str | None] = attribute("Téléphone", kind=Kind.PHONE)
    address: Mapped[str | None] = attribute("Adresse", kind=Kind.LONG_TEXT)
    collected_by: Mapped[CollectedBy] = attribute("Encaissement", default=CollectedBy.TREASURY)
    offers_direct_debit: Mapped[bool] = attribute("Prélèvement proposé", default=False)


class Activity(Entity):
    """Activity: what one registers for, in one facility."""

    __term__ = feminine("activité", "activités")
    __scope__ = TOWN
    __facility__ = "facility"
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("name",)
    __listed__ = ("name", "facility", "accepts_alone", "is_bookable", "min_age_months", "max_age_months")

    name: Mapped[str] = attribute("Nom")
    code: Mapped[str] = attribute("Code", unique=True, length=60, see=SETTINGS, made_from="name")
    phrase: Mapped[str | None] = attribute(
        "Dans une phrase", help="Avec son article : le mercredi aux Grappaloups.", see=SETTINGS
    )
    facility: Mapped[Facility] = relation("Structure")
    facility_id: Mapped[int]
    description: Mapped[str | None] = attribute("Description", kind=Kind.LONG_TEXT)
    accepts_alone: Mapped[bool] = attribute(
        "Inscription acceptée d’office", help="Sinon, le service décide de chaque demande.", default=False
    )
    confirms_alone: Mapped[bool] = attribute(
        "Réservation confirmée d’office", help="Dans la limite des places.", default=True
    )
    is_bookable: Mapped[bool] = attribute("Se réserve jour par jour", default=True)
    min_age_months: Mapped[int | None] = attribute("Âge minimum", unit="mois", check=positive)
    max_age_months: Mapped[int | None] = attribute("Âge maximum", unit="mois", check=positive)
    absence_is_billed: Mapped[bool] = attribute("Absence facturée si non excusée", default=True)
    position: Mapped[int] = attribute("Rang d’affichage", default=0, see=SETTINGS)

    @property
    def ages(self) -> tuple[int | None, int | None]:
        """The least and the most months of age, both included."""
        return self.min_age_months, self.max_age_months


class Unit(Entity):
    """Unit: a bookable part of an activity (matin, repas, après-midi, soir)."""

    __term__ = feminine("unité", "unités")
    __scope__ = TOWN
    __facility__ = "activity"
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("name",)
    __listed__ = ("activity", "name", "starts_at", "ends_at", "places")
    __table_args__ = (UniqueConstraint("activity_id", "code"),)

    activity: Mapped[Activity] = relation("Activité", parent=True, inline=True)
    activity_id: Mapped[int]
    name: Mapped[str] = attribute("Nom")
    code: Mapped[str] = attribute("Code", length=60, see=SETTINGS, made_from="name")
    phrase: Mapped[str | None] = attribute(
        "Dans une phrase", help="Avec son article : le repas.", see=SETTINGS
    )
    starts_at: Mapped[time | None] = attribute("Début")
    ends_at: Mapped[time | None] = attribute("Fin")
    places: Mapped[int | None] = attribute("Places par jour", help="Vide : sans limite.", check=positive)
    is_meal: Mapped[bool] = attribute("C’est un repas", default=False)
    position: Mapped[int] = attribute("Rang d’affichage", default=0, see=SETTINGS)


class CareGroup(Entity):
    """Group: children of an activity kept together, with a number of places."""

    __term__ = masculine("groupe", "groupes")
    __scope__ = TOWN
    __facility__ = "activity"
    __edit__ = SETTINGS | Role.HEAD
    __menu__ = "Réglages"
    __named__ = ("name",)

    activity: Mapped[Activity] = relation("Activité", parent=True, inline=True)
    activity_id: Mapped[int]
    name: Mapped[str] = attribute("Nom")
    places: Mapped[int | None] = attribute(
        "Places",
        help="Vues à l’inscription. Pour les faire respecter : une règle de places, pour ce groupe.",
        check=positive,
    )


class School(Entity):
    """School: where a child is taught."""

    __term__ = feminine("école", "écoles")
    __scope__ = TOWN
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("name",)

    name: Mapped[str] = attribute("Nom")
    code: Mapped[str] = attribute("Code", unique=True, length=60, see=SETTINGS, made_from="name")
    city: Mapped[str | None] = attribute("Commune")

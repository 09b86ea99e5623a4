"""What a town must have before families book: told to whoever configures it, until all of it is there."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, exists, literal, select, union_all

from app.access.database import db
from app.access.viewer import unscoped
from app.declare import Entity
from app.models import (
    Activity,
    DocumentType,
    Example,
    Facility,
    Opening,
    Period,
    Rule,
    SchoolYear,
    Setting,
    Tariff,
    Unit,
)


@dataclass(frozen=True)
class Step:
    """One thing to enter: its name, why, the entity whose screen it is, whether it is there."""

    code: str
    name: str
    why: str
    is_done: bool = False
    may_wait: bool = False


STEPS = (
    Step("settings", "Réglages de la ville", "le nom, l’e-mail et le téléphone que lisent les familles"),
    Step("facilities", "Structures", "le restaurant, le centre de loisirs, l’accueil du soir"),
    Step("year", "Année scolaire", "ses vacances et ses jours fériés s’écrivent d’un coup"),
    Step("activities", "Activités", "ce à quoi on s’inscrit, et leurs unités : matin, repas, après-midi"),
    Step("calendar", "Calendrier", "les jours où chaque activité ouvre"),
    Step("documents", "Pièces demandées", "ce que chaque famille doit fournir", may_wait=True),
    Step("tariffs", "Tarifs", "un prix par tranche de quotient", may_wait=True),
    Step("rules", "Règles", "les délais, ce qui va ensemble, qui a une place", may_wait=True),
    Step("examples", "Exemples", "ils gardent le règlement des erreurs", may_wait=True),
)


def steps(today: date) -> list[Step]:
    """Each with whether it is done; none once families can book. One statement."""
    with unscoped("ce qu’une ville a saisi est public"):
        done = {code for code, is_there in db.session.execute(union_all(*_asked(today))) if is_there}
    found = [Step(one.code, one.name, one.why, one.code in done, one.may_wait) for one in STEPS]
    return found if any(not one.is_done and not one.may_wait for one in found) else []


def _asked(today: date) -> list[Select[tuple[str, bool]]]:
    coming = SchoolYear.ends_on >= today
    return [
        _has("settings", Setting, Setting.key == "service_email"),
        _has("facilities", Facility),
        select(literal("year"), exists().where(coming, Period.school_year_id == SchoolYear.id)),
        _has("activities", Unit, Unit.activity_id == Activity.id),
        _has("calendar", Opening, Opening.open_on >= today),
        _has("documents", DocumentType),
        _has("tariffs", Tariff),
        _has("rules", Rule),
        _has("examples", Example),
    ]


def _has(code: str, entity: type[Entity], *conditions: ColumnElement[bool]) -> Select[tuple[str, bool]]:
    return select(literal(code), select(entity.id).where(*conditions).exists())

"""The sections of a rulebook, in the order in which a town writes them."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from app.models import (
    Activity,
    Article,
    Bracket,
    CareGroup,
    DocumentType,
    Example,
    Facility,
    FreezeDate,
    HealthWord,
    MailText,
    Question,
    RefusalReason,
    Rule,
    School,
    SchoolYear,
    Tariff,
    Unit,
    Vaccine,
)
from app.rules.calendar import Weekday
from app.rules.values import Misread, read_yes_no
from app.services.rulebook.schema import Field, Section, told
from app.services.rulebook.source import Listing, Node, Table
from app.services.rulebook.values import Ref, read_day_of_year, read_weekdays, text_of, texts_of

PERIODS = {"term": "temps scolaire", "holidays": "vacances"}


@dataclass(frozen=True)
class Opens:
    """On which days an activity opens: weekdays of school time, of the holidays or of both, or dates."""

    periods: Literal["term", "holidays"] | None = told(
        "Périodes (toutes si vide)", labels=PERIODS, default=None
    )
    days: frozenset[Weekday] | None = told("Jours de la semaine", default=None)
    dates: frozenset[date] | None = told("Dates précises, au lieu de jours", default=None)
    units: frozenset[str] | None = told(
        "Unités de l’activité (toutes si vide), sans le code de celle-ci", default=None
    )
    from_on: date | None = told("À partir du", default=None)
    until_on: date | None = told("Jusqu’au (exclu)", default=None)
    places: int | None = told("Places ces jours-là", default=None)


@dataclass(frozen=True)
class GivenPeriod:
    """A period that the town gives itself, instead of the zone's."""

    name: str = told("Nom")
    period_kind: Literal["term", "holidays"] = told("Type", labels=PERIODS)
    starts_on: date = told("Du")
    ends_on: date = told("Au (compris)")


@dataclass(frozen=True)
class Closed:
    """Days without service, both ends included, in one facility or in all."""

    starts_on: date = told("Du")
    reason: str = told("Motif")
    ends_on: date | None = told("Au (compris)", default=None)
    facility: str | None = told("Structure (toutes si vide)", default=None)


def _table(node: Node) -> Any:
    if isinstance(node, Table):
        return node.plain
    raise Misread("il faut ici des clés et leurs valeurs, par exemple {days: 2}.")


def _who(node: Node) -> Any:
    if isinstance(node, Table):
        return node.plain
    raise Misread("il faut ici des critères et leurs valeurs, par exemple {residence: [resident]}.")


def _listing(node: Node) -> list[str]:
    return texts_of(node) if isinstance(node, Listing) else [text_of(node)]


def _yes(node: Node) -> bool:
    return read_yes_no(text_of(node))


def _unit_ref(node: Node) -> Ref:
    return Ref("Unit", text_of(node), node)


UNITS = Section(
    "units",
    "Unités",
    Unit,
    identity=("activity_id", "code"),
    parent="activity",
)
GROUPS = Section(
    "groups", "Groupes", CareGroup, by="name", identity=("activity_id", "name"), parent="activity"
)
BRACKETS = Section(
    "brackets",
    "Tranches",
    Bracket,
    by="",
    identity=("tariff_id", "from_quotient"),
    parent="tariff",
)

SECTIONS: tuple[Section, ...] = (
    Section("facilities", "Structures", Facility),
    Section(
        "activities",
        "Activités",
        Activity,
        extras=(Field("opens", "Jours d’ouverture", text_of, several=Opens),),
        children=(UNITS, GROUPS),
    ),
    Section("schools", "Écoles", School),
    Section(
        "school_years",
        "Années scolaires",
        SchoolYear,
        extras=(
            Field("zone", "Zone des vacances", text_of, written="A, B ou C"),
            Field(
                "public_holidays",
                "Fermé les jours fériés",
                _yes,
                default=True,
                written="oui (d’office) ou non",
            ),
            Field("periods", "Périodes données par la commune", text_of, several=GivenPeriod),
            Field("closing_days", "Jours de fermeture", text_of, several=Closed),
        ),
    ),
    Section("articles", "Articles du règlement", Article),
    Section(
        "rules",
        "Règles",
        Rule,
        reads={
            "parameters": _table,
            "units": _listing,
            "weekdays": read_weekdays,
            "who": _who,
            "unless": _who,
        },
    ),
    Section("examples", "Exemples", Example, whole="body", owned=True),
    Section(
        "freeze_dates",
        "Dates de gel",
        FreezeDate,
        by="",
        identity=("section", "facility_id"),
        leaves_out=frozenset({"day", "month", "reopens_day", "reopens_month"}),
        extras=(
            Field(
                "closes",
                "Fermé aux familles à partir du",
                read_day_of_year,
                required=True,
                written="1er août",
            ),
            Field(
                "reopens",
                "Rouvert à partir du",
                read_day_of_year,
                default=(5, 1),
                written="1er mai, d’office",
            ),
        ),
    ),
    Section("document_types", "Pièces demandées", DocumentType),
    Section(
        "questions",
        "Questions",
        Question,
        reads={"choices": texts_of},
        extras=(
            Field(
                "facilities",
                "Structures qui la posent",
                texts_of,
                written="codes de structures",
                help="Vide : toutes.",
            ),
        ),
    ),
    Section("refusal_reasons", "Motifs de refus", RefusalReason),
    Section("vaccines", "Vaccins", Vaccine),
    Section("health_words", "Mots de santé", HealthWord),
    Section(
        "tariffs",
        "Tarifs",
        Tariff,
        reads={"unit": _unit_ref},
        children=(BRACKETS,),
    ),
    Section("mail_texts", "Textes des e-mails", MailText),
)

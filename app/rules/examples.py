"""Worked examples: what a règlement must answer, written by the town, tried at each change (``trying``).

An example gives the facts that matter, a moment, what is asked, and what is expected. What it does not tell
stops nothing: without an age no rule of age is tried, without ``papers`` all of them are in order, without
``registered`` the child is registered for what is asked, and every place is free unless ``taken``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from app.rules.facts import Custody, DocumentCode
from app.rules.parameters import (
    NOTHING_KNOWN,
    BadParameter,
    Filled,
    Known,
    Parameter,
    declared,
    fill,
    in_french,
    param,
    plain,
)
from app.rules.squares import (
    ActivityCode,
    AnswerCode,
    Counts,
    GroupName,
    LevelCode,
    Months,
    RuleCode,
    SchoolCode,
    Squares,
)
from app.rules.verdict import PriceEffect
from app.rules.who import RESIDENCES

EXPECT = "expect"
CUSTODY = {"even": "paires", "odd": "impaires"}
EFFECTS = {"surcharge": "majoration", "full_price": "tarif réduit perdu"}


@dataclass(frozen=True, slots=True)
class Expected:
    """What the answer must be; what is not written is not looked at."""

    allowed: bool | None = param(
        "Accepté",
        default=None,
        help="Oui : tout est accepté tout de suite. Non : quelque chose est refusé. Ce qui attend une place "
        "ou le service n’est ni l’un ni l’autre.",
    )
    refused_by: frozenset[RuleCode] | None = param(
        "Refusé par", may_be_empty=True, default=None, help="Ces règles, et aucune autre."
    )
    asks_staff_by: frozenset[RuleCode] | None = param(
        "Soumis au service par", may_be_empty=True, default=None
    )
    waits_by: frozenset[RuleCode] | None = param(
        "Mis en liste d’attente par", may_be_empty=True, default=None
    )
    warned_by: frozenset[RuleCode] | None = param("Averti par", may_be_empty=True, default=None)
    effects: frozenset[PriceEffect] | None = param(
        "Effets sur le prix", may_be_empty=True, labels=EFFECTS, default=None
    )
    remedy: str | None = param("Remède proposé", default=None, help="Les mots du bouton : Ajouter le repas.")
    bookable_from: datetime | None = param("Réservable à partir de", default=None)
    bookable_until: datetime | None = param(
        "Réservable jusqu’à", default=None, help="Le premier instant où c’est trop tard."
    )
    cancellable_until: datetime | None = param("Annulable jusqu’à", default=None)
    documents: frozenset[DocumentCode] | None = param(
        "Pièces réclamées",
        may_be_empty=True,
        default=None,
        help="Pour une demande d’inscription seulement : celles qui l’empêchent. Une réservation à qui une "
        "pièce manque est refusée par la règle « papers » qui la demande.",
    )

    starts_on: date | None = param(
        "L’inscription commence le", default=None, help="Pour une demande d’inscription."
    )
    rank: int | None = param(
        "Rang de priorité", default=None, minimum=1, help="100 : aucune priorité ne le fait passer avant."
    )

    def problems(self) -> Iterator[BadParameter]:
        if all(getattr(self, one.name) is None for one in EXPECTED):
            yield BadParameter(EXPECT, "dites ce qui est attendu, par exemple « allowed: oui ».")

    @property
    def rules(self) -> frozenset[str]:
        """Every rule that it names."""
        named = (self.refused_by, self.asks_staff_by, self.waits_by, self.warned_by)
        return frozenset().union(*(one for one in named if one))


EXPECTED: tuple[Parameter, ...] = declared(Expected)


@dataclass(frozen=True, slots=True)
class Example:
    """One example: a sentence, facts, a moment, what is asked and what is expected."""

    says: str = param("La phrase", help="Ce que le règlement en dit, en clair.", maximum=400)
    at: datetime = param("Le moment de la demande")
    books: Squares | None = param("Demande", default=None)
    cancels: Squares | None = param("Annule", default=None)
    registers: ActivityCode | None = param("Veut s’inscrire à", default=None)
    age: Months | None = param("Âge de l’enfant ce jour-là", default=None)
    born_on: date | None = param("Né le", default=None)
    level: LevelCode | None = param("Classe", default=None)
    school: SchoolCode | None = param("École", default=None)
    residence: Literal["resident", "works_here", "outside"] | None = param(
        "Rattachement", labels=RESIDENCES, default=None
    )
    custody: Custody | None = param("Semaines de garde", labels=CUSTODY, default=None)
    groups: frozenset[GroupName] | None = param("Groupes", may_be_empty=True, default=None)
    answers: frozenset[AnswerCode] | None = param(
        "Questions répondues « oui »", may_be_empty=True, default=None
    )
    papers: frozenset[DocumentCode] | None = param(
        "Pièces en règle", may_be_empty=True, default=None, help="Sans cette ligne, toutes le sont."
    )
    registered: frozenset[ActivityCode] | None = param(
        "Inscrit à", may_be_empty=True, default=None, help="Sans cette ligne, à tout ce qui est demandé."
    )
    booked: Squares | None = param("Déjà réservé", default=None)
    cancelled: Squares | None = param("Déjà annulé", default=None)
    taken: Counts | None = param(
        "Places prises par d’autres, chaque jour", default=None, help="Par des enfants comme celui-ci."
    )
    taken_under_six: Counts | None = param("Et par des moins de 6 ans", default=None)
    overdue: Decimal | None = param("Factures échues impayées", unit="€", default=None)

    @property
    def tells_age(self) -> bool:
        """Whether it tells how old the child is."""
        return self.age is not None or self.born_on is not None

    def problems(self) -> Iterator[BadParameter]:
        if self.books is None and self.cancels is None and self.registers is None:
            yield BadParameter("books", "dites ce qui est demandé : « books », « cancels » ou « registers ».")
        if self.age is not None and self.born_on is not None:
            yield BadParameter("age", "donnez l’âge ou le jour de naissance : pas les deux.")


PARAMETERS: tuple[Parameter, ...] = declared(Example)


@dataclass(frozen=True, slots=True)
class Written:
    """An example that was read, or all that is wrong in it, each with the keys that lead to it."""

    example: Example | None = None
    expected: Expected | None = None
    errors: tuple[tuple[tuple[str, ...], str], ...] = ()


def read(values: Mapping[str, object], known: Known = NOTHING_KNOWN) -> Written:
    """Read an example from plain values."""
    asked = read_facts(values, known)
    wanted = values.get(EXPECT)
    if isinstance(wanted, Mapping):
        expected = fill(Expected, EXPECTED, wanted, known)
    else:
        told = BadParameter(EXPECT, "ajoutez « expect », avec ce qui est attendu : « allowed: oui ».")
        expected = Filled(errors=in_french([told]))
    errors: list[tuple[tuple[str, ...], str]] = [((one.name,), one.message) for one in asked.errors]
    errors += [((EXPECT, one.name), one.message) for one in _about_nothing(asked.made, expected.made)]
    errors += [(tuple(dict.fromkeys((EXPECT, one.name))), one.message) for one in expected.errors]
    return Written(None, None, tuple(errors)) if errors else Written(asked.made, expected.made)


def read_facts(values: Mapping[str, object], known: Known = NOTHING_KNOWN) -> Filled:
    """The same without what is expected: enough to be answered."""
    return fill(Example, PARAMETERS, {key: one for key, one in values.items() if key != EXPECT}, known)


def _about_nothing(asked: Example | None, wanted: Expected | None) -> tuple[BadParameter, ...]:
    """What is only answered to who asks to register, expected of an example that does not."""
    if asked is None or wanted is None or asked.registers is not None:
        return ()
    named = [name for name in ("documents", "starts_on") if getattr(wanted, name) is not None]
    return in_french(
        BadParameter(name, f"« {name} » répond à une demande d’inscription : ajoutez « registers ».")
        for name in named
    )


def written(example: Example, expected: Expected) -> dict[str, object]:
    """An example in plain values: ``read`` gives it back."""
    return {**plain(example, PARAMETERS), EXPECT: plain(expected, EXPECTED)}

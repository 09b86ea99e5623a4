"""The reasons offered where the service refuses, and the sentence that the family reads of each.

The usual ones hold until a configurator writes others: of one thing (``Refusable``), or of all.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from app.access.database import db
from app.access.versions import Remembered
from app.entities.rulebook import Refusable
from app.models import RefusalReason


@dataclass(frozen=True)
class Reason:
    """A reason: its key in a form, the words of its button, the sentence that the family reads."""

    key: str
    name: str
    sentence: str


USUAL: Mapping[Refusable, tuple[Reason, ...]] = {
    Refusable.CHANGE: (
        Reason(
            "justificatif",
            "Justificatif",
            "Il nous faut un justificatif\u00a0: envoyez-le dans «\u00a0Mes documents\u00a0».",
        ),
        Reason(
            "adresse",
            "Adresse incomplète",
            "L’adresse n’est pas complète\u00a0: indiquez le numéro, la voie et la commune.",
        ),
        Reason(
            "identite",
            "Pas comme la pièce d’identité",
            "L’information ne correspond pas au document d’identité.",
        ),
        Reason("personne", "Pas la bonne personne", "La demande concerne une autre personne."),
    ),
    Refusable.DOCUMENT: (
        Reason(
            "illisible",
            "Illisible",
            "On ne peut pas lire le document. Photographiez-le à plat, en pleine lumière.",
        ),
        Reason("annee", "Mauvaise année", "Ce document n’est pas celui de la bonne année."),
        Reason("page", "Page manquante", "Il manque une page."),
        Reason("personne", "Pas la bonne personne", "Ce document est celui d’une autre personne."),
        Reason("signature", "Pas signé", "Il manque la signature."),
        Reason("autre-document", "Autre document", "Ce n’est pas le document demandé."),
    ),
    Refusable.REGISTRATION: (
        Reason("complet", "Plus de place", "Il n’y a plus de place dans cette activité."),
        Reason("age", "Pas l’âge", "L’enfant n’a pas l’âge de cette activité."),
        Reason("commune", "Hors commune", "Les places vont d’abord aux enfants de la commune."),
    ),
    Refusable.BOOKING: (
        Reason("tard", "Trop tard", "La demande arrive trop tard pour que l’équipe s’organise."),
        Reason("repas", "Repas commandés", "Les repas de ce jour sont déjà commandés."),
        Reason("complet", "Complet", "Il n’y a plus de place ce jour-là."),
    ),
}


def _read() -> Mapping[Refusable, tuple[Reason, ...]]:
    written: dict[Refusable, list[Reason]] = {}
    for row in db.session.scalars(select(RefusalReason).order_by(RefusalReason.position, RefusalReason.id)):
        written.setdefault(row.about, []).append(Reason(str(row.id), row.name, row.sentence))
    return {**USUAL, **{about: tuple(those) for about, those in written.items()}}


_offered = Remembered("les motifs de refus sont ceux de la commune", _read)


def offered(about: Refusable) -> tuple[Reason, ...]:
    """The reasons to choose from, in their order."""
    return _offered()[about]


def sentence(about: Refusable, key: str | None, more: str | None) -> str:
    """What the family reads: the chosen reason, then the free words; empty: neither."""
    chosen = next((one.sentence for one in offered(about) if one.key == key), "")
    return " ".join(filter(None, (chosen, (more or "").strip())))

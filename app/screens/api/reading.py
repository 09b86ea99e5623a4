"""What an address asks of the API: the words of the lists of the service, but nothing is left out in silence.

A name that is hidden and a name that does not exist get the same sentence, and the same status: 400.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import request

from app.access import permissions
from app.access.viewer import Viewer
from app.declare import Attribute, Entity
from app.screens.api.problems import Refused
from app.screens.builder import filters, listing
from app.screens.builder.listing import Ask

OWN = ("q", "tri", "page", "taille", "champs")
LONGEST_Q = 100


@dataclass(frozen=True)
class Asked:
    """A list that can be answered: what the lists of the service understand, and the attributes to give."""

    ask: Ask
    shown: tuple[Attribute, ...]
    kept: tuple[tuple[str, str], ...]
    """The address as it was, without its page."""


def read_list(entity: type[Entity], viewer: Viewer) -> Asked:
    """What the address of a list asks. Refused (400) names the first parameter that is not understood."""
    shown = read_fields(entity, viewer)
    ask = listing.read(entity, viewer, request.args)
    known = {one.name for one in filters.filterable(permissions.visible(entity, viewer))}
    understood = {(name, str(value)) for name, value in ask.pairs(vue="", colonnes="") if value != ""}
    understood |= {("page", str(ask.page)), ("taille", str(ask.size)), ("q", ask.q)}
    for name, value in request.args.items(multi=True):
        if name == "champs":
            continue
        if name in OWN and len(request.args.getlist(name)) > 1:
            raise refused(name, "est donné plusieurs fois")
        if (name, value.strip() if name == "q" else value) in understood:
            continue
        if name not in OWN and not any(name == one or name.startswith(one + "-") for one in known):
            raise unknown(name)
        raise refused(name, WRONG.get(name, "a une valeur qui n’est pas comprise"))
    kept = tuple((name, value) for name, value in request.args.items(multi=True) if name != "page")
    return Asked(ask, shown, kept)


WRONG = {
    "q": f"attend {LONGEST_Q}\u00a0signes au plus, sans caractère invisible",
    "tri": "ne cite pas un champ par lequel cette liste se trie",
    "page": "attend un numéro de page, à partir de 1",
    "taille": f"attend un nombre de 1 à {listing.MOST}",
    "champs": "cite un champ qui n’existe pas ici",
}


def read_fields(entity: type[Entity], viewer: Viewer) -> tuple[Attribute, ...]:
    """The attributes to give: those that ``champs`` names, all that are seen without it."""
    seen = {one.name: one for one in permissions.visible(entity, viewer)}
    given = request.args.getlist("champs")
    if not given:
        return tuple(seen.values())
    if len(given) > 1:
        raise refused("champs", "est donné plusieurs fois")
    names = given[0].split(",")
    if any(name not in seen for name in names):
        raise refused("champs", WRONG["champs"])
    return tuple(seen[name] for name in dict.fromkeys(names))


def only(names: Iterable[str] = ()) -> None:
    """Refuse an address that asks anything else."""
    for name in request.args:
        if name not in names:
            raise unknown(name)


def unknown(name: str) -> Refused:
    """A parameter that is none here."""
    return refused(name, "n’existe pas ici")


def refused(name: str, why: str) -> Refused:
    """400, the parameter and what is wrong with it."""
    short = filters.clean(name, 60)
    sentence = f"Le paramètre «\u00a0{short}\u00a0» {why}."
    return Refused(400, sentence, {short: sentence})

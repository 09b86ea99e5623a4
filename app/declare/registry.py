"""Every entity there is, and the contradictions that stop the boot."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.declare.attribute import Attribute, Kind
from app.declare.roles import FAMILY, NOBODY
from app.declare.scope import FirstGiven, Root, Scope, Through

if TYPE_CHECKING:
    from app.declare.entity import Entity

_entities: dict[str, "type[Entity]"] = {}


class Contradiction(Exception):
    """The declarations contradict each other: the message says where and what to change."""


def register(entity: "type[Entity]") -> None:
    """Note an entity; a second class of the same name is a contradiction."""
    known = _entities.get(entity.__name__)
    if known is not None and known.__module__ != entity.__module__:
        raise Contradiction(
            f"Deux entités s'appellent {entity.__name__} : {known.__module__} et {entity.__module__}."
        )
    _entities[entity.__name__] = entity


def forget(entity: "type[Entity]") -> None:
    """Take an entity out again: for tests that declare one."""
    _entities.pop(entity.__name__, None)


def entities() -> "list[type[Entity]]":
    """Every declared entity, in the order of declaration."""
    return list(_entities.values())


def entity_named(name: str) -> "type[Entity]":
    """The entity of that class name, or Contradiction."""
    try:
        return _entities[name]
    except KeyError:
        raise Contradiction(f"Aucune entité ne s'appelle {name}.") from None


def pointing_at(entity: "type[Entity]") -> "list[tuple[type[Entity], Attribute]]":
    """Every relation that leads to this entity, with the entity that declares it."""
    return [
        (other, one)
        for other in entities()
        for one in other.__attributes__.values()
        if one.kind is Kind.RELATION and one.target == entity.__name__
    ]


def verify() -> None:
    """Raise Contradiction with one line a fault, over every entity at once."""
    faults = [fault for entity in entities() for fault in faults_of(entity)]
    if faults:
        raise Contradiction("Les déclarations se contredisent :\n- " + "\n- ".join(faults))


def faults_of(entity: "type[Entity]") -> Iterator[str]:
    """What contradicts itself in one entity, a sentence each."""
    where = f"{entity.__module__}.{entity.__name__}"
    if not (entity.__doc__ or "").strip():
        yield f"{where} n'a pas de phrase d'explication : écrivez sa docstring."
    if getattr(entity, "__term__", None) is None:
        yield f"{where} n'a pas de terme français : ajoutez __term__ = feminine(…) ou masculine(…)."
    if getattr(entity, "__scope__", None) is None:
        yield f"{where} ne dit pas à qui sont ses lignes : ajoutez __scope__."
    else:
        yield from _scope_faults(entity, where, entity.__scope__, "__scope__")
        if entity.__facility__ is not None:
            yield from _scope_faults(entity, where, entity.__facility__, "__facility__")
    for name in (*entity.__named__, *entity.__listed__, *entity.__searched__):
        if name not in entity.__attributes__:
            yield f"{where} cite l'attribut {name}, qui n'est pas déclaré."
    if entity.__outlives__:
        yield from _outliving_faults(entity, where)
    for attribute in entity.__attributes__.values():
        yield from _attribute_faults(attribute, f"{where}.{attribute.name}")
        if attribute.inline:
            yield from _inline_faults(entity, attribute, f"{where}.{attribute.name}")


def _attribute_faults(attribute: Attribute, at: str) -> Iterator[str]:
    see, edit = attribute.see or NOBODY, attribute.edit or NOBODY
    remedy = "ou ajoutez FAMILY à edit."
    if edit & ~see:
        blind = (edit & ~see).label
        yield f"{at} : {blind} peut modifier sans voir ; ajoutez ce rôle à see ou retirez-le d'edit."
    if not edit & FAMILY:
        if attribute.approval:
            yield f"{at} attend une validation, mais aucune famille ne le modifie : retirez approval {remedy}"
        if attribute.freeze:
            yield f"{at} a une date de gel, mais aucune famille ne le modifie : retirez freeze {remedy}"
    if attribute.kind is Kind.RELATION and attribute.target not in _entities:
        yield f"{at} mène à {attribute.target}, qui n'est pas une entité déclarée."
    if attribute.secret and see:
        yield f"{at} est secret et pourtant montré : mettez see=NOBODY."


def _outliving_faults(entity: "type[Entity]", where: str) -> Iterator[str]:
    """What stays after a household is erased can't need a row that goes."""
    for one in entity.__attributes__.values():
        target = _entities.get(one.target)
        if (
            target is None
            or one.target == "Family"
            or target.__outlives__
            or isinstance(target.__scope__, Root)
        ):
            continue
        if one.required:
            at = f"{where}.{one.name}"
            yield f"{at} mène à {one.target}, qui s'efface avec un foyer : rendez la relation facultative."


def _inline_faults(entity: "type[Entity]", attribute: Attribute, at: str) -> Iterator[str]:
    """What keeps the rows of an entity from being lines in the form of another one."""
    line = "en ligne (inline)"
    if not attribute.parent:
        yield f"{at} est {line} sans être une partie de {attribute.target} : ajoutez parent=True."
    if attribute.target == entity.__name__:
        yield f"{at} est {line} dans sa propre sorte de fiche : retirez inline."
    if not entity.__history__:
        yield f"{at} est {line}, mais ces fiches se comptent par milliers (__history__) : retirez inline."
    if not entity.may_edit():
        yield f"{at} est {line}, mais personne ne modifie ces fiches : retirez inline."
    others = [one for one in entity.__attributes__.values() if one is not attribute]
    if any(one.inline and one.target == attribute.target for one in others):
        yield f"{at} : deux relations en ligne vers {attribute.target} ; n'en gardez qu'une."
    for one in others:
        if one.kind is Kind.FILE and one.edit:
            yield f"{at} est {line}, mais {one.name} est un fichier, qui ne tient pas dans une ligne."
    for other in _entities.values():
        inner = (one for one in other.__attributes__.values() if one.inline)
        if other is not entity and any(one.target == entity.__name__ for one in inner):
            yield f"{at} est {line}, mais {other.__name__} l'est dans {entity.__name__} : un seul niveau."


def _scope_faults(entity: "type[Entity]", where: str, scope: Scope, word: str) -> Iterator[str]:
    if isinstance(scope, Root):
        return
    if isinstance(scope, Through):
        other = _entities.get(scope.entity)
        declared = other.__attributes__.get(scope.relation) if other else None
        if declared is None or declared.target != entity.__name__:
            path = f"{scope.entity}.{scope.relation}"
            yield f"{where}.{word} passe par {path}, qui n'est pas une relation vers {entity.__name__}."
        return
    if isinstance(scope, FirstGiven):
        for name in scope.relations:
            yield from _scope_faults(entity, where, name, word)
        return
    declared = entity.__attributes__.get(scope)
    if declared is None or declared.kind is not Kind.RELATION:
        yield f"{where}.{word} cite « {scope} », qui n'est pas une de ses relations."

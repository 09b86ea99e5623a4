"""The OpenAPI description of what a token opens: its entities, its attributes, its methods, and no other."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema
from marshmallow import fields as kept

from app.access import permissions
from app.access.permissions import Action
from app.access.viewer import Viewer
from app.declare import AskedAttribute, Attribute, Entity, Kind, entities
from app.screens.api import fields, operations
from app.screens.builder import filters, listing
from app.screens.numbers import BIGGEST, MOST
from app.services import records

INTRODUCTION = (
    "Les fiches du service en JSON, pour qui montre un jeton. Ce que le jeton n’ouvre pas n’est pas décrit. "
    "Dates\u00a0: AAAA-MM-JJ. Instants\u00a0: UTC. Montants\u00a0: centimes d’euro. "
    "Nombres décimaux\u00a0: textes. Toute erreur est un application/problem+json, en français."
)


@dataclass(frozen=True)
class Reached:
    """An entity that a token opens, and the methods it may use there."""

    entity: type[Entity]
    methods: tuple[str, ...]


def is_seen(entity: type[Entity], viewer: Viewer) -> bool:
    """Whether this viewer sees something of it."""
    return permissions.may(viewer, entity, Action.SEE) and bool(permissions.visible(entity, viewer))


def reached(viewer: Viewer, is_read_only: bool) -> list[Reached]:
    """The entities that a token opens, in the order of their declaration."""
    found = []
    for entity in entities():
        if not is_seen(entity, viewer):
            continue
        methods = ["GET"]
        if not is_read_only:
            if records.can_be_made(entity, viewer):
                methods.append("POST")
            if permissions.may(viewer, entity, Action.EDIT):
                methods.append("PATCH")
            if permissions.may(viewer, entity, Action.DELETE):
                methods.append("DELETE")
        found.append(Reached(entity, tuple(methods)))
    return found


class RowName(Schema):
    """The row that a relation leads to."""

    id = kept.Integer(required=True)
    nom = kept.String(required=True)


class FileName(Schema):
    """A file: its name, its type, its size, and where its bytes are."""

    nom = kept.String(required=True)
    type = kept.String(required=True)
    octets = kept.Integer(required=True)
    adresse = kept.String(required=True)


class Refusal(Schema):
    """A refusal (RFC 9457)."""

    type = kept.String(required=True)
    title = kept.String(required=True)
    status = kept.Integer(required=True)
    detail = kept.String(required=True)
    erreurs = kept.Dict(keys=kept.String(), values=kept.String())


def openapi(viewer: Viewer, is_read_only: bool, today: date, base: str) -> dict[str, Any]:
    """The description, as OpenAPI 3.1; no statement."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="Marelle",
        version="1",
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": INTRODUCTION},
        servers=[{"url": "/"}],
        security=[{"jeton": []}],
    )
    spec.components.security_scheme("jeton", {"type": "http", "scheme": "bearer"})
    for name, shared in (("Fiche", RowName), ("Fichier", FileName), ("Refus", Refusal)):
        spec.components.schema(name, schema=shared)
    operations.add_general(spec, base)
    for one in reached(viewer, is_read_only):
        _add(spec, one, viewer, today, base)
    return spec.to_dict()


def _add(spec: APISpec, one: Reached, viewer: Viewer, today: date, base: str) -> None:
    entity, name = one.entity, one.entity.__name__
    seen = permissions.visible(entity, viewer)
    spec.components.schema(name, schema=row_schema(entity, seen))
    spec.tag({"name": name, "description": entity.__term__.title})
    if "POST" in one.methods:
        body = fields.body_schema(entity, viewer, today, creates=True)
        spec.components.schema(f"{name}Creation", schema=body)
    if "PATCH" in one.methods:
        body = fields.body_schema(entity, viewer, today, creates=False)
        spec.components.schema(f"{name}Modification", schema=body)
    written = permissions.editable(entity, viewer) if "PATCH" in one.methods else []
    operations.add_entity(
        spec,
        entity,
        one.methods,
        base,
        filters=filter_parameters(entity, seen, viewer),
        files=[file for file in seen if file.kind is Kind.FILE],
        sent_files=[file for file in written if file.kind is Kind.FILE],
    )


def row_schema(entity: type[Entity], seen: Sequence[Attribute]) -> type[Schema]:
    """What a row is in an answer: each value may be left out by ``champs``."""
    found: dict[str, Any] = {
        "id": kept.Integer(required=True, metadata={"title": "Numéro"}),
        "revision": kept.Integer(required=True, metadata={"title": "Révision, à rendre dans If-Match"}),
    }
    found |= {one.name: _answered(entity, one) for one in seen}
    return Schema.from_dict(found, name=f"{entity.__name__}Row")


def _answered(entity: type[Entity], one: Attribute) -> kept.Field[Any]:
    words = fields.described(one)
    if one.kind is Kind.RELATION:
        words["description"] = one.help or one.label
        return kept.Nested(RowName, allow_none=True, metadata=words)
    if one.kind is Kind.FILE:
        return kept.Nested(FileName, allow_none=True, metadata=words)
    if one.kind is Kind.JSON:
        return kept.Raw(allow_none=True, metadata=words)
    assert one.kind is not None
    nullable = filters.nullable(entity, one)
    limits = fields.bounds(one, nullable) if one.kind is Kind.CHOICE else {}
    if isinstance(one, AskedAttribute) and limits:
        # A word that is proposed no more stays the answer of those who chose it.
        limits = {"examples": [member.value for member in one.python_type]}
    plain = dataclasses.replace(one, checks=())
    return fields.READ[one.kind](plain, None, allow_none=nullable, metadata=limits)


def filter_parameters(
    entity: type[Entity], seen: Sequence[Attribute], viewer: Viewer
) -> list[dict[str, Any]]:
    """The parameters of a list of this entity: search, order, page, fields, and its filters."""
    names = [one.name for one in listing.sortable(listing.columns(entity, viewer))]
    query = partial(operations.parameter, "query")
    found = [
        query("q", {"type": "string", "maxLength": 100}, "Des mots à chercher."),
        query("page", {"type": "integer", "minimum": 1, "maximum": BIGGEST}, "La page, à partir de 1."),
        query("taille", {"type": "integer", "minimum": 1, "maximum": listing.MOST}, "Lignes par page."),
        operations.fields_parameter([one.name for one in seen]),
    ]
    if names:
        orders = [*names, *(f"-{name}" for name in names)]
        found.append(
            query(
                "tri",
                {"type": "string", "enum": orders},
                "Le champ qui donne l’ordre\u00a0; «\u00a0-\u00a0» le renverse.",
            )
        )
    for one in filters.filterable(seen):
        if filters.can_miss(entity, one):
            only = {"type": "string", "enum": [filters.YES]}
            found.append(query(one.name + filters.MISSING, only, f"{one.label}\u00a0: non renseigné."))
        if one.kind in filters.DAYS:
            day = {"type": "string", "format": "date"}
            found.append(query(one.name + filters.SINCE, day, f"{one.label}\u00a0: à partir de ce jour."))
            found.append(query(one.name + filters.UNTIL, day, f"{one.label}\u00a0: jusqu’à ce jour compris."))
        elif one.kind in filters.WORDS:
            words = {"type": "string", "maxLength": filters.LONGEST}
            found.append(query(one.name, words, f"{one.label}\u00a0: des mots qui s’y trouvent."))
        elif one.kind in filters.NUMBERS:
            number = _number(filters.DECIMALS[one.kind])
            found.append(query(one.name + filters.LEAST, number, f"{one.label}\u00a0: au moins."))
            found.append(query(one.name + filters.MOST, number, f"{one.label}\u00a0: au plus."))
        else:
            found.append(query(one.name, _filtered(entity, one), f"{one.label}. Répétable."))
    return found


def _number(decimals: int) -> dict[str, Any]:
    """A number as it is written in an address: whole, or with a comma and no zero at its end."""
    if not decimals:
        most = int(MOST) - 1
        return {"type": "integer", "minimum": -most, "maximum": most}
    ends = f"(,[0-9]{{0,{decimals - 1}}}[1-9])?"
    return {"type": "string", "pattern": f"^-?(0|[1-9][0-9]{{0,9}}){ends}$"}


def _filtered(entity: type[Entity], one: Attribute) -> dict[str, Any]:
    empty = [filters.EMPTY] if filters.nullable(entity, one) else []
    if one.kind is Kind.CHOICE:
        return {"type": "string", "enum": [*(member.value for member in one.python_type), *empty]}
    if one.kind is Kind.BOOLEAN:
        return {"type": "string", "enum": ["oui", "non", *empty]}
    number = {"type": "integer", "minimum": 0, "maximum": BIGGEST}
    return {"anyOf": [number, {"const": filters.EMPTY}]} if empty else number

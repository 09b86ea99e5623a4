"""The operations of the description: each door with its parameters, its body, and every answer it gives."""

from collections.abc import Sequence
from typing import Any

from apispec import APISpec

from app.declare import Attribute, Entity
from app.screens.api.problems import MEDIA_TYPE, TITLES

JSON = "application/json"
ALWAYS = (400, 401, 403, 404, 405, 429, 500)
"""What any door may answer."""
IN_A_BODY = (413, 415, 422)


def ref(name: str) -> dict[str, str]:
    """A schema of the description."""
    return {"$ref": f"#/components/schemas/{name}"}


def parameter(where: str, name: str, schema: dict[str, Any], words: str) -> dict[str, Any]:
    """A parameter; one of a path is required."""
    return {
        "in": where,
        "name": name,
        "schema": schema,
        "description": words,
        "required": where == "path",
    }


def fields_parameter(names: Sequence[str]) -> dict[str, Any]:
    """``champs=nom,prenom``."""
    listed = {"type": "array", "items": {"type": "string", "enum": list(names)}, "minItems": 1}
    one = parameter(
        "query", "champs", listed, "Les champs à donner, tous sinon\u00a0; séparés par des virgules."
    )
    return one | {"style": "form", "explode": False}


def refusals(*codes: int) -> dict[str, Any]:
    """Every refusal is of one shape."""
    return {str(code): {"$ref": f"#/components/responses/{code}"} for code in sorted({*ALWAYS, *codes})}


def answered(status: int, words: str, schema: dict[str, Any], **headers: str) -> dict[str, Any]:
    """A JSON answer and its headers."""
    told = {name: {"schema": {"type": "string"}, "description": text} for name, text in headers.items()}
    return {str(status): {"description": words, "content": {JSON: {"schema": schema}}, "headers": told}}


def operation(name: str, words: str, answers: dict[str, Any], tag: str = "", **given: Any) -> dict[str, Any]:
    """One method of one address."""
    tags = {"tags": [tag]} if tag else {}
    return {"operationId": name, "summary": words, "responses": answers, **tags, **given}


def add_general(spec: APISpec, base: str) -> None:
    """The refusals, and the two addresses that are no entity's."""
    content = {MEDIA_TYPE: {"schema": ref("Refus")}}
    for code, title in TITLES.items():
        spec.components.response(str(code), {"description": title, "content": content})
    anything = {"type": "object"}
    index = operation("accueil", "Ce que le jeton ouvre", answered(200, "Le jeton", anything) | refusals())
    words = "Cette description"
    own = operation("description", words, answered(200, words, anything) | refusals())
    spec.path(path=f"{base}/", operations={"get": index})
    spec.path(path=f"{base}/openapi.json", operations={"get": own})


ROW_ID = parameter(
    "path", "id", {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}, "Le numéro de la fiche."
)
IF_MATCH = parameter(
    "header",
    "If-Match",
    {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
    "La révision lue\u00a0: l’ETag de la fiche.",
) | {"required": True}
ETAG = {"ETag": "La révision de la fiche, entre guillemets."}


def add_entity(
    spec: APISpec,
    entity: type[Entity],
    methods: Sequence[str],
    base: str,
    *,
    filters: list[dict[str, Any]],
    files: Sequence[Attribute],
    sent_files: Sequence[Attribute],
) -> None:
    """The addresses of an entity, with the methods that the token may use."""
    name, term = entity.__name__, entity.__term__
    path = f"{base}/{term.slug}"
    row = ref(name)
    listed = {
        "type": "object",
        "required": ["total", "page", "pages", "elements"],
        "properties": {
            "total": {"type": "integer"},
            "page": {"type": "integer"},
            "pages": {"type": "integer"},
            "elements": {"type": "array", "items": row},
        },
    }
    link = {"Link": "Les pages autour\u00a0: first, prev, next, last."}
    many = {
        "get": operation(
            f"lister{name}",
            f"Lister\u00a0: {term.many}",
            answered(200, "Une page", listed, **link) | refusals(),
            name,
            parameters=filters,
        )
    }
    if "POST" in methods:
        made = answered(201, "La fiche créée", row, **ETAG, Location="Son adresse.")
        many["post"] = operation(
            f"creer{name}",
            f"Créer {term.a}",
            made | refusals(*IN_A_BODY),
            name,
            requestBody=_body(f"{name}Creation"),
        )
    spec.path(path=path, operations=many)
    champs = next(one for one in filters if one["name"] == "champs")
    one = {
        "get": operation(
            f"lire{name}",
            f"Lire {term.a}",
            answered(200, "La fiche", row, **ETAG) | refusals(),
            name,
            parameters=[champs],
        )
    }
    if "PATCH" in methods:
        one["patch"] = operation(
            f"modifier{name}",
            f"Modifier {term.a}",
            answered(200, "La fiche modifiée", row, **ETAG) | refusals(*IN_A_BODY, 412, 428),
            name,
            parameters=[IF_MATCH],
            requestBody=_body(f"{name}Modification"),
        )
    if "DELETE" in methods:
        gone = {"204": {"description": "La fiche est supprimée."}}
        one["delete"] = operation(
            f"supprimer{name}",
            f"Supprimer {term.a}",
            gone | refusals(409, 412, 428),
            name,
            parameters=[IF_MATCH],
        )
    spec.path(path=f"{path}/{{id}}", parameters=[ROW_ID], operations=one)
    for file in files:
        _add_file(spec, name, file, f"{path}/{{id}}/fichier/{file.name}", is_sent=file in sent_files)


def _add_file(spec: APISpec, name: str, file: Attribute, path: str, is_sent: bool) -> None:
    binary: dict[str, Any] = {"application/octet-stream": {}}
    content = {"200": {"description": "Les octets du fichier", "content": {"*/*": {}}}}
    found = {
        "get": operation(
            f"telecharger{name}_{file.name}", f"Télécharger\u00a0: {file.label}", content | refusals(), name
        )
    }
    if is_sent:
        found["put"] = operation(
            f"deposer{name}_{file.name}",
            f"Déposer\u00a0: {file.label}",
            answered(200, "La fiche modifiée", ref(name), **ETAG) | refusals(412, 413, 422, 428),
            name,
            parameters=[IF_MATCH, parameter("query", "nom", {"type": "string"}, "Le nom du fichier.")],
            requestBody={"content": binary, "required": True},
        )
    spec.path(path=path, parameters=[ROW_ID], operations=found)


def _body(name: str) -> dict[str, Any]:
    return {"content": {JSON: {"schema": ref(name)}}, "required": True}

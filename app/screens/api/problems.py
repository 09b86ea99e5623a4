"""What went wrong, as ``application/problem+json`` (RFC 9457), in French: the one shape of every refusal."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, g, request
from werkzeug.exceptions import HTTPException

ROOT = "/api/"
MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "Demande incomprise",
    401: "Jeton absent ou refusé",
    403: "Pas permis",
    404: "Introuvable",
    405: "Méthode non permise",
    409: "Conflit",
    412: "Modifié entre-temps",
    413: "Trop volumineux",
    415: "Type de contenu refusé",
    422: "Valeurs refusées",
    428: "Révision manquante",
    429: "Trop de demandes",
    500: "Erreur du serveur",
}
DETAILS = {
    400: "La demande n’est pas une demande HTTP correcte.",
    404: "Cette adresse, ou cette fiche, n’existe pas.",
    405: "Cette adresse n’accepte pas cette méthode.",
    409: "La fiche a été modifiée entre-temps. Relisez-la, puis recommencez.",
    413: "Le corps de la demande est trop volumineux.",
    415: "Le corps d’une demande est du JSON (application/json).",
    429: "Trop de demandes\u00a0: attendez un peu.",
    500: "Une erreur s’est produite de notre côté. Rien n’a été enregistré.",
}


class Refused(Exception):
    """A request that gets no answer but this one; ``errors``: a sentence by attribute or parameter."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail or DETAILS[status]
        self.errors, self.headers = dict(errors or {}), dict(headers or {})


def is_api() -> bool:
    """Whether the request is one of a program, to be answered in JSON."""
    return request.path.startswith(ROOT)


def of(error: HTTPException) -> Response:
    """The problem of an error that no page of ours raised: an address that does not exist, a failure."""
    code = error.code or 500
    code = code if code in DETAILS else 400 if code < 500 else 500
    allowed = {name: value for name, value in error.get_headers() if name == "Allow"}
    return answer(Refused(code, g.get("error_sentence", ""), headers=allowed))


def answer(refused: Refused) -> Response:
    """The response of a refusal."""
    told: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(refused.status) or HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "detail": refused.detail,
    }
    if refused.errors:
        told["erreurs"] = refused.errors
    response = Response(json.dumps(told, ensure_ascii=False), refused.status, mimetype=MEDIA_TYPE)
    response.headers.update(refused.headers)
    response.headers["Cache-Control"] = "no-store"
    return response

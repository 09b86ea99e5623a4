"""The body of a request: JSON, one way to read it, and nothing that a database would refuse."""

import json
import math
from typing import Any, NoReturn

from flask import request

from app.screens.api.problems import Refused

MOST_BYTES = 256 * 1024
DEEPEST = 10
LONGEST_NUMBER = 20
SHAPE = 'Le corps de la demande est un objet JSON, comme {"nom": "valeur"}.'


def read_object() -> dict[str, Any]:
    """The object of the body. Refused: 413 too big, 415 not JSON, 400 not readable in one way alone."""
    if request.mimetype != "application/json":
        raise Refused(415)
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Refused(415, "Le corps d’une demande est en UTF-8.")
    content = raw(MOST_BYTES)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400, "Le corps de la demande n’est pas en UTF-8.") from None
    try:
        found = json.loads(
            text, object_pairs_hook=_once, parse_constant=_constant, parse_float=_float, parse_int=_int
        )
    except json.JSONDecodeError as error:
        raise Refused(
            400, f"Le corps de la demande n’est pas du JSON (ligne {error.lineno}, signe {error.colno})."
        ) from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(found, dict):
        raise Refused(400, SHAPE)
    _look(found)
    return found


def raw(most_bytes: int) -> bytes:
    """The bytes of the body, 413 past that many: no more is read, whatever the length said."""
    request.max_content_length = most_bytes
    return request.get_data(cache=False)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused(400, "Un même nom est donné deux fois dans un objet JSON.")
    return found


def _constant(word: str) -> NoReturn:
    raise Refused(400, f"{word} n’est pas du JSON.")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Refused(400, "Un nombre est trop grand.")
    return number


def _int(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise Refused(400, "Un nombre est trop grand.")
    return int(text)


def _too_deep() -> Refused:
    return Refused(400, f"Le JSON est trop profond\u00a0: {DEEPEST}\u00a0niveaux au plus.")


def _look(whole: dict[str, Any]) -> None:
    """Refuse what no text can hold, wherever it stands."""
    waiting: list[tuple[Any, int]] = [(whole, 1)]
    while waiting:
        one, depth = waiting.pop()
        if depth > DEEPEST:
            raise _too_deep()
        if isinstance(one, str):
            if "\x00" in one or not _is_text(one):
                raise Refused(400, "Un texte contient un caractère nul, ou un signe qui n’en est pas un.")
        elif isinstance(one, dict):
            waiting += [(inner, depth + 1) for pair in one.items() for inner in pair]
        elif isinstance(one, list):
            waiting += [(inner, depth + 1) for inner in one]


def _is_text(text: str) -> bool:
    """Half a surrogate pair is no character: it can't be kept as UTF-8."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)

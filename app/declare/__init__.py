"""Floor 1, the language: an attribute is declared once, everything else is derived from it.

``from app.declare import Entity, attribute, relation, feminine, ...`` is all an entity needs.
"""

from app.declare.attribute import AskedAttribute, Attribute, Kind, attribute, relation
from app.declare.checks import (
    Problem,
    between,
    code_word,
    email_address,
    french_phone,
    iban,
    not_in_future,
    positive,
    postcode,
)
from app.declare.choice import Choice
from app.declare.entity import Entity
from app.declare.fileref import FileRef
from app.declare.registry import Contradiction, entities, entity_named, pointing_at, verify
from app.declare.roles import (
    CARE,
    EVERYONE,
    FAMILY,
    MONEY,
    NOBODY,
    SETTINGS,
    STAFF,
    Role,
)
from app.declare.scope import FACILITY, HOUSEHOLD, OWN_ACCOUNT, SERVICE, TOWN, FirstGiven, Through
from app.declare.term import Term, feminine, masculine

__all__ = [
    "CARE",
    "EVERYONE",
    "FACILITY",
    "FAMILY",
    "HOUSEHOLD",
    "MONEY",
    "NOBODY",
    "OWN_ACCOUNT",
    "SERVICE",
    "SETTINGS",
    "STAFF",
    "TOWN",
    "AskedAttribute",
    "Attribute",
    "Choice",
    "Contradiction",
    "Entity",
    "FileRef",
    "FirstGiven",
    "Kind",
    "Problem",
    "Role",
    "Term",
    "Through",
    "attribute",
    "between",
    "code_word",
    "email_address",
    "entities",
    "entity_named",
    "feminine",
    "french_phone",
    "iban",
    "masculine",
    "not_in_future",
    "pointing_at",
    "positive",
    "postcode",
    "relation",
    "verify",
]

"""The French term of an entity, with what grammar asks of it."""

import re
import unicodedata
from dataclasses import dataclass


def slugify(text: str) -> str:
    """The text as a piece of an address: « Pièces demandées » gives ``pieces-demandees``."""
    text = text.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


@dataclass(frozen=True)
class Term:
    """Singular and plural, in lower case as inside a sentence, and the gender."""

    one: str
    many: str
    is_feminine: bool

    @property
    def title(self) -> str:
        """The plural as a heading."""
        return self.many[0].upper() + self.many[1:]

    @property
    def title_one(self) -> str:
        """The singular as a heading."""
        return self.one[0].upper() + self.one[1:]

    @property
    def slug(self) -> str:
        """The plural as a piece of an address."""
        return slugify(self.many)

    @property
    def a(self) -> str:
        """With the indefinite article: « une vaccination »."""
        return ("une " if self.is_feminine else "un ") + self.one

    @property
    def none(self) -> str:
        """« aucune vaccination »."""
        return ("aucune " if self.is_feminine else "aucun ") + self.one

    @property
    def the(self) -> str:
        """With the definite article, elided: « la vaccination », « l’ouverture »."""
        if slugify(self.one)[:1] in "aeiouyh":
            return "l’" + self.one
        return ("la " if self.is_feminine else "le ") + self.one

    def agree(self, adjective: str) -> str:
        """The adjective in the term's gender: « créé » or « créée »."""
        return adjective + "e" if self.is_feminine else adjective


def feminine(one: str, many: str) -> Term:
    """A feminine term."""
    return Term(one, many, is_feminine=True)


def masculine(one: str, many: str) -> Term:
    """A masculine term."""
    return Term(one, many, is_feminine=False)

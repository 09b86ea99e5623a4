"""What an automatic e-mail is made of: its words, and the names of what they may hold."""

from collections.abc import Mapping
from dataclasses import dataclass

COMMON: Mapping[str, str] = {
    "ville": "le nom de la ville",
    "service": "le nom du service",
    "contact": "qui appeler",
    "telephone": "le téléphone du service",
    "email_service": "l’e-mail du service",
    "signature": "le service, son téléphone et son e-mail",
}


@dataclass(frozen=True)
class Words:
    """One automatic e-mail: when it leaves, its default words, and what each placeholder is."""

    code: str
    name: str
    subject: str
    body: str
    placeholders: Mapping[str, str]

    @property
    def known(self) -> frozenset[str]:
        """Every placeholder that its text may use."""
        return frozenset(self.placeholders) | frozenset(COMMON)


FIRST_NAME = {"prenom": "le prénom du destinataire"}
LINK = {"lien": "l’adresse de la page à ouvrir"}
LOGIN_LINK = {
    "lien": "le lien personnel, à usage unique",
    "fin_du_lien": "jusqu’à quand le lien sert",
    "identifiant": "l’e-mail avec lequel on se connecte",
}
REASON = {"motif": "le motif écrit par le service"}

SIGNED = "\n\n{signature}\n"


def words(code: str, name: str, subject: str, body: str, *placeholders: Mapping[str, str]) -> Words:
    """An e-mail of that code; it is signed by the service."""
    known: dict[str, str] = {}
    for some in placeholders:
        known.update(some)
    return Words(code, name, subject, body.strip() + SIGNED, known)

"""What goes between families and staff: requests, messages, publications, mail."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.declare import (
    CARE,
    FAMILY,
    NOBODY,
    SERVICE,
    SETTINGS,
    STAFF,
    TOWN,
    Choice,
    Entity,
    FileRef,
    Kind,
    Role,
    attribute,
    feminine,
    masculine,
    relation,
)
from app.entities.account import Account
from app.entities.catalogue import Facility
from app.entities.family import Family, Person


class RequestStatus(Choice):
    """Where a change request stands."""

    WAITING = "waiting", "En attente", "yellow", "hourglass-split"
    ACCEPTED = "accepted", "Acceptée", "green", "check-lg"
    REFUSED = "refused", "Refusée", "rose", "x-lg"
    WITHDRAWN = "withdrawn", "Retirée", "grey", "dash-lg"


class ChangeRequest(Entity):
    """Change request: an edit of a family that waits for staff, before and after."""

    __term__ = feminine("demande de modification", "demandes de modification")
    __scope__ = "family"
    __see__ = FAMILY | Role.DESK
    __edit__ = NOBODY
    __menu__ = "À traiter"
    __named__ = ("title",)
    __listed__ = ("title", "family", "asked_by", "asked_at", "status")
    __descending__ = True
    __table_args__ = (Index("ix_change_request_status_asked", "status", "asked_at"),)

    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    person: Mapped[Person | None] = relation("Personne")
    person_id: Mapped[int | None]
    title: Mapped[str] = attribute("Objet")
    entity: Mapped[str] = attribute("Sorte de fiche", length=60, see=Role.DESK)
    row_id: Mapped[int] = attribute("Fiche", see=Role.DESK)
    before: Mapped[dict[str, Any]] = attribute("Avant")
    after: Mapped[dict[str, Any]] = attribute("Demandé")
    # What accepting wrote over: taking the decision back puts it there again.
    replaced: Mapped[dict[str, Any] | None] = attribute("Remplacé", see=NOBODY)
    status: Mapped[RequestStatus] = attribute("État", default=RequestStatus.WAITING)
    asked_by: Mapped[str] = attribute("Demandée par")
    account: Mapped[Account | None] = relation("Compte", see=Role.DESK, ondelete="SET NULL")
    account_id: Mapped[int | None]
    asked_at: Mapped[datetime] = attribute("Demandée le")
    decided_by: Mapped[str | None] = attribute("Décidée par", see=Role.DESK)
    decided_at: Mapped[datetime | None] = attribute("Décidée le")
    reason: Mapped[str | None] = attribute("Motif", kind=Kind.LONG_TEXT)


class ThreadStatus(Choice):
    """Where a conversation stands."""

    OPEN = "open", "À répondre", "yellow", "chat-left-text"
    ANSWERED = "answered", "Répondu", "green", "check-lg"
    CLOSED = "closed", "Terminé", "grey", "archive"


class Thread(Entity):
    """Thread: a conversation between a household and a facility (C1)."""

    __term__ = feminine("conversation", "conversations")
    __scope__ = "family"
    __facility__ = "facility"
    __see__ = FAMILY | STAFF
    __edit__ = CARE | Role.ACCOUNTANT
    __menu__ = "À traiter"
    __named__ = ("subject",)
    __listed__ = ("subject", "family", "facility", "status", "last_at")
    __descending__ = True

    family: Mapped[Family] = relation("Famille", parent=True)
    family_id: Mapped[int]
    facility: Mapped[Facility] = relation("Structure")
    facility_id: Mapped[int]
    subject: Mapped[str] = attribute("Objet")
    status: Mapped[ThreadStatus] = attribute("État", default=ThreadStatus.OPEN)
    assigned_to: Mapped[str | None] = attribute("Suivie par", see=STAFF)
    last_at: Mapped[datetime] = attribute("Dernier message", edit=NOBODY, index=True)
    # An answer written since is « nouvelle » on the household's pages.
    read_at: Mapped[datetime | None] = attribute("Lue par la famille le", see=STAFF, edit=NOBODY)

    @property
    def is_unread(self) -> bool:
        """Whether the service answered since a parent of the household last opened it."""
        answered = self.status is ThreadStatus.ANSWERED
        return answered and (self.read_at is None or self.read_at < self.last_at)


class Message(Entity):
    """Message of a thread, from a parent or from staff."""

    __term__ = masculine("message", "messages")
    __scope__ = "thread"
    __see__ = FAMILY | STAFF
    __edit__ = NOBODY
    __menu__ = "À traiter"
    __named__ = ("sent_at",)

    thread: Mapped[Thread] = relation("Conversation", parent=True)
    thread_id: Mapped[int]
    from_staff: Mapped[bool] = attribute("Du service", default=False)
    author: Mapped[str] = attribute("Auteur")
    body: Mapped[str] = attribute("Message", kind=Kind.LONG_TEXT)
    file: Mapped[FileRef | None] = attribute("Pièce jointe")
    sent_at: Mapped[datetime] = attribute("Envoyé le")


class Publication(Entity):
    """Publication: a document put at the families' disposal (S1)."""

    __term__ = feminine("publication", "publications")
    __scope__ = TOWN
    __facility__ = TOWN
    __edit__ = CARE | SETTINGS
    __menu__ = "Réglages"
    __named__ = ("title",)
    __listed__ = ("title", "facility", "from_on", "until_on", "to_return")

    title: Mapped[str] = attribute("Titre")
    facility: Mapped[Facility | None] = relation("Structure", help="Vide : toutes.")
    facility_id: Mapped[int | None]
    description: Mapped[str | None] = attribute("Description", kind=Kind.LONG_TEXT)
    file: Mapped[FileRef | None] = attribute("Fichier")
    from_on: Mapped[date] = attribute("Visible du")
    until_on: Mapped[date | None] = attribute("Jusqu’au")
    to_return: Mapped[bool] = attribute("À nous retourner", default=False)


class MailText(Entity):
    """Mail text: the words of an automatic e-mail, with its placeholders."""

    __term__ = masculine("modèle d’e-mail", "modèles d’e-mail")
    __scope__ = TOWN
    __see__ = SETTINGS
    __edit__ = SETTINGS
    __menu__ = "Réglages"
    __named__ = ("name",)
    __listed__ = ("name", "subject", "code")

    code: Mapped[str] = attribute("Code", unique=True, length=60)
    name: Mapped[str] = attribute("Quand il part")
    subject: Mapped[str] = attribute("Objet")
    body: Mapped[str] = attribute("Texte", kind=Kind.LONG_TEXT)


class MailStatus(Choice):
    """Where an outgoing mail stands."""

    WAITING = "waiting", "À envoyer", "yellow", "hourglass-split"
    SENDING = "sending", "En cours d’envoi", "yellow", "send"
    SENT = "sent", "Envoyé", "green", "check-lg"
    FAILED = "failed", "En échec", "rose", "x-lg"


class OutgoingMail(Entity):
    """Outgoing mail: written in the transaction of its cause, sent later by the worker."""

    __term__ = masculine("e-mail envoyé", "e-mails envoyés")
    __scope__ = SERVICE
    __see__ = Role.DESK | Role.ADMIN
    __edit__ = NOBODY
    __menu__ = "Comptes"
    __named__ = ("subject",)
    __listed__ = ("created_at", "recipient", "subject", "status", "attempts", "sent_at")
    __searched__ = ("subject", "recipient")
    __descending__ = True
    __history__ = False
    __table_args__ = (Index("ix_outgoing_mail_due", "status", "due_at"),)

    created_at: Mapped[datetime] = attribute("Écrit le")
    message_id: Mapped[str] = attribute("Identifiant", unique=True, see=NOBODY)
    recipient: Mapped[str] = attribute("Destinataire", kind=Kind.EMAIL)
    subject: Mapped[str] = attribute("Objet")
    # Holds single-use links: shown to nobody on screen.
    body: Mapped[str] = attribute("Texte", kind=Kind.LONG_TEXT, secret=True, see=NOBODY)
    family: Mapped[Family | None] = relation("Famille", ondelete="SET NULL")
    family_id: Mapped[int | None]
    account: Mapped[Account | None] = relation("Compte", ondelete="SET NULL")
    account_id: Mapped[int | None]
    status: Mapped[MailStatus] = attribute("État", default=MailStatus.WAITING)
    attempts: Mapped[int] = attribute("Essais", default=0)
    due_at: Mapped[datetime] = attribute("Prochain essai")
    claimed_until: Mapped[datetime | None] = attribute("Pris jusqu’à", see=NOBODY)
    sent_at: Mapped[datetime | None] = attribute("Envoyé le")
    error: Mapped[str | None] = attribute("Dernière erreur", kind=Kind.LONG_TEXT)


class HistoryEntry(Entity):
    """History entry: who did what, when, before and after; written with the change itself."""

    __term__ = feminine("action", "historique")
    __scope__ = "family"
    __facility__ = "family"
    __see__ = Role.DESK | Role.ADMIN
    __edit__ = NOBODY
    __menu__ = "Comptes"
    __named__ = ("summary",)
    __listed__ = ("done_at", "actor", "summary", "family")
    __searched__ = ("summary", "actor")
    __descending__ = True
    __history__ = False
    __table_args__ = (Index("ix_history_entry_row", "entity", "row_id"),)

    done_at: Mapped[datetime] = attribute("Le", index=True)
    actor: Mapped[str] = attribute("Par")
    account: Mapped[Account | None] = relation("Compte", ondelete="SET NULL")
    account_id: Mapped[int | None]
    action: Mapped[str] = attribute("Action", length=20)
    entity: Mapped[str] = attribute("Sorte de fiche", length=60)
    row_id: Mapped[int] = attribute("Fiche")
    family: Mapped[Family | None] = relation("Famille", ondelete="SET NULL")
    family_id: Mapped[int | None]
    summary: Mapped[str] = attribute("Résumé", length=300)
    before: Mapped[dict[str, Any] | None] = attribute("Avant")
    after: Mapped[dict[str, Any] | None] = attribute("Après")


class Heartbeat(Entity):
    """Heartbeat: the last sign of life of a background process, read by /healthz."""

    __term__ = masculine("signe de vie", "signes de vie")
    __scope__ = SERVICE
    __see__ = Role.ADMIN
    __edit__ = NOBODY
    __menu__ = "Comptes"
    __named__ = ("name",)
    __history__ = False

    name: Mapped[str] = attribute("Processus", unique=True, length=60)
    beaten_at: Mapped[datetime] = attribute("Dernier signe")

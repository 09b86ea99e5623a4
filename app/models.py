"""The map of the data, in the order a newcomer should read it.

A household (``Family``) holds people through ``Membership``; a child can belong to two. The
town offers ``Facility`` > ``Activity`` > ``Unit``; a calendar says on which days each unit
opens. A ``Registration`` lets a child book an activity for a school year; a ``Booking`` is a
child, a unit, a day, and later its attendance. Documents and answers are what the town asks
for. Invoices are made of lines computed from bookings and tariffs, and never edited.
"""

from app.entities.access_token import ApiToken
from app.entities.account import Account, AccountFamily, Connection, LoginLink, RoleGrant, SavedView
from app.entities.billing import (
    BillingRun,
    Bracket,
    CreditNote,
    Invoice,
    InvoiceLine,
    Mandate,
    MandateFacility,
    Payment,
    Tariff,
)
from app.entities.booking import Booking, RefusedRequest, Registration
from app.entities.calendar import ClosingDay, Opening, Period, SchoolYear
from app.entities.catalogue import Activity, CareGroup, Facility, School, Unit
from app.entities.exchange import (
    ChangeRequest,
    Heartbeat,
    HistoryEntry,
    MailText,
    Message,
    OutgoingMail,
    Publication,
    Thread,
)
from app.entities.family import Contact, Family, Membership, Person, Quotient
from app.entities.health import (
    Condition,
    HealthReading,
    HealthRecord,
    HealthWord,
    Schooling,
    Vaccination,
    Vaccine,
)
from app.entities.paperwork import Deferral, Document, DocumentType
from app.entities.question import Answer, Question, QuestionFacility
from app.entities.rulebook import (
    Article,
    Example,
    FieldRight,
    FreezeDate,
    RefusalReason,
    Rule,
    RuleDraft,
    Setting,
)

MAP = {
    "Le foyer": (Family, Membership, Person, Contact, Quotient),
    "L’enfant": (Schooling, HealthRecord, Vaccination, Condition, HealthReading),
    "L’offre": (Facility, Activity, Unit, CareGroup, School),
    "Le temps": (SchoolYear, Period, ClosingDay, Opening),
    "Venir": (Registration, Booking, RefusedRequest),
    "Les papiers": (DocumentType, Document, Deferral, Question, QuestionFacility, Answer),
    "Le règlement": (
        Article,
        Rule,
        RuleDraft,
        Example,
        FreezeDate,
        RefusalReason,
        FieldRight,
        Setting,
        Vaccine,
        HealthWord,
    ),
    "L’argent": (
        Tariff,
        Bracket,
        BillingRun,
        Invoice,
        InvoiceLine,
        CreditNote,
        Payment,
        Mandate,
        MandateFacility,
    ),
    "Les échanges": (ChangeRequest, Thread, Message, Publication, MailText, OutgoingMail),
    "Les comptes": (Account, AccountFamily, RoleGrant, LoginLink, ApiToken, Connection, SavedView),
    "La trace": (HistoryEntry, Heartbeat),
}

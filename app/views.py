"""The menu: one readable line a screen, for each audience.

``heading`` opens a group, ``page`` is a page made by hand, ``screen`` the generated screens of an
entity. An entity without a line stands under its ``__menu__`` heading. Families arrive on the
first line of FAMILY, the service on the first of STAFF. Pages of no menu stand in OTHERS.
"""

from flask_appbuilder import AppBuilder

from app.models import (
    Account,
    AccountFamily,
    Activity,
    Answer,
    ApiToken,
    Article,
    BillingRun,
    Booking,
    Bracket,
    CareGroup,
    ChangeRequest,
    ClosingDay,
    Condition,
    Connection,
    Contact,
    CreditNote,
    Deferral,
    Document,
    DocumentType,
    Example,
    Facility,
    Family,
    FieldRight,
    FreezeDate,
    HealthReading,
    HealthRecord,
    HealthWord,
    Heartbeat,
    HistoryEntry,
    Invoice,
    InvoiceLine,
    LoginLink,
    MailText,
    Mandate,
    MandateFacility,
    Membership,
    Message,
    Opening,
    OutgoingMail,
    Payment,
    Period,
    Person,
    Publication,
    Question,
    QuestionFacility,
    Quotient,
    RefusalReason,
    RefusedRequest,
    Registration,
    RoleGrant,
    Rule,
    RuleDraft,
    School,
    Schooling,
    SchoolYear,
    Setting,
    Tariff,
    Thread,
    Unit,
    Vaccination,
    Vaccine,
)
from app.screens import accounts, answers, home, login, outbox, web
from app.screens.api.pages import Api
from app.screens.attendance import AttendancePage
from app.screens.billing_run import BillingPage
from app.screens.booking_inbox import BookingInboxPage
from app.screens.change_inbox import ChangeInbox
from app.screens.child_file import ChildFilePage
from app.screens.child_health import ChildHealthPage
from app.screens.contact import ContactPage
from app.screens.dashboard import Dashboard, FamilySwitch
from app.screens.document_inbox import DocumentInboxPage
from app.screens.documentation import DocumentationPage
from app.screens.documents import DocumentsPage
from app.screens.drafts import DraftsPage
from app.screens.erasure import ErasurePage
from app.screens.examples import ExamplesPage
from app.screens.family_file import FamilyFilePage
from app.screens.history import HistoryPage
from app.screens.invoices import InvoiceFile, InvoicesPage
from app.screens.menu import heading, install, page, screen
from app.screens.messages_inbox import MessagesInbox
from app.screens.own_data import OwnDataPage
from app.screens.planning import PlanningPage
from app.screens.refused_requests import RefusedRequestRecord, RefusedRequestsPage
from app.screens.registration_inbox import RegistrationInboxPage
from app.screens.registrations import RegistrationsPage
from app.screens.rights import RightsPage
from app.screens.rule_record import RuleRecord
from app.screens.rule_tester import RuleTesterPage
from app.screens.rules import RulesPage
from app.screens.search import SearchPage
from app.screens.thin_days import ThinDaysPage
from app.screens.tokens import ApiHelp, TokensPage
from app.screens.town_settings import TownSettingsPage
from app.screens.year_calendar import YearCalendarPage
from app.services.piles import waiting

STAFF = (
    heading("Aujourd’hui"),
    page("Bureau", home.Desk, icon="house-door"),
    page("Pointage", AttendancePage, icon="ui-checks"),
    heading("À traiter"),
    page("Documents à vérifier", DocumentInboxPage, icon="file-earmark-check", badge="documents"),
    page("Inscriptions à décider", RegistrationInboxPage, icon="calendar2-check", badge="registrations"),
    page("Réservations à décider", BookingInboxPage, icon="calendar-week", badge="bookings"),
    page("Modifications", ChangeInbox, icon="pencil-square", badge="changes"),
    page("Messages", MessagesInbox, icon="chat-left-text", badge="messages"),
    screen(Thread, in_menu=False, icon="chat-left-text", tabs=(Message,)),
    screen(ChangeRequest, in_menu=False),
    screen(Message, in_menu=False),
    heading("Dossiers"),
    screen(
        Family,
        icon="people",
        using=accounts.FamilyRecord,
        tabs=(Membership, Registration, Document, Invoice, Quotient, Contact, Booking, Thread),
    ),
    screen(
        Person,
        icon="person",
        using=answers.PersonRecord,
        tabs=(
            Membership,
            Registration,
            Booking,
            RefusedRequest,
            Document,
            HealthRecord,
            Condition,
            Vaccination,
            Contact,
        ),
    ),
    screen(Registration, icon="calendar2-check"),
    screen(Booking, icon="calendar-check"),
    page("Journées sous leur minimum", ThinDaysPage, icon="people"),
    page("Essai des règles", RuleTesterPage, icon="signpost-split"),
    page("Demandes refusées", RefusedRequestsPage, icon="x-circle"),
    screen(RefusedRequest, in_menu=False, using=RefusedRequestRecord),
    screen(Document, icon="file-earmark-text"),
    screen(HealthRecord, icon="heart-pulse"),
    screen(Membership, in_menu=False),
    screen(Contact, in_menu=False),
    screen(Quotient, in_menu=False),
    screen(Schooling, in_menu=False),
    screen(Vaccination, in_menu=False),
    screen(Condition, in_menu=False),
    screen(HealthReading, in_menu=False),
    screen(Deferral, in_menu=False),
    screen(Answer, in_menu=False),
    page("Dossiers à effacer", ErasurePage, icon="trash3"),
    heading("Factures"),
    page("Facturation", BillingPage, icon="calculator"),
    screen(Invoice, icon="receipt", tabs=(InvoiceLine, Payment, CreditNote)),
    screen(Payment, icon="cash-coin"),
    screen(Mandate, icon="bank", tabs=(MandateFacility,)),
    screen(InvoiceLine, in_menu=False),
    screen(CreditNote, in_menu=False),
    screen(MandateFacility, in_menu=False),
    screen(BillingRun, in_menu=False),
    heading("Comptes"),
    screen(Account, icon="person-circle", tabs=(AccountFamily, RoleGrant, Connection)),
    page("Équipe", accounts.TeamPage, icon="people-fill"),
    page("Jetons d’accès", TokensPage, icon="key"),
    page("Boîte d’envoi", outbox.OutboxPage, icon="envelope-check"),
    screen(OutgoingMail, in_menu=False),
    screen(HistoryEntry, icon="clock-history"),
    screen(AccountFamily, in_menu=False),
    screen(RoleGrant, in_menu=False),
    screen(LoginLink, in_menu=False),
    screen(ApiToken, in_menu=False),
    screen(Connection, in_menu=False),
    screen(Heartbeat, in_menu=False),
    heading("Réglages"),
    screen(Facility, icon="building", tabs=(Activity,)),
    screen(Activity, icon="balloon", tabs=(Unit, CareGroup, Registration, Rule, Tariff)),
    screen(SchoolYear, icon="calendar3", tabs=(Period,)),
    page("Calendrier", YearCalendarPage, icon="calendar-range"),
    screen(ClosingDay, icon="calendar-x"),
    page("Règles", RulesPage, icon="signpost-split"),
    screen(Rule, in_menu=False, using=RuleRecord),
    screen(RuleDraft, in_menu=False),
    page("Exemples", ExamplesPage, icon="check-all"),
    screen(Example, in_menu=False),
    screen(Article, icon="book", tabs=(Rule,)),
    screen(Tariff, icon="currency-euro", tabs=(Bracket,)),
    screen(DocumentType, icon="card-checklist"),
    screen(Question, icon="question-circle"),
    screen(QuestionFacility, in_menu=False),
    screen(FreezeDate, icon="lock"),
    screen(RefusalReason, icon="x-circle"),
    page("Droits des champs", RightsPage, icon="shield-lock"),
    screen(FieldRight, in_menu=False),
    screen(Publication, icon="megaphone"),
    screen(MailText, icon="envelope-paper", using=outbox.MailTextRecord),
    page("Réglages de la ville", TownSettingsPage, icon="gear"),
    screen(Setting, in_menu=False),
    page("Toutes les fiches", home.Records, icon="list-ul"),
    screen(Unit, in_menu=False),
    screen(CareGroup, in_menu=False),
    screen(Period, in_menu=False),
    screen(Opening, in_menu=False),
    screen(Bracket, in_menu=False),
    screen(School, in_menu=False),
    screen(Vaccine, in_menu=False),
    screen(HealthWord, in_menu=False),
)

FAMILY = (
    page("Accueil", Dashboard, icon="house-door"),
    page("Ma famille", FamilyFilePage, icon="people"),
    page("Mes documents", DocumentsPage, icon="file-earmark-text"),
    page("Inscriptions", RegistrationsPage, icon="calendar2-check"),
    page("Réservations", PlanningPage, icon="calendar-week"),
    page("Mes factures", InvoicesPage, icon="receipt"),
    page("Historique", HistoryPage, icon="clock-history"),
    page("Documentation", DocumentationPage, icon="journal-text"),
    page("Contacter la structure", ContactPage, icon="chat-left-text"),
    page("Tout le dossier", home.FamilyRecords, icon="folder2-open"),
)

OTHERS = (
    SearchPage,
    FamilySwitch,
    ChildFilePage,
    ChildHealthPage,
    InvoiceFile,
    OwnDataPage,
    *login.PAGES,
    accounts.FamilyAccess,
    accounts.HatSwitch,
    answers.AnswersPage,
    DraftsPage,
    Api,
    ApiHelp,
)


def register(builder: AppBuilder) -> None:
    """Put every screen on the application."""
    install(builder, STAFF, FAMILY, OTHERS, badges=waiting)
    web.exempt_own_doors(builder)

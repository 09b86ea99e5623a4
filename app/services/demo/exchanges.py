"""What goes between a household and the service: requests, messages, connections, history; publications."""

from datetime import timedelta

from app.entities.catalogue import FacilityKind
from app.entities.exchange import RequestStatus, ThreadStatus
from app.models import (
    ChangeRequest,
    Connection,
    Family,
    HistoryEntry,
    Message,
    Publication,
    Thread,
)
from app.services import files
from app.services.demo import paper, words
from app.services.demo.batch import Batch
from app.services.demo.life import at
from app.services.demo.papers import STAFF, Whole
from app.services.demo.town import TownFacts

DEVICES = ("Téléphone, Chrome", "Téléphone, Safari", "Ordinateur, Firefox", "Tablette, Safari")
DONE = (
    ("Document", "Document, ajout"),
    ("Person", "Personne, modification : Téléphone portable"),
    ("HealthRecord", "Fiche santé, modification : Médecin traitant"),
    ("Answer", "Réponse, ajout"),
    ("Booking", "Réservation, ajout"),
)


def talk(batch: Batch, town: TownFacts, whole: Whole) -> None:
    """Change requests and conversations of a household."""
    random = whole.random
    if whole.home.rank == 0 or random.random() < 0.2:
        _request(batch, town, whole)
    places = sorted({one.activity.facility_id for one in whole.registered})
    if places and (whole.home.rank == 0 or random.random() < 0.3):
        _thread(batch, town, whole, random.choice(places))


def _request(batch: Batch, town: TownFacts, whole: Whole) -> None:
    random, home = whole.random, whole.home
    drawn = 0.0 if home.rank == 0 else random.random()
    status = (
        RequestStatus.WAITING
        if drawn < 0.6
        else RequestStatus.ACCEPTED
        if drawn < 0.85
        else RequestStatus.REFUSED
    )
    asked_on = town.today - timedelta(days=random.randint(0, 5) if drawn < 0.6 else random.randint(8, 40))
    street = f"{random.randint(1, 98)} {random.choice(words.STREETS)}"
    before, after = {"street": home.street}, {"street": street}
    if status is RequestStatus.ACCEPTED:
        before, after = {"street": street}, {"street": home.street}
    decided = status is not RequestStatus.WAITING
    author = home.adults[0]
    batch.add(
        ChangeRequest,
        family_id=whole.family_id,
        title="Adresse du foyer",
        entity=Family.__name__,
        row_id=whole.family_id,
        before=before,
        after=after,
        status=status,
        asked_by=f"{author.first_name} {author.last_name}",
        asked_at=at(asked_on, 20, random.randint(0, 59)),
        decided_by=STAFF if decided else None,
        decided_at=at(asked_on + timedelta(days=1), 9) if decided else None,
        reason="Envoyez d’abord un justificatif de domicile." if status is RequestStatus.REFUSED else None,
    )


def _thread(batch: Batch, town: TownFacts, whole: Whole, facility_id: int) -> None:
    random = whole.random
    subject, asks, answers = random.choice(words.TALKS)
    asked_on = town.today - timedelta(days=random.randint(0, 20))
    is_answered = whole.home.rank == 0 or random.random() < 0.6
    answered_at = at(min(town.today, asked_on + timedelta(days=1)), 10, random.randint(0, 59))
    asked_at = at(asked_on, 7, random.randint(0, 59))
    status = ThreadStatus.OPEN
    if is_answered:
        status = random.choice((ThreadStatus.ANSWERED, ThreadStatus.CLOSED))
    number = batch.add(
        Thread,
        family_id=whole.family_id,
        facility_id=facility_id,
        subject=subject,
        status=status,
        last_at=answered_at if is_answered else asked_at,
    )
    author = whole.home.adults[0]
    name = f"{author.first_name} {author.last_name}"
    batch.add(Message, thread_id=number, from_staff=False, author=name, body=asks, sent_at=asked_at)
    if is_answered:
        batch.add(Message, thread_id=number, from_staff=True, author=STAFF, body=answers, sent_at=answered_at)


def remember(batch: Batch, town: TownFacts, whole: Whole, account_id: int, name: str) -> None:
    """The connections of an account in the last weeks, and what was done in them."""
    random = whole.random
    for _ in range(random.randint(1, 7)):
        on = town.today - timedelta(days=random.randint(1, 60))
        hour, minute = random.choice((7, 12, 19, 20, 21)), random.randint(0, 50)
        batch.add(
            Connection,
            account_id=account_id,
            connected_at=at(on, hour, minute),
            address="192.0.2.10",
            device=random.choice(DEVICES),
        )
        for step in range(random.choice((0, 1, 1, 2))):
            entity, summary = random.choice(DONE)
            batch.add(
                HistoryEntry,
                done_at=at(on, hour, minute + 2 + step * 3),
                actor=name,
                account_id=account_id,
                action="create" if "ajout" in summary else "edit",
                entity=entity,
                row_id=whole.family_id,
                family_id=whole.family_id,
                summary=summary,
            )


def publish(batch: Batch, town: TownFacts) -> None:
    """The documents that the service puts at the families' disposal (S1), each with its PDF."""
    by_kind: dict[FacilityKind, int] = {}
    for number, (_, _, kind) in town.facilities.items():
        by_kind.setdefault(kind, number)
    monday = town.today - timedelta(days=town.today.weekday())
    for weeks in (0, 1):
        on = monday + timedelta(weeks=weeks)
        title = f"Menus de la semaine du {on:%d/%m/%Y}"
        lines = [f"{day} : {menu}" for day, menu in words.MENU]
        lines += ["", "Un repas sans porc et un repas sans viande sont servis chaque jour."]
        _publication(batch, town, title, lines, by_kind.get(FacilityKind.CANTEEN), from_days=7 - 7 * weeks)
    leisure = by_kind.get(FacilityKind.LEISURE)
    _publication(
        batch,
        town,
        "Programme des mercredis",
        [
            "Novembre : la forêt, cabanes et peinture végétale.",
            "Décembre : lumières, cuisine et contes d’hiver.",
        ],
        leisure,
    )
    _publication(
        batch,
        town,
        "Règlement intérieur des accueils",
        ["Ce document reprend les articles du règlement que chaque structure applique."],
        None,
    )
    _publication(
        batch,
        town,
        "Fiche de sortie à la neige, à nous retourner",
        ["Sortie du mois de janvier. Remplissez, signez et renvoyez cette fiche.", "", "Signature :"],
        leisure,
        to_return=True,
    )


def _publication(
    batch: Batch,
    town: TownFacts,
    title: str,
    lines: list[str],
    facility_id: int | None,
    *,
    from_days: int = 20,
    to_return: bool = False,
) -> None:
    batch.add(
        Publication,
        title=title,
        facility_id=facility_id,
        description=None,
        file=files.keep(paper.pdf(title, lines), f"{title}.pdf", files.PDF),
        from_on=town.today - timedelta(days=from_days),
        until_on=None,
        to_return=to_return,
    )

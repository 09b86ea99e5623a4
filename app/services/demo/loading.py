"""Loading: households written in bulk, in one transaction; then the bills of the past months."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select, update

from app.access.database import db
from app.access.viewer import unscoped
from app.entities.booking import BookingStatus
from app.entities.exchange import MailStatus
from app.entities.family import MemberKind
from app.models import (
    AccountFamily,
    BillingRun,
    Booking,
    Contact,
    Family,
    Membership,
    OutgoingMail,
    Person,
)
from app.rules.calendar import add_months, instant
from app.services import billing_run, passwords
from app.services.billing import Preview
from app.services.demo import accounts, exchanges, life, papers, town
from app.services.demo.batch import Batch
from app.services.demo.household import Adult, Household, Kid, Maker
from app.services.demo.papers import Whole
from app.services.demo.town import TownFacts
from app.services.settings import read_town

FAMILIES = 60
CHUNK = 40  # households in memory at once
WHY = "la démonstration remplit une base vide"


@dataclass
class Done:
    """What a load wrote, by entity name; nothing where households were there already."""

    counts: dict[str, int] = field(default_factory=dict)
    accounts_file: Path | None = None
    bills: int = 0

    @property
    def sentence(self) -> str:
        """What was done, in one line."""
        if not self.counts:
            return "La base contient déjà des foyers : rien n’est ajouté."
        many = f"{self.counts['Family']} foyers, {self.counts['Booking']} réservations, {self.bills} factures"
        return f"Démonstration chargée : {many}. Comptes : {self.accounts_file}"


def load_if_empty(families: int = FAMILIES, seed: int = 1, *, today: date) -> Done:
    """Load the demonstration into a base without households; otherwise finish the bills alone.

    Interrupted and called again, it ends with the same base: the households are one transaction.
    """
    with unscoped(WHY):
        is_empty = db.session.scalar(select(func.count()).select_from(Family)) == 0
        has_demo = (Path(current_app.config["MARELLE_HOME"]) / accounts.FILE).exists()
    if is_empty:
        return load(families, seed, today=today)
    return Done(bills=bill_past_months(today) if has_demo else 0)


def load(families: int = FAMILIES, seed: int = 1, *, today: date, bills: bool = True) -> Done:
    """Invent that many households, on that day. Raises ``town.NoTownError`` before a rulebook is applied.

    The same seed and day give the same households. Memory does not grow with their number.
    """
    password_hash = passwords.hash_password(accounts.PASSWORD)
    with unscoped(WHY):
        try:
            town.make_scarce(today)
            facts = town.read(today, today + life.AHEAD)
            loader = Loader(facts, seed, password_hash)
            loader.run(families)
            path = accounts.write_file(loader.accounts.told)
            db.session.commit()
        finally:
            db.session.rollback()  # nothing to undo once committed
    return Done(loader.batch.counts, path, bill_past_months(today) if bills else 0)


class Loader:
    """One load: the rows to write, and what one household leaves to the next."""

    def __init__(self, facts: TownFacts, seed: int, password_hash: str) -> None:
        self.town = facts
        self.batch = Batch()
        self.maker = Maker(seed, facts.starts_on)
        self.days = life.Days()
        self.filer = papers.Filer()
        self.accounts = accounts.Accounts(self.batch, password_hash, life.at(facts.today, 6))
        # People of the last three households by key: children and fathers of two homes.
        self.people: dict[str, int] = {}
        self.logins: dict[str, int] = {}

    def run(self, families: int) -> None:
        """Write everything, a few households at a time."""
        self.accounts.staff(self.town)
        exchanges.publish(self.batch, self.town)
        for rank in range(families):
            if rank % 10 == 0:
                self.people.clear()
                self.logins.clear()
            self._household(self.maker.make(rank))
            if rank % CHUNK == CHUNK - 1:
                self.batch.write()
        self.batch.finish()

    def _household(self, home: Household) -> None:
        family_id = self.batch.add(
            Family,
            name=home.name,
            street=home.street,
            postcode=home.postcode,
            city=home.city,
            phone=home.phone,
            residence=home.residence,
            billing_email=home.adults[0].email,
        )
        adult_ids = {one.key: self._adult(one) for one in home.adults}
        kid_ids = {one.key: self._kid(one) for one in home.kids}
        for position, one in enumerate(home.adults):
            self._member(
                family_id, adult_ids[one.key], MemberKind.GUARDIAN, one.kinship, position, position < 2
            )
        for position, kid in enumerate(home.kids):
            self._member(family_id, kid_ids[kid.key], MemberKind.CHILD, None, position, False)
        self._contacts(home, family_id, kid_ids)
        registered = life.live(self.batch, self.town, self.days, home, family_id, kid_ids)
        whole = Whole(home, family_id, kid_ids, adult_ids, registered)
        papers.hand_in(self.batch, self.town, whole, self.filer)
        papers.declare(self.batch, self.town, whole)
        papers.afford(self.batch, self.town, whole)
        exchanges.talk(self.batch, self.town, whole)
        self._logins(whole)

    def _adult(self, adult: Adult) -> int:
        if adult.key not in self.people:
            self.people[adult.key] = self.batch.add(
                Person,
                first_name=adult.first_name,
                last_name=adult.last_name,
                sex=adult.sex,
                born_on=adult.born_on,
                email=adult.email,
                mobile_phone=adult.mobile,
                employer=adult.employer,
                profession=adult.profession,
            )
        return self.people[adult.key]

    def _kid(self, kid: Kid) -> int:
        if kid.key not in self.people:
            self.people[kid.key] = self.batch.add(
                Person, first_name=kid.first_name, last_name=kid.last_name, sex=kid.sex, born_on=kid.born_on
            )
        return self.people[kid.key]

    def _member(
        self,
        family_id: int,
        person_id: int,
        kind: MemberKind,
        kinship: str | None,
        position: int,
        named: bool,
    ) -> None:
        self.batch.add(
            Membership,
            family_id=family_id,
            person_id=person_id,
            member_kind=kind,
            kinship=kinship,
            on_invoice=named,
            position=position,
        )

    def _contacts(self, home: Household, family_id: int, kid_ids: dict[str, int]) -> None:
        for position, one in enumerate(home.contacts):
            person_id = self._adult(one)
            self._member(family_id, person_id, MemberKind.CONTACT, one.kinship, position, False)
            for child_id in kid_ids.values():
                self.batch.add(
                    Contact,
                    family_id=family_id,
                    child_id=child_id,
                    person_id=person_id,
                    kinship=one.kinship,
                    may_collect=one.may_collect,
                    call_in_emergency=True,
                )

    def _logins(self, whole: Whole) -> None:
        """A login for each guardian; one in twenty has not opened theirs yet."""
        for rank, adult in enumerate(whole.home.adults):
            if rank > 0 and whole.home.rank > 0 and whole.random.random() > 0.7:
                continue
            is_open = (
                adult.key in self.logins
                or whole.home.rank % 10 in (0, 7, 8, 9)
                or whole.random.random() > 0.05
            )
            if adult.key not in self.logins:
                self.logins[adult.key] = self.accounts.guardian(adult, is_open)
            self.batch.add(
                AccountFamily,
                account_id=self.logins[adult.key],
                family_id=whole.family_id,
                person_id=whole.adult_ids[adult.key],
            )
            if is_open:
                name = f"{adult.first_name} {adult.last_name}"
                exchanges.remember(self.batch, self.town, whole, self.logins[adult.key], name)
        self._tell(whole)

    def _tell(self, whole: Whole) -> None:
        """The households named on the first screen."""
        adult, home = whole.home.adults[0], whole.home
        if home.rank == 0:
            self.accounts.told.insert(0, self._line("Parent", adult, f"{home.name} (des choses à faire)"))
        elif home.rank == 1:
            self.accounts.told.insert(1, self._line("Parent, autre foyer", adult, home.name))
        elif home.rank == 8:
            self.accounts.told.insert(
                1, self._line("Parent de deux foyers", adult, f"{home.name}, et un second")
            )

    def _line(self, role: str, adult: Adult, family: str) -> dict[str, object]:
        return {"role": role, "email": adult.email, "password": accounts.PASSWORD, "family": family}


# --- The bills -----------------------------------------------------------------------------------


def bill_past_months(today: date) -> int:
    """Bill each month of the school year whose billing day has come, as it was then; how many invoices.

    Run again, it bills nothing more: money converges.
    """
    months, count = list(_months_to_bill(today)), 0
    for month in months:
        day = read_town().billing_day
        moment = instant(add_months(month, 1, day)) + timedelta(hours=9)
        with unscoped(WHY):
            done = billing_run.run(month, by="Solène Bricourt", now=moment)
            # A month without prices stays unbilled: the run's own page says what is missing.
            count += 0 if isinstance(done, Preview) else done.invoice_count
    with unscoped(WHY):
        # These mails are past: nobody waits for them.
        db.session.execute(
            update(OutgoingMail)
            .where(OutgoingMail.status == MailStatus.WAITING)
            .values(status=MailStatus.SENT, sent_at=OutgoingMail.created_at, attempts=1),
            execution_options={"synchronize_session": False},
        )
        db.session.commit()
    return count


def _months_to_bill(today: date) -> Iterator[date]:
    with unscoped(WHY):
        first, last = db.session.execute(
            select(func.min(Booking.booked_on), func.max(Booking.booked_on)).where(
                Booking.status == BookingStatus.CONFIRMED
            )
        ).one()
        done = set(db.session.scalars(select(BillingRun.month_on)))
    if first is None:
        return
    month, day = first.replace(day=1), read_town().billing_day
    while month <= last and add_months(month, 1, day) <= today:
        if month not in done:
            yield month
        month = add_months(month, 1)

"""An invented household, from a number and a seed: who lives there, where, with what quotient. Pure.

Each decade of numbers holds a recomposed story: household 7 is a mother and her children; her eldest
also lives with the father, household 8; the father has a new home and a child there, household 9.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from app.entities.family import Residence, Sex
from app.entities.health import Level
from app.services.demo import words

# The eldest child's class, by turns: every age is in any dozen of households.
ELDEST = (7, 1, 4, 9, 12, 5, 8, 8, 0, 1, 3, 16, 6, 2, 10, 13, 7, 5, 9, 11)
QUOTIENTS = (700, 380, 1240, 455, 2150, 905, 1610, 600, 1180, None, 845, 1395, 290, 1780, 530, 1020)
LEVELS = {
    3: Level.PS, 4: Level.MS, 5: Level.GS, 6: Level.CP, 7: Level.CE1, 8: Level.CE2, 9: Level.CM1,
    10: Level.CM2,
}  # fmt: skip
YOUNGEST_DAYS = 110  # at the start of the year: a nursery takes them from three months


@dataclass(frozen=True)
class Adult:
    """A guardian, or somebody who may collect a child. ``key`` is the same in two households."""

    key: str
    first_name: str
    last_name: str
    sex: Sex
    born_on: date | None
    email: str | None
    mobile: str
    kinship: str
    employer: str | None = None
    profession: str | None = None
    may_collect: bool = True


@dataclass(frozen=True)
class Kid:
    """A child; ``shared``: lives in two homes, the even weeks in this one or the odd ones."""

    key: str
    first_name: str
    last_name: str
    sex: Sex
    born_on: date
    level: Level
    shared: bool = False


@dataclass(frozen=True)
class Household:
    """Everything invented of a household, before any row."""

    rank: int
    name: str
    street: str
    postcode: str
    city: str
    residence: Residence
    phone: str
    adults: tuple[Adult, ...]
    kids: tuple[Kid, ...]
    contacts: tuple[Adult, ...]
    quotient: Decimal | None
    odd_weeks: bool = False
    random: Random = field(default_factory=Random, compare=False, repr=False)


class Names:
    """Gives each person an address of their own."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def email(self, first_name: str, last_name: str) -> str:
        """``prenom.nom@example.org``, with a number for the second of that name."""
        from app.declare.term import slugify

        stem = f"{slugify(first_name)}.{slugify(last_name)}"
        count = self._taken.get(stem, 0) + 1
        self._taken[stem] = count
        return f"{stem}{count if count > 1 else ''}@example.org"


class Maker:
    """Makes households one after the other: the same seed gives the same ones, whatever their number."""

    def __init__(self, seed: int, year_starts_on: date) -> None:
        self.seed = seed
        self.starts_on = year_starts_on
        self.names = Names()
        self._before: Household | None = None

    def make(self, rank: int) -> Household:
        """The household of that rank; to call in order."""
        random = Random(self.seed * 1_000_003 + rank)  # noqa: S311  invented people, not secrets
        story = rank % 10
        if story == 7:
            made = self._mother(rank, random)
        elif story in (8, 9) and self._before is not None and self._before.rank == rank - 1:
            made = self._father(rank, random, self._before, new_home=story == 9)
        else:
            made = self._plain(rank, random)
        self._before = made
        return made

    def _plain(self, rank: int, random: Random) -> Household:
        surname = words.SURNAMES[(rank * 7 + self.seed) % len(words.SURNAMES)]
        mother = self._adult(rank, random, surname, Sex.GIRL, "mère")
        adults = [mother]
        if rank == 0 or random.random() < 0.78:
            other = surname if random.random() < 0.7 else random.choice(words.SURNAMES)
            adults.append(self._adult(rank, random, other, Sex.BOY, "père"))
        count = 2 if rank == 0 else random.choices((1, 2, 3, 4), (28, 45, 20, 7))[0]
        kids = self._kids(rank, random, surname, count)
        return self._home(rank, random, surname, adults, kids)

    def _mother(self, rank: int, random: Random) -> Household:
        surname = words.SURNAMES[(rank * 7 + self.seed) % len(words.SURNAMES)]
        mother = self._adult(rank, random, surname, Sex.GIRL, "mère")
        eldest, *others = self._kids(rank, random, surname, random.choice((2, 3)))
        return self._home(rank, random, surname, [mother], [replace(eldest, shared=True), *others])

    def _father(self, rank: int, random: Random, before: Household, new_home: bool) -> Household:
        if not new_home:
            surname = words.SURNAMES[(rank * 7 + 3 + self.seed) % len(words.SURNAMES)]
            father = self._adult(rank, random, surname, Sex.BOY, "père")
            made = self._home(rank, random, surname, [father], [before.kids[0]])
            return replace(made, odd_weeks=True)
        father = before.adults[0]
        partner = self._adult(rank, random, random.choice(words.SURNAMES), Sex.GIRL, "mère")
        kids = self._kids(rank, random, father.last_name, random.choice((1, 2)))
        made = self._home(rank, random, f"{father.last_name}-{partner.last_name}", [partner, father], kids)
        return replace(made, street=before.street, postcode=before.postcode, city=before.city)

    def _home(self, rank: int, random: Random, name: str, adults: list[Adult], kids: list[Kid]) -> Household:
        residence, postcode, city = Residence.RESIDENT, "38660", "Le Touvet"
        if random.random() < 0.16:
            residence = random.choice((Residence.OUTSIDE, Residence.WORKS_HERE))
            postcode, city = random.choice(words.NEXT_TOWNS)
        amount = QUOTIENTS[rank % len(QUOTIENTS)]
        quotient = None if amount is None else Decimal(amount)
        if quotient is not None and rank >= len(QUOTIENTS):
            quotient += random.randint(-60, 60)
        return Household(
            rank=rank,
            name=name,
            street=f"{random.randint(1, 98)} {random.choice(words.STREETS)}",
            postcode=postcode,
            city=city,
            residence=residence,
            phone=home_phone(random),
            adults=tuple(adults),
            kids=tuple(kids),
            contacts=tuple(self._contact(rank, n, random) for n in range(random.choice((0, 1, 1, 2, 3)))),
            quotient=quotient,
            random=random,
        )

    def _adult(self, rank: int, random: Random, surname: str, sex: Sex, kinship: str) -> Adult:
        first_name = random.choice(words.WOMEN if sex is Sex.GIRL else words.MEN)
        return Adult(
            key=f"{rank}-{kinship}",
            first_name=first_name,
            last_name=surname,
            sex=sex,
            born_on=date(
                self.starts_on.year - random.randint(26, 49), random.randint(1, 12), random.randint(1, 28)
            ),
            email=self.names.email(first_name, surname),
            mobile=mobile_phone(random),
            kinship=kinship,
            employer=random.choice(words.EMPLOYERS),
            profession=random.choice(words.TRADES),
        )

    def _contact(self, rank: int, number: int, random: Random) -> Adult:
        kinship, may_collect = random.choice(words.KINSHIPS)
        sex = random.choice((Sex.GIRL, Sex.BOY))
        return Adult(
            key=f"{rank}-contact-{number}",
            first_name=random.choice(words.WOMEN if sex is Sex.GIRL else words.MEN),
            last_name=random.choice(words.SURNAMES),
            sex=sex,
            born_on=None,
            email=None,
            mobile=mobile_phone(random),
            kinship=kinship,
            may_collect=may_collect,
        )

    def _kids(self, rank: int, random: Random, surname: str, count: int) -> list[Kid]:
        age_class = ELDEST[rank % len(ELDEST)]
        born: dict[int, date] = {}
        kids: list[Kid] = []
        taken: set[str] = set()
        while len(kids) < count:
            sex = random.choice((Sex.GIRL, Sex.BOY))
            free = [one for one in (words.GIRLS if sex is Sex.GIRL else words.BOYS) if one not in taken]
            first_name = random.choice(free)
            taken.add(first_name)
            if age_class not in born:  # of one class: twins, born on one day
                born[age_class] = self._born_on(random, age_class)
            kids.append(
                Kid(
                    key=f"{rank}-{len(kids)}",
                    first_name=first_name,
                    last_name=surname,
                    sex=sex,
                    born_on=born[age_class],
                    level=level_of(age_class),
                )
            )
            age_class = age_class - 3 if rank == 0 else _next_class(random, age_class, born)
        return kids

    def _born_on(self, random: Random, age_class: int) -> date:
        """A birthday of that class: the class of a school year is a civil year."""
        on = date(self.starts_on.year - age_class, random.randint(1, 12), random.randint(1, 28))
        latest = self.starts_on - timedelta(days=YOUNGEST_DAYS)
        return min(on, latest - timedelta(days=random.randint(0, 60)))


def _next_class(random: Random, before: int, born: Collection[int]) -> int:
    """The class of the next child: a twin now and then, else two years away from every sibling."""
    if random.random() < 0.05:
        return before
    free = [one for one in range(13) if all(abs(one - other) >= 2 for other in born)]
    younger = [one for one in free if one < before]
    return random.choice(younger[-3:] or free)


def level_of(age_class: int) -> Level:
    """The class of the children who turn that age in the year of the school start."""
    if age_class < 3:
        return Level.NONE
    if age_class < 11:
        return LEVELS[age_class]
    return Level.COLLEGE if age_class < 15 else Level.LYCEE


def mobile_phone(random: Random) -> str:
    """A number of the range kept for fiction."""
    return f"06 39 98 {random.randint(0, 99):02d} {random.randint(0, 99):02d}"


def home_phone(random: Random) -> str:
    """A number of the range kept for fiction."""
    return f"01 99 00 {random.randint(0, 99):02d} {random.randint(0, 99):02d}"

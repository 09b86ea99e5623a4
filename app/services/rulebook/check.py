"""``check``: the whole file read against its declarations, then entries against each other."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from app.declare import entities
from app.entities.paperwork import Validity
from app.entities.question import QuestionKind, QuestionSection
from app.models import (
    Activity,
    DocumentType,
    Example,
    FreezeDate,
    HealthWord,
    MailText,
    Question,
    QuestionFacility,
    Rule,
    SchoolYear,
    Tariff,
    Unit,
)
from app.models import (
    Bracket as BracketRow,
)
from app.rules import (
    examples,
    kinds,  # noqa: F401  (registers them)
    who,
)
from app.rules.money import Bracket, Grid
from app.rules.parameters import Known
from app.rules.registry import build, dump, out_of_its_reach
from app.rules.registry import kinds as rule_kinds
from app.rules.values import Misread, hint
from app.services import outbox
from app.services.mail_texts import TEXTS
from app.services.rulebook import calendar, trials
from app.services.rulebook.compiled import vocabulary
from app.services.rulebook.draft import Draft, Entry
from app.services.rulebook.reader import read
from app.services.rulebook.source import Problem, Table, parse, read_file

Check = Callable[[Draft], Iterable[Problem]]
CHECKS: list[Check] = []
OFFER = ("facilities", "activities", "school_years")
# The CNIL lets a town ask what a child eats, never why: words of religion are refused.
RELIGIOUS = (
    "halal",
    "casher",
    "kasher",
    "kascher",
    "cacher",
    "religi",
    "musulman",
    "juif",
    "catholique",
    "ramadan",
)

NO_RELIGION = "la CNIL interdit d’écrire une religion : dites ce qui n’est pas mangé, « sans porc »."


@dataclass(frozen=True)
class Checked:
    """A file that was read: what it says, and everything wrong in it, in the order of the lines."""

    draft: Draft
    problems: tuple[Problem, ...]

    @property
    def is_sound(self) -> bool:
        """Whether it can be applied."""
        return not self.problems

    def counts(self) -> dict[str, int]:
        """How many entries of each entity."""
        found: dict[str, int] = defaultdict(int)
        for entry in self.draft.entries:
            found[entry.entity.__name__] += 1
        return dict(found)


def check(path: Path, today: date) -> Checked:
    """Read and check a file; no query, no write. Raises Unreadable."""
    return check_text(read_file(path), today)


def check_text(text: str, today: date) -> Checked:
    """The same, from the text."""
    tree, problems = parse(text)
    draft = read(tree, today)
    draft.report(problems)
    calendar.complete(draft)
    for one in CHECKS:
        draft.report(one(draft))
    if not draft.problems:
        draft.report(trials.failures(draft))
    return Checked(draft, tuple(sorted(set(draft.problems))))


def checks(made: Check) -> Check:
    """Register a check of entries against each other."""
    CHECKS.append(made)
    return made


@checks
def twins(draft: Draft) -> Iterator[Problem]:
    """Two entries of a list that would be the same row."""
    seen: set[tuple[object, ...]] = set()
    for entry in draft.entries:
        named = [name.removesuffix("_id") for name in entry.identity]
        parts = [entry.parent if name == entry.parent_name else entry.values.get(name) for name in named]
        key = (entry.entity.__name__, *(one.code if isinstance(one, Entry) else one for one in parts))
        if isinstance(entry.parent, Entry):
            key = (*key, entry.parent.code)
        if key in seen:
            yield entry.problem("cette entrée est déjà plus haut : gardez-en une seule.")
        seen.add(key)


@checks
def rules(draft: Draft) -> Iterator[Problem]:
    """Each rule is built by its kind; its parameters are then kept in their plain form.

    What could not be read of one hides nothing of the rest of it.
    """
    units, known = draft.codes("Unit"), vocabulary(draft)
    for entry in draft.of(Rule):
        if "rule_kind" not in entry.misread:
            yield from _of_its_kind(known, entry)
        activity: Entry | None = entry.values["activity"]
        for code in entry.values["units"] or ():
            if code not in units:
                yield entry.problem(f"l’unité « {code} » n’existe pas : {hint(code, units)}", "units")
            elif activity is not None and units[code].parent is not activity:
                yield entry.problem(f"l’unité « {code} » n’est pas de l’activité {activity.code}.", "units")
        for key in ("who", "unless"):
            yield from _whom(known, entry, key)
        yield from _dates(entry)


def _of_its_kind(words_of: Known, entry: Entry) -> Iterator[Problem]:
    """What its kind says of a rule; a rule of no kind, or whose parameters are wrong, is broken."""
    code = entry.values["rule_kind"]
    found = rule_kinds().get(code)
    if found is None:
        entry.broken = True
        titles = {one.code: one.title for one in rule_kinds().values()}
        wrong = f"la sorte de règle « {code} » n’existe pas : {hint(code, titles, titles)}"
        yield entry.problem(wrong, "kind")
        return
    if "parameters" not in entry.misread:
        built = build(code, entry.values["parameters"], words_of)
        for error in built.errors:
            yield entry.problem(error.message, "parameters", error.name)
        if built.rule is not None:
            entry.values["parameters"] = dump(built.rule)
        else:
            entry.broken = True
    for error in out_of_its_reach(found.made, entry.values["units"], entry.values["weekdays"]):
        yield entry.problem(error.message, error.name)


def _whom(words_of: Known, entry: Entry, key: str) -> Iterator[Problem]:
    """Whom a rule is for is told by what the town knows: classes, groups, questions, documents."""
    if not entry.values[key]:
        entry.values[key] = None
        return
    try:
        found = who.read(entry.values[key])
    except Misread as error:
        yield entry.problem(str(error), key)
        return
    entry.values[key] = found.dump()
    known = {
        "schools": words_of["school"],
        "levels": words_of["level"],
        "groups": words_of["group"],
        "traits": {*words_of["answer"], *words_of["document"]},
    }
    for criterion, words in known.items():
        for word in sorted(getattr(found, criterion) - words):
            wrong = f"« {word} » n’existe pas ({who.KEYS[criterion].lower()}) : {hint(word, words)}"
            yield entry.problem(wrong, key, criterion)


@checks
def worked_examples(draft: Draft) -> Iterator[Problem]:
    """Each example can be read; it is kept in its plain form, and tried once nothing else is wrong."""
    known = vocabulary(draft)
    for entry in draft.sound(Example):
        written = examples.read(entry.values["body"], known)
        for path, message in written.errors:
            yield entry.problem(message, *path)
        if written.example is not None and written.expected is not None:
            entry.extras["example"] = written
            entry.values["sentence"] = written.example.says
            entry.values["body"] = examples.written(written.example, written.expected)


@checks
def openings(draft: Draft) -> Iterator[Problem]:
    """Opening patterns name units of their activity, and end after they begin."""
    units = draft.codes("Unit")
    for entry in draft.sound(Activity):
        own = {code.partition(".")[2] for code in units if code.startswith(f"{entry.code}.")}
        if not own and entry.values["is_bookable"]:
            yield entry.problem("cette activité n’a pas d’unité à réserver : ajoutez « units ».")
        for pattern, node in entry.extras["opens"] or ():
            for code in sorted((pattern.units or frozenset()) - own):
                yield node.at("units").problem(
                    f"l’unité « {code} » n’est pas de cette activité : {hint(code, own)}"
                )
            if (pattern.days is None) == (pattern.dates is None):
                yield node.problem("donnez « days » (des jours de la semaine), ou « dates » : l’un des deux.")
            if pattern.from_on and pattern.until_on and pattern.until_on <= pattern.from_on:
                yield node.at("until").problem("ces ouvertures finissent avant de commencer.")
        low, high = entry.values["min_age_months"], entry.values["max_age_months"]
        if low is not None and high is not None and high < low:
            yield entry.problem("l’âge maximum est plus petit que l’âge minimum : échangez-les.", "max_age")
    for entry in draft.sound(Unit):
        starts_at, ends_at = entry.values["starts_at"], entry.values["ends_at"]
        if starts_at and ends_at and ends_at <= starts_at:
            yield entry.problem("cette unité finit avant de commencer.", "ends_at")


@checks
def years(draft: Draft) -> Iterator[Problem]:
    """School years do not overlap."""
    before: Entry | None = None
    for entry in sorted(draft.sound(SchoolYear), key=lambda one: one.values["starts_on"]):
        if before is not None and entry.values["starts_on"] <= before.values["ends_on"]:
            yield entry.problem(f"cette année chevauche {before.code} : changez une des dates.", "starts_on")
        before = entry


@checks
def versions(draft: Draft) -> Iterator[Problem]:
    """No day has two versions of a rule."""
    named: dict[str, list[Entry]] = defaultdict(list)
    for entry in draft.sound(Rule):
        named[entry.values["version_of"] or entry.code].append(entry)
    for several in named.values():
        ordered = sorted(several, key=lambda one: one.values["from_on"] or date.min)
        for first, second in pairwise(ordered):
            until_on = first.values["until_on"]
            if until_on is None or (second.values["from_on"] or date.min) < until_on:
                text = f"« {first.code} », son autre version, vaut les mêmes jours : donnez-lui un « until »."
                yield second.problem(text, "from")


@checks
def tariffs(draft: Draft) -> Iterator[Problem]:
    """Each grid covers every quotient once; one tariff at a time for a unit."""
    brackets: dict[str, list[Entry]] = defaultdict(list)
    for entry in draft.of(BracketRow):
        brackets[entry.above.code].append(entry)
    windows: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in draft.sound(Tariff):
        unit, activity = entry.values["unit"], entry.values["activity"]
        if unit is not None and unit.parent is not activity:
            yield entry.problem(f"l’unité « {unit.code} » n’est pas de l’activité {activity.code}.", "unit")
        yield from _dates(entry)
        own = brackets[entry.code]
        if not own:
            yield entry.problem("ce tarif n’a pas de tranche : ajoutez « brackets ».")
        elif not any(one.broken for one in own):
            yield from _grid(entry, own)
        windows[activity.code, unit.code if unit else ""].append(entry)
    for several in windows.values():
        ordered = sorted(several, key=lambda one: one.values["from_on"])
        for first, second in pairwise(ordered):
            until_on = first.values["until_on"]
            if until_on is None or second.values["from_on"] < until_on:
                text = f"ce tarif commence avant la fin de « {first.code} » : donnez à celui-ci un « until »."
                yield second.problem(text, "from")


def _grid(entry: Entry, own: list[Entry]) -> Iterator[Problem]:
    grid = Grid(
        tuple(
            Bracket(one.values["from_quotient"], one.values["until_quotient"], one.values["price"])
            for one in own
        )
    )
    for bad in grid.problems():
        nearest = next(
            (one for one in own if (one.values["from_quotient"] or Decimal(0)) >= bad.from_qf), own[-1]
        )
        yield nearest.node.problem(f"{entry.values['name']} : {bad.message} {REMEDIES[bad.kind]}")


REMEDIES = {
    "hole": "Faites commencer cette tranche où finit celle d’avant.",
    "overlap": "Faites finir une tranche où l’autre commence.",
    "empty": "Corrigez ses bornes.",
    "negative": "Écrivez un prix de zéro ou plus.",
}


@checks
def paperwork(draft: Draft) -> Iterator[Problem]:
    """Documents say how long they hold; questions offer choices when they need some."""
    yes_no = {one.code for one in draft.sound(Question) if one.values["question_kind"] is QuestionKind.YES_NO}
    for entry in draft.sound(DocumentType):
        months = entry.values["validity_months"]
        if entry.values["validity"] is Validity.MONTHS and not months:
            yield entry.problem("combien de mois ? Ajoutez « validity_months ».", "validity")
        if entry.values["validity"] is not Validity.MONTHS and months:
            yield entry.problem(
                "« validity_months » ne sert qu’avec « validity: months ».", "validity_months"
            )
        code = entry.values["asked_if"]
        if code and code not in yes_no:
            wrong = f"« {code} » n’est pas une question à oui ou non : {hint(code, yes_no)}"
            yield entry.problem(wrong, "asked_if")
    for entry in draft.sound(Question):
        needs = entry.values["question_kind"] in (QuestionKind.CHOICE, QuestionKind.SEVERAL)
        if needs and not entry.values["choices"]:
            yield entry.problem("il faut les choix proposés : ajoutez « choices ».", "kind")
        if not needs and entry.values["choices"]:
            yield entry.problem(
                "« choices » ne sert qu’avec « kind: choice » ou « kind: several ».", "choices"
            )


@checks
def words(draft: Draft) -> Iterator[Problem]:
    """No word of religion: a diet says what is not eaten."""
    for entity in (Question, HealthWord):
        for entry in draft.of(entity):
            for key in ("label", "name", "help", "choices"):
                node = entry.node.at(key)
                said = str(node.plain).lower() if node is not entry.node else ""
                if any(word in said for word in RELIGIOUS):
                    yield node.problem(NO_RELIGION)


@checks
def asking_facilities(draft: Draft) -> Iterator[Problem]:
    """The facilities that ask a question exist; each becomes a row of its own."""
    known = draft.codes("Facility")
    for entry in list(draft.sound(Question)):
        for code in dict.fromkeys(entry.extras["facilities"] or ()):
            if code not in known:
                wrong = f"la structure « {code} » n’existe pas : {hint(code, known)}"
                yield entry.problem(wrong, "facilities")
                continue
            row = Entry(QuestionFacility, f"{entry.code}.{code}", entry.node, ("question_id", "facility_id"))
            row.values, row.parent, row.parent_name = {"facility": known[code]}, entry, "question"
            draft.entries.append(row)


@checks
def freezes(draft: Draft) -> Iterator[Problem]:
    """Freeze dates name a part of the file that exists; their days become columns."""
    known = {one.value for one in QuestionSection}
    known |= {one.freeze for entity in entities() for one in entity.__attributes__.values() if one.freeze}
    for entry in draft.sound(FreezeDate):
        section = entry.values["section"]
        if section not in known:
            yield entry.problem(f"la partie « {section} » n’existe pas : {hint(section, known)}", "section")
        entry.values["month"], entry.values["day"] = entry.extras["closes"]
        entry.values["reopens_month"], entry.values["reopens_day"] = entry.extras["reopens"]


@checks
def mails(draft: Draft) -> Iterator[Problem]:
    """A town's own words fill an e-mail that exists, with the names that it declares."""
    for entry in draft.sound(MailText):
        if entry.code not in TEXTS:
            yield entry.problem(f"aucun e-mail n’a le code « {entry.code} » : {hint(entry.code, TEXTS)}")
            continue
        for key in ("subject", "body"):
            for message in outbox.problems(entry.values[key], entry.code):
                yield entry.problem(message, key)


@checks
def something(draft: Draft) -> Iterator[Problem]:
    """A town offers something: a file without it is a slip, unless it opens a town to fill by form."""
    if set(draft.tree.values) > {"town"}:
        for key in OFFER:
            node = draft.tree.values.get(key)
            if not isinstance(node, Table) or not node.values:
                yield draft.tree.problem(f"il manque la rubrique « {key} », ou elle est vide.")


def _dates(entry: Entry) -> Iterator[Problem]:
    from_on, until_on = entry.values["from_on"], entry.values["until_on"]
    if from_on and until_on and until_on <= from_on:
        yield entry.problem("« until » (exclu) doit venir après « from ».", "until")

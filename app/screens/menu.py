"""The menu: the lines of ``views.py``, then every entity that has none, as far as the viewer may go.

``install`` puts the screens on the application. ``build`` gives the layouts their headings, once
a request: no statement, but for the one of ``badges`` when a line shows a count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from flask import current_app, g, request, url_for
from flask_appbuilder import AppBuilder

from app.access.folding import fold
from app.access.viewer import Side, Viewer, current_viewer
from app.declare import Contradiction, Entity, entities
from app.declare.scope import Root
from app.screens.builder.addresses import SCREENS
from app.screens.builder.family import FamilyScreen
from app.screens.builder.making import has_family_screen, screen_class
from app.screens.builder.screen import Screen
from app.screens.builder.staff import StaffScreen
from app.screens.page import Page

HEADINGS = ("Aujourd’hui", "À traiter", "Dossiers", "Factures", "Comptes", "Réglages", "Autres")
"""The order of the service's headings."""
ICONS = {
    "À traiter": "inbox",
    "Dossiers": "folder",
    "Factures": "receipt",
    "Comptes": "person-circle",
    "Réglages": "sliders",
}
STORE = "marelle.menu"
Badges = Callable[[Viewer], Mapping[str, int]]


@dataclass(frozen=True)
class Line:
    """One line of ``views.py``: a heading, a page made by hand, or an entity."""

    label: str = ""
    icon: str = "dot"
    page: type[Page] | None = None
    entity: type[Entity] | None = None
    using: type[StaffScreen] | None = None
    tabs: tuple[type[Entity], ...] = ()
    badge: str = ""
    hint: str = ""
    method: str = ""
    in_menu: bool = True

    @property
    def is_heading(self) -> bool:
        """Opens a group."""
        return self.page is None and self.entity is None


def heading(label: str) -> Line:
    """What follows stands under it."""
    return Line(label)


def page(
    label: str, page: type[Page], *, icon: str = "dot", badge: str = "", hint: str = "", method: str = ""
) -> Line:
    """A page made by hand. ``badge``: the key of its count among ``badges``."""
    return Line(label, icon, page=page, badge=badge, hint=hint, method=method)


def screen(
    entity: type[Entity],
    label: str = "",
    *,
    icon: str = "dot",
    using: type[StaffScreen] | None = None,
    tabs: Sequence[type[Entity]] = (),
    badge: str = "",
    in_menu: bool = True,
) -> Line:
    """The generated screens of an entity.

    ``tabs``: what a row's page shows first. ``using``: a subclass of ``StaffScreen`` made for it.
    ``in_menu=False``: reached from the pages of what it belongs to, and from the list of every record.
    """
    return Line(
        label or entity.__term__.title,
        icon,
        entity=entity,
        using=using,
        tabs=tuple(tabs),
        badge=badge,
        in_menu=in_menu,
    )


@dataclass(frozen=True)
class Entry:
    """A line of the menu, for the viewer and the page they are on."""

    label: str
    icon: str
    url: str
    current: bool = False
    count: int | None = None
    hint: str = ""


@dataclass(frozen=True)
class Heading:
    """A group of the menu."""

    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Placed:
    """A line with its page on this application."""

    heading: str
    line: Line
    page: Page


def install(
    builder: AppBuilder,
    staff: Sequence[Line],
    family: Sequence[Line],
    others: Sequence[type[Page]] = (),
    badges: Badges | None = None,
) -> None:
    """Put on the application the pages of the lines, the others, and those of each entity on both sides."""

    placed: dict[Side, list[Placed]] = {Side.STAFF: [], Side.FAMILY: []}
    for one in others:
        builder.add_view_no_menu(one)
    for side, lines in ((Side.STAFF, staff), (Side.FAMILY, family)):
        under = ""
        for line in lines:
            if line.is_heading:
                under = line.label
            elif line.page is not None:
                placed[side].append(Placed(under, line, builder.add_view_no_menu(line.page)))
    made = _screens(builder, [*staff, *family])
    current_app.extensions[SCREENS] = made
    named = {line.entity: (under, line) for under, line in _under(staff) if line.entity is not None}
    for entity in entities():
        under, line = named.get(
            entity, (entity.__menu__, screen(entity, icon=ICONS.get(entity.__menu__, "dot")))
        )
        placed[Side.STAFF].append(Placed(under, line, made[entity.__name__, Side.STAFF]))
    for side, lines in ((Side.STAFF, staff), (Side.FAMILY, family)):
        _sort(placed[side], list(lines))
    current_app.extensions[STORE] = (placed, badges)


def _under(lines: Sequence[Line]) -> list[tuple[str, Line]]:
    under = ""
    found = []
    for line in lines:
        if line.is_heading:
            under = line.label
        else:
            found.append((under, line))
    return found


def _sort(placed: list[Placed], lines: list[Line]) -> None:
    """By heading, then as written; what has no line comes last under its heading."""
    headings = list(dict.fromkeys([*HEADINGS, *(line.label for line in lines if line.is_heading)]))
    ranks = {id(line): rank for rank, line in enumerate(lines)}

    def rank(one: Placed) -> tuple[int, int]:
        group = headings.index(one.heading) if one.heading in headings else len(headings)
        return group, ranks.get(id(one.line), len(lines))

    placed.sort(key=rank)


def _screens(builder: AppBuilder, lines: Sequence[Line]) -> dict[tuple[str, Side], Screen]:
    """A page for each entity and side; an address taken by a page made by hand stays that page's."""
    taken = {one.route_base for one in builder.baseviews}
    using = {line.entity: line for line in lines if line.entity is not None}
    made: dict[tuple[str, Side], Screen] = {}
    for entity in entities():
        line = using.get(entity)
        sides: list[tuple[Side, type[Screen]]] = [(Side.STAFF, (line and line.using) or StaffScreen)]
        if has_family_screen(entity):
            sides.append((Side.FAMILY, FamilyScreen))
        for side, base in sides:
            cls = screen_class(base, entity, taken, tabs=line.tabs if line else ())
            if cls.route_base in taken:
                raise Contradiction(
                    f"{entity.__name__} : l'adresse {cls.route_base} est déjà prise, changez son pluriel."
                )
            taken.add(cls.route_base)
            made[entity.__name__, side] = builder.add_view_no_menu(cls)
    return made


def _placed(side: Side) -> list[Placed]:
    placed: dict[Side, list[Placed]] = current_app.extensions[STORE][0]
    return placed[side]


def build() -> list[Heading]:
    """The headings of the viewer's menu, kept for the request."""
    viewer = current_viewer()
    if viewer is None:
        return []
    if "menu" not in g:
        g.menu = _build(viewer)
    return g.menu  # type: ignore[no-any-return]


def _build(viewer: Viewer) -> list[Heading]:
    shown = counts(viewer)
    groups: dict[str, list[Entry]] = {}
    for one in _placed(viewer.side):
        line = one.line
        method = line.method or "index"
        if line.in_menu and one.page.allows(method, viewer):
            count = shown.get(line.badge) or None
            entry = Entry(
                line.label, line.icon, url_for(f"{one.page.endpoint}.{method}"), count=count, hint=line.hint
            )
            groups.setdefault(one.heading, []).append(entry)
    here = _here([entry.url for entries in groups.values() for entry in entries])
    return [
        Heading(label, tuple(replace(one, current=one.url == here) for one in entries))
        for label, entries in groups.items()
    ]


def counts(viewer: Viewer) -> Mapping[str, int]:
    """The counts of the service's piles, asked once a request."""
    badges: Badges | None = current_app.extensions[STORE][1]
    if badges is None or not viewer.is_staff:
        return {}
    if "menu_counts" not in g:
        g.menu_counts = badges(viewer)
    return g.menu_counts  # type: ignore[no-any-return]


def inbox_url(badge: str, viewer: Viewer) -> str | None:
    """The address of the line that shows that count, if the viewer may open it."""
    for one in _placed(viewer.side):
        if one.line.badge == badge and one.page.allows(one.line.method or "index", viewer):
            return url_for(f"{one.page.endpoint}.{one.line.method or 'index'}")
    return None


def _here(urls: list[str]) -> str | None:
    """The entry that the page is under: the longest address that begins this one; a home is only itself."""
    path = request.path
    if path in urls:
        return path
    homes = {request.script_root + home for home in ("/", "/service/", "/espace/")}
    starts = [url for url in urls if url not in homes and path.startswith(url.rstrip("/") + "/")]
    return max(starts, key=len, default=None)


def first_url(viewer: Viewer) -> str | None:
    """Where somebody arrives: the first line open to them; a family may arrive on its generated pages."""
    for one in _placed(viewer.side):
        method = one.line.method or "index"
        if one.line.in_menu and one.page.allows(method, viewer):
            return url_for(f"{one.page.endpoint}.{method}")
    return None


Listed = list[tuple[str, str]]


def _listed(viewer: Viewer) -> list[tuple[type[Entity], str, str]]:
    """Each entity whose screen is open to the viewer, with its name and address."""
    made: dict[tuple[str, Side], Screen] = current_app.extensions[SCREENS]
    found = []
    for entity in entities():
        one = made.get((entity.__name__, viewer.side))
        if one is not None and one.allows("index", viewer):
            found.append((entity, entity.__term__.title, url_for(f"{one.endpoint}.index")))
    return sorted(found, key=lambda one: fold(one[1]) or "")


def every_screen(viewer: Viewer) -> dict[str, Listed]:
    """Each kind of record that the viewer has a screen for: by heading, (label, address)."""
    groups: dict[str, Listed] = {}
    for entity, name, url in _listed(viewer):
        groups.setdefault(entity.__menu__, []).append((name, url))
    ordered = [*(label for label in HEADINGS if label in groups), *(x for x in groups if x not in HEADINGS)]
    return {label: groups[label] for label in ordered}


def family_screens(viewer: Viewer) -> dict[str, Listed]:
    """The same for a family: what is theirs, then what the town says to everyone."""
    own: Listed = []
    town: Listed = []
    for entity, name, url in _listed(viewer):
        (town if entity.__scope__ is Root.TOWN else own).append((name, url))
    return {"Votre dossier": own, "Ce que propose la ville": town}

"""The base of every screen, and the gate: what is not allowed by a page does not exist."""

from collections.abc import Callable
from typing import Any, ClassVar

from flask import Flask, abort, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView
from flask_login import current_user

from app.access import viewer as viewers
from app.access.database import set_reading
from app.access.guard import viewer_of
from app.access.viewer import Side, Viewer
from app.declare import NOBODY, Contradiction, Role
from app.models import Account
from app.screens import stay
from app.services import clock, passwords

OPEN_ENDPOINTS = frozenset({"static", "healthz"})
NO_ONE = Viewer(account_id=None, name="", side=Side.FAMILY)


class Page(BaseView):
    """A screen: its address, its side, and the roles that may open it.

    ``side`` None means open to anybody, logged in or not: it must be written, a page that says nothing
    stops the boot. ``method_roles`` tightens or widens ``roles`` for one exposed method.
    """

    side: ClassVar[Side | None]
    roles: ClassVar[Role] = NOBODY
    method_roles: ClassVar[dict[str, Role]] = {}
    own_door: ClassVar[Callable[[], None] | None] = None
    """Who says who is asking, where it is not the log-in's cookie: it sets the viewer, or raises."""
    template_folder = None

    def __init__(self) -> None:
        if not hasattr(type(self), "side"):
            raise Contradiction(
                f"{type(self).__name__} ne dit pas à qui il est : écrivez side = Side.FAMILY, Side.STAFF, "
                "ou side = None si la page est ouverte à tout le monde."
            )
        super().__init__()

    def allows(self, method: str, viewer: Viewer) -> bool:
        """Whether this viewer may call that method."""
        return bool(self.method_roles.get(method, self.roles) & viewer.acting_roles)

    @classmethod
    def url(cls, method: str = "index", **values: Any) -> str:
        """The address of one of its methods."""
        return url_for(f"{cls.__name__}.{method}", **values)

    def show(self, template: str, **context: Any) -> str:
        """Render a template."""
        return render_template(template, page=self, **context)


def install(app: Flask) -> None:
    """Put the gate before every request, and forget who asked after it."""
    app.before_request(_gate)
    app.teardown_appcontext(_forget)


def _forget(error: BaseException | None) -> None:
    viewers._current.set(None)


def page_of(endpoint: str) -> tuple[Page | None, str]:
    """The page behind an endpoint and the name of its method."""
    name, _, method = endpoint.partition(".")
    for one in current_app.extensions["appbuilder"].baseviews:
        if one.endpoint == name and isinstance(one, Page):
            return one, method
    return None, method


def _gate() -> ResponseReturnValue | None:
    """Say who is asking, then let through only what a page allows them."""
    viewers._current.set(None)
    set_reading(request.method in ("GET", "HEAD", "OPTIONS"))
    if request.endpoint is None or request.endpoint in OPEN_ENDPOINTS:
        return None
    page, method = page_of(request.endpoint)
    if page is None:
        abort(404)  # the framework's own pages are not ours to show
    own_door = type(page).own_door
    if own_door is not None:
        own_door()
        return None if page.allows(method, viewers.current_viewer() or NO_ONE) else abort(404)
    stay.enforce()
    account = current_user._get_current_object()
    g.account = account if account.is_authenticated else None
    if page.side is None:
        if account.is_authenticated:
            _enter(_viewer(account, Side.STAFF if account.grants else Side.FAMILY))
        return None
    if account.is_authenticated and passwords.must_renew(account, clock.now()):
        return redirect(url_for("PasswordPage.index"))
    if not account.is_authenticated:
        wanted = request.full_path if request.method == "GET" else "/"
        return redirect(url_for("LoginPage.index", next=wanted.rstrip("?")))
    viewer = _enter(_viewer(account, page.side))
    if page.allows(method, viewer):
        return None
    # To a parent the service's pages don't exist; a colleague is told whom to ask.
    return abort(403 if page.side is Side.STAFF and account.grants else 404)


def _viewer(account: Account, side: Side) -> Viewer:
    """Who they are there: the household in view and the hat worn are in the cookie."""
    return viewer_of(account, side, session.get("family"), session.get("hat"))


def _enter(viewer: Viewer) -> Viewer:
    viewers._current.set(viewer)
    g.viewer = viewer
    return viewer

"""Going through the real log-in page."""

from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Account
from app.services import passwords

LONG = "quatre cailloux bleus"


def give_passwords(password: str = LONG) -> None:
    """Every account has chosen that one."""
    with unscoped("essai"):
        kept = passwords.hash_password(password)
        for account in db.session.scalars(select(Account)):
            account.password_hash = kept
        db.session.commit()
        db.session.expunge_all()


def enter(client: FlaskClient, email: str, password: str = LONG, wanted: str = "") -> Any:
    """Send the log-in form."""
    asked = {"next": wanted} if wanted else {}
    return client.post("/connexion", query_string=asked, data={"email": email, "password": password})


def is_in(client: FlaskClient) -> bool:
    """Whether somebody is logged in there."""
    return client.get("/mon-mot-de-passe").status_code == 200

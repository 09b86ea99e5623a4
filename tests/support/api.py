"""Knocking at the API: a token for anybody of the small town, and a client that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.access.database import db
from app.access.guard import load_account
from app.access.viewer import unscoped
from app.entities.account import RoleName
from app.models import ApiToken
from app.services import clock, tokens
from tests.people import Town

ROOT = "/api/v1"
NUMBER = iter(range(10**6))


def token_of(
    town: Town, name: str, *, hat: str = "", is_read_only: bool = False, roles: Sequence[RoleName] = ()
) -> str:
    """The token of a colleague, written without the password that the screen asks for."""
    account = load_account(town.accounts[name])
    assert account is not None
    viewer = town.viewer(name)
    held = list(roles) or [role for role in RoleName if role.role & viewer.roles]
    return _write(
        f"{name} essaie",
        held,
        is_read_only,
        account_id=account.id,
        stamp=account.stamp,
        hat=hat or viewer.hat,
    )


def program(
    roles: Sequence[RoleName],
    facility_id: int | None = None,
    is_read_only: bool = False,
    label: str = "Robot",
) -> str:
    """The token of a program."""
    return _write(label, roles, is_read_only, facility_id=facility_id)


def _write(label: str, roles: Sequence[RoleName], is_read_only: bool, **given: Any) -> str:
    told = f"{tokens.PREFIX}{next(NUMBER):043d}"
    now = clock.now()
    with unscoped("un jeton pour essayer"):
        db.session.add(
            ApiToken(
                label=label,
                digest=tokens.digest_of(told),
                roles=[role.value for role in roles],
                powers="essai",
                is_read_only=is_read_only,
                created_by="essai",
                created_at=now,
                expires_at=now + timedelta(days=30),
                last_used_at=now,
                **given,
            )
        )
        db.session.commit()
        db.session.expunge_all()
    return told


def change(told: str, **values: Any) -> None:
    """Change the row of a token."""
    with unscoped("essai"):
        row = db.session.scalars(select(ApiToken).where(ApiToken.digest == tokens.digest_of(told))).one()
        for name, value in values.items():
            setattr(row, name, value)
        db.session.commit()


@dataclass
class Caller:
    """A program: no cookie, a token."""

    town: Town
    token: str

    def __call__(self, method: str, path: str, **options: Any) -> Any:
        """One request under /api/v1."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        revision = options.pop("revision", None)
        if revision is not None:
            headers["If-Match"] = f'"{revision}"'
        headers |= options.pop("headers", {})
        client = self.town.app.test_client()
        answer = client.open(ROOT + path, method=method, headers=headers, **options)
        assert "Set-Cookie" not in answer.headers
        assert answer.status_code < 500, (method, path, answer.text)
        if answer.status_code >= 400:
            assert answer.mimetype == "application/problem+json", (method, path)
            told = answer.get_json()
            assert told["status"] == answer.status_code and told["detail"] and told["title"]
        return answer

    def get(self, path: str, **options: Any) -> Any:
        """Read."""
        return self("GET", path, **options)


def caller(town: Town, name: str, **options: Any) -> Caller:
    """The program of a colleague."""
    return Caller(town, token_of(town, name, **options))

"""A seeded town of any size, made once for a given code and kept in the temporary folder."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update

ROOT = Path(__file__).resolve().parent.parent
RULEBOOK = ROOT / "communes" / "le-touvet.yaml"
TODAY = date(2027, 6, 10)
NOW = "2027-06-10T09:00"
SEED = 1
# Whatever changes the rows changes the name of the kept database.
MADE_OF = ("app/services/demo", "app/services/rulebook", "app/entities", "communes", "bench/town.py")


@dataclass(frozen=True)
class Town:
    """An application over its own copy of the seeded database, and who lives there."""

    app: Flask
    families: int

    @contextmanager
    def open(self) -> Iterator[None]:
        """Inside, services can be called and the database asked, of nobody in particular.

        Not around two clients' requests: the context keeps the account of the first one.
        """
        from app.access.database import db
        from app.access.viewer import unscoped

        # The end of a context forgets who is asking: not inside another one.
        context = nullcontext() if has_app_context() else self.app.app_context()
        with context, unscoped("mesure"):
            yield
            db.session.rollback()

    def client(self, email: str) -> FlaskClient:
        """A browser in which that account is logged in."""
        from app.access.database import db
        from app.models import Account

        with self.open():
            account = db.session.scalars(select(Account).where(Account.email == email)).one()
            cookie_id = account.get_id()
        client = self.app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = cookie_id
            cookie["_fresh"] = True
        return client

    def staff(self) -> FlaskClient:
        """The secretary's browser."""
        return self.client("secretariat@example.org")

    def busy_child(self) -> tuple[int, int]:
        """(child, household): one with the most bookings, whose guardian has a login."""
        from app.access.database import db
        from app.models import Booking

        counting = select(Booking.child_id, Booking.family_id).group_by(Booking.child_id, Booking.family_id)
        with self.open():
            child_id, family_id = db.session.execute(
                counting.where(Booking.family_id.in_(self._with_login()))
                .order_by(func.count().desc(), Booking.child_id)
                .limit(1)
            ).one()
        return child_id, family_id

    def parent_of(self, family_id: int) -> str:
        """The e-mail of a household's guardian."""
        from app.access.database import db
        from app.models import Account, AccountFamily

        reaching = select(Account.email).join(AccountFamily, AccountFamily.account_id == Account.id)
        with self.open():
            return db.session.scalars(
                reaching.where(
                    AccountFamily.family_id == family_id, Account.password_hash.is_not(None)
                ).limit(1)
            ).one()

    def _with_login(self) -> Any:
        from app.models import Account, AccountFamily

        return (
            select(AccountFamily.family_id)
            .join(Account, AccountFamily.account_id == Account.id)
            .where(Account.password_hash.is_not(None))
        )


def seeded(families: int) -> Path:
    """The folder of a town of that size, made if it is not there yet."""
    kept = Path(tempfile.gettempdir()) / f"marelle-bench-{_digest()}" / str(families)
    if (kept / "marelle.db").exists():
        return kept
    draft = kept.with_name(f".{families}-{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    _fill(open_app(draft), families)
    shutil.rmtree(kept, ignore_errors=True)
    draft.rename(kept)
    return kept


def open_app(folder: Path) -> Flask:
    """The application as it runs, over that folder; forms need no token, tries are not counted."""
    os.environ["MARELLE_NOW"] = NOW
    from app import create_app
    from config import settings

    return create_app(
        settings({"MARELLE_HOME": str(folder), "MARELLE_SECRET": "bench-bench-bench-bench-bench"})
        | {"WTF_CSRF_ENABLED": False, "RATELIMIT_ENABLED": False, "TESTING": True}
    )


def _fill(app: Flask, families: int) -> None:
    from app.access.database import db
    from app.access.viewer import unscoped
    from app.models import Unit
    from app.services import demo, rulebook

    with app.app_context():
        db.create_all()
        rulebook.apply(rulebook.check(RULEBOOK, TODAY).draft, TODAY)
        with unscoped("une ville plus grande a plus de places"):
            factor = max(1, families // 60)
            db.session.execute(
                update(Unit).where(Unit.places.is_not(None)).values(places=Unit.places * factor),
                execution_options={"synchronize_session": False},
            )
            db.session.commit()
        demo.load(families, SEED, today=TODAY, bills=False)
        with unscoped("mesure"):
            db.session.execute(text("ANALYZE"))
            db.session.commit()
        db.session.remove()
        with db.engine.connect() as connection:
            connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
        db.engine.dispose()


def _digest() -> str:
    made = hashlib.sha256(f"{TODAY} {SEED}".encode())
    for name in MADE_OF:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix in {".py", ".yaml"}:
                made.update(file.read_bytes())
    return made.hexdigest()[:12]

"""Who reads what concerns a household: every open account that reaches it."""

from datetime import datetime

from sqlalchemy import select

from app.access.database import db
from app.access.viewer import unscoped
from app.models import Account, AccountFamily
from app.services import outbox


def tell_household(code: str, family_id: int, now: datetime, **values: str) -> int:
    """Post the mail to each of them, in this transaction; ``prenom`` is added. Returns how many.

    Three statements, and one a mail. Raises ``outbox.MailMistake`` on a wrong code or value.
    """
    db.session.flush()
    with unscoped("les deux parents d’un foyer sont prévenus, que l’un ou le service agisse"):
        accounts = db.session.scalars(
            select(Account)
            .join(AccountFamily, AccountFamily.account_id == Account.id)
            .where(AccountFamily.family_id == family_id, Account.is_active_account)
            .order_by(Account.id)
        ).all()
    texts = outbox.read_texts()
    for one in accounts:
        outbox.post(
            code,
            to=one.email,
            account=one.id,
            family=family_id,
            now=now,
            texts=texts,
            prenom=one.first_name,
            **values,
        )
    return len(accounts)

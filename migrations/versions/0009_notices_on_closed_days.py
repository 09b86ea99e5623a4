"""what a notice does on a closed day: « if_holiday » becomes « if_closed »

Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

RULE = sa.table(
    "rule", sa.column("id", sa.Integer), sa.column("rule_kind", sa.String), sa.column("parameters", sa.JSON())
)
# What the older code can't read: these rows go, their article says what they said.
NEWER = ("notice_hours", "notice_monthly", "notice_period")


def upgrade() -> None:
    _rename("if_holiday", "if_closed")


def downgrade() -> None:
    op.execute(sa.delete(RULE).where(RULE.c.rule_kind.in_(NEWER)))
    _rename("if_closed", "if_holiday", only=("keep", "earlier"))


def _rename(before: str, after: str, only: tuple[str, ...] = ()) -> None:
    bind = op.get_bind()
    for number, parameters in bind.execute(
        sa.select(RULE.c.id, RULE.c.parameters).where(RULE.c.rule_kind.in_(("notice", "notice_weekly")))
    ).all():
        kept = {name: value for name, value in parameters.items() if name != before}
        if before in parameters:
            value = parameters[before]
            kept[after] = value if not only or value in only else only[-1]
        if only:
            kept = {name: value for name, value in kept.items() if name not in ("times", "per")}
            if kept.get("late") not in ("refused", "ask_staff"):
                kept["late"] = "ask_staff"
        bind.execute(sa.update(RULE).where(RULE.c.id == number).values(parameters=kept))

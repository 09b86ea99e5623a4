"""a period is known in its year by its first day: those that an application wrote again are merged

Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PERIOD = sa.table(
    "period",
    sa.column("id", sa.Integer),
    sa.column("school_year_id", sa.Integer),
    sa.column("starts_on", sa.Date),
    sa.column("ends_on", sa.Date),
)
UNIQUE = "uq_period_school_year_id_starts_on"


def upgrade() -> None:
    """Of the periods of a year that begin on one day, the longest stays: no day is lost."""
    ordered = sa.select(PERIOD).order_by(
        PERIOD.c.school_year_id, PERIOD.c.starts_on, PERIOD.c.ends_on.desc(), PERIOD.c.id
    )
    seen: set[tuple[int, object]] = set()
    for number, year_id, starts_on, _ in op.get_bind().execute(ordered).all():
        if (year_id, starts_on) in seen:
            op.execute(sa.delete(PERIOD).where(PERIOD.c.id == number))
        seen.add((year_id, starts_on))
    with op.batch_alter_table("period") as period:
        period.create_unique_constraint(UNIQUE, ["school_year_id", "starts_on"])


def downgrade() -> None:
    with op.batch_alter_table("period") as period:
        period.drop_constraint(UNIQUE, type_="unique")

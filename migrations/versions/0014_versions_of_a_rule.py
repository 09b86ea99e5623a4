"""the versions of a rule share a name: the past ones say of which rule they are

Revises: 0013
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

PAST = re.compile(r"(.+)-avant-\d{4}-\d{2}-\d{2}(-\d+)?")


def upgrade() -> None:
    op.add_column("rule", sa.Column("version_of", sa.String(length=60), nullable=True))
    rule = sa.table("rule", sa.column("code", sa.String), sa.column("version_of", sa.String))
    codes = set(op.get_bind().execute(sa.select(rule.c.code)).scalars())
    for code in codes:
        found = PAST.fullmatch(code)
        if found is not None and found[1] in codes:
            op.execute(rule.update().where(rule.c.code == code).values(version_of=found[1]))


def downgrade() -> None:
    with op.batch_alter_table("rule") as changed:
        changed.drop_column("version_of")

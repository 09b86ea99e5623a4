"""whom a rule is for, and whom it spares

Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("rule", sa.Column("who", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("rule", sa.Column("unless", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    # Without these columns it would hold for everybody.
    op.execute("DELETE FROM rule WHERE who IS NOT NULL OR unless IS NOT NULL")
    with op.batch_alter_table("rule") as rule:
        rule.drop_column("unless")
        rule.drop_column("who")

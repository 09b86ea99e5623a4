"""a cancellation asked of the service, which the booking outlives until it is decided

Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("booking", sa.Column("leaving_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("booking") as changed:
        changed.drop_column("leaving_at")

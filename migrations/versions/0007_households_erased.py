"""the day a household that left was erased; the town's own reasons of refusal

Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("family", sa.Column("erased_on", sa.Date(), nullable=True))
    op.create_table(
        "refusal_reason",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column(
            "about",
            sa.Enum("change", "document", "registration", name="refusable", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("sentence", sa.String(length=400), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal_reason")),
        sa.UniqueConstraint("code", name=op.f("uq_refusal_reason_code")),
    )


def downgrade() -> None:
    op.drop_table("refusal_reason")
    with op.batch_alter_table("family") as family:
        family.drop_column("erased_on")

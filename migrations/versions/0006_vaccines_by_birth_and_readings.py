"""vaccines that the law asks for by birth date, who read a child's health, decisions to take back

Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("thread", sa.Column("read_at", sa.DateTime(), nullable=True))
    op.add_column("change_request", sa.Column("replaced", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("vaccine", sa.Column("born_from", sa.Date(), nullable=True))
    op.add_column("vaccine", sa.Column("born_until", sa.Date(), nullable=True))
    op.add_column("vaccine", sa.Column("due_months", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "health_reading",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=200), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("read_at", sa.DateTime(), nullable=False),
        sa.Column("child_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"], ["person.id"], name=op.f("fk_health_reading_child_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_health_reading_account_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_reading")),
        sa.UniqueConstraint(
            "child_id", "account_id", "day", name=op.f("uq_health_reading_child_id_account_id_day")
        ),
    )
    for name in ("account_id", "child_id", "read_at"):
        op.create_index(f"ix_health_reading_{name}", "health_reading", [name])


def downgrade() -> None:
    with op.batch_alter_table("thread") as thread:
        thread.drop_column("read_at")
    with op.batch_alter_table("change_request") as request:
        request.drop_column("replaced")
    op.drop_table("health_reading")
    with op.batch_alter_table("vaccine") as vaccine:
        for name in ("due_months", "born_until", "born_from"):
            vaccine.drop_column(name)

"""a question may be asked by several facilities

Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "question_facility",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_question_facility_question_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["facility_id"],
            ["facility.id"],
            name=op.f("fk_question_facility_facility_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_facility")),
        sa.UniqueConstraint(
            "question_id", "facility_id", name=op.f("uq_question_facility_question_id_facility_id")
        ),
    )
    for name in ("facility_id", "question_id"):
        op.create_index(f"ix_question_facility_{name}", "question_facility", [name])
    op.execute(
        "INSERT INTO question_facility (question_id, facility_id) "
        "SELECT id, facility_id FROM question WHERE facility_id IS NOT NULL"
    )
    with op.batch_alter_table("question") as question:
        question.drop_index("ix_question_facility_id")
        question.drop_constraint("fk_question_facility_id", type_="foreignkey")
        question.drop_column("facility_id")


def downgrade() -> None:
    with op.batch_alter_table("question") as question:
        question.add_column(sa.Column("facility_id", sa.Integer(), nullable=True))
        question.create_foreign_key(
            "fk_question_facility_id", "facility", ["facility_id"], ["id"], ondelete="RESTRICT"
        )
        question.create_index("ix_question_facility_id", ["facility_id"])
    # The first of several: the others are lost.
    op.execute(
        "UPDATE question SET facility_id = "
        "(SELECT MIN(facility_id) FROM question_facility WHERE question_id = question.id)"
    )
    op.drop_table("question_facility")

"""questions for ages and for who answers, answers that lists can filter, one for both homes of a child

Revises: 0004
"""

import json
import re

import sqlalchemy as sa
from alembic import op

from app.declare.fileref import FileRefType

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SHARED = ("nursery", "schooling", "health")


def upgrade() -> None:
    with op.batch_alter_table("field_right") as right:
        right.alter_column("attribute_name", existing_type=sa.String(60), type_=sa.String(80))
    with op.batch_alter_table("question") as question:
        question.add_column(sa.Column("from_age", sa.Integer(), nullable=True))
        question.add_column(sa.Column("to_age", sa.Integer(), nullable=True))
        question.add_column(sa.Column("is_asked", sa.Boolean(), nullable=False, server_default=sa.true()))
        question.add_column(
            sa.Column("answering", sa.String(length=40), nullable=False, server_default="family")
        )
    op.drop_index("ix_answer_subject", table_name="answer")
    with op.batch_alter_table("answer") as answer:
        answer.alter_column("family_id", existing_type=sa.Integer(), nullable=True)
        answer.add_column(sa.Column("words", sa.Text(), nullable=True))
        answer.add_column(sa.Column("number", sa.Numeric(14, 4), nullable=True))
        answer.add_column(sa.Column("day", sa.Date(), nullable=True))
        answer.add_column(sa.Column("file", FileRefType(), nullable=True))
        answer.add_column(sa.Column("subject_key", sa.String(40), nullable=False, server_default=""))
        answer.create_index("ix_answer_person_question", ["person_id", "question_id"])
    _rewrite()
    with op.batch_alter_table("answer") as answer:
        answer.alter_column("subject_key", existing_type=sa.String(40), server_default=None)
        answer.create_unique_constraint(op.f("uq_answer_question_id_subject_key"), ["question_id", "subject_key"])


def _rewrite() -> None:
    """Put each answer in words; what is a fact about a child is kept once, as it was last said."""
    answer = sa.table(
        "answer",
        *(sa.column(name) for name in ("id", "family_id", "person_id", "question_id", "school_year_id")),
        sa.column("value", sa.JSON()),
        sa.column("words"),
        sa.column("subject_key"),
        sa.column("number", sa.Numeric(14, 4)),
        sa.column("day", sa.Date()),
        sa.column("answered_at"),
    )
    question = sa.table("question", sa.column("id"), sa.column("section"))
    bind = op.get_bind()
    shared = set(bind.scalars(sa.select(question.c.id).where(question.c.section.in_(SHARED))))
    seen: set[tuple[int | None, ...]] = set()
    rows = bind.execute(
        sa.select(answer).order_by(answer.c.answered_at.is_(None), answer.c.answered_at.desc(), answer.c.id.desc())
    ).all()
    for row in rows:
        about = row.person_id is not None and row.question_id in shared
        family_id = None if about else row.family_id
        key = (family_id, row.person_id, row.question_id, row.school_year_id)
        this = answer.c.id == row.id
        if key in seen:
            bind.execute(sa.delete(answer).where(this))
            continue
        seen.add(key)
        kept = row.value if isinstance(row.value, dict) else json.loads(row.value or "{}")
        given = kept.get("value")
        told = {"family_id": family_id, "words": _words(given), "number": _number(given)}
        told["subject_key"] = "-".join(str(one or 0) for one in (family_id, row.person_id, row.school_year_id))
        bind.execute(sa.update(answer).where(this).values(told))
        if isinstance(given, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", given):
            bind.execute(sa.text("UPDATE answer SET day = :day WHERE id = :id"), {"day": given, "id": row.id})


def _words(given: object) -> str | None:
    if given in (None, "", []):
        return None
    if isinstance(given, bool):
        return "oui" if given else "non"
    return ", ".join(map(str, given)) if isinstance(given, list) else str(given)


def _number(given: object) -> float | None:
    return float(given) if isinstance(given, str) and re.fullmatch(r"-?\d{1,9}(\.\d{1,4})?", given) else None


def downgrade() -> None:
    op.execute("DELETE FROM answer WHERE family_id IS NULL")
    with op.batch_alter_table("answer") as answer:
        answer.drop_index("ix_answer_person_question")
        answer.drop_constraint(op.f("uq_answer_question_id_subject_key"), type_="unique")
        for name in ("subject_key", "file", "day", "number", "words"):
            answer.drop_column(name)
        answer.alter_column("family_id", existing_type=sa.Integer(), nullable=False)
    op.create_index(
        "ix_answer_subject", "answer", ["family_id", "person_id", "question_id", "school_year_id"], unique=True
    )
    with op.batch_alter_table("question") as question:
        for name in ("answering", "is_asked", "to_age", "from_age"):
            question.drop_column(name)
    with op.batch_alter_table("field_right") as right:
        right.alter_column("attribute_name", existing_type=sa.String(80), type_=sa.String(60))

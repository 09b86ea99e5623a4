"""What parents asked for and were refused, kept with the reasons of that moment, for whom they call.

The same request refused for the same reasons is kept once, with its first moment.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.access.database import db
from app.access.viewer import unscoped
from app.models import RefusedRequest
from app.rules.explain import Explanation, explain
from app.rules.facts import Child, Slot
from app.rules.squares import moment_text
from app.rules.verdict import Refusal, Severity, Verdict
from app.services.desk import Desk, Draft

KEPT = timedelta(days=365)
WHY = "le refus dit à un parent se garde avec ses raisons"


def keep(desk: Desk, draft: Draft, verdict: Verdict, by: str) -> RefusedRequest | None:
    """Keep a refusal; None when nothing is refused, or when it is kept already. Commits; two statements."""
    refused = [one for one in verdict.refusals if one.severity is Severity.REFUSED]
    if not refused:
        return None
    digest = _digest(draft, refused)
    with unscoped(WHY):
        known = select(RefusedRequest.id).where(
            RefusedRequest.family_id == desk.family_id,
            RefusedRequest.child_id == desk.child.id,
            RefusedRequest.digest == digest,
        )
        if db.session.scalar(known) is not None:
            return None
        row = RefusedRequest(
            family_id=desk.family_id,
            child_id=desk.child.id,
            refused_at=desk.now,
            asked_by=by or None,
            sentence="\n".join(dict.fromkeys(one.sentence for one in refused)),
            trace=trace(desk, draft, verdict),
            digest=digest,
        )
        db.session.add(row)
        try:
            db.session.commit()
        except IntegrityError:  # the same, in another tab
            db.session.rollback()
            return None
    return row


def trace(desk: Desk, draft: Draft, verdict: Verdict) -> dict[str, Any]:
    """Everything that explains an answer, in plain values: the moment, the facts, every rule."""
    told = explain(desk.plan(draft), desk.all_rules, desk.offer.names)
    return {
        "at": moment_text(desk.now),
        "adds": _squares(draft.wanted),
        "drops": _squares(draft.unwanted),
        "child": _facts(desk.child),
        "said": [_refusal(one) for one in verdict.refusals],
        "rules": _rules(told),
    }


def forget(now: datetime) -> int:
    """Delete what is older than a year: how many. Commits."""
    with unscoped("ce qui a été refusé il y a plus d’un an ne sert plus"):
        gone = db.session.execute(delete(RefusedRequest).where(RefusedRequest.refused_at < now - KEPT))
        db.session.commit()
    return int(getattr(gone, "rowcount", 0))


def _digest(draft: Draft, refused: Iterable[Refusal]) -> str:
    told = [
        _squares(draft.wanted),
        _squares(draft.unwanted),
        sorted({(one.rule, one.sentence) for one in refused}),
    ]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def _squares(slots: Iterable[Slot]) -> list[str]:
    return [
        f"{slot.unit} {slot.on.isoformat()}" for slot in sorted(slots, key=lambda one: (one.on, one.unit))
    ]


def _facts(child: Child) -> dict[str, Any]:
    """What is told of the child; not the answers nor the papers, which not everybody may read."""
    return {
        "born_on": child.born_on.isoformat(),
        "residence": child.residence,
        "level": child.level,
        "groups": sorted(child.groups),
        "custody": child.custody,
    }


def _refusal(one: Refusal) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "article": one.article,
        "severity": one.severity.value,
        "squares": _squares(one.slots),
        "sentence": one.sentence,
        "until": moment_text(one.until) if one.until else None,
        "remedy": one.remedy.sentence if one.remedy else None,
    }


def _rules(told: Explanation) -> list[dict[str, Any]]:
    return [
        {
            "code": one.code,
            "sentence": one.sentence,
            "article": one.article,
            "state": one.state,
            "limits": [
                [f"{slot.unit} {slot.on.isoformat()}", moment_text(limit)] for slot, limit in one.limits
            ],
        }
        for one in told.rules
    ]

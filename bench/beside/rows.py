"""The rows that both applications hold: households, a child in each, a registration of each child."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

COUNT = 10_000
ACTIVITIES = ("Cantine", "Garderie du matin", "Mercredis")
STATUSES = ("asked", "accepted", "refused")
STARTS_ON, ENDS_ON = date(2026, 9, 1), date(2027, 7, 3)
FIRST_NAMES = ("Lila", "Tom", "Zoé", "Hugo", "Inès")
Rows = list[dict[str, Any]]


def families() -> Rows:
    """Households, named in the order of their numbers."""
    return [
        {
            "id": n,
            "name": f"Famille {n:05}",
            "street": f"{n % 200}, rue des Écoles",
            "postcode": "38660",
            "city": "Le Touvet",
            "phone": "04 65 71 01 12",
            "billing_email": f"famille{n}@example.org",
        }
        for n in range(1, COUNT + 1)
    ]


def children() -> Rows:
    """A child in each household."""
    return [
        {
            "id": n,
            "first_name": FIRST_NAMES[n % 5],
            "last_name": f"Famille {n:05}",
            "born_on": date(2016, 1, 1) + timedelta(days=n % 2500),
        }
        for n in range(1, COUNT + 1)
    ]


def registrations() -> Rows:
    """Each child at one activity for the year."""
    return [
        {
            "id": n,
            "family_id": n,
            "child_id": n,
            "activity_id": n % len(ACTIVITIES) + 1,
            "school_year_id": 1,
            "status": STATUSES[n % 3],
            "starts_on": STARTS_ON,
            "ends_on": ENDS_ON,
            "asked_at": datetime(2026, 6, 1, 8, 30, tzinfo=UTC) + timedelta(minutes=n),
        }
        for n in range(1, COUNT + 1)
    ]

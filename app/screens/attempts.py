"""Where tries are counted: a file that all the web processes of a machine share, kept through a restart.

A storage for ``limits``, whose own are a process's memory or another server (Redis, MongoDB...).
"""

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

from limits.storage import Storage

TABLE = "CREATE TABLE IF NOT EXISTS attempt (key TEXT PRIMARY KEY, count INTEGER, ends REAL) WITHOUT ROWID"
COUNT = """
INSERT INTO attempt (key, count, ends) VALUES (:key, :amount, :now + :expiry)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN ends <= :now THEN :amount ELSE count + :amount END,
    ends = CASE WHEN ends <= :now THEN :now + :expiry ELSE ends END
RETURNING count
"""
SWEEP_SECONDS = 300.0


class SharedFile(Storage):
    """``attempts:///path/of/a/file``: counts in SQLite, one connection a thread, fixed windows."""

    STORAGE_SCHEME = ["attempts"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._path = Path((uri or "").removeprefix("attempts://"))
        self._own = threading.local()
        self._swept = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the file may raise."""
        return sqlite3.Error

    def _file(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._own, "file", None)
        if known is None:
            self._path.touch(mode=0o600)
            known = sqlite3.connect(self._path, timeout=5, isolation_level=None)
            known.execute("PRAGMA journal_mode = WAL")
            known.execute("PRAGMA synchronous = OFF")  # losing a few counts to a power cut harms nobody
            known.execute(TABLE)
            self._own.file = known
        return known

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count one more; the number in the window, which opens with the first."""
        now = time.time()
        if now - self._swept > SWEEP_SECONDS:
            self._swept = now
            self._file().execute("DELETE FROM attempt WHERE ends <= ?", (now,))
        told = {"key": key, "amount": amount, "now": now, "expiry": expiry}
        (count,) = self._file().execute(COUNT, told).fetchone()
        return int(count)

    def _one(self, key: str) -> tuple[int, float]:
        found = self._file().execute(
            "SELECT count, ends FROM attempt WHERE key = ? AND ends > ?", (key, time.time())
        )
        row: tuple[int, float] | None = found.fetchone()
        return row or (0, time.time())

    def get(self, key: str) -> int:
        """The number in the window that is open."""
        return self._one(key)[0]

    def get_expiry(self, key: str) -> float:
        """When that window closes, in seconds since 1970; now, if none is open."""
        return self._one(key)[1]

    def check(self) -> bool:
        """Whether the file answers."""
        try:
            self._file().execute("SELECT 1")
        except sqlite3.Error:
            return False
        return True

    def reset(self) -> int | None:
        """Forget everything; how many windows there were."""
        return self._file().execute("DELETE FROM attempt").rowcount

    def clear(self, key: str) -> None:
        """Forget one."""
        self._file().execute("DELETE FROM attempt WHERE key = ?", (key,))

"""Tries counted in a file: one count for every process, windows that close, nothing lost by a restart."""

import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from app.screens import attempts


@pytest.fixture
def place(tmp_path: Path) -> str:
    return f"attempts://{tmp_path / 'attempts.db'}"


def test_the_library_finds_it_by_its_scheme(place: str) -> None:
    storage = storage_from_string(place)
    assert isinstance(storage, attempts.SharedFile) and storage.check()


def test_a_window_opens_with_the_first_try_and_closes_by_itself(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    storage = storage_from_string(place)
    assert [storage.incr("a", 60), storage.incr("a", 60), storage.incr("b", 60)] == [1, 2, 1]
    now[0] += 59
    assert storage.get("a") == 2 and storage.get_expiry("a") == 1_060
    now[0] += 1
    assert storage.get("a") == 0 and storage.incr("a", 60) == 1
    assert storage.get_expiry("a") == 1_120


def test_one_is_forgotten_or_all(place: str) -> None:
    storage = storage_from_string(place)
    for key in ("a", "b", "c"):
        storage.incr(key, 60)
    storage.clear("a")
    assert [storage.get(key) for key in "abc"] == [0, 1, 1]
    assert storage.reset() == 2
    assert storage.get("b") == 0


def test_what_is_over_is_swept(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    storage = storage_from_string(place)
    for number in range(50):
        storage.incr(f"key {number}", 60)
    now[0] += attempts.SWEEP_SECONDS + 61
    storage.incr("new", 60)
    assert storage.reset() == 1


def test_a_restart_forgets_nothing_and_the_file_is_its_owner_s(place: str, tmp_path: Path) -> None:
    storage_from_string(place).incr("a", 60)
    assert storage_from_string(place).get("a") == 1
    assert (tmp_path / "attempts.db").stat().st_mode & 0o077 == 0


def _hit(place: str, times: int) -> int:
    limiter = FixedWindowRateLimiter(storage_from_string(place))
    return sum(limiter.hit(parse("30 per hour"), "login", "somebody") for _ in range(times))


def test_eight_threads_and_four_processes_count_together(place: str) -> None:
    storage_from_string(place).check()
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: _hit(place, 2), range(8))) == 16
    with multiprocessing.get_context("spawn").Pool(4) as processes:
        granted = sum(processes.starmap(_hit, [(place, 10)] * 4))
    assert granted == 14  # 30 in all, whoever asks

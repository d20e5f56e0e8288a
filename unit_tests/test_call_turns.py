"""CallTurns lets calls begin when their limits allow it: each account's for an endpoint, and those of the whole app."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest

from source_tiktok_organic.components import pacing
from source_tiktok_organic.components.pacing import CallLimit, CallTurns


class Time:
    """The time of these tests, in seconds: it stands still unless somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """What replaces `time.monotonic`."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """What replaces `time.sleep`."""
        self.now += seconds


@pytest.fixture(autouse=True)
def now() -> Iterator[Time]:
    """The time, which nobody waits for."""
    with patch.object(pacing, "time", Time()) as replaced:
        yield replaced


def limit(most: int, interval: float, *answered: float, under_way: int = 0) -> CallLimit:
    """A limit with calls that were answered at these times, and with others under way."""
    made = CallLimit(most, interval)
    made.ended.extend(answered)
    made.under_way = under_way
    return made


# --- CallLimit ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "wait"),
    [
        pytest.param(limit(3, 60), 0, id="no call yet"),
        pytest.param(limit(3, 60, 90, 95), 0, id="fewer than the limit"),
        pytest.param(limit(3, 60, 90, under_way=1), 0, id="fewer, one of them under way"),
        pytest.param(limit(3, 60, 50, 90, 95), 10, id="as many as the limit: until the oldest is old enough"),
        pytest.param(limit(3, 60, 40.5, 90, 95), 0.5, id="half a second before"),
        pytest.param(limit(3, 60, 40, 90, 95), 0, id="exactly old enough"),
        pytest.param(limit(3, 60, 10, 20, 30, 90), 0, id="all but one old enough"),
        pytest.param(limit(3, 60, 50, 90, under_way=1), 10, id="as many as the limit, one under way"),
        pytest.param(limit(3, 60, 90, under_way=2), 50, id="as many as the limit, two under way"),
        pytest.param(limit(3, 60, 50, 70, 90, under_way=1), 30, id="one more than the limit: until the second is"),
        pytest.param(limit(3, 60, under_way=3), None, id="all under way: nobody knows"),
        pytest.param(limit(3, 60, 30, under_way=3), None, id="all under way, and an old one"),
        pytest.param(limit(1, 1.01, 99.5), 0.51, id="a limit of one"),
    ],
)
def test_a_further_call_waits_until_there_are_fewer_than_the_limit(of: CallLimit, wait: float | None) -> None:
    assert of.wait(now=100) == (None if wait is None else pytest.approx(wait))


def test_calls_that_do_not_count_any_more_are_forgotten() -> None:
    of = limit(3, 60, 10, 20, 90)
    of.wait(now=100)

    assert list(of.ended) == [90]


# --- CallTurns, one thread at a time --------------------------------------------------------------------------------


def call(turns: CallTurns, *limits: CallLimit, times: int = 1) -> None:
    """Calls one after the other that are answered at once."""
    for _ in range(times):
        turns.begin(list(limits))
        turns.end()


def seconds(now: Time, work: Callable[[], object]) -> float:
    """How long this takes."""
    start = now.now
    work()
    return now.now - start


def test_as_many_calls_as_the_limit_do_not_wait_and_the_next_does(now: Time) -> None:
    turns, of = CallTurns(), CallLimit(3, 60)

    assert seconds(now, lambda: call(turns, of, times=3)) == 0
    assert seconds(now, lambda: call(turns, of)) == pytest.approx(60)
    assert seconds(now, lambda: call(turns, of, times=2)) == 0
    assert seconds(now, lambda: call(turns, of)) == pytest.approx(60)


def test_a_call_counts_from_its_answer(now: Time) -> None:
    turns, of = CallTurns(), CallLimit(1, 60)
    turns.begin([of])
    now.sleep(25)
    turns.end()

    assert seconds(now, lambda: call(turns, of)) == pytest.approx(60)


def test_the_longest_of_several_limits_counts(now: Time) -> None:
    turns, of_account, of_app = CallTurns(), CallLimit(2, 60), CallLimit(1, 1)

    assert seconds(now, lambda: call(turns, of_account, of_app, times=2)) == pytest.approx(1)
    assert seconds(now, lambda: call(turns, of_account, of_app)) == pytest.approx(59)


def test_one_accounts_limit_is_not_anothers(now: Time) -> None:
    turns, of_abc, of_xyz, of_app = CallTurns(), CallLimit(2, 60), CallLimit(2, 60), CallLimit(10, 1)

    def both() -> None:
        for _ in range(2):
            call(turns, of_abc, of_app)
            call(turns, of_xyz, of_app)

    assert seconds(now, both) == 0


def test_without_a_limit_nothing_waits(now: Time) -> None:
    turns = CallTurns()

    assert seconds(now, lambda: call(turns, times=100)) == 0


def test_what_never_got_an_answer_ends_when_its_thread_makes_the_next_call() -> None:
    turns, of = CallTurns(), CallLimit(2, 60)
    turns.begin([of])
    turns.begin([of])

    assert (of.under_way, len(of.ended)) == (1, 1)


def test_an_end_without_a_beginning_is_nothing() -> None:
    turns, of = CallTurns(), CallLimit(2, 60)
    turns.begin([of])
    turns.end()
    turns.end()

    assert (of.under_way, len(of.ended)) == (0, 1)


# --- CallTurns, several threads -------------------------------------------------------------------------------------


class Caller(threading.Thread):
    """A thread that makes one call, whose answer comes when it is told to."""

    def __init__(self, turns: CallTurns, *limits: CallLimit) -> None:
        super().__init__(daemon=True)
        self.has_begun = threading.Event()
        self._is_answered = threading.Event()
        self._turns, self._limits = turns, list(limits)
        self.start()

    def run(self) -> None:
        self._turns.begin(self._limits)
        self.has_begun.set()
        self._is_answered.wait(timeout=10)
        self._turns.end()

    def answer(self) -> None:
        """Let the answer come."""
        self._is_answered.set()
        self.join(timeout=10)

    @property
    def is_waiting(self) -> bool:
        """Whether it has not begun; it had the time to."""
        for _ in range(500):
            time.sleep(0)  # lets every other thread go ahead
        return not self.has_begun.is_set()


def test_where_all_calls_of_a_limit_are_under_way_the_next_begins_when_one_is_answered_and_old_enough(
    now: Time,
) -> None:
    turns, of = CallTurns(), CallLimit(2, 60)
    start = now.now
    first, second = Caller(turns, of), Caller(turns, of)
    assert first.has_begun.wait(timeout=10)
    assert second.has_begun.wait(timeout=10)
    third = Caller(turns, of)
    assert third.is_waiting

    first.answer()
    assert third.has_begun.wait(timeout=10)
    assert now.now - start == 60
    assert of.under_way == 2
    second.answer()
    third.answer()

    assert (of.under_way, len(of.ended)) == (0, 2)


def test_a_thread_that_waits_takes_no_turn_of_any_limit() -> None:
    turns, of_abc, of_app = CallTurns(), CallLimit(1, 60), CallLimit(2, 60)
    first = Caller(turns, of_abc, of_app)
    assert first.has_begun.wait(timeout=10)
    waiting = Caller(turns, of_abc, of_app)
    assert waiting.is_waiting

    another = Caller(turns, CallLimit(1, 60), of_app)

    assert another.has_begun.wait(timeout=10)
    assert of_app.under_way == 2
    # No thread outlives the test: it would wait by the clock of another one.
    for caller in (another, first, waiting):
        caller.answer()
        assert not caller.is_alive()


def test_never_more_calls_are_under_way_than_a_limit_has() -> None:
    turns, of, lock = CallTurns(), CallLimit(3, 0), threading.Lock()
    now = most = 0
    barrier = threading.Barrier(8)

    def work() -> None:
        nonlocal now, most
        barrier.wait(timeout=10)
        for _ in range(20):
            turns.begin([of])
            with lock:
                now += 1
                most = max(most, now)
            time.sleep(0)  # lets every other thread go ahead
            with lock:
                now -= 1
            turns.end()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert not any(thread.is_alive() for thread in threads)
    assert most == 3
    assert of.under_way == 0


def test_printing_turns_prints_no_thread() -> None:
    turns: Any = CallTurns()
    turns.begin([CallLimit(3, 60)])

    assert repr(turns) == "CallTurns()"

"""CommentReading: how many comments the posts had when they were read, and what became of those that were not."""

import copy
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.sync import CommentReading, sync_of
from unit_tests.parts import budget

ABC, XYZ = "-000abc", "-000xyz"


def reading(**known: Mapping[str, int]) -> CommentReading:
    """A reading that begins with what the last sync left of the account -000abc."""
    begun = CommentReading()
    begun.know({f"-000{account}": counts for account, counts in known.items()})
    return begun


def counts(of: CommentReading) -> dict[str, dict[str, int]]:
    """The numbers, as plain data."""
    return {account: dict(of_account) for account, of_account in of.counts.items()}


def failure(failure_type: FailureType = FailureType.system_error, message: str = "No.") -> AirbyteTracedException:
    """A failure of this kind."""
    return AirbyteTracedException(message=message, failure_type=failure_type)


# --- What is noted --------------------------------------------------------------------------------------------------


def test_a_stream_has_one_reading_in_a_sync() -> None:
    this_sync, other_sync = sync_of(budget()), sync_of(budget())

    assert this_sync.comments("videos_comments") is this_sync.comments("videos_comments")
    assert this_sync.comments("videos_comments") is not this_sync.comments("videos_comments_replies")
    assert this_sync.comments("videos_comments") is not other_sync.comments("videos_comments")


def test_at_first_there_is_what_the_last_sync_left() -> None:
    assert counts(CommentReading()) == {}
    assert counts(reading(abc={"7": 12}, xyz={"1": 5})) == {ABC: {"7": 12}, XYZ: {"1": 5}}


def test_what_was_noted_last_of_an_account_counts_and_leaves_the_others() -> None:
    begun = reading(abc={"7": 12}, xyz={"1": 5})

    begun.note(ABC, {"7": 12, "8": 1})
    begun.note(ABC, {"7": 12, "8": 1, "9": 3})

    assert counts(begun) == {ABC: {"7": 12, "8": 1, "9": 3}, XYZ: {"1": 5}}
    assert begun.known == {ABC: {"7": 12}, XYZ: {"1": 5}}


def test_what_is_noted_is_a_copy() -> None:
    begun, noted = reading(), {"7": 12}
    begun.note(ABC, noted)

    noted["8"] = 1

    assert counts(begun) == {ABC: {"7": 12}}


def test_what_was_taken_does_not_change_with_what_is_noted_later() -> None:
    begun = reading(abc={"7": 12})
    taken = copy.deepcopy(begun.counts)
    begun.note(ABC, {"7": 13})
    begun.note(XYZ, {"1": 5})

    assert taken == {ABC: {"7": 12}}


# --- Posts that were not read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "left"),
    [
        pytest.param({}, {"9": 3, "7": 13}, id="a post that was never read"),
        pytest.param({"8": 1}, {"9": 3, "8": 1, "7": 13}, id="a post that was read by the last sync"),
    ],
)
def test_a_post_that_was_not_read_is_taken_back_to_what_the_last_sync_left(
    known: dict[str, int], left: dict[str, int]
) -> None:
    begun = reading(abc=known)
    begun.note(ABC, {"9": 3, "8": 2, "7": 13})

    begun.leave(ABC, "8")

    assert counts(begun) == {ABC: left}


def test_a_post_that_was_not_read_is_in_no_state_that_was_taken_before() -> None:
    begun = reading(abc={"7": 12})
    begun.note(ABC, {"7": 12, "9": 3})
    first = copy.deepcopy(begun.counts)
    begun.note(ABC, {"7": 13, "9": 3, "8": 2})
    second = copy.deepcopy(begun.counts)

    begun.leave(ABC, "9")
    begun.leave(ABC, "7")

    assert (first, second) == ({ABC: {"7": 12}}, {ABC: {"7": 12, "8": 2}})


def test_a_post_that_was_not_read_is_in_nothing_that_is_noted_later() -> None:
    begun = reading(abc={"7": 12})
    begun.leave(ABC, "7")
    begun.leave(ABC, "8")

    begun.note(ABC, {"9": 3, "8": 2, "7": 13})

    assert counts(begun) == {ABC: {"9": 3, "7": 12}}


def test_a_post_that_is_gone_from_the_list_does_not_come_back_because_it_was_not_read() -> None:
    begun = reading(abc={"7": 12})
    begun.leave(ABC, "7")

    begun.note(ABC, {"9": 3})

    assert counts(begun) == {ABC: {"9": 3}}


def test_a_post_of_one_account_is_not_the_post_of_another() -> None:
    begun = reading(abc={"7": 1})
    begun.note(ABC, {"7": 12})
    begun.note(XYZ, {"7": 12})

    begun.leave(XYZ, "7")

    assert counts(begun) == {ABC: {"7": 12}, XYZ: {}}


def test_leaving_a_post_of_which_nothing_was_noted_changes_nothing() -> None:
    begun = reading(abc={"7": 12})

    begun.leave(ABC, "8")
    begun.leave(XYZ, "")

    assert counts(begun) == {ABC: {"7": 12}}


# --- Failures -------------------------------------------------------------------------------------------------------


def test_the_first_failure_of_an_account_is_kept_for_its_end() -> None:
    begun, first = reading(), failure()

    assert begun.keep_for_the_end(ABC, first)
    assert begun.keep_for_the_end(ABC, failure(message="Another."))

    assert begun.end(ABC) is first
    assert begun.end(XYZ) is None


def test_after_the_end_of_an_account_nothing_can_be_kept_for_it() -> None:
    begun = reading()
    begun.end(ABC)

    assert not begun.keep_for_the_end(ABC, failure())
    assert begun.keep_for_the_end(XYZ, failure())


@pytest.mark.parametrize(
    ("failure_type", "is_given_up"),
    [
        (FailureType.config_error, True),
        (FailureType.transient_error, True),
        (FailureType.system_error, False),
    ],
)
def test_an_account_is_given_up_unless_what_failed_was_one_post(failure_type: FailureType, is_given_up: bool) -> None:
    begun = reading()
    begun.keep_for_the_end(ABC, failure(failure_type))

    assert begun.is_given_up(ABC) is is_given_up
    assert not begun.is_given_up(XYZ)


# --- The end waits for posts that are still being read --------------------------------------------------------------


class Ending:
    """The end of an account, in a thread of its own."""

    def __init__(self, of: CommentReading, account: str = ABC) -> None:
        self.result: Any = "not ended"
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._end, args=(of, account))
        self._thread.start()

    def _end(self, of: CommentReading, account: str) -> None:
        self.result = of.end(account)
        self._has_ended.set()

    @property
    def is_waiting(self) -> bool:
        """Whether it has not ended; it had the time to."""
        for _ in range(500):
            time.sleep(0)  # lets every other thread go ahead
        return not self._has_ended.is_set()

    def join(self) -> Any:
        """What it ended with."""
        assert self._has_ended.wait(timeout=10)
        self._thread.join(timeout=10)
        return self.result


def test_the_end_waits_for_every_post_that_is_open_and_gives_the_failure_that_comes_meanwhile() -> None:
    begun, late = reading(), failure()
    begun.open(ABC, "7")
    begun.open(ABC, "8")
    ending = Ending(begun)

    assert ending.is_waiting
    begun.close(ABC, "7")
    assert ending.is_waiting
    assert begun.keep_for_the_end(ABC, late)
    begun.close(ABC, "8")

    assert ending.join() is late


def test_the_end_of_one_account_does_not_wait_for_another() -> None:
    begun = reading()
    begun.open(XYZ, "7")

    assert begun.end(ABC) is None


def test_a_post_may_be_opened_and_closed_once_for_each_page() -> None:
    begun = reading()
    begun.open(ABC, "7")
    begun.open(ABC, "7")
    begun.close(ABC, "7")
    begun.close(ABC, "7")

    assert begun.end(ABC) is None


def test_the_end_does_not_wait_for_ever_for_a_post_of_which_nothing_is_heard_any_more() -> None:
    begun, earlier = CommentReading(longest_wait=0), failure()
    begun.open(ABC, "7")
    begun.keep_for_the_end(ABC, earlier)

    assert begun.end(ABC) is earlier
    assert not begun.keep_for_the_end(ABC, failure())


def test_by_default_the_end_waits_as_long_as_a_call_is_tried() -> None:
    assert CommentReading().longest_wait == 3600

"""PostByPost lets a stream of comments go on where a post or an account fails, and fails when the rest is read."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.requesters import PostByPost
from source_tiktok_organic.components.sync import CommentReading, sync_of
from unit_tests.parts import budget, declared
from unit_tests.syncs import COMMENT_STREAMS
from unit_tests.tiktok import response

ABC, XYZ = "-000abc", "-000xyz"
STREAM = "videos_comments"


def slice_of(video_id: str, account: str = ABC) -> StreamSlice:
    """The slice of a post; the account's last slice has none."""
    return StreamSlice(partition={"business_id": account, "video_id": video_id}, cursor_slice={})


def failing(failure_type: FailureType, message: str = "No.") -> Callable[[], requests.Response | None]:
    """A call that fails so."""

    def fail() -> requests.Response | None:
        raise AirbyteTracedException(message=message, internal_message="In detail.", failure_type=failure_type)

    return fail


def answering() -> requests.Response:
    """A call that goes well."""
    return response({"code": 0, "data": {}})


@dataclass
class Requester:
    """The requester inside; its calls do what is next, and then go well."""

    next: list[Callable[[], requests.Response | None]] = field(default_factory=list)
    disable_retries: bool = False
    calls: list[dict[str, Any]] = field(default_factory=list)

    def get_url(self) -> str:
        return "https://business-api.tiktok.com/open_api/v1.3/business/comment/list/"

    def send_request(self, **call: Any) -> requests.Response | None:
        self.calls.append(call)
        return self.next.pop(0)() if self.next else answering()

    @property
    def asked(self) -> list[str]:
        """The posts that were asked about, once for each call."""
        return [call["stream_slice"].partition["video_id"] for call in self.calls]


@dataclass
class Stream:
    """A stream of comments in one sync, of which posts were handed out and noted."""

    inside: Requester = field(default_factory=Requester)
    api_budget: APIBudget = field(default_factory=budget)
    requester: PostByPost = field(init=False)

    def __post_init__(self) -> None:
        self.requester = PostByPost(parameters={"name": STREAM}, api_budget=self.api_budget, requester=self.inside)
        self.reading.know({ABC: {"7": 1}})
        self.reading.note(ABC, {"9": 3, "8": 2, "7": 12})
        self.reading.note(XYZ, {"9": 5})

    @property
    def reading(self) -> CommentReading:
        """What it has read so far."""
        return sync_of(self.api_budget).comments(STREAM)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """The numbers that it has noted."""
        return {account: dict(counts) for account, counts in self.reading.counts.items()}

    def ask(self, video_id: str, account: str = ABC, **call: Any) -> requests.Response | None:
        """Ask for a page of a post's comments, or come to the end of an account."""
        return self.requester.send_request(stream_slice=slice_of(video_id, account), **call)


def stream(*calls: Callable[[], requests.Response | None], disable_retries: bool = False) -> Stream:
    """A stream whose first calls do this."""
    return Stream(Requester(list(calls), disable_retries))


def failure_of(work: Callable[[], object]) -> AirbyteTracedException:
    """The error with which this fails."""
    with pytest.raises(AirbyteTracedException) as caught:
        work()
    return caught.value


def test_a_call_is_made_as_it_was_said_and_its_answer_comes_back() -> None:
    comments = stream()
    call: dict[str, Any] = {"request_params": {"cursor": 5}, "next_page_token": {"next_page_token": {"cursor": 30}}}

    answer = comments.ask("7", **call)

    assert answer is not None
    assert answer.json() == {"code": 0, "data": {}}
    assert comments.inside.calls == [{"stream_slice": slice_of("7"), **call}]


def test_no_answer_stays_no_answer() -> None:
    assert stream(lambda: None).ask("7") is None


def test_what_the_requester_inside_can_do_goes_on_working() -> None:
    assert stream().requester.get_url() == "https://business-api.tiktok.com/open_api/v1.3/business/comment/list/"


@pytest.mark.parametrize("name", COMMENT_STREAMS)
def test_it_is_around_all_that_may_fail_and_one_for_each_stream(name: str) -> None:
    requester = declared(name, "retriever", "requester")

    assert requester["class_name"].endswith(".PostByPost")
    assert requester["requester"]["class_name"].endswith(".FieldsRequester")
    assert requester["$parameters"]["name"] == name


# --- One post that fails --------------------------------------------------------------------------------------------


def test_a_post_that_fails_gives_no_rows_and_keeps_the_number_that_it_had(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="airbyte")
    comments = stream(failing(FailureType.system_error, "TikTok refused it."))

    assert comments.ask("7") is None
    assert comments.counts == {ABC: {"9": 3, "8": 2, "7": 1}, XYZ: {"9": 5}}
    assert [record.getMessage() for record in caplog.records] == [
        "The comments of the post 7 were not read: TikTok refused it."
    ]


def test_after_a_post_that_fails_the_others_are_asked_about() -> None:
    comments = stream(failing(FailureType.system_error))

    answers = [comments.ask(video_id) is not None for video_id in ("9", "8", "7")]

    assert answers == [False, True, True]
    assert comments.inside.asked == ["9", "8", "7"]
    assert comments.counts[ABC] == {"8": 2, "7": 12}


def test_a_later_page_that_fails_makes_the_post_one_that_was_not_read() -> None:
    comments = stream(answering, failing(FailureType.system_error))

    assert comments.ask("9") is not None
    assert comments.ask("9", next_page_token={"next_page_token": {"cursor": 30}}) is None
    assert comments.counts[ABC] == {"8": 2, "7": 12}


def test_the_failure_is_raised_by_the_last_slice_of_its_account_and_by_no_other() -> None:
    comments = stream(failing(FailureType.system_error, "TikTok refused it."))
    comments.ask("9")

    assert comments.ask("", XYZ) is None
    assert comments.ask("", "") is None
    error = failure_of(lambda: comments.ask(""))

    assert (error.message, error.internal_message) == ("TikTok refused it.", "In detail.")
    assert error.failure_type == FailureType.system_error
    assert comments.inside.asked == ["9"]


def test_an_account_without_a_failure_ends_without_a_call_and_without_rows() -> None:
    comments = stream()

    assert comments.ask("") is None
    assert comments.inside.calls == []
    assert comments.counts == {ABC: {"9": 3, "8": 2, "7": 12}, XYZ: {"9": 5}}


def test_the_first_of_several_failures_is_raised() -> None:
    comments = stream(failing(FailureType.system_error, "One."), failing(FailureType.system_error, "Two."))
    comments.ask("9"), comments.ask("8")

    assert failure_of(lambda: comments.ask("")).message == "One."


def test_each_account_has_its_own_failure() -> None:
    comments = stream(failing(FailureType.system_error, "One."), failing(FailureType.system_error, "Two."))
    comments.ask("9", XYZ), comments.ask("9", ABC)

    assert failure_of(lambda: comments.ask("", XYZ)).message == "One."
    assert failure_of(lambda: comments.ask("", ABC)).message == "Two."
    assert comments.counts == {ABC: {"8": 2, "7": 12}, XYZ: {}}


def test_a_failure_of_the_list_of_posts_is_raised_by_the_last_slice() -> None:
    comments = stream()
    broken_off = AirbyteTracedException(message="The list broke off.", failure_type=FailureType.transient_error)
    comments.reading.keep_for_the_end(ABC, broken_off)

    error = failure_of(lambda: comments.ask(""))

    assert (error.message, error.failure_type) == ("The list broke off.", FailureType.transient_error)
    # The CDK adds a traceback to what is raised.
    assert error is not broken_off


# --- An account that fails ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure_type", [FailureType.config_error, FailureType.transient_error])
def test_after_a_failure_of_more_than_one_post_the_account_is_asked_nothing_more(
    failure_type: FailureType, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="airbyte")
    comments = stream(failing(failure_type, "The token is dead."))

    assert [comments.ask(video_id) for video_id in ("9", "8", "7")] == [None, None, None]

    assert comments.inside.asked == ["9"]
    assert comments.counts == {ABC: {"7": 1}, XYZ: {"9": 5}}
    assert failure_of(lambda: comments.ask("")).message == "The token is dead."
    # The last slice says it.
    assert caplog.records == []


def test_another_account_goes_on() -> None:
    comments = stream(failing(FailureType.config_error))

    assert comments.ask("9") is None
    assert comments.ask("9", XYZ) is not None
    assert comments.ask("", XYZ) is None
    assert comments.counts[XYZ] == {"9": 5}


def test_a_post_whose_first_pages_were_read_before_the_account_failed_counts_as_unread() -> None:
    comments = stream(answering, failing(FailureType.transient_error))
    comments.ask("9")
    comments.ask("8")

    assert comments.ask("9", next_page_token={"next_page_token": {"cursor": 30}}) is None
    assert comments.inside.asked == ["9", "8"]
    assert comments.counts[ABC] == {"7": 12}


def test_an_error_that_is_none_of_ours_is_raised_at_once() -> None:
    def fail() -> requests.Response | None:
        raise RuntimeError("a mistake of ours")

    comments = stream(fail)

    with pytest.raises(RuntimeError, match="a mistake of ours"):
        comments.ask("9")
    assert comments.ask("") is None


# --- When the failure comes late, or in the Connector Builder -------------------------------------------------------


def test_a_failure_that_comes_after_the_accounts_last_slice_is_raised_at_once() -> None:
    comments = stream(answering, failing(FailureType.system_error, "Too late."))
    comments.ask("9")
    comments.ask("")

    error = failure_of(lambda: comments.ask("9", next_page_token={"next_page_token": {"cursor": 30}}))

    assert error.message == "Too late."
    assert comments.counts[ABC] == {"8": 2, "7": 12}


def test_in_a_test_read_of_the_connector_builder_a_failure_is_raised_at_once() -> None:
    comments = stream(failing(FailureType.system_error, "No."), disable_retries=True)

    assert failure_of(lambda: comments.ask("9")).message == "No."


@pytest.mark.parametrize("pages_before", [0, 1])
def test_the_last_slice_waits_for_a_call_that_is_under_way_and_raises_its_failure(pages_before: int) -> None:
    comments = stream()
    raised: list[str | None] = []
    last = threading.Thread(target=lambda: raised.append(failure_of(lambda: comments.ask("")).message))

    def fail_while_the_last_slice_is_read() -> requests.Response | None:
        last.start()
        for _ in range(500):
            time.sleep(0)  # lets the other thread go ahead
        assert raised == []
        return failing(FailureType.system_error, "Late.")()

    comments.inside.next = [*[answering] * pages_before, fail_while_the_last_slice_is_read]
    answers = [comments.ask("9") is not None for _ in range(pages_before + 1)]
    last.join(timeout=10)

    assert answers == [*[True] * pages_before, False]
    assert raised == ["Late."]


def test_a_post_that_is_not_asked_about_any_more_is_not_open() -> None:
    comments = stream(failing(FailureType.config_error))
    for video_id in ("9", "8"):
        comments.reading.open(ABC, video_id)
    for video_id in ("9", "8"):
        comments.ask(video_id)

    # It would wait for ever.
    assert failure_of(lambda: comments.ask("")).failure_type == FailureType.config_error

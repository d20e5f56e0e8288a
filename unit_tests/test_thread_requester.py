"""ThreadRequester sends a call for replies where the page token names a thread, and else one for comments."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from airbyte_cdk.sources.types import StreamSlice

from source_tiktok_organic.components.pages import ThreadRequester
from unit_tests.tiktok import response

POST = StreamSlice(partition={"business_id": "-000abc", "video_id": "7"}, cursor_slice={})


@dataclass
class Requester:
    """A requester that answers with its name and remembers what it was asked."""

    name: str
    answers: bool = True
    calls: list[dict[str, Any]] = field(default_factory=list)

    def get_url(self) -> str:
        return f"https://business-api.tiktok.com/{self.name}"

    def send_request(self, **call: Any) -> requests.Response | None:
        self.calls.append(call)
        return response({"code": 0, "data": {"of": self.name}}) if self.answers else None


@dataclass
class Both:
    """The requester over one for comments and one for replies."""

    comments: Requester = field(default_factory=lambda: Requester("comments"))
    replies: Requester = field(default_factory=lambda: Requester("replies"))

    @property
    def requester(self) -> ThreadRequester:
        """The requester itself."""
        return ThreadRequester(requester=self.comments, replies=self.replies)

    def ask(self, token: Any) -> Any:
        """Who answers a call with this page token, as the CDK wraps it."""
        answer = self.requester.send_request(stream_slice=POST, next_page_token=token)
        assert answer is not None
        return answer.json()["data"]["of"]


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(None, id="first page"),
        pytest.param({}, id="an empty token"),
        pytest.param({"next_page_token": {"cursor": 30}}, id="a later page"),
    ],
)
def test_without_a_thread_the_comments_are_asked_for(token: Any) -> None:
    both = Both()

    assert both.ask(token) == "comments"
    assert both.comments.calls == [{"stream_slice": POST, "next_page_token": token}]
    assert both.replies.calls == []


@pytest.mark.parametrize("cursor", [0, 30])
def test_with_a_thread_its_replies_are_asked_for(cursor: int) -> None:
    both = Both()
    token = {"next_page_token": {"thread": "1", "cursor": cursor, "threads": ["2"], "comments": None}}

    assert both.ask(token) == "replies"
    assert both.replies.calls == [{"stream_slice": POST, "next_page_token": token}]
    assert both.comments.calls == []


def test_a_call_without_a_token_is_one_for_comments() -> None:
    both = Both()

    both.requester.send_request(stream_slice=POST)

    assert len(both.comments.calls) == 1


def test_everything_that_was_said_is_passed_on() -> None:
    both = Both()
    call = {"stream_slice": POST, "request_params": {"a": "b"}, "path": None, "log_formatter": repr}

    both.requester.send_request(next_page_token={"next_page_token": {"thread": "1", "cursor": 0}}, **call)

    assert both.replies.calls == [{**call, "next_page_token": {"next_page_token": {"thread": "1", "cursor": 0}}}]


def test_no_answer_stays_no_answer() -> None:
    assert ThreadRequester(requester=Requester("comments", answers=False), replies=None).send_request() is None


def test_what_the_requester_of_comments_can_do_goes_on_working() -> None:
    assert Both().requester.get_url() == "https://business-api.tiktok.com/comments"

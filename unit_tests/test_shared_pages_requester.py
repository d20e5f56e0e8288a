"""SharedPagesRequester makes each call once in a sync, however many streams need its answer."""

import gc
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.pages import SharedPagesRequester
from source_tiktok_organic.components.sync import sync_of
from unit_tests.tiktok import response

ACCOUNT = StreamSlice(partition={"business_id": "-000abc"}, cursor_slice={})
OTHER_ACCOUNT = StreamSlice(partition={"business_id": "-000xyz"}, cursor_slice={})

Send = Callable[[], requests.Response | None]


def numbered_pages() -> Send:
    """Answers that tell which call they belong to: `{"page": 1}`, `{"page": 2}`, …"""
    numbers = iter(range(1, 1000))
    return lambda: response({"page": next(numbers)})


@dataclass
class Requester:
    """The requester inside: the parts of the CDK's HttpRequester that matter here."""

    send: Send = field(default_factory=numbered_pages)
    url: str = "https://business-api.tiktok.com/open_api/v1.3/business/video/list/"
    disable_retries: bool = False
    calls: list[dict[str, Any]] = field(default_factory=list)

    def get_url(self, **_: Any) -> str:
        return self.url

    def get_request_params(self, *, stream_slice: StreamSlice | None = None, **_: Any) -> dict[str, Any]:
        return dict(stream_slice.partition) if stream_slice else {}

    def get_request_body_json(self, **_: Any) -> dict[str, Any]:
        return {}

    def send_request(self, **call: Any) -> requests.Response | None:
        self.calls.append(call)
        return self.send()


def budget() -> APIBudget:
    """What the CDK hands to all components of one sync."""
    return APIBudget(policies=[])


def page_number(answer: requests.Response | None) -> int:
    """The number in an answer of `numbered_pages`."""
    assert answer is not None
    number: int = answer.json()["page"]
    return number


def run_together(work: Callable[[], None], threads: int = 8) -> None:
    """Run `work` in several threads that start at the same moment."""
    barrier = threading.Barrier(threads)

    def run() -> None:
        barrier.wait(timeout=10)
        work()

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=10)
    assert not any(worker.is_alive() for worker in workers)


def test_two_streams_of_one_sync_make_one_call() -> None:
    api_budget = budget()
    inside, inside_of_another_stream = Requester(), Requester()
    stream = SharedPagesRequester(inside, api_budget)
    another_stream = SharedPagesRequester(inside_of_another_stream, api_budget)

    first = stream.send_request(request_params={"cursor": 5}, stream_slice=ACCOUNT)
    second = another_stream.send_request(request_params={"cursor": 5}, stream_slice=ACCOUNT)

    assert page_number(first) == page_number(second) == 1
    assert len(inside.calls) == 1
    assert inside_of_another_stream.calls == []


def test_a_kept_answer_reads_like_an_answer() -> None:
    text = '{"code": 0, "data": {"caption": "caf\u00e9 \U0001f600"}}'
    requester = SharedPagesRequester(Requester(send=lambda: response(text)), budget())
    requester.send_request(stream_slice=ACCOUNT)

    kept = requester.send_request(stream_slice=ACCOUNT)

    assert kept is not None
    assert kept.ok
    assert kept.status_code == 200
    assert kept.text == text
    assert kept.json() == {"code": 0, "data": {"caption": "caf\u00e9 \U0001f600"}}
    assert kept.url.startswith("https://business-api.tiktok.com/open_api/v1.3/business/video/list/")


@pytest.mark.parametrize(
    ("params", "stream_slice"),
    [
        pytest.param({"cursor": 6, "fields": '["item_id"]'}, ACCOUNT, id="another page"),
        pytest.param({"cursor": 5, "fields": '["item_id","likes"]'}, ACCOUNT, id="other fields"),
        pytest.param({"cursor": 5, "fields": '["item_id"]', "max_count": 10}, ACCOUNT, id="one parameter more"),
        pytest.param({"fields": '["item_id"]'}, ACCOUNT, id="one parameter less"),
        pytest.param({"cursor": 5, "fields": '["item_id"]'}, OTHER_ACCOUNT, id="another account"),
    ],
)
def test_a_call_that_differs_in_anything_is_another_call(params: dict[str, Any], stream_slice: StreamSlice) -> None:
    inside = Requester()
    requester = SharedPagesRequester(inside, budget())

    first = requester.send_request(request_params={"cursor": 5, "fields": '["item_id"]'}, stream_slice=ACCOUNT)
    second = requester.send_request(request_params=params, stream_slice=stream_slice)

    assert (page_number(first), page_number(second)) == (1, 2)
    assert len(inside.calls) == 2


def test_another_endpoint_is_another_call() -> None:
    api_budget = budget()
    pages = numbered_pages()
    posts = SharedPagesRequester(Requester(send=pages), api_budget)
    profile = SharedPagesRequester(Requester(send=pages, url="https://business-api.tiktok.com/x/get/"), api_budget)

    assert page_number(posts.send_request(stream_slice=ACCOUNT)) == 1
    assert page_number(profile.send_request(stream_slice=ACCOUNT)) == 2


def test_the_call_inside_gets_everything_that_was_said() -> None:
    inside = Requester()

    SharedPagesRequester(inside, budget()).send_request(
        request_params={"cursor": 5}, stream_slice=ACCOUNT, next_page_token={"next_page_token": 5}, path="x"
    )

    assert inside.calls == [
        {
            "request_params": {"cursor": 5},
            "stream_slice": ACCOUNT,
            "next_page_token": {"next_page_token": 5},
            "path": "x",
        }
    ]


def test_what_the_requester_inside_can_do_goes_on_working() -> None:
    requester = SharedPagesRequester(Requester(), budget())

    assert requester.get_url() == "https://business-api.tiktok.com/open_api/v1.3/business/video/list/"
    with pytest.raises(AttributeError):
        _ = requester.something_that_no_requester_has


def test_eight_threads_that_need_one_page_make_one_call() -> None:
    pages = numbered_pages()

    def slow_page() -> requests.Response | None:
        for _ in range(500):
            time.sleep(0)  # lets every other thread go ahead
        return pages()

    inside = Requester(send=slow_page)
    requester = SharedPagesRequester(inside, budget())
    seen: list[int] = []

    run_together(lambda: seen.append(page_number(requester.send_request(stream_slice=ACCOUNT))))

    assert seen == [1] * 8
    assert len(inside.calls) == 1


def test_a_page_does_not_wait_for_another_page() -> None:
    both_are_on_their_way = threading.Barrier(2)

    def send() -> requests.Response:
        both_are_on_their_way.wait(timeout=10)
        return response({"page": 1})

    requester = SharedPagesRequester(Requester(send=send), budget())
    cursors = iter([1, 2])
    seen: list[int] = []

    run_together(
        lambda: seen.append(
            page_number(requester.send_request(request_params={"cursor": next(cursors)}, stream_slice=ACCOUNT))
        ),
        threads=2,
    )

    assert seen == [1, 1]


def failing_first(times: int) -> Send:
    """Fails so many times, then answers."""
    left = [None] * times

    def send() -> requests.Response:
        if left:
            left.pop()
            raise requests.ConnectionError("cut")
        return response({"page": 1})

    return send


def test_a_call_that_failed_is_not_kept() -> None:
    inside = Requester(send=failing_first(1))
    requester = SharedPagesRequester(inside, budget())

    with pytest.raises(requests.ConnectionError, match="cut"):
        requester.send_request(stream_slice=ACCOUNT)

    assert page_number(requester.send_request(stream_slice=ACCOUNT)) == 1
    assert len(inside.calls) == 2


def test_after_a_failure_the_next_thread_that_waited_makes_the_call() -> None:
    inside = Requester(send=failing_first(3))
    requester = SharedPagesRequester(inside, budget())
    seen: list[int] = []
    failed: list[Exception] = []

    def work() -> None:
        try:
            seen.append(page_number(requester.send_request(stream_slice=ACCOUNT)))
        except requests.ConnectionError as error:
            failed.append(error)

    run_together(work)

    assert (len(failed), seen) == (3, [1] * 5)
    assert len(inside.calls) == 4


def test_an_answer_that_the_error_handler_ignored_is_not_kept() -> None:
    answers: list[requests.Response | None] = [None, response({"page": 1})]
    inside = Requester(send=lambda: answers.pop(0))
    requester = SharedPagesRequester(inside, budget())

    assert requester.send_request(stream_slice=ACCOUNT) is None
    assert page_number(requester.send_request(stream_slice=ACCOUNT)) == 1


def test_a_test_read_of_the_connector_builder_shares_nothing() -> None:
    api_budget = budget()
    inside = Requester(disable_retries=True)
    requester = SharedPagesRequester(inside, api_budget)

    assert page_number(requester.send_request(stream_slice=ACCOUNT)) == 1
    assert page_number(requester.send_request(stream_slice=ACCOUNT)) == 2
    assert page_number(SharedPagesRequester(Requester(), api_budget).send_request(stream_slice=ACCOUNT)) == 1


def test_two_syncs_in_one_process_share_nothing() -> None:
    inside = Requester()

    assert page_number(SharedPagesRequester(inside, budget()).send_request(stream_slice=ACCOUNT)) == 1
    assert page_number(SharedPagesRequester(inside, budget()).send_request(stream_slice=ACCOUNT)) == 2


def test_two_syncs_at_once_share_nothing() -> None:
    inside, one, other = Requester(), budget(), budget()
    SharedPagesRequester(inside, one).send_request(stream_slice=ACCOUNT)

    assert page_number(SharedPagesRequester(inside, other).send_request(stream_slice=ACCOUNT)) == 2
    assert page_number(SharedPagesRequester(inside, one).send_request(stream_slice=ACCOUNT)) == 1


def test_the_pages_go_with_the_sync() -> None:
    api_budget = budget()
    requester = SharedPagesRequester(Requester(), api_budget)
    requester.send_request(stream_slice=ACCOUNT)
    pages = weakref.ref(sync_of(api_budget).pages)
    assert pages() is not None

    del api_budget, requester
    gc.collect()

    assert pages() is None


# --- Several accounts -----------------------------------------------------------------------------------------------


def answering_by_account(inside: "Requester") -> Send:
    """Answers that tell which account they are of."""
    return lambda: response({"account": inside.calls[-1]["stream_slice"].partition["business_id"]})


def account_in(answer: requests.Response | None) -> str:
    """The account that an answer is of."""
    assert answer is not None
    account: str = answer.json()["account"]
    return account


def test_the_same_page_of_two_accounts_is_two_pages() -> None:
    inside = Requester()
    inside.send = answering_by_account(inside)
    requester = SharedPagesRequester(inside, budget())

    answers = [
        account_in(requester.send_request(request_params={"cursor": 5}, stream_slice=stream_slice))
        for stream_slice in (ACCOUNT, OTHER_ACCOUNT, ACCOUNT, OTHER_ACCOUNT)
    ]

    assert answers == ["-000abc", "-000xyz", "-000abc", "-000xyz"]
    assert len(inside.calls) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("-000a&cursor=5", "-000a", id="one that looks like a parameter more"),
        pytest.param("-000a b", "-000a+b", id="a blank and a plus"),
        pytest.param("-000a", "-000A", id="small and capital"),
        pytest.param("-000\u00e9", "-000e\u0301", id="two ways to write a letter"),
    ],
)
def test_accounts_that_look_alike_are_two(first: str, second: str) -> None:
    inside = Requester()
    inside.send = answering_by_account(inside)
    requester = SharedPagesRequester(inside, budget())
    slices = [StreamSlice(partition={"business_id": account}, cursor_slice={}) for account in (first, second)]

    answers = [
        account_in(requester.send_request(request_params={"cursor": 5}, stream_slice=stream_slice))
        for stream_slice in slices
    ]

    assert answers == [first, second]


def test_eight_threads_of_two_accounts_make_two_calls_and_get_their_own() -> None:
    answers: dict[str, list[str]] = {"-000abc": [], "-000xyz": []}
    calls: list[str] = []

    class ByAccount(Requester):
        def send_request(self, **call: Any) -> requests.Response | None:
            account = call["stream_slice"].partition["business_id"]
            calls.append(account)
            for _ in range(500):
                time.sleep(0)  # lets every other thread go ahead
            return response({"account": account})

    requester = SharedPagesRequester(ByAccount(), budget())
    turns = iter([ACCOUNT, OTHER_ACCOUNT] * 4)

    def work() -> None:
        stream_slice = next(turns)
        answer = requester.send_request(request_params={"cursor": 5}, stream_slice=stream_slice)
        answers[stream_slice.partition["business_id"]].append(account_in(answer))

    run_together(work)

    assert answers == {"-000abc": ["-000abc"] * 4, "-000xyz": ["-000xyz"] * 4}
    assert sorted(calls) == ["-000abc", "-000xyz"]


def test_trouble_of_one_account_is_not_that_of_another() -> None:
    passing = AirbyteTracedException(message="Trouble.", failure_type=FailureType.transient_error)

    class Failing(Requester):
        def send_request(self, **call: Any) -> requests.Response | None:
            self.calls.append(call)
            if call["stream_slice"] == ACCOUNT:
                raise passing
            return response({"page": 1})

    inside = Failing()
    requester = SharedPagesRequester(inside, budget())
    for _ in range(2):
        with pytest.raises(AirbyteTracedException, match="Trouble"):
            requester.send_request(stream_slice=ACCOUNT)
        assert page_number(requester.send_request(stream_slice=OTHER_ACCOUNT)) == 1

    assert [call["stream_slice"] for call in inside.calls] == [ACCOUNT, OTHER_ACCOUNT]

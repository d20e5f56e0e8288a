"""ProfileRequester notes whose page it got; ProfileFirstRequester gets that page before a stream's first one."""

import logging
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.exceptions import config_error
from source_tiktok_organic.components.requesters import ProfileFirstRequester, ProfileRequester
from source_tiktok_organic.components.sync import KnownAccount, sync_of
from unit_tests.parts import budget
from unit_tests.tiktok import fixture, response, success

ABC = StreamSlice(partition={"business_id": "-000abc"}, cursor_slice={})
XYZ = StreamSlice(partition={"business_id": "-000xyz"}, cursor_slice={})
COLUMNS = {"video_creator_username": "username", "profile_image": "profile_image"}


@dataclass
class Requester:
    """The requester inside, which gives these answers and notes what it was asked."""

    answers: list[Any] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def send_request(self, **call: Any) -> requests.Response | None:
        self.calls.append(call)
        answer = self.answers.pop(0) if self.answers else success({"username": "harbour_coffee"})
        if isinstance(answer, Exception):
            raise answer
        return answer if answer is None else response(answer)


def sync_with_accounts() -> APIBudget:
    """A sync of the accounts `-000abc` and `-000xyz`."""
    api_budget = budget()
    for place, business_id in (("credentials", "-000abc"), ("additional_accounts[0]", "-000xyz")):
        sync_of(api_budget).account(place).business_id = business_id
    return api_budget


def known(api_budget: APIBudget, business_id: str = "-000abc") -> KnownAccount:
    """What the sync has learnt of an account."""
    return sync_of(api_budget).account_of(business_id)


def reached(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of the accounts that were reached."""
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith("Reached")]


# --- ProfileRequester -----------------------------------------------------------------------------------------------


def test_the_columns_of_the_profile_are_noted_for_its_account_alone() -> None:
    api_budget = sync_with_accounts()
    inside = Requester([success({"username": "night_baker", "profile_image": "https://b", "display_name": "B"})])

    ProfileRequester(api_budget, inside, COLUMNS).send_request(stream_slice=XYZ)

    assert known(api_budget, "-000xyz").profile == {
        "video_creator_username": "night_baker",
        "profile_image": "https://b",
    }
    assert known(api_budget, "-000abc").profile == {}


def test_what_the_account_withheld_is_noted_as_null() -> None:
    api_budget = sync_with_accounts()

    ProfileRequester(api_budget, Requester([success({})]), COLUMNS).send_request(stream_slice=ABC)

    assert known(api_budget).profile == {"video_creator_username": None, "profile_image": None}


def test_all_records_of_a_sync_carry_the_profile_that_was_noted_first() -> None:
    api_budget = sync_with_accounts()

    for username in ("harbour_coffee", "harbour_tea"):
        inside = Requester([success({"username": username})])
        ProfileRequester(api_budget, inside, COLUMNS).send_request(stream_slice=ABC)

    assert known(api_budget).profile["video_creator_username"] == "harbour_coffee"


def test_the_call_and_its_answer_are_handed_on() -> None:
    inside = Requester([fixture("profile")])

    answer = ProfileRequester(sync_with_accounts(), inside, COLUMNS).send_request(
        stream_slice=ABC, request_params={"fields": "[]"}
    )

    assert inside.calls == [{"stream_slice": ABC, "request_params": {"fields": "[]"}}]
    assert answer is not None
    assert answer.json() == fixture("profile")


def test_no_answer_is_no_profile() -> None:
    api_budget = sync_with_accounts()

    assert ProfileRequester(api_budget, Requester([None]), COLUMNS).send_request(stream_slice=ABC) is None
    assert known(api_budget).profile == {}


def test_an_account_is_said_once_in_a_sync(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "airbyte")
    api_budget = sync_with_accounts()

    # One for each stream.
    for stream_slice in (ABC, XYZ, ABC, XYZ):
        ProfileRequester(api_budget, Requester(), COLUMNS).send_request(stream_slice=stream_slice)

    assert [line.split("business_id ")[1].split(")")[0] for line in reached(caplog)] == ["-000abc", "-000xyz"]


def test_without_columns_an_account_is_said_once_too(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "airbyte")
    answer = success({"user": {"open_id": "723f24d7", "username": "harbour_coffee", "display_name": "Harbour Coffee"}})
    requester = ProfileRequester(sync_with_accounts(), Requester([answer, answer]), object="user", account_id="open_id")

    for _ in range(2):
        requester.send_request(stream_slice=StreamSlice(partition={}, cursor_slice={}))

    assert reached(caplog) == [
        "Reached the TikTok account Harbour Coffee (@harbour_coffee, open_id 723f24d7). It granted: what TikTok does "
        "not tell of this token."
    ]


@pytest.mark.parametrize(
    ("profile", "scopes", "expected"),
    [
        (
            {"username": "tiny", "display_name": "Tiny", "is_business_account": False},
            {"video.list", "user.info.basic"},
            "Tiny (@tiny, a Personal Account, business_id -000abc). It granted: user.info.basic, video.list.",
        ),
        (
            {"is_business_account": True},
            None,
            "without a shown name (username not shown, a Business Account, business_id -000abc). It granted: what "
            "TikTok does not tell of this token.",
        ),
        (
            {"username": "", "display_name": "Tiny"},
            {"user.info.basic"},
            "Tiny (username not shown, account type not shown, business_id -000abc). It granted: user.info.basic.",
        ),
    ],
)
def test_whom_it_reached_is_one_sentence_and_what_was_granted_another(
    profile: dict[str, Any], scopes: set[str] | None, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "airbyte")
    api_budget = sync_with_accounts()
    known(api_budget).scopes = None if scopes is None else frozenset(scopes)

    ProfileRequester(api_budget, Requester([success(profile)]), COLUMNS).send_request(stream_slice=ABC)

    assert reached(caplog) == [f"Reached the TikTok account {expected}"]


# --- ProfileFirstRequester ------------------------------------------------------------------------------------------


@dataclass
class Pair:
    """A stream's requester behind the one of profiles, in one sync."""

    profiles: Requester = field(default_factory=Requester)
    pages: Requester = field(default_factory=Requester)
    api_budget: APIBudget = field(default_factory=sync_with_accounts)

    def send(self, stream_slice: StreamSlice, **call: Any) -> requests.Response | None:
        """Ask for a page of the stream."""
        profiles = ProfileRequester(self.api_budget, self.profiles, COLUMNS)
        return ProfileFirstRequester(self.pages, profiles, self.api_budget).send_request(
            stream_slice=stream_slice, **call
        )


def test_the_profile_is_asked_for_before_the_first_page_of_each_account() -> None:
    pair = Pair()

    for stream_slice in (ABC, ABC, XYZ, ABC, XYZ):
        pair.send(stream_slice, request_params={"cursor": 5})

    assert [call["stream_slice"] for call in pair.profiles.calls] == [ABC, XYZ]
    assert [call["stream_slice"] for call in pair.pages.calls] == [ABC, ABC, XYZ, ABC, XYZ]


def test_the_parameters_of_a_page_are_its_own() -> None:
    pair = Pair(pages=Requester([success({"videos": []})]))

    answer = pair.send(ABC, request_params={"cursor": 5}, next_page_token={"next_page_token": 5})

    (call,) = pair.profiles.calls
    assert not {"request_params", "next_page_token"} & set(call)
    (call,) = pair.pages.calls
    assert call == {
        "stream_slice": ABC,
        "request_params": {"cursor": 5},
        "next_page_token": {"next_page_token": 5},
    }
    assert answer is not None
    assert answer.json()["data"] == {"videos": []}


def test_a_profile_that_another_stream_got_is_not_asked_for() -> None:
    pair = Pair()
    known(pair.api_budget).profile = {"video_creator_username": None}

    pair.send(ABC)

    assert pair.profiles.calls == []
    assert len(pair.pages.calls) == 1


def test_a_profile_that_is_refused_is_the_failure_and_costs_no_page() -> None:
    pair = Pair(profiles=Requester([config_error("TikTok did not permit it.")]))

    with pytest.raises(AirbyteTracedException, match="did not permit"):
        pair.send(ABC)

    assert pair.pages.calls == []
    # The other account goes on.
    pair.send(XYZ)
    assert len(pair.pages.calls) == 1

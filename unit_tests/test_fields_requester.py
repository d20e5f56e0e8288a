"""FieldsRequester names the fields that TikTok shall return: those that the account allows, as a JSON array."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.streams.call_rate import APIBudget
from airbyte_cdk.sources.types import StreamSlice
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from integration_tests.emulator.fields import PROFILE_FIELDS, VIDEO_FIELDS
from source_tiktok_organic.components.authentication import AccountAuthenticator
from source_tiktok_organic.components.exceptions import config_error
from source_tiktok_organic.components.requesters import FieldsRequester
from source_tiktok_organic.components.sync import KnownAccount, sync_of
from unit_tests.parts import authenticator_of, budget, fields_requester_of
from unit_tests.syncs import signed_in_config, static_token_config
from unit_tests.tiktok import BUSINESS_ID, POST_SCOPES, PROFILE_SCOPES, SCOPES, response

ACCOUNT = StreamSlice(partition={"business_id": BUSINESS_ID}, cursor_slice={})

ACCOUNT_FIELDS_OF = {
    "user.info.basic": ["display_name", "profile_image"],
    "user.info.username": ["username"],
    "user.info.profile": ["profile_deep_link", "bio_description", "is_verified"],
    "user.info.stats": ["followers_count", "following_count", "total_likes", "videos_count"],
    "user.account.type": ["is_business_account"],
    "user.insights": [
        "audience_ages",
        "audience_genders",
        "audience_countries",
        "audience_cities",
        "video_views",
        "unique_video_views",
        "profile_views",
        "likes",
        "comments",
        "shares",
        "phone_number_clicks",
        "lead_submissions",
        "app_download_clicks",
        "bio_link_clicks",
        "email_clicks",
        "address_clicks",
        "daily_total_followers",
        "daily_new_followers",
        "daily_lost_followers",
        "engaged_audience",
        "audience_activity",
    ],
}
# As TikTok takes them: `["display_name","profile_image","username",…,"audience_activity"]`.
ACCOUNT_FIELDS = json.dumps([name for names in ACCOUNT_FIELDS_OF.values() for name in names], separators=(",", ":"))


@dataclass
class Requester:
    """The requester inside: it refuses a call that asks for a field whose scope was not granted."""

    authenticator: AccountAuthenticator
    granted: set[str] = field(default_factory=lambda: set(SCOPES))
    sentence: str = "TikTok did not permit it."
    calls: list[dict[str, Any]] = field(default_factory=list)

    def get_authenticator(self) -> AccountAuthenticator:
        return self.authenticator

    def get_url(self) -> str:
        return "https://business-api.tiktok.com/open_api/v1.3/business/get/"

    def send_request(self, **call: Any) -> requests.Response:
        self.calls.append(call)
        names = json.loads(call["request_params"]["fields"])
        scope_of = POST_SCOPES if "item_id" in names or "new_followers" in names else PROFILE_SCOPES
        if not {scope_of[name] for name in names} <= self.granted:
            raise config_error(self.sentence)
        return response({"code": 0})

    @property
    def asked(self) -> list[list[str]]:
        """The fields of each call."""
        return [json.loads(call["request_params"]["fields"]) for call in self.calls]


@dataclass
class Account:
    """An account in one sync: OAuth's with these scopes, or a bare token's, which TikTok alone knows to have them."""

    scopes: set[str] | None = None
    granted: set[str] = field(default_factory=lambda: set(SCOPES))
    api_budget: APIBudget = field(default_factory=budget)
    inside: Requester = field(init=False)

    def __post_init__(self) -> None:
        self.config = static_token_config() if self.scopes is None else signed_in_config()
        self.inside = Requester(authenticator_of(self.config, self.api_budget), self.granted)
        self.known.scopes = None if self.scopes is None else frozenset(self.scopes)

    @property
    def known(self) -> KnownAccount:
        """What the sync has learnt of it."""
        return sync_of(self.api_budget).account("credentials")

    def requester(self, stream: str) -> FieldsRequester:
        """The requester of a stream."""
        return fields_requester_of(stream, self.config, self.api_budget, self.inside)

    def ask(self, stream: str, **call: Any) -> requests.Response | None:
        """Send a call of the stream."""
        return self.requester(stream).send_request(stream_slice=ACCOUNT, **call)

    def failure_of(self, stream: str, **call: Any) -> AirbyteTracedException:
        """The error of a call of the stream."""
        with pytest.raises(AirbyteTracedException) as caught:
            self.ask(stream, **call)
        return caught.value


def oauth(*missing: str) -> Account:
    """An account that granted everything but this, as TikTok told."""
    return Account(scopes={scope for scope in SCOPES if scope not in missing})


def bare(*missing: str) -> Account:
    """An account that granted everything but this, of which TikTok told nothing."""
    return Account(granted={scope for scope in SCOPES if scope not in missing})


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as a warning by the logger of the connector."""
    return [
        record.getMessage() for record in caplog.records if (record.name, record.levelname) == ("airbyte", "WARNING")
    ]


# --- The call -------------------------------------------------------------------------------------------------------


def test_the_fields_of_all_scopes_are_one_json_array() -> None:
    account = oauth()
    account.ask("account_metrics")

    assert account.inside.calls[0]["request_params"] == {"fields": ACCOUNT_FIELDS}


def test_the_other_parameters_stay() -> None:
    account = oauth()
    account.ask("account_metrics", request_params={"cursor": 5, "max_count": 20})

    assert account.inside.calls[0]["request_params"] == {"cursor": 5, "max_count": 20, "fields": ACCOUNT_FIELDS}


def test_the_rest_of_the_call_is_handed_on() -> None:
    account = oauth()
    account.ask("videos", path="x", next_page_token={"next_page_token": 5})

    sent = account.inside.calls[0]
    assert (sent["path"], sent["next_page_token"], sent["stream_slice"]) == ("x", {"next_page_token": 5}, ACCOUNT)


def test_the_parameters_of_the_caller_are_not_changed() -> None:
    params = {"cursor": 5}

    oauth().ask("videos", request_params=params)

    assert params == {"cursor": 5}


def test_the_answer_comes_back() -> None:
    answer = oauth().ask("videos")

    assert answer is not None
    assert answer.json() == {"code": 0}


def test_what_the_requester_inside_can_do_goes_on_working() -> None:
    requester = oauth().requester("account")

    assert requester.get_url() == "https://business-api.tiktok.com/open_api/v1.3/business/get/"
    with pytest.raises(AttributeError):
        _ = requester.something_that_no_requester_has


# --- An account whose scopes are known ------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", sorted(ACCOUNT_FIELDS_OF))
def test_the_fields_of_a_scope_that_was_not_granted_are_not_asked_for(
    missing: str, caplog: pytest.LogCaptureFixture
) -> None:
    account = oauth(missing)
    account.ask("account")

    assert account.inside.asked == [
        [name for scope, names in ACCOUNT_FIELDS_OF.items() if scope != missing for name in names]
    ]
    (warning,) = warnings_in(caplog)
    assert BUSINESS_ID in warning
    assert f"`{missing}`" in warning
    assert f"stay null, or without rows where they are streams: {', '.join(ACCOUNT_FIELDS_OF[missing])}. " in warning


def test_scopes_that_the_connector_does_not_know_change_nothing(caplog: pytest.LogCaptureFixture) -> None:
    account = Account(scopes={*SCOPES, "tcm.order.update", "biz.new"})
    account.ask("account_metrics")

    assert account.inside.calls[0]["request_params"]["fields"] == ACCOUNT_FIELDS
    assert warnings_in(caplog) == []


def test_what_stays_null_is_said_once_in_a_sync(caplog: pytest.LogCaptureFixture) -> None:
    account = oauth("video.insights")
    for _ in range(3):
        account.ask("videos")
        account.ask("account")

    assert len(warnings_in(caplog)) == 1


def test_what_stays_null_is_said_for_each_scope(caplog: pytest.LogCaptureFixture) -> None:
    account = oauth("user.info.stats", "user.account.type", "video.insights")
    for stream in ("account", "account_metrics", "videos"):
        account.ask(stream)

    said = [warning.split("streams: ")[1].split(". ")[0] for warning in warnings_in(caplog)]
    assert said[:2] == ["followers_count, following_count, total_likes, videos_count", "is_business_account"]
    assert len(said) == 3


def test_what_stays_null_is_said_again_in_the_next_sync(caplog: pytest.LogCaptureFixture) -> None:
    oauth("video.insights").ask("videos")
    oauth("video.insights").ask("videos")

    assert len(warnings_in(caplog)) == 2


@pytest.mark.parametrize(
    ("stream", "scope"),
    [
        *((f"account_{name}", field.scope) for name, field in PROFILE_FIELDS.items() if field.is_array),
        ("account_metrics", "user.insights"),
        ("account_metrics_audience_activity", "user.insights"),
        ("videos", "video.list"),
        ("videos_impression_sources", "video.list"),
        *((f"videos_{name}", field.scope) for name, field in VIDEO_FIELDS.items() if field.is_array),
    ],
)
def test_a_stream_that_is_made_of_a_missing_scope_fails_without_a_call(
    stream: str, scope: str, caplog: pytest.LogCaptureFixture
) -> None:
    account = oauth(scope)

    error = account.failure_of(stream)

    assert error.failure_type == FailureType.config_error
    assert error.message == (
        f"The account {BUSINESS_ID} did not grant `{scope}`, which the stream `{stream}` is made of. Authenticate the "
        "account again and allow everything that TikTok lists, or deselect the stream; the other streams go on."
    )
    assert account.inside.calls == []
    assert warnings_in(caplog) == []


@pytest.mark.parametrize(
    ("stream", "scopes"),
    [
        ("account", "user.info.basic"),
        ("account_audience_ages", "user.insights"),
        ("account_metrics", "user.insights"),
        ("videos", "video.list"),
        ("videos_audience_types", "video.insights"),
    ],
)
def test_a_stream_without_any_of_its_scopes_fails_without_a_call(stream: str, scopes: str) -> None:
    account = Account(scopes={"comment.list"})

    error = account.failure_of(stream)

    assert error.failure_type == FailureType.config_error
    assert f"`{stream}`" in (error.message or "")
    assert f"`{scopes}`" in (error.message or "")
    assert account.inside.calls == []


def test_where_the_scopes_are_known_a_refusal_is_not_looked_into() -> None:
    account = Account(scopes=set(SCOPES), granted=set())

    error = account.failure_of("account")

    assert error.message == "TikTok did not permit it."
    assert len(account.inside.calls) == 1


# --- An account whose scopes TikTok does not tell --------------------------------------------------------------------


def test_everything_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    account = bare()
    account.ask("account")
    account.ask("account_metrics")

    everything = [name for names in ACCOUNT_FIELDS_OF.values() for name in names]
    assert account.inside.asked == [everything, everything]
    assert warnings_in(caplog) == []


def test_a_refusal_is_the_failure_and_the_next_stream_asks_for_everything_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    account = bare("video.insights")

    errors = [account.failure_of(stream) for stream in ("videos", "videos_audience_types")]

    assert [error.message for error in errors] == ["TikTok did not permit it."] * 2
    assert [set(fields) for fields in account.inside.asked] == [set(VIDEO_FIELDS)] * 2
    assert warnings_in(caplog) == []


# --- The scopes in a refusal ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", [set(SCOPES), None], ids=["scopes are known", "scopes are not known"])
@pytest.mark.parametrize(
    ("stream", "scopes"),
    [
        *dict.fromkeys(
            ["account", "account_audience_ages", "account_metrics", "account_metrics_audience_activity"],
            "user.info.basic, user.info.username, user.info.profile, user.info.stats, user.account.type, user.insights",
        ).items(),
        ("videos", "video.list, video.insights"),
        ("videos_audience_types", "video.list, video.insights"),
    ],
)
def test_a_refusal_names_the_scopes_that_open_what_was_asked_for(
    stream: str, scopes: str, told: set[str] | None
) -> None:
    account = Account(scopes=told, granted=set())
    account.inside.sentence = "TikTok did not permit the stream, which reads what {scopes} open."

    error = account.failure_of(stream)

    assert error.message == f"TikTok did not permit the stream, which reads what {scopes} open."
    assert "{" not in (error.internal_message or "")
    assert error.failure_type == FailureType.config_error


def test_braces_in_a_refusal_of_something_else_stay() -> None:
    account = Account(scopes=set(SCOPES), granted=set())
    account.inside.sentence = "TikTok did not understand `{fields}`."

    assert account.failure_of("account").message == "TikTok did not understand `{fields}`."

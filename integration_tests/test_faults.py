"""What goes wrong at TikTok costs time and never a row: after each fault the rows are those of a clean sync."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from integration_tests.conftest import StartTikTok
from integration_tests.connector import (
    STREAMS,
    Connector,
    Output,
    ReadyToRun,
    call_log,
    granted,
    oauth_config,
    set_fault,
    token_config,
)
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.knobs import Knobs
from integration_tests.emulator.server import RunningEmulator, running_emulator
from integration_tests.emulator.testing import NOON

PROFILE, POSTS, REFRESH = "business/get/", "business/video/list/", "tt_user/oauth2/refresh_token/"

# What passes by itself, for the next calls of each endpoint. A call is tried six times at the most.
PASSING: dict[str, list[dict[str, Any]]] = {
    REFRESH: [{"kind": "http", "status": 502}, {"kind": "code", "code": 51065}, {"kind": "cut_connection"}],
    PROFILE: [{"kind": "truncated_json"}, {"kind": "code", "code": 50002}, {"kind": "http", "status": 429}],
    POSTS: [
        {"kind": "html_200"},
        {"kind": "cut_connection"},
        {"kind": "code", "code": 40100},
        {"kind": "http", "status": 502, "after": 4},
        {"kind": "truncated_json", "after": 4},
    ],
}


def limited_streams(output: Output) -> list[str]:
    """The streams whose status said that they wait for a rate limit."""
    statuses = [
        message["trace"]["stream_status"] for message in output.of_type("TRACE") if "stream_status" in message["trace"]
    ]
    return [
        status["stream_descriptor"]["name"]
        for status in statuses
        if any(reason["type"] == "RATE_LIMITED" for reason in status.get("reasons") or [])
    ]


def seconds_between_calls(tiktok: RunningEmulator, path: str) -> list[float]:
    """How much later than the one before each call of an endpoint came, by the emulator's clock."""
    moments = [datetime.fromisoformat(call["at"]) for call in call_log(tiktok, path)]
    return [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]


@pytest.fixture(scope="module")
def still_tiktok() -> Iterator[RunningEmulator]:
    """An emulated TikTok that all tests with the rows of `clean` share."""
    # The old refresh token lives on: where it dies, an answer that is lost on its way takes the sign-in with it.
    knobs = Knobs(account_endpoint_qpm=0, app_qpm=0, app_qps=0, hidden_post_rate=0, old_refresh_token_dies=False)
    with running_emulator(accounts=[AccountSpec(posts=65)], knobs=knobs, now=NOON, frozen=True) as running:
        yield running


@pytest.fixture(scope="module")
def clean(
    still_tiktok: RunningEmulator, tmp_path_factory: pytest.TempPathFactory, ready: ReadyToRun
) -> dict[str, list[Any]]:
    """The rows of a sync in which nothing went wrong."""
    output = Connector(tmp_path_factory.mktemp("clean"), ready=ready).read(token_config(still_tiktok))
    assert output.errors == []
    return output.contents(STREAMS)


@pytest.fixture
def troubled(still_tiktok: RunningEmulator) -> RunningEmulator:
    """The same TikTok before any fault and call."""
    still_tiktok.emulator.calls.clear()
    still_tiktok.emulator.faults.clear()
    return still_tiktok


def test_what_passes_by_itself_costs_time_and_no_row(
    connector: Connector, troubled: RunningEmulator, clean: dict[str, list[Any]]
) -> None:
    config = oauth_config(troubled)
    for path, faults in PASSING.items():
        for fault in faults:
            set_fault(troubled, path, **fault)

    output = connector.without_waiting.read(config)

    assert output.errors == []
    assert output.exit_code == 0
    assert output.contents(STREAMS) == clean
    assert len(call_log(troubled, REFRESH)) == 1 + 3
    assert len(call_log(troubled, PROFILE)) == 1 + 3
    assert len(call_log(troubled, POSTS)) == 4 + 5


def test_an_answer_that_does_not_come_in_time_is_asked_for_again(
    connector: Connector, troubled: RunningEmulator, clean: dict[str, list[Any]]
) -> None:
    set_fault(troubled, POSTS, "slow", seconds=2)

    output = connector.without_waiting.read(token_config(troubled))

    assert output.errors == []
    assert output.contents(STREAMS) == clean
    # More than one on a busy machine, where other answers may not come in time either.
    assert len(call_log(troubled, POSTS)) >= 4 + 1


def test_a_cursor_that_repeats_is_an_error_and_the_next_sync_has_all_rows(
    connector: Connector, troubled: RunningEmulator, clean: dict[str, list[Any]]
) -> None:
    config = token_config(troubled)
    set_fault(troubled, POSTS, "repeat_cursor")

    stuck = connector.read(config)

    assert any("does not advance" in error for error in stuck.errors)
    assert stuck.exit_code != 0
    assert len(call_log(troubled, POSTS)) == 2
    assert connector.read(config, state=stuck.state).contents(STREAMS) == clean


def test_a_token_that_is_revoked_in_the_middle_is_renewed_once_and_no_row_is_missing(
    connector: Connector, troubled: RunningEmulator, clean: dict[str, list[Any]]
) -> None:
    config = oauth_config(troubled)
    set_fault(troubled, POSTS, "revoke_token", after=1)

    output = connector.without_waiting.read(config)

    assert output.errors == []
    assert output.contents(STREAMS) == clean
    assert len(call_log(troubled, REFRESH)) == 2
    first, second = output.written_back
    assert first["credentials"]["access_token"] != second["credentials"]["access_token"]


def test_a_call_too_many_is_followed_by_tiktoks_five_minutes_and_then_the_sync_goes_on(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=70), frozen=False, hidden_post_rate=0, account_endpoint_qpm=2)

    limited = connector.without_waiting.read(token_config(tiktok))

    assert limited.errors == []
    assert len(limited.rows("videos")) == 70
    assert len(limited_streams(limited)) >= 1
    # Four pages at two calls a minute: after the first pair a call is refused and comes again when the penalty is over.
    refused = [call for call in call_log(tiktok, POSTS) if call["code"] == 40100]
    waits = [wait for wait in seconds_between_calls(tiktok, POSTS) if 300 <= wait <= 310]
    assert len(refused) == len(waits) == 1


def test_trouble_that_does_not_pass_ends_in_a_sentence_that_blames_nobody(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=45), frozen=False)
    set_fault(tiktok, POSTS, "http", times=None)

    output = connector.without_waiting.read(token_config(tiktok), ["account", "videos"])

    (error, _summary) = output.errors
    assert error == (
        "TikTok's servers answered something other than JSON (HTTP 502). This passes by itself and the next sync will "
        "try again; if it lasts for hours, look at TikTok's status page."
    )
    assert len(output.rows("account")) == 1
    assert [round(wait) for wait in seconds_between_calls(tiktok, POSTS)] == [3, 5, 9, 17, 33]


def test_a_list_that_tiktok_does_not_like_is_reported_with_its_words(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    set_fault(tiktok, POSTS, "code", code=40002, message="fields: must be a JSON array", times=None)

    output = connector.read(oauth_config(tiktok), ["videos"])

    (error, _summary) = output.errors
    (call,) = call_log(tiktok, POSTS)
    assert error.startswith(
        "TikTok refused a request of the stream `videos` (code 40002: fields: must be a JSON array, request_id 20"
    )
    assert call["params"]["fields"].startswith('["item_id",')


def test_a_token_that_is_revoked_again_is_the_users_to_mend(connector: Connector, tiktok: RunningEmulator) -> None:
    set_fault(tiktok, POSTS, "revoke_token", times=None)

    output = connector.without_waiting.read(
        oauth_config(tiktok), ["account_metrics", "videos", "videos_audience_types"]
    )

    assert len(call_log(tiktok, REFRESH)) == 2
    assert len(call_log(tiktok, POSTS)) <= 4
    assert output.rows("videos") == []
    assert any("authenticate the account again in the source's settings" in error for error in output.errors)


def test_a_static_token_that_is_revoked_is_the_users_to_replace(connector: Connector, tiktok: RunningEmulator) -> None:
    set_fault(tiktok, POSTS, "revoke_token")

    output = connector.read(token_config(tiktok), ["videos"])

    assert output.errors[0].startswith("TikTok refused the access token. It ends after 24 hours: put a new one into")


@pytest.mark.parametrize("code", [40102, 40105])
def test_a_token_that_ended_earlier_than_its_date_is_renewed(
    connector: Connector, start_tiktok: StartTikTok, code: int
) -> None:
    tiktok = start_tiktok(expired_token_code=code)
    config = connector.check(oauth_config(tiktok)).written_back[0]
    tiktok.emulator.clock.advance(90_000)

    output = connector.without_waiting.read(config, ["account", "videos"])

    assert output.errors == []
    assert len(output.written_back) == 1
    assert len(output.rows("videos")) > 0


@pytest.mark.parametrize("code", [40101, 40103, 40107, 40110])
def test_a_renewal_that_tiktok_refuses_is_not_tried_again(
    connector: Connector, tiktok: RunningEmulator, code: int
) -> None:
    set_fault(tiktok, REFRESH, "code", code=code, message="No.", times=None)

    output = connector.read(oauth_config(tiktok), ["account"])

    assert len(call_log(tiktok, REFRESH)) == 1
    assert output.written_back == []
    assert output.errors[0] == (
        f"TikTok does not accept the sign-in of the account (code {code}: No.). Authenticate the account again in the "
        "source's settings; if you typed the values in, check client_id, client_secret and refresh_token. "
        "TikTok may replace a refresh token whenever it is used: a run by hand prints the newest config as a "
        "CONNECTOR_CONFIG message, and the next run needs that one."
    )


def test_a_renewal_whose_answer_is_lost_with_the_old_token_says_what_to_do(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(old_refresh_token_dies=True)
    set_fault(tiktok, REFRESH, "cut_connection")

    output = connector.without_waiting.read(oauth_config(tiktok), ["account"])

    assert len(call_log(tiktok, REFRESH)) == 2
    assert "Authenticate the account again in the source's settings" in output.errors[0]


def test_a_sign_in_that_ends_in_less_than_a_month_is_announced(connector: Connector, tiktok: RunningEmulator) -> None:
    grant = granted(tiktok, refresh_token_expires_in=20.5 * 86_400)

    output = connector.read(oauth_config(tiktok, grant=grant))

    (warning,) = [message for message in output.of_type("LOG") if message["log"]["level"] == "WARN"]
    assert "in 20 days: TikTok gives it for a year and does not extend it." in warning["log"]["message"]

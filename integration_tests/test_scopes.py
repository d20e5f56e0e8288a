"""What the owner of the account did not grant is missing, named, and in nobody's way."""

from collections.abc import Callable
from typing import Any

import pytest

from integration_tests.conftest import StartTikTok
from integration_tests.connector import STREAMS, Connector, Output, call_log, granted, oauth_config, token_config
from integration_tests.emulator.accounts import FIRST_OPEN_ID
from integration_tests.emulator.fields import ANALYTICS_SCOPES
from integration_tests.emulator.server import RunningEmulator

PROFILE, POSTS = "business/get/", "business/video/list/"
TOKEN_INFO, REFRESH = "tt_user/token_info/get/", "tt_user/oauth2/refresh_token/"
AUDIENCE = [name for name in STREAMS if name.startswith("account_")]
POST_BREAKDOWNS = [name for name in STREAMS if name.startswith("videos_")]


def signed_in(connector: Connector, tiktok: RunningEmulator, grant: dict[str, Any]) -> dict[str, Any]:
    """The config after a check: its access token is good for a day."""
    (config,) = connector.check(oauth_config(tiktok, grant=grant)).written_back
    tiktok.emulator.calls.clear()
    return config


def refreshed(_: Connector, tiktok: RunningEmulator, grant: dict[str, Any]) -> dict[str, Any]:
    """The config of a sync that begins with a renewal."""
    return oauth_config(tiktok, grant=grant)


def typed_in(_: Connector, tiktok: RunningEmulator, grant: dict[str, Any]) -> dict[str, Any]:
    """The config with an access token and the app's id."""
    return token_config(tiktok, grant=grant, has_client_id=True)


Way = Callable[[Connector, RunningEmulator, dict[str, Any]], dict[str, Any]]


def said(output: Output, words: str) -> list[str]:
    """The log lines with these words, apart from those about streams that failed."""
    return [line for line in output.logs if words in line and "stay null" in line]


@pytest.mark.parametrize(
    ("way", "code", "missing", "streams"),
    [
        pytest.param(refreshed, "40130", "video.list", ["videos", *POST_BREAKDOWNS], id="after a renewal"),
        pytest.param(signed_in, "40001", "user.insights", AUDIENCE, id="with a good token"),
        pytest.param(typed_in, "40130", "video.insights", POST_BREAKDOWNS, id="with client_id"),
    ],
)
def test_streams_made_of_a_missing_scope_fail_by_name_and_the_others_finish(
    connector: Connector, start_tiktok: StartTikTok, way: Way, code: str, missing: str, streams: list[str]
) -> None:
    tiktok = start_tiktok(missing_scope=code)
    grant = granted(tiktok, scopes=[scope for scope in ANALYTICS_SCOPES if scope != missing])

    output = connector.read(way(connector, tiktok, grant))

    assert [name for name, _ in output.failures] == sorted(streams)
    for name, sentence in output.failures:
        assert f"`{name}`" in sentence
        assert missing in sentence
    assert {name for name in STREAMS if output.rows(name)} == set(STREAMS) - set(streams)


@pytest.mark.parametrize("way", [refreshed, typed_in])
def test_columns_of_missing_scopes_are_null_and_said_once(
    connector: Connector, tiktok: RunningEmulator, way: Way
) -> None:
    missing = {"user.info.stats", "user.account.type", "video.insights"}
    grant = granted(tiktok, scopes=[scope for scope in ANALYTICS_SCOPES if scope not in missing])

    output = connector.read(way(connector, tiktok, grant))

    (account,) = output.rows("account")
    assert account["display_name"] == "Harbour Coffee"
    assert {"followers_count", "following_count", "total_likes", "videos_count", "is_business_account"}.isdisjoint(
        account
    )
    assert any("likes" in row for row in output.rows("videos"))
    assert not any("new_followers" in row for row in output.rows("videos"))
    assert all("video_views" in row and "followers_count" not in row for row in output.rows("account_metrics"))
    assert len(output.rows("account_audience_ages")) == 5
    assert len(said(output, "`user.account.type`")) == 1
    assert "is_business_account" in said(output, "`user.account.type`")[0]
    assert len(said(output, "`video.insights`")) == 1
    assert "new_followers" in said(output, "`video.insights`")[0]


@pytest.mark.parametrize("way", [refreshed, signed_in, typed_in])
def test_no_call_asks_for_what_was_not_granted(connector: Connector, tiktok: RunningEmulator, way: Way) -> None:
    grant = granted(tiktok, scopes=["user.info.basic", "user.info.username", "video.list"])

    connector.read(way(connector, tiktok, grant))

    assert {call["params"]["fields"] for call in call_log(tiktok, PROFILE)} == {
        '["display_name","profile_image","username"]'
    }
    assert {call["code"] for call in call_log(tiktok, PROFILE) + call_log(tiktok, POSTS)} == {0}
    assert len(call_log(tiktok, POSTS)) == 3


@pytest.mark.parametrize("way", [signed_in, typed_in])
def test_a_token_that_needs_no_renewal_costs_one_question_for_its_scopes(
    connector: Connector, tiktok: RunningEmulator, way: Way
) -> None:
    config = way(connector, tiktok, granted(tiktok))

    output = connector.read(config)

    assert output.errors == []
    assert len(call_log(tiktok, TOKEN_INFO)) == 1
    assert call_log(tiktok, REFRESH) == []


def test_without_client_id_a_refusal_fails_the_streams_of_its_call_and_the_others_finish(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    grant = granted(tiktok, scopes=[scope for scope in ANALYTICS_SCOPES if scope != "video.insights"])

    output = connector.read(token_config(tiktok, grant=grant), ["account", "videos", "videos_audience_types"])

    assert [name for name, _ in output.failures] == ["videos", "videos_audience_types"]
    for name, sentence in output.failures:
        assert (
            f"TikTok did not permit the stream `{name}`, which reads what video.list, video.insights open" in sentence
        )
        assert "add your app's `client_id`" in sentence
    assert len(output.rows("account")) == 1
    assert [call["code"] for call in call_log(tiktok, PROFILE)] == [0]
    assert [call["code"] for call in call_log(tiktok, POSTS)] == [40130]


@pytest.mark.parametrize("way", [refreshed, signed_in, typed_in])
def test_a_business_id_that_is_not_the_tokens_is_refused_by_name(
    connector: Connector, tiktok: RunningEmulator, way: Way
) -> None:
    config = way(connector, tiktok, granted(tiktok))
    config["credentials"]["business_id"] = "-000OfSomebodyElse"

    status = connector.check(config).connection_status

    assert status["status"] == "FAILED"
    assert (
        f"The setting `credentials.business_id` is '-000OfSomebodyElse', but the account that was authenticated is "
        f"'{FIRST_OPEN_ID}'." in status["message"]
    )
    assert call_log(tiktok, PROFILE) == []


def test_without_client_id_a_business_id_that_is_not_the_tokens_is_refused_by_tiktok(
    connector: Connector, tiktok: RunningEmulator
) -> None:
    config = token_config(tiktok)
    config["credentials"]["business_id"] = "-000OfSomebodyElse"

    status = connector.check(config).connection_status

    assert status["status"] == "FAILED"
    assert "If you typed `business_id` in, check that the token is this account's." in status["message"]
    assert len(call_log(tiktok, PROFILE)) == 1


def test_without_a_business_id_the_owner_of_the_token_is_read(connector: Connector, tiktok: RunningEmulator) -> None:
    config = signed_in(connector, tiktok, granted(tiktok))
    del config["credentials"]["business_id"]

    output = connector.read(config, ["account"])

    assert [row["business_id"] for row in output.rows("account")] == [FIRST_OPEN_ID]
    assert output.written_back == []

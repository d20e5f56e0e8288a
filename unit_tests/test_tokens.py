"""Reading with tokens: renewed once, stored before they are used, renewed when TikTok refuses them, and never shown."""

import json
import threading
from typing import Any

import pytest
from airbyte_cdk.models import FailureType

from unit_tests.syncs import ALL_STREAMS, Clock, control_messages, oauth_config, read, state_text, static_token_config
from unit_tests.tiktok import (
    ACCESS_TOKEN,
    BUSINESS_ID,
    POSTS_PATH,
    PROFILE_PATH,
    REFRESH_PATH,
    REFRESH_TOKEN,
    RENEWED_ACCESS_TOKEN,
    RENEWED_REFRESH_TOKEN,
    SECRETS,
    Answer,
    Call,
    Page,
    TikTok,
    fixture,
    refusal,
)


def signed_in() -> dict[str, Any]:
    """A config whose access token is valid until tomorrow."""
    return oauth_config(access_token=ACCESS_TOKEN, token_expiry_date="2026-11-21T00:00:00Z", business_id=BUSINESS_ID)


def tokens_of(calls: list[Call]) -> list[str | None]:
    """The access tokens of these calls."""
    return [call.headers.get("Access-Token") for call in calls]


# --- Renewing -------------------------------------------------------------------------------------------------------


def test_a_token_that_is_still_valid_is_not_renewed(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, "account", "videos", config=signed_in())

    assert tiktok.calls_of(REFRESH_PATH) == []
    assert set(tokens_of(tiktok.calls)) == {ACCESS_TOKEN}


def test_the_new_tokens_are_printed_once_and_before_any_of_them_is_used(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    printed_before_the_first_call: list[str] = []

    def look(call: Call) -> Answer | None:
        if call.path == PROFILE_PATH and not printed_before_the_first_call:
            printed_before_the_first_call.append(capsys.readouterr().out)
        return None

    tiktok.before_answering = look
    read(tiktok, clock, *ALL_STREAMS, config=oauth_config())

    (config,) = control_messages(printed_before_the_first_call[0])
    assert config["credentials"]["refresh_token"] == RENEWED_REFRESH_TOKEN
    assert config["credentials"]["access_token"] == RENEWED_ACCESS_TOKEN
    assert config["credentials"]["token_expiry_date"] == "2026-11-21T12:00:00+00:00"
    assert config["credentials"]["business_id"] == BUSINESS_ID
    assert control_messages(capsys.readouterr().out) == []


def test_what_is_written_back_is_the_config_and_the_tokens_and_nothing_else(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"start_date": "2026-01-01", "lookback_days": 7, "num_workers": 3, "of_another_version": [1]}

    read(tiktok, clock, "account", config=oauth_config(settings))

    (config,) = control_messages(capsys.readouterr().out)
    assert {name: value for name, value in config.items() if name != "credentials"} == settings
    assert set(config["credentials"]) == {
        "auth_type",
        "client_id",
        "client_secret",
        "refresh_token",
        "access_token",
        "token_expiry_date",
        "business_id",
    }


def test_a_token_that_ends_during_the_sync_is_renewed(tiktok: TikTok, clock: Clock) -> None:
    config = signed_in()
    config["credentials"]["token_expiry_date"] = "2026-11-20T12:30:00Z"
    tiktok.answer_next(POSTS_PATH, fixture("video_list_first_page"))
    tiktok.before_answering = lambda call: clock.tick(3600) if call.path == PROFILE_PATH else None

    outcome = read(tiktok, clock, "videos", config=config)

    assert tokens_of(tiktok.calls_of(PROFILE_PATH)) == [ACCESS_TOKEN]
    assert set(tokens_of(tiktok.calls_of(POSTS_PATH))) == {RENEWED_ACCESS_TOKEN}
    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(outcome.rows("videos")) == 3


# --- Tokens that TikTok refuses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [40102, 40104, 40105])
def test_a_refused_token_is_renewed_once_and_the_call_made_once_more(code: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, refusal(code))

    outcome = read(tiktok, clock, "videos", config=signed_in())

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert tokens_of(tiktok.calls_of(POSTS_PATH)) == [ACCESS_TOKEN, RENEWED_ACCESS_TOKEN]
    assert len(outcome.rows("videos")) == 3


def test_a_refusal_with_http_401_is_a_refusal_too(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_next(POSTS_PATH, Page(401, json.dumps(fixture("revoked_access_token"))))

    outcome = read(tiktok, clock, "videos", config=signed_in())

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(outcome.rows("videos")) == 3


def test_a_token_that_was_revoked_before_the_sync_costs_one_renewal(tiktok: TikTok, clock: Clock) -> None:
    tiktok.valid_tokens = set()

    outcome = read(tiktok, clock, *ALL_STREAMS, config=signed_in())

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(outcome.rows("videos")) == 3


def test_a_token_that_is_refused_after_its_renewal_is_the_users_to_mend(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(POSTS_PATH, fixture("revoked_access_token"))

    outcome = read(tiktok, clock, "videos", config=signed_in(), expect_failure=True)

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(tiktok.calls_of(POSTS_PATH)) == 2
    assert outcome.failures["videos"].failure_type == FailureType.config_error


def test_a_call_that_was_refused_while_another_renewed_the_token_does_not_renew_it_again(
    tiktok: TikTok, clock: Clock
) -> None:
    """Two streams send the old token at once; the second learns of its refusal when the new one is there already."""
    both_are_on_their_way = threading.Barrier(2)
    the_token_is_renewed = threading.Event()

    def refuse_old_token(call: Call) -> Answer | None:
        if call.path == REFRESH_PATH:
            return None
        if call.headers.get("Access-Token") != ACCESS_TOKEN:
            the_token_is_renewed.set()
            return None
        is_posts, is_days = call.path == POSTS_PATH, "start_date" in call.params
        if is_posts or is_days:
            both_are_on_their_way.wait(timeout=10)
            if is_posts:
                assert the_token_is_renewed.wait(timeout=10)
            return fixture("revoked_access_token")
        return None

    tiktok.before_answering = refuse_old_token
    outcome = read(tiktok, clock, "videos", "account_metrics", config=signed_in())

    assert len(tiktok.calls_of(REFRESH_PATH)) == 1
    assert len(outcome.rows("videos")) == 3
    assert len(outcome.rows("account_metrics")) == 6


@pytest.mark.parametrize("code", [40102, 40104, 40105])
def test_a_refused_static_token_is_not_renewed(code: int, tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, refusal(code))

    outcome = read(tiktok, clock, "account", config=static_token_config(), expect_failure=True)

    assert outcome.failures["account"].failure_type == FailureType.config_error
    assert "put a new one into the source's settings" in (outcome.failures["account"].message or "")
    assert [call.path for call in tiktok.calls] == [PROFILE_PATH]


def test_a_refused_renewal_fails_with_the_sentence_that_says_what_to_do(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(REFRESH_PATH, fixture("refused_refresh"))

    outcome = read(tiktok, clock, "account", config=oauth_config(), expect_failure=True)

    assert outcome.failures["account"].failure_type == FailureType.config_error
    assert "Authenticate the account again" in (outcome.failures["account"].message or "")


# --- What is never shown --------------------------------------------------------------------------------------------


def test_no_secret_is_in_a_row_a_log_or_a_state(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, *ALL_STREAMS, config=oauth_config())

    assert [secret for secret in SECRETS if secret in outcome.text] == []
    assert [secret for secret in SECRETS if secret in state_text(outcome.state)] == []


def test_no_secret_is_in_a_url(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, *ALL_STREAMS, config=oauth_config())

    assert [call.url for call in tiktok.calls for secret in SECRETS if secret in call.url] == []


def test_a_refused_renewal_that_repeats_a_secret_does_not_show_it(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(REFRESH_PATH, refusal(40107, f"The token {REFRESH_TOKEN} is invalid."))

    outcome = read(tiktok, clock, "account", config=oauth_config(), expect_failure=True)

    assert REFRESH_TOKEN not in outcome.text


def test_a_token_that_came_with_a_renewal_is_not_shown_either(tiktok: TikTok, clock: Clock) -> None:
    text = f"The token {RENEWED_ACCESS_TOKEN} and {RENEWED_REFRESH_TOKEN}"
    tiktok.answer_always(POSTS_PATH, refusal(40002, text))

    outcome = read(tiktok, clock, "videos", config=oauth_config(), expect_failure=True)

    assert [secret for secret in SECRETS if secret in outcome.text] == []


def test_the_control_message_is_the_only_line_with_a_secret(
    tiktok: TikTok, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    read(tiktok, clock, "account", "videos", config=oauth_config())

    printed = capsys.readouterr().out.splitlines()
    lines = [line for line in printed if any(secret in line for secret in SECRETS)]
    assert [line[:17] for line in lines] == ['{"type":"CONTROL"']

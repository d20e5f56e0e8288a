"""Login Kit: profile and posts of any account, by the same connector."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integration_tests.conftest import StartTikTok
from integration_tests.connector import (
    COMMENT_STREAMS,
    LOGIN_KIT_STREAMS,
    STREAMS,
    Connector,
    Output,
    call_log,
    granted,
    login_kit_config,
    oauth_config,
    set_fault,
)
from integration_tests.emulator.accounts import AccountSpec
from integration_tests.emulator.server import RunningEmulator

TOKEN, USER, POSTS = "v2/oauth/token/", "v2/user/info/", "v2/video/list/"
# The first account's open_id for this family's app.
OPEN_ID = "96e7f99c-dd8e-4c8b-8dd5-8488b072c22d"
SIGNED = {"avatar_url", "avatar_url_100", "avatar_large_url", "cover_image_url"}


def read(connector: Connector, config: dict[str, Any], **options: Any) -> Output:
    """Read both streams."""
    return connector.read(config, LOGIN_KIT_STREAMS, **options)


def contents(output: Output) -> list[list[tuple[str, Any]]]:
    """The rows without what changes from answer to answer."""
    rows = output.rows("user_info") + output.rows("user_videos")
    return sorted(sorted((name, value) for name, value in row.items() if name not in SIGNED) for row in rows)


def days_ago(days: int) -> str:
    """The date so many days before today (UTC)."""
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


def test_each_family_has_its_own_streams(connector: Connector, tiktok: RunningEmulator) -> None:
    assert list(connector.discover(login_kit_config(tiktok)).catalog) == LOGIN_KIT_STREAMS
    assert list(connector.discover(oauth_config(tiktok)).catalog) == [*STREAMS, *COMMENT_STREAMS]


def test_profile_and_posts_are_read_with_their_owner(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=45, ad_only_share=0), hidden_post_rate=0)

    output = read(connector, login_kit_config(tiktok))

    assert output.errors == []
    (user,) = output.rows("user_info")
    assert (user["open_id"], user["username"], user["is_verified"]) == (OPEN_ID, "harbour_coffee", False)
    posts = output.rows("user_videos")
    assert len(posts) == len({post["id"] for post in posts}) == 45
    assert {post["open_id"] for post in posts} == {OPEN_ID}
    for post in posts:
        assert datetime.fromisoformat(post["created_at"]).timestamp() == post["create_time"]
        assert isinstance(post["duration"], int)
    assert len(call_log(tiktok, TOKEN)) == len(call_log(tiktok, USER)) == 1
    assert len(call_log(tiktok, POSTS)) == 3


def test_the_second_sync_reads_the_posts_inside_the_lookback(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=100, history_days=500, ad_only_share=0), hidden_post_rate=0)
    first = read(connector, login_kit_config(tiktok, video_lookback_days=100))
    tiktok.emulator.calls.clear()

    second = read(connector, login_kit_config(tiktok, video_lookback_days=100), state=first.state)

    assert len(first.rows("user_videos")) == 100
    inside = [row for row in first.rows("user_videos") if row["created_at"][:10] > days_ago(100)]
    assert 15 < len(inside) < 25
    assert abs(len(second.rows("user_videos")) - len(inside)) <= 1
    assert len(call_log(tiktok, POSTS)) <= 2


def test_only_posts_between_the_dates_are_read(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=100, history_days=500, ad_only_share=0), hidden_post_rate=0)
    everything = read(connector, login_kit_config(tiktok)).rows("user_videos")
    start, end = days_ago(300), days_ago(200)

    between = read(connector, login_kit_config(tiktok, start_date=start, end_date=end)).rows("user_videos")

    assert {row["id"] for row in between} == {row["id"] for row in everything if start <= row["created_at"][:10] <= end}
    assert 15 < len(between) < 25


@pytest.mark.parametrize("status", [200, 400, 401])
def test_a_refused_sign_in_says_what_to_do(connector: Connector, start_tiktok: StartTikTok, status: int) -> None:
    tiktok = start_tiktok(oauth_error_status=status)
    config = login_kit_config(tiktok)
    config["credentials"]["refresh_token"] = "rft.somebody-elses"

    output = connector.check(config)

    assert output.connection_status == {
        "status": "FAILED",
        "message": "TikTok does not accept the sign-in of the account (code invalid_grant: Refresh token is invalid or "
        "expired.). Authenticate the account again in the source's settings; if you typed the values in, check "
        "client_key, client_secret and refresh_token. "
        "TikTok may replace a refresh token whenever it is used: a run by hand prints the newest config as a "
        "CONNECTOR_CONFIG message, and the next run needs that one.",
    }
    assert len(call_log(tiktok, TOKEN)) == 1
    assert output.written_back == []


def test_check_says_whom_it_reached(connector: Connector, tiktok: RunningEmulator) -> None:
    output = connector.check(login_kit_config(tiktok))

    assert output.connection_status == {"status": "SUCCEEDED"}
    assert (
        f"Reached the TikTok account Harbour Coffee (@harbour_coffee, open_id {OPEN_ID}). It granted: user.info.basic, "
        "user.info.profile, user.info.stats, video.list."
    ) in output.logs
    (stored,) = output.written_back
    assert set(stored["credentials"]) == {
        "auth_type",
        "client_key",
        "client_secret",
        "refresh_token",
        "access_token",
        "token_expiry_date",
    }


@pytest.mark.parametrize("is_renewed", [True, False], ids=["after a renewal", "with a good token"])
def test_fields_follow_the_granted_scopes(connector: Connector, tiktok: RunningEmulator, is_renewed: bool) -> None:
    grant = granted(tiktok, family="login_kit", scopes=["user.info.basic", "video.list"])
    config = login_kit_config(tiktok, grant=grant)
    if not is_renewed:
        (config,) = connector.check(config).written_back
        tiktok.emulator.calls.clear()

    output = read(connector, config)

    assert output.errors == []
    (user,) = output.rows("user_info")
    assert user["display_name"] == "Harbour Coffee"
    assert {"username", "follower_count"}.isdisjoint(user)
    assert len(output.rows("user_videos")) > 40
    if is_renewed:
        assert [call["code"] for call in call_log(tiktok, USER)] == ["ok"]
    # A good token is renewed all the same, because nothing else tells its scopes.
    assert len(call_log(tiktok, TOKEN)) == 1


def test_without_the_scope_of_posts_the_profile_is_read(connector: Connector, tiktok: RunningEmulator) -> None:
    grant = granted(tiktok, family="login_kit", scopes=["user.info.basic", "user.info.stats"])

    output = read(connector, login_kit_config(tiktok, grant=grant))

    assert "did not grant `video.list`, which the stream `user_videos" in output.errors[0]
    assert len(output.rows("user_info")) == 1


def test_what_passes_by_itself_costs_time_and_no_row(connector: Connector, start_tiktok: StartTikTok) -> None:
    tiktok = start_tiktok(AccountSpec(posts=45), old_refresh_token_dies=False)
    clean = read(connector, login_kit_config(tiktok))
    tiktok.emulator.calls.clear()
    set_fault(tiktok, TOKEN, "http", status=502)
    set_fault(tiktok, TOKEN, "cut_connection")
    set_fault(tiktok, USER, "code", error="internal_error", status=500)
    set_fault(tiktok, USER, "truncated_json")
    set_fault(tiktok, POSTS, "code", error="rate_limit_exceeded", status=429)
    set_fault(tiktok, POSTS, "cut_connection", after=2)

    troubled = read(connector.without_waiting, login_kit_config(tiktok))

    assert troubled.errors == []
    assert contents(troubled) == contents(clean)
    assert len(call_log(tiktok, TOKEN)) == len(call_log(tiktok, USER)) == 1 + 2
    assert len(call_log(tiktok, POSTS)) == 3 + 2


def test_a_revoked_token_is_renewed_once_and_then_is_the_users_to_mend(
    connector: Connector, start_tiktok: StartTikTok
) -> None:
    tiktok = start_tiktok(AccountSpec(posts=45))
    set_fault(tiktok, POSTS, "revoke_token", after=1)
    once = read(connector.without_waiting, login_kit_config(tiktok))
    assert once.errors == []
    assert len(once.rows("user_videos")) > 40

    set_fault(tiktok, POSTS, "revoke_token", times=None)
    again = read(connector.without_waiting, login_kit_config(tiktok))
    assert any("authenticate the account again in the source's settings" in error for error in again.errors)
    assert len(again.written_back) == 2

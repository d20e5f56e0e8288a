"""The stream `account`: one dated row per account and sync."""

import pytest
from airbyte_cdk.models import SyncMode

from unit_tests.syncs import (
    Clock,
    Outcome,
    cursors,
    read,
    state_of,
    static_token_config,
    static_token_with_app_config,
)
from unit_tests.tiktok import BUSINESS_ID, PROFILE_PATH, TikTok, fixture, success

HARBOUR_COFFEE = {
    "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
    "metric_date": "2026-11-20",
    "video_creator_username": "harbour_coffee",
    "display_name": "Harbour Coffee",
    "bio_description": "",
    "profile_image": "https://p16-sign-va.tiktokcdn.com/tos-maliva-avt-0068/0f1e2d3c4b5a69788796a5b4c3d2e1f0~c5_168x168.jpeg"
    "?x-expires=1795348800&x-signature=q0Jm3fK2ZpX9vT1sYbL7wN5dRgE%3D",
    "profile_deep_link": "https://vm.tiktok.com/ZMabc12De/",
    "is_verified": False,
    "is_business_account": True,
    "followers_count": 15342,
    "following_count": 87,
    "total_likes": 402118,
    "videos_count": 214,
}


def test_the_profile_is_one_dated_row(first_sync: Outcome) -> None:
    assert first_sync.rows("account") == [HARBOUR_COFFEE]


def test_one_call_asks_for_the_account_with_all_its_days(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, "account")

    (call,) = tiktok.calls
    assert call.method == "GET"
    assert call.path == PROFILE_PATH
    assert set(call.params) == {"business_id", "fields", "start_date", "end_date"}
    assert call.params["business_id"] == "-000EmuOpenId_0001abcDEFghiJKL"
    assert (call.params["start_date"], call.params["end_date"]) == ("2026-09-23", "2026-11-19")
    assert call.headers["Access-Token"] == "act.EMU0aBcD3fGh!5001.em"
    assert "Authorization" not in call.headers


@pytest.mark.parametrize(
    ("settings", "window"),
    [
        pytest.param({"start_date": "2026-11-12"}, ("2026-11-12", "2026-11-19"), id="start inside"),
        pytest.param({"start_date": "2016-01-01"}, ("2026-09-23", "2026-11-19"), id="start long ago"),
        pytest.param({"start_date": "2026-11-19"}, ("2026-11-19", "2026-11-19"), id="start yesterday"),
        pytest.param({"start_date": "2026-11-20"}, ("2026-11-19", "2026-11-19"), id="start today"),
        pytest.param({"end_date": "2026-11-12"}, ("2026-09-23", "2026-11-12"), id="end inside"),
        pytest.param({"end_date": "2026-12-31"}, ("2026-09-23", "2026-11-19"), id="end in the future"),
        pytest.param({"end_date": "2026-09-22"}, ("2026-09-23", "2026-09-23"), id="end a day before the window"),
        pytest.param(
            {"start_date": "2020-01-01", "end_date": "2020-12-31"}, ("2026-09-23", "2026-09-23"), id="both long ago"
        ),
    ],
)
def test_the_days_asked_for_lie_in_the_window_that_tiktok_has_whatever_the_settings(
    settings: dict[str, str], window: tuple[str, str], tiktok: TikTok, clock: Clock
) -> None:
    outcome = read(tiktok, clock, "account", config=static_token_config(**settings))

    (call,) = tiktok.calls
    assert (call.params["start_date"], call.params["end_date"]) == window
    assert outcome.rows("account") == [HARBOUR_COFFEE]


def test_a_row_of_the_account_is_no_reason_to_give_days_outside_of_the_settings(tiktok: TikTok, clock: Clock) -> None:
    config = static_token_config(end_date="2026-09-22")
    tiktok.answer_always(PROFILE_PATH, success(tiktok.profile | {"metrics": [{"date": "2026-09-23", "likes": 1}]}))

    outcome = read(tiktok, clock, "account", "account_metrics", config=config)

    assert outcome.rows("account") == [HARBOUR_COFFEE]
    assert outcome.rows("account_metrics") == []
    assert outcome.is_complete("account_metrics")


def test_the_days_asked_for_are_those_of_the_date_on_which_the_sync_began(tiktok: TikTok, clock: Clock) -> None:
    clock.move_to("2026-11-20T23:59:59Z")
    tiktok.before_answering = lambda _: clock.tick(60)

    read(tiktok, clock, "account", config=static_token_with_app_config())

    (call,) = tiktok.calls_of(PROFILE_PATH)
    assert call.at.isoformat() > "2026-11-21"
    assert (call.params["start_date"], call.params["end_date"]) == ("2026-09-23", "2026-11-19")


def test_the_state_is_kept_for_each_account(first_sync: Outcome) -> None:
    assert cursors(first_sync.state, "account") == [(BUSINESS_ID, {"metric_date": "2026-11-20"})]


def test_two_syncs_on_one_day_give_the_same_row(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, "account")
    clock.move_to("2026-11-20T23:00:00Z")
    second = read(tiktok, clock, "account", state=first.state)

    assert second.rows("account") == first.rows("account") == [HARBOUR_COFFEE]


def test_the_next_day_gives_the_next_row(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, "account")
    tiktok.profile["followers_count"] = 15400
    clock.move_to("2026-11-21T12:00:00Z")
    second = read(tiktok, clock, "account", state=first.state)

    assert second.rows("account") == [HARBOUR_COFFEE | {"metric_date": "2026-11-21", "followers_count": 15400}]


def test_a_month_later_gives_one_row_for_that_day(tiktok: TikTok, clock: Clock) -> None:
    second = read(tiktok, clock, "account", state=state_of("account", {"metric_date": "2026-10-20"}))

    assert second.column("account", "metric_date") == ["2026-11-20"]


def test_a_state_from_a_clock_that_was_ahead_does_not_leave_a_day_out(tiktok: TikTok, clock: Clock) -> None:
    second = read(tiktok, clock, "account", state=state_of("account", {"metric_date": "2026-11-21"}))

    assert second.rows("account") == [HARBOUR_COFFEE]


def test_a_full_refresh_gives_the_same_row(tiktok: TikTok, clock: Clock) -> None:
    assert read(tiktok, clock, "account", sync_mode=SyncMode.full_refresh).rows("account") == [HARBOUR_COFFEE]


def test_a_row_read_after_midnight_carries_the_date_on_which_the_sync_began(tiktok: TikTok, clock: Clock) -> None:
    clock.move_to("2026-11-20T23:59:59Z")
    tiktok.before_answering = lambda _: clock.tick(60)

    assert read(tiktok, clock, "account").column("account", "metric_date") == ["2026-11-20"]


def test_what_a_personal_account_does_not_have_is_null(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, fixture("profile_of_a_small_personal_account"))

    assert read(tiktok, clock, "account").rows("account") == [
        {
            "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
            "metric_date": "2026-11-20",
            "video_creator_username": "tiny",
            "is_business_account": False,
            "followers_count": 41,
        }
    ]


def test_null_is_not_zero_and_zero_is_not_null(tiktok: TikTok, clock: Clock) -> None:
    tiktok.profile |= {"followers_count": 0, "following_count": "0", "total_likes": None, "videos_count": ""}

    (row,) = read(tiktok, clock, "account").rows("account")

    assert (row["followers_count"], row["following_count"]) == (0, 0)
    assert "total_likes" not in row
    assert "videos_count" not in row


def test_an_account_of_which_nothing_is_known_but_its_id_is_still_a_row(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, success({}))

    assert read(tiktok, clock, "account").rows("account") == [
        {"business_id": "-000EmuOpenId_0001abcDEFghiJKL", "metric_date": "2026-11-20"}
    ]

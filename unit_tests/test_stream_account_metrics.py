"""The stream `account_metrics`: one row per day of TikTok's 58, read again as far as `lookback_days` says."""

from typing import Any

import pytest
from airbyte_cdk.models import SyncMode

from unit_tests.syncs import Clock, Outcome, State, cursors, read, state_of, static_token_config
from unit_tests.tiktok import BUSINESS_ID, PROFILE_PATH, TikTok, fixture, success

STREAM = "account_metrics"
ALL_DAYS = ["2026-09-23", "2026-11-11", "2026-11-12", "2026-11-17", "2026-11-18", "2026-11-19"]


def days(outcome: Outcome) -> list[Any]:
    """The days that were read."""
    return outcome.column(STREAM, "metric_date")


def windows(tiktok: TikTok) -> list[tuple[str, str]]:
    """The windows of days that were asked for."""
    asked = [call.params for call in tiktok.calls_of(PROFILE_PATH)]
    return [(params["start_date"], params["end_date"]) for params in asked if "start_date" in params]


def read_until(day: str) -> State:
    """The state of a sync that read up to this day."""
    return state_of(STREAM, {"metric_date": day})


# --- Rows -----------------------------------------------------------------------------------------------------------


def test_a_day_is_a_row(first_sync: Outcome) -> None:
    assert first_sync.rows_by(STREAM, "metric_date")["2026-11-11"] == {
        "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
        "metric_date": "2026-11-11",
        "video_creator_username": "harbour_coffee",
        "profile_image": "https://p16-sign-va.tiktokcdn.com/tos-maliva-avt-0068/"
        "0f1e2d3c4b5a69788796a5b4c3d2e1f0~c5_168x168.jpeg"
        "?x-expires=1795348800&x-signature=q0Jm3fK2ZpX9vT1sYbL7wN5dRgE%3D",
        "is_provisional": False,
        "video_views": 20411,
        "unique_video_views": 15870,
        "profile_views": 342,
        "likes": 1203,
        "comments": 64,
        "shares": 88,
        "followers_count": 15301,
        "daily_total_followers": 21,
        "daily_new_followers": 33,
        "daily_lost_followers": 12,
        "engaged_audience": 1120,
        "bio_link_clicks": 14,
        "phone_number_clicks": 0,
        "lead_submissions": 0,
        "app_download_clicks": 0,
        "email_clicks": 1,
        "address_clicks": 3,
    }


def test_numbers_sent_as_text_arrive_as_numbers(first_sync: Outcome) -> None:
    row = first_sync.rows_by(STREAM, "metric_date")["2026-11-17"]

    assert (row["video_views"], row["unique_video_views"], row["likes"], row["comments"]) == (17230, 13555, 910, 39)


def test_zero_stays_zero_and_what_was_withheld_is_null(first_sync: Outcome) -> None:
    row = first_sync.rows_by(STREAM, "metric_date")["2026-11-18"]
    del row["profile_image"]

    # `profile_views` came as null, `bio_link_clicks` as an empty text, and the rest did not come at all.
    assert row == {
        "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
        "metric_date": "2026-11-18",
        "video_creator_username": "harbour_coffee",
        "is_provisional": True,
        "video_views": 3,
        "likes": 0,
        "comments": 0,
        "shares": 0,
        "followers_count": 15342,
    }


def test_days_are_provisional_until_tiktok_has_completed_them(first_sync: Outcome) -> None:
    assert [(row["metric_date"], row["is_provisional"]) for row in first_sync.rows(STREAM)] == [
        ("2026-09-23", False),
        ("2026-11-11", False),
        ("2026-11-12", False),
        ("2026-11-17", False),
        ("2026-11-18", True),
        ("2026-11-19", True),
    ]


def test_a_personal_account_has_the_days_that_tiktok_gives_it(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, fixture("profile_of_a_small_personal_account"))

    assert read(tiktok, clock, STREAM).rows(STREAM) == [
        {
            "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
            "metric_date": "2026-11-18",
            "video_creator_username": "tiny",
            "is_provisional": True,
            "followers_count": 41,
            "video_views": 3,
            "likes": 0,
            "comments": 0,
            "shares": 0,
            "profile_views": 1,
        }
    ]


@pytest.mark.parametrize("metrics", [[], None, "absent"])
def test_an_account_without_days_is_no_failure(metrics: Any, tiktok: TikTok, clock: Clock) -> None:
    data = {"username": "tiny"} if metrics == "absent" else {"username": "tiny", "metrics": metrics}
    tiktok.answer_always(PROFILE_PATH, success(data))

    outcome = read(tiktok, clock, STREAM)

    assert outcome.rows(STREAM) == []
    assert outcome.is_complete(STREAM)


def test_a_day_that_was_not_asked_for_is_left_out(tiktok: TikTok, clock: Clock) -> None:
    dates = ["2026-09-22", "2026-09-23", "2026-11-19", "2026-11-20", "2026-11-21"]
    tiktok.answer_always(PROFILE_PATH, success({"metrics": [{"date": date, "likes": 1} for date in dates]}))

    assert days(read(tiktok, clock, STREAM)) == ["2026-09-23", "2026-11-19"]


# --- The first sync -------------------------------------------------------------------------------------------------


def test_the_first_sync_asks_for_58_days_up_to_yesterday(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, STREAM)

    assert windows(tiktok) == [("2026-09-23", "2026-11-19")]
    assert days(outcome) == ALL_DAYS


def test_the_first_sync_does_not_care_about_lookback_days(tiktok: TikTok, clock: Clock) -> None:
    assert days(read(tiktok, clock, STREAM, config=static_token_config(lookback_days=1))) == ALL_DAYS


@pytest.mark.parametrize(
    ("settings", "window", "expected"),
    [
        pytest.param({"start_date": "2026-11-12"}, ("2026-11-12", "2026-11-19"), ALL_DAYS[2:], id="start inside"),
        pytest.param({"start_date": "2026-09-22"}, ("2026-09-23", "2026-11-19"), ALL_DAYS, id="start a day too early"),
        pytest.param({"start_date": "2016-01-01"}, ("2026-09-23", "2026-11-19"), ALL_DAYS, id="start long ago"),
        pytest.param({"end_date": "2026-11-12"}, ("2026-09-23", "2026-11-12"), ALL_DAYS[:3], id="end in the window"),
        pytest.param({"end_date": "2026-12-31"}, ("2026-09-23", "2026-11-19"), ALL_DAYS, id="end in the future"),
        pytest.param(
            {"start_date": "2026-11-12", "end_date": "2026-11-17"},
            ("2026-11-12", "2026-11-17"),
            ["2026-11-12", "2026-11-17"],
            id="both in the window",
        ),
        pytest.param(
            {"start_date": "2026-11-19"}, ("2026-11-19", "2026-11-19"), ["2026-11-19"], id="nothing but yesterday"
        ),
    ],
)
def test_start_and_end_date_narrow_the_window(
    settings: dict[str, str], window: tuple[str, str], expected: list[str], tiktok: TikTok, clock: Clock
) -> None:
    outcome = read(tiktok, clock, STREAM, config=static_token_config(**settings))

    assert windows(tiktok) == [window]
    assert days(outcome) == expected


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"start_date": "2026-11-20"}, id="start today"),
        pytest.param({"end_date": "2026-09-22"}, id="end a day before the window"),
        pytest.param({"start_date": "2020-01-01", "end_date": "2020-12-31"}, id="both long ago"),
    ],
)
def test_a_window_that_tiktok_does_not_have_is_not_asked_for(
    settings: dict[str, str], tiktok: TikTok, clock: Clock
) -> None:
    outcome = read(tiktok, clock, STREAM, config=static_token_config(**settings))

    assert windows(tiktok) == []
    assert outcome.rows(STREAM) == []
    assert outcome.is_complete(STREAM)


# --- Later syncs ----------------------------------------------------------------------------------------------------


def test_the_state_is_the_newest_day_of_each_account(first_sync: Outcome) -> None:
    assert cursors(first_sync.state, STREAM) == [(BUSINESS_ID, {"metric_date": "2026-11-19"})]


@pytest.mark.parametrize(
    ("lookback_days", "expected"),
    [
        (1, ["2026-11-18", "2026-11-19"]),
        (2, ["2026-11-17", "2026-11-18", "2026-11-19"]),
        (7, ["2026-11-12", "2026-11-17", "2026-11-18", "2026-11-19"]),
        (8, ["2026-11-11", "2026-11-12", "2026-11-17", "2026-11-18", "2026-11-19"]),
        (58, ALL_DAYS),
    ],
)
def test_a_later_sync_reads_the_days_behind_the_cursor_again(
    lookback_days: int, expected: list[str], tiktok: TikTok, clock: Clock
) -> None:
    outcome = read(
        tiktok,
        clock,
        STREAM,
        config=static_token_config(lookback_days=lookback_days),
        state=read_until("2026-11-19"),
    )

    assert days(outcome) == expected


def test_without_a_setting_all_58_days_are_read_again(tiktok: TikTok, clock: Clock) -> None:
    tiktok.metrics[1]["likes"] = 500
    outcome = read(tiktok, clock, STREAM, state=read_until("2026-11-19"))

    assert days(outcome) == ALL_DAYS
    assert outcome.rows_by(STREAM, "metric_date")["2026-09-23"]["likes"] == 500


def test_a_later_sync_asks_for_one_window_that_serves_every_stream(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, STREAM, config=static_token_config(lookback_days=7), state=read_until("2026-11-19"))

    assert windows(tiktok) == [("2026-09-23", "2026-11-19")]


@pytest.mark.parametrize("until", ["2026-08-19", "2026-01-01", "2026-09-22"])
def test_a_long_pause_is_a_clamped_window_and_no_error(until: str, tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, STREAM, state=read_until(until))

    assert windows(tiktok) == [("2026-09-23", "2026-11-19")]
    assert days(outcome) == ALL_DAYS


def test_after_a_long_pause_the_days_since_are_read_although_lookback_days_is_small(
    tiktok: TikTok, clock: Clock
) -> None:
    outcome = read(tiktok, clock, STREAM, config=static_token_config(lookback_days=1), state=read_until("2026-08-19"))

    assert days(outcome) == ALL_DAYS


def test_a_later_sync_never_reads_before_start_date(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(
        tiktok,
        clock,
        STREAM,
        config=static_token_config(start_date="2026-11-12"),
        state=read_until("2026-11-19"),
    )

    assert windows(tiktok) == [("2026-11-12", "2026-11-19")]
    assert days(outcome) == ALL_DAYS[2:]


def test_the_next_day_reads_the_next_day(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, STREAM)
    clock.move_to("2026-11-21T12:00:00Z")
    tiktok.metrics.append({"date": "2026-11-20", "likes": 5})
    second = read(tiktok, clock, STREAM, state=first.state)

    assert windows(tiktok)[1:] == [("2026-09-24", "2026-11-20")]
    assert days(second) == [*ALL_DAYS[1:], "2026-11-20"]
    assert cursors(second.state, STREAM) == [(BUSINESS_ID, {"metric_date": "2026-11-20"})]


def test_a_full_refresh_gives_the_same_rows(tiktok: TikTok, clock: Clock, first_sync: Outcome) -> None:
    refreshed = read(tiktok, clock, STREAM, sync_mode=SyncMode.full_refresh)

    assert refreshed.rows(STREAM) == first_sync.rows(STREAM)


def test_a_later_sync_of_one_day_gives_the_same_rows(tiktok: TikTok, clock: Clock, first_sync: Outcome) -> None:
    assert read(tiktok, clock, STREAM, state=first_sync.state).rows(STREAM) == first_sync.rows(STREAM)

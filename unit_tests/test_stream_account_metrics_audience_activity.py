"""The stream `account_metrics_audience_activity`: one row per day and hour."""

from airbyte_cdk.models import SyncMode

from unit_tests.syncs import Clock, Outcome, cursors, read, state_of, static_token_config
from unit_tests.tiktok import BUSINESS_ID, PROFILE_PATH, TikTok, fixture

STREAM = "account_metrics_audience_activity"


def hours(outcome: Outcome) -> list[tuple[str, int, int]]:
    """Day, hour and count of each row."""
    return [
        (row["metric_date"], row["audience_activity_hour"], row["audience_activity_count"])
        for row in outcome.rows(STREAM)
    ]


ALL_HOURS = [
    ("2026-09-23", 0, 1230),
    ("2026-11-11", 0, 2411),
    ("2026-11-11", 1, 1987),
    ("2026-11-12", 0, 2360),
    ("2026-11-12", 1, 1904),
    ("2026-11-17", 0, 2298),
    ("2026-11-17", 23, 1880),
]


def test_each_hour_is_a_row(first_sync: Outcome) -> None:
    assert first_sync.rows(STREAM)[-1] == {
        "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
        "metric_date": "2026-11-17",
        "video_creator_username": "harbour_coffee",
        "audience_activity_hour": 23,
        "audience_activity_count": 1880,
    }


def test_days_without_activity_have_no_rows(first_sync: Outcome) -> None:
    # 2026-11-18 came with an empty array and 2026-11-19 without one.
    assert hours(first_sync) == ALL_HOURS


def test_it_shares_its_call_with_the_daily_metrics(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, STREAM, "account_metrics")

    windows = [call.params for call in tiktok.calls_of(PROFILE_PATH) if "start_date" in call.params]
    assert [(window["start_date"], window["end_date"]) for window in windows] == [("2026-09-23", "2026-11-19")]


def test_it_shares_its_call_also_when_the_states_differ(tiktok: TikTok, clock: Clock) -> None:
    state = [
        *state_of("account_metrics", {"metric_date": "2026-08-01"}),
        *state_of(STREAM, {"metric_date": "2026-11-17"}),
    ]
    outcome = read(tiktok, clock, STREAM, "account_metrics", config=static_token_config(lookback_days=3), state=state)

    assert len([call for call in tiktok.calls_of(PROFILE_PATH) if "start_date" in call.params]) == 1
    assert len(outcome.rows("account_metrics")) == 6
    assert hours(outcome) == ALL_HOURS[-2:]


def test_a_later_sync_reads_the_days_behind_the_cursor_again(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(
        tiktok,
        clock,
        STREAM,
        config=static_token_config(lookback_days=5),
        state=state_of(STREAM, {"metric_date": "2026-11-17"}),
    )

    assert hours(outcome) == ALL_HOURS[3:]


def test_after_a_long_pause_the_days_that_tiktok_has_are_read(tiktok: TikTok, clock: Clock) -> None:
    outcome = read(tiktok, clock, STREAM, state=state_of(STREAM, {"metric_date": "2026-05-01"}))

    assert hours(outcome) == ALL_HOURS


def test_the_state_is_kept_for_each_account(first_sync: Outcome) -> None:
    assert cursors(first_sync.state, STREAM) == [(BUSINESS_ID, {"metric_date": "2026-11-17"})]


def test_an_account_under_a_hundred_followers_has_no_rows_and_no_failure(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, fixture("profile_of_a_small_personal_account"))

    outcome = read(tiktok, clock, STREAM)

    assert outcome.rows(STREAM) == []
    assert outcome.is_complete(STREAM)


def test_a_full_refresh_gives_the_same_rows(tiktok: TikTok, clock: Clock) -> None:
    assert hours(read(tiktok, clock, STREAM, sync_mode=SyncMode.full_refresh)) == ALL_HOURS

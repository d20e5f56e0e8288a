"""The streams `account_audience_*`: the followers' shares by age, gender, country and city, dated by the sync."""

from typing import Any

import pytest
from airbyte_cdk.models import SyncMode

from unit_tests.syncs import Clock, Outcome, cursors, read
from unit_tests.tiktok import BUSINESS_ID, PROFILE_PATH, TikTok, fixture

EXPECTED = {
    "account_audience_ages": [
        {"audience_ages_age": "18-24", "audience_ages_percentage": 0.3121},
        {"audience_ages_age": "25-34", "audience_ages_percentage": 0.4015},
        {"audience_ages_age": "35-44", "audience_ages_percentage": 0.1702},
        {"audience_ages_age": "45-54", "audience_ages_percentage": 0.0748},
        {"audience_ages_age": "55+", "audience_ages_percentage": 0.0414},
    ],
    "account_audience_genders": [
        {"audience_genders_gender": "Female", "audience_genders_percentage": 0.6031},
        {"audience_genders_gender": "Male", "audience_genders_percentage": 0.3685},
        {"audience_genders_gender": "Other", "audience_genders_percentage": 0.0284},
    ],
    "account_audience_countries": [
        {"audience_countries_country": "GB", "audience_countries_percentage": 0.5996},
        {"audience_countries_country": "IE", "audience_countries_percentage": 0.1797},
        {"audience_countries_country": "US", "audience_countries_percentage": 0.0629},
    ],
    "account_audience_cities": [
        {"audience_cities_city_name": "London", "audience_cities_percentage": 0.2114},
        {"audience_cities_city_name": "Dublin", "audience_cities_percentage": 0.0932},
    ],
}
STREAMS = tuple(EXPECTED)
ARRAYS = {stream: stream.removeprefix("account_") for stream in STREAMS}


def dated(stream: str, metric_date: str = "2026-11-20") -> list[dict[str, Any]]:
    """The expected rows of a stream, in a sync of this day."""
    return [
        {
            "business_id": "-000EmuOpenId_0001abcDEFghiJKL",
            "metric_date": metric_date,
            "video_creator_username": "harbour_coffee",
            **row,
        }
        for row in EXPECTED[stream]
    ]


@pytest.mark.parametrize("stream", STREAMS)
def test_each_label_is_a_row(stream: str, first_sync: Outcome) -> None:
    assert first_sync.rows(stream) == dated(stream)


@pytest.mark.parametrize("stream", STREAMS)
def test_the_state_is_kept_for_each_account(stream: str, first_sync: Outcome) -> None:
    assert cursors(first_sync.state, stream) == [(BUSINESS_ID, {"metric_date": "2026-11-20"})]


def test_one_call_serves_all_four(tiktok: TikTok, clock: Clock) -> None:
    read(tiktok, clock, *STREAMS)

    (call,) = tiktok.calls
    assert call.path == PROFILE_PATH
    assert set(ARRAYS.values()) <= set(call.fields)


def test_two_syncs_on_one_day_give_the_same_rows(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, *STREAMS)
    second = read(tiktok, clock, *STREAMS, state=first.state)

    assert {stream: second.rows(stream) for stream in STREAMS} == {stream: dated(stream) for stream in STREAMS}


def test_the_next_day_gives_rows_of_its_own(tiktok: TikTok, clock: Clock) -> None:
    first = read(tiktok, clock, *STREAMS)
    clock.move_to("2026-11-21T00:00:00Z")
    second = read(tiktok, clock, *STREAMS, state=first.state)

    assert {stream: second.rows(stream) for stream in STREAMS} == {
        stream: dated(stream, "2026-11-21") for stream in STREAMS
    }


def test_a_full_refresh_gives_the_same_rows(tiktok: TikTok, clock: Clock) -> None:
    refreshed = read(tiktok, clock, *STREAMS, sync_mode=SyncMode.full_refresh)

    assert {stream: refreshed.rows(stream) for stream in STREAMS} == {stream: dated(stream) for stream in STREAMS}


def test_under_a_hundred_followers_there_are_no_rows_and_no_failure(tiktok: TikTok, clock: Clock) -> None:
    tiktok.answer_always(PROFILE_PATH, fixture("profile_of_a_small_personal_account"))

    outcome = read(tiktok, clock, *STREAMS)

    assert {stream: outcome.rows(stream) for stream in STREAMS} == {stream: [] for stream in STREAMS}
    assert all(outcome.is_complete(stream) for stream in STREAMS)


@pytest.mark.parametrize("stream", STREAMS)
def test_one_array_that_was_withheld_does_not_empty_the_others(stream: str, tiktok: TikTok, clock: Clock) -> None:
    tiktok.profile[ARRAYS[stream]] = None

    outcome = read(tiktok, clock, *STREAMS)

    assert {name: len(outcome.rows(name)) for name in STREAMS} == {
        "account_audience_ages": 5,
        "account_audience_genders": 3,
        "account_audience_countries": 3,
        "account_audience_cities": 2,
    } | {stream: 0}


def test_shares_arrive_as_numbers_whether_zero_text_or_nothing(tiktok: TikTok, clock: Clock) -> None:
    tiktok.profile["audience_genders"] = [
        {"gender": "Female", "percentage": "0.6031"},
        {"gender": "Male", "percentage": 0},
        {"gender": "Other", "percentage": None},
        {"gender": "Unknown"},
    ]

    rows = read(tiktok, clock, "account_audience_genders").rows("account_audience_genders")

    assert [(row["audience_genders_gender"], row.get("audience_genders_percentage")) for row in rows] == [
        ("Female", 0.6031),
        ("Male", 0),
        ("Other", None),
        ("Unknown", None),
    ]

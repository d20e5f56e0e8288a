"""ObjectExtractor: one record for each object of an array, or for one object, with the values that TikTok sent."""

from typing import Any

import pytest
import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.errors import data_of
from source_tiktok_organic.components.records import ObjectExtractor
from unit_tests.parts import budget
from unit_tests.tiktok import fixture, response, success


def rows(body: Any, array: str = "", rename: dict[str, str] | None = None, **settings: str) -> list[dict[str, Any]]:
    """The records of a response with this body."""
    extractor = ObjectExtractor({"name": "videos"}, budget(), array=array, rename=rename or {}, **settings)
    return list(extractor.extract_records(response(body)))


def test_without_an_array_the_data_itself_is_the_record() -> None:
    assert rows(success({"username": "tiny", "followers_count": 41})) == [{"username": "tiny", "followers_count": 41}]


def test_each_object_of_an_array_is_a_row() -> None:
    found = rows(fixture("video_list_first_page"), "videos")

    assert [row["item_id"] for row in found] == ["7683102070583443467", "7664663774755959620"]


def test_values_stay_as_tiktok_sent_them() -> None:
    sent: dict[str, Any] = {
        "likes": "212",
        "profile_views": None,
        "caption": "",
        "is_ad": False,
        "audience_genders": [],
    }

    assert rows(success({"videos": [sent]}), "videos") == [
        {"likes": "212", "profile_views": None, "caption": "", "is_ad": False, "audience_genders": []}
    ]


def test_a_renamed_column_takes_the_place_of_the_old_one() -> None:
    found = rows(success({"metrics": [{"date": "2026-09-10", "likes": 3}]}), "metrics", rename={"date": "metric_date"})

    assert found == [{"metric_date": "2026-09-10", "likes": 3}]


def test_a_renamed_column_that_was_withheld_is_null() -> None:
    found = rows(success({"followers_count": 41}), rename={"username": "video_creator_username"})

    assert found == [{"followers_count": 41, "video_creator_username": None}]


@pytest.mark.parametrize("data", [{}, {"metrics": None}, {"metrics": []}])
def test_a_withheld_array_has_no_rows(data: dict[str, Any]) -> None:
    assert rows(success(data), "metrics") == []


def test_an_object_in_the_data_is_one_record() -> None:
    assert rows(success({"user": {"open_id": "7"}}), object="user") == [{"open_id": "7"}]
    assert rows(success({"user": None}), object="user") == rows(success({}), object="user") == []


@pytest.mark.parametrize("wrong", ["text", 5, [], [{"open_id": "7"}]])
def test_something_else_where_an_object_belongs_is_an_error_and_not_silence(wrong: Any) -> None:
    with pytest.raises(AirbyteTracedException, match="`user`"):
        rows(success({"user": wrong}), object="user")


@pytest.mark.parametrize("key", [{}, {"item_id": None}, {"item_id": " "}, {"item_id": 1.5}, {"item_id": {}}])
def test_a_record_without_its_key_is_left_out_with_a_warning(
    key: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    found = rows(success({"videos": [{"likes": 1, **key}, {"likes": 2, "item_id": "7"}]}), "videos", key="item_id")

    assert found == [{"likes": 2, "item_id": "7"}]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "as `item_id` of a record, in the stream `videos`." in caplog.text


@pytest.mark.parametrize("wrong", ["text", 5, True, {"date": "2026-09-10"}, ["text"], [[{}]]])
def test_something_else_where_objects_belong_is_an_error_and_not_silence(wrong: Any) -> None:
    with pytest.raises(AirbyteTracedException, match="`metrics`") as caught:
        rows(success({"metrics": wrong}), "metrics")

    assert caught.value.failure_type == FailureType.system_error


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"code": 0, "message": "OK", "request_id": "20261120"}, id="no data"),
        pytest.param({"code": 0, "message": "OK", "request_id": "20261120", "data": None}, id="null"),
        pytest.param({"code": 0, "message": "OK", "request_id": "20261120", "data": []}, id="an array"),
        pytest.param([], id="an array instead of the envelope"),
    ],
)
def test_an_answer_without_data_is_an_error_and_no_empty_success(body: Any) -> None:
    with pytest.raises(AirbyteTracedException, match="without any data") as caught:
        rows(body, "videos")

    assert caught.value.failure_type == FailureType.system_error


def test_the_error_of_an_answer_without_data_names_the_request_id() -> None:
    with pytest.raises(AirbyteTracedException) as caught:
        rows({"code": 0, "message": "OK", "request_id": "20261120120000FF"}, "videos")

    assert "20261120120000FF" in (caught.value.internal_message or "")


def test_changing_a_row_does_not_change_the_page_for_other_readers() -> None:
    answer: requests.Response = response(success({"videos": [{"item_id": "7", "create_time": "1788861607"}]}))
    extractor = ObjectExtractor({"name": "videos"}, budget(), array="videos", rename={"item_id": "id"})

    for row in extractor.extract_records(answer):
        row["create_time"] = "changed"

    assert data_of(answer) == {"videos": [{"item_id": "7", "create_time": "1788861607"}]}

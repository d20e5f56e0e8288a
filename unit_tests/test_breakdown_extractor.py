"""BreakdownExtractor: one row for each element of an array inside each object, and not one more."""

import copy
from typing import Any

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from hypothesis import given
from hypothesis import strategies as st

from source_tiktok_organic.components.errors import data_of
from source_tiktok_organic.components.records import BreakdownExtractor
from unit_tests.parts import budget
from unit_tests.tiktok import fixture, response, success

KEEP = {"item_id": "item_id", "create_time": "create_time"}


LABELS = {
    "audience_countries": "country",
    "audience_genders": "gender",
    "audience_types": "type",
    "impression_sources": "impression_source",
    "audience_cities": "city_name",
}
NUMBERS = {"video_view_retention": "second", "engagement_likes": "second", "audience_activity": "hour"}


def extractor(breakdown: str, array: str = "", keep: dict[str, str] | None = None) -> BreakdownExtractor:
    """The extractor that the manifest declares for this array."""
    return BreakdownExtractor(
        {"name": "videos"},
        budget(),
        breakdown=breakdown,
        label=LABELS.get(breakdown, ""),
        number=NUMBERS.get(breakdown, ""),
        array=array,
        keep=keep or {},
    )


def rows(body: Any, breakdown: str, array: str = "", keep: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The records of a response with this body."""
    return list(extractor(breakdown, array, keep).extract_records(response(body)))


# --- Examples -------------------------------------------------------------------------------------------------------


def test_each_element_is_a_row_with_the_posts_columns() -> None:
    assert rows(fixture("video_list_first_page"), "audience_countries", "videos", keep=KEEP) == [
        {
            "item_id": "7683102070583443467",
            "create_time": "1788861607",
            "audience_countries_country": "GB",
            "audience_countries_percentage": 0.71,
        },
        {
            "item_id": "7683102070583443467",
            "create_time": "1788861607",
            "audience_countries_country": "IE",
            "audience_countries_percentage": 0.12,
        },
    ]


def test_without_an_array_the_breakdown_of_the_data_itself_is_taken() -> None:
    assert rows(fixture("profile"), "audience_genders") == [
        {"audience_genders_gender": "Female", "audience_genders_percentage": 0.6031},
        {"audience_genders_gender": "Male", "audience_genders_percentage": 0.3685},
        {"audience_genders_gender": "Other", "audience_genders_percentage": 0.0284},
    ]


def test_a_kept_column_may_have_another_name() -> None:
    data = {"metrics": [{"date": "2026-11-11", "audience_activity": [{"hour": "23", "count": 1987}]}]}

    assert rows(success(data), "audience_activity", "metrics", keep={"metric_date": "date"}) == [
        {"metric_date": "2026-11-11", "audience_activity_hour": "23", "audience_activity_count": 1987}
    ]


def test_a_kept_column_that_was_withheld_is_null() -> None:
    data = {"videos": [{"item_id": "7", "audience_types": [{"type": "NEW_VIEWER"}]}]}

    assert rows(success(data), "audience_types", "videos", keep=KEEP) == [
        {"item_id": "7", "create_time": None, "audience_types_type": "NEW_VIEWER"}
    ]


@pytest.mark.parametrize("withheld", [{}, {"audience_countries": None}, {"audience_countries": []}])
def test_a_withheld_array_gives_no_rows(withheld: dict[str, Any]) -> None:
    data = {"videos": [{"item_id": "7", "create_time": "1788861607", **withheld}]}

    assert rows(success(data), "audience_countries", "videos", keep=KEEP) == []


def test_the_arrays_of_one_post_do_not_mix() -> None:
    answer = fixture("video_list_first_page")

    assert len(rows(answer, "video_view_retention", "videos", keep=KEEP)) == 4
    assert len(rows(answer, "impression_sources", "videos", keep=KEEP)) == 6
    assert len(rows(answer, "engagement_likes", "videos", keep=KEEP)) == 2


@pytest.mark.parametrize("wrong", ["GB", 5, ["GB"], [["GB"]]])
def test_something_else_than_objects_in_the_array_is_an_error_and_not_silence(wrong: Any) -> None:
    data = {"videos": [{"item_id": "7", "create_time": "1788861607", "audience_countries": wrong}]}

    with pytest.raises(AirbyteTracedException, match="audience_countries"):
        rows(success(data), "audience_countries", "videos", keep=KEEP)


def test_an_answer_without_data_is_an_error_and_no_empty_success() -> None:
    with pytest.raises(AirbyteTracedException, match="without any data"):
        rows({"code": 0, "message": "OK", "request_id": "1"}, "audience_countries", "videos")


# --- Labels ---------------------------------------------------------------------------------------------------------


def labelled(breakdown: str, *elements: dict[str, Any]) -> list[dict[str, Any]]:
    """The records of one post with this array, without its id."""
    found = rows(success({"videos": [{"item_id": "7", breakdown: list(elements)}]}), breakdown, "videos")
    return [{name.removeprefix(f"{breakdown}_"): value for name, value in record.items()} for record in found]


def test_shares_of_equal_labels_are_added_up_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    springfield = {"city_name": "US Springfield", "percentage": 0.25}
    boston = {"city_name": "US Boston", "percentage": 0.1}

    found = labelled("audience_cities", springfield, boston, {**springfield, "percentage": 0.5}, springfield)

    assert found == [{"city_name": "US Springfield", "percentage": 1.0}, boston]
    assert len(caplog.records) == 1
    assert "TikTok sent the `city_name` 'US Springfield' twice in `audience_cities`" in caplog.text
    assert "in the stream `videos`. It is added up." in caplog.text


@pytest.mark.parametrize("missing", [{}, {"city_name": None}, {"city_name": ""}, {"city_name": " "}])
def test_a_missing_label_is_unknown(missing: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    found = labelled("audience_cities", {"percentage": 0.25, **missing}, {"city_name": "US Boston", "percentage": 0.1})

    assert [(record["city_name"], record["percentage"]) for record in found] == [("unknown", 0.25), ("US Boston", 0.1)]
    assert len(caplog.records) == 1


def test_several_missing_labels_are_one() -> None:
    assert labelled("audience_cities", {"percentage": 0.25}, {"percentage": 0.5}) == [
        {"city_name": "unknown", "percentage": 0.75}
    ]


def test_of_shares_that_are_no_numbers_the_first_is_kept() -> None:
    found = labelled(
        "audience_cities", {"city_name": "US Boston", "percentage": None}, {"city_name": "US Boston", "percentage": 0.5}
    )

    assert found == [{"city_name": "US Boston", "percentage": None}]


def test_a_second_that_comes_again_or_has_no_number_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    found = labelled(
        "video_view_retention",
        {"second": 1, "percentage": 0.9},
        {"second": "1", "percentage": 0.8},
        {"second": 1, "percentage": 0.7},
        {"second": None, "percentage": 0.6},
    )

    assert found[0] == {"second": 1, "percentage": 0.9}
    assert {"second": None, "percentage": 0.6} not in found
    assert caplog.records


# --- Properties: whatever posts TikTok sends ------------------------------------------------------------------------

number = st.one_of(
    st.none(), st.integers(-(10**6), 10**18), st.floats(0, 1), st.integers(0, 10**6).map(str), st.just("")
)
country = st.text("ABCDEFGH", min_size=2, max_size=2)
element = st.fixed_dictionaries({"country": country}, optional={"percentage": number, "second": number, "type": number})
array: st.SearchStrategy[list[dict[str, Any]] | None] = st.one_of(
    st.none(), st.just([]), st.lists(element, max_size=5, unique_by=lambda found: str(found["country"]))
)
odd_label: st.SearchStrategy[Any] = st.one_of(number, st.booleans(), st.just("GB"), st.just([]), st.just({}))
odd_array = st.lists(
    st.dictionaries(st.sampled_from(["country", "percentage"]), odd_label, max_size=2), min_size=1, max_size=6
)
other_fields = st.fixed_dictionaries(
    {},
    optional={
        "create_time": st.one_of(st.none(), st.integers(0, 2 * 10**9).map(str), st.integers(0, 2 * 10**9)),
        "likes": number,
        "impression_sources": array,
        "audience_countries": array,
    },
)
posts = st.lists(
    st.tuples(st.text("0123456789", min_size=1, max_size=19), other_fields).map(
        lambda parts: {"item_id": parts[0], **parts[1]}
    ),
    max_size=6,
)


def elements(page: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each element of the arrays `audience_countries` with its post."""
    return [(post, found) for post in page for found in post.get("audience_countries") or []]


@given(posts)
def test_there_are_as_many_rows_as_elements(page: list[dict[str, Any]]) -> None:
    assert len(rows(success({"videos": page}), "audience_countries", "videos", keep=KEEP)) == len(elements(page))


@given(posts)
def test_every_row_carries_the_columns_of_its_post(page: list[dict[str, Any]]) -> None:
    found = rows(success({"videos": page}), "audience_countries", "videos", keep=KEEP)

    assert [(row["item_id"], row["create_time"]) for row in found] == [
        (post["item_id"], post.get("create_time")) for post, _ in elements(page)
    ]


@given(posts)
def test_every_other_column_is_prefixed_and_comes_from_its_element(page: list[dict[str, Any]]) -> None:
    found = rows(success({"videos": page}), "audience_countries", "videos", keep=KEEP)

    for row, (_, sent) in zip(found, elements(page), strict=True):
        of_element = {name: value for name, value in row.items() if name not in KEEP}
        assert all(name.startswith("audience_countries_") for name in of_element)
        assert {name.removeprefix("audience_countries_"): value for name, value in of_element.items()} == sent


@given(posts)
def test_the_page_is_not_changed(page: list[dict[str, Any]]) -> None:
    answer = response(success({"videos": page}))
    before = copy.deepcopy(data_of(answer))

    for row in extractor("audience_countries", "videos", keep=KEEP).extract_records(answer):
        row.clear()

    assert data_of(answer) == before


@given(posts)
def test_reading_a_page_twice_gives_the_same_rows(page: list[dict[str, Any]]) -> None:
    answer = response(success({"videos": page}))
    same = extractor("audience_countries", "videos", keep=KEEP)

    assert list(same.extract_records(answer)) == list(same.extract_records(answer))


@given(odd_array)
def test_labels_are_unique_and_never_null_whatever_tiktok_sends(array: list[dict[str, Any]]) -> None:
    found = rows(success({"videos": [{"item_id": "7", "audience_countries": array}]}), "audience_countries", "videos")

    labels = [str(record["audience_countries_country"]) for record in found]
    assert labels
    assert len(set(labels)) == len(labels)
    assert "None" not in labels

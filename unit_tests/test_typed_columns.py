"""TypedColumns gives a row exactly its schema's columns, in their types, and never invents a value."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_tiktok_organic.components.columns import TypedColumns
from source_tiktok_organic.components.sync import sync_of
from unit_tests.parts import budget


def schema(**columns: Any) -> dict[str, Any]:
    """A schema with columns of these types."""
    return {"type": "object", "properties": {name: {"type": kind} for name, kind in columns.items()}}


COUNT = schema(likes=["null", "integer"])
SHARE = schema(rate=["null", "number"])
FLAG = schema(is_ad=["null", "boolean"])
TEXT = schema(caption=["null", "string"])


def typed(row: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    """The row in the types of the schema."""
    row = dict(row)
    TypedColumns(parameters={"name": "videos"}, api_budget=budget()).transform(row, columns)
    return row


def value_and_type(value: Any) -> tuple[Any, type]:
    """For comparing `0`, `0.0` and `False`, which are equal in Python."""
    return value, type(value)


# --- Values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (12, 12),
        ("12", 12),
        (12.0, 12),
        (0, 0),
        ("0", 0),
        (-3, -3),
        ("-3", -3),
        (7683102070583443467, 7683102070583443467),
        ("7683102070583443467", 7683102070583443467),
    ],
)
def test_a_whole_number_arrives_as_one(sent: Any, expected: int) -> None:
    assert value_and_type(typed({"likes": sent}, COUNT)["likes"]) == (expected, int)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (0.1832, (0.1832, float)),
        ("0.1832", (0.1832, float)),
        (0.0, (0.0, float)),
        ("0.0", (0.0, float)),
        ("1", (1.0, float)),
        (1, (1, int)),
        (0, (0, int)),
        ("1e-05", (0.00001, float)),
    ],
)
def test_a_number_arrives_as_one(sent: Any, expected: tuple[Any, type]) -> None:
    assert value_and_type(typed({"rate": sent}, SHARE)["rate"]) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(True, True), (False, False), ("true", True), ("false", False), ("True", True), ("FALSE", False)],
)
def test_true_and_false_arrive_as_such(sent: Any, expected: bool) -> None:
    assert typed({"is_ad": sent}, FLAG)["is_ad"] is expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("7", "7"), (7683102070583443467, "7683102070583443467"), ("caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600")],
)
def test_text_arrives_as_text_and_an_id_keeps_all_its_digits(sent: Any, expected: str) -> None:
    assert typed({"caption": sent}, TEXT)["caption"] == expected


@pytest.mark.parametrize(("columns", "name"), [(COUNT, "likes"), (SHARE, "rate"), (FLAG, "is_ad"), (TEXT, "caption")])
def test_null_stays_null(columns: dict[str, Any], name: str) -> None:
    assert typed({name: None}, columns) == {name: None}


@pytest.mark.parametrize(("columns", "name"), [(COUNT, "likes"), (SHARE, "rate"), (FLAG, "is_ad"), (TEXT, "caption")])
def test_what_was_withheld_is_null(columns: dict[str, Any], name: str) -> None:
    assert typed({}, columns) == {name: None}


@pytest.mark.parametrize(("columns", "name"), [(COUNT, "likes"), (SHARE, "rate"), (FLAG, "is_ad")])
def test_an_empty_text_that_is_no_text_column_is_null(columns: dict[str, Any], name: str) -> None:
    assert typed({name: ""}, columns) == {name: None}


def test_an_empty_text_in_a_text_column_stays() -> None:
    assert typed({"caption": ""}, TEXT) == {"caption": ""}


# --- Columns --------------------------------------------------------------------------------------------------------


def test_columns_that_the_schema_does_not_have_are_left_out() -> None:
    assert typed({"likes": 1, "impression_sources": [{"percentage": 1}], "new": "x"}, COUNT) == {"likes": 1}


def test_the_columns_come_in_the_schemas_order() -> None:
    columns = schema(item_id="string", likes=["null", "integer"], reach=["null", "integer"])

    assert list(typed({"reach": 3, "likes": 2, "item_id": "1"}, columns)) == ["item_id", "likes", "reach"]


def test_a_column_whose_type_is_not_a_list_is_typed_too() -> None:
    assert typed({"hour": "23"}, schema(hour="integer")) == {"hour": 23}


def test_one_transformer_serves_two_schemas() -> None:
    transformer = TypedColumns(parameters={"name": "videos"}, api_budget=budget())
    for _ in range(2):
        row: dict[str, Any] = {"likes": "1", "rate": "0.5"}
        transformer.transform(row, COUNT)
        assert row == {"likes": 1}
        row = {"likes": "1", "rate": "0.5"}
        transformer.transform(row, SHARE)
        assert row == {"rate": 0.5}


# --- Values of the wrong type ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "name", "wrong"),
    [
        pytest.param(COUNT, "likes", "many", id="words for a count"),
        pytest.param(COUNT, "likes", True, id="true for a count"),
        pytest.param(COUNT, "likes", 1.5, id="a fraction for a count"),
        pytest.param(COUNT, "likes", "1.5", id="a fraction as text for a count"),
        pytest.param(COUNT, "likes", [1], id="an array for a count"),
        pytest.param(COUNT, "likes", {"count": 1}, id="an object for a count"),
        pytest.param(SHARE, "rate", "half", id="words for a share"),
        pytest.param(SHARE, "rate", False, id="false for a share"),
        pytest.param(SHARE, "rate", [0.5], id="an array for a share"),
        pytest.param(SHARE, "rate", {"percentage": 0.5}, id="an object for a share"),
        pytest.param(SHARE, "rate", "NaN", id="NaN for a share"),
        pytest.param(SHARE, "rate", "Infinity", id="infinity for a share"),
        pytest.param(FLAG, "is_ad", "yes", id="words for a flag"),
        pytest.param(FLAG, "is_ad", 1, id="a number for a flag"),
        pytest.param(FLAG, "is_ad", [True], id="an array for a flag"),
        pytest.param(TEXT, "caption", ["x"], id="an array for a text"),
        pytest.param(TEXT, "caption", {"text": "x"}, id="an object for a text"),
    ],
)
def test_a_value_of_the_wrong_type_is_null_with_a_warning(
    columns: dict[str, Any], name: str, wrong: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert typed({name: wrong}, columns) == {name: None}
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"in `{name}` of the stream `videos`, where " in caplog.text


def test_the_warning_says_what_was_sent_and_what_belongs_there_and_the_count_comes_at_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    api_budget = budget()
    columns = TypedColumns({"name": "videos"}, api_budget)
    for value in ("many", "31%", "a text that is far too long to be shown as a whole in a sentence of the log"):
        columns.transform({"likes": value}, COUNT)
    sync_of(api_budget).log.say_counts()

    assert [record.getMessage() for record in caplog.records] == [
        "TikTok sent 'many' in `likes` of the stream `videos`, where a whole number belongs. The value is null.",
        "Odd in this sync: 3 values of `likes` in `videos`.",
    ]


def test_a_long_value_is_shortened(caplog: pytest.LogCaptureFixture) -> None:
    typed({"likes": "x" * 100}, COUNT)

    assert f"TikTok sent '{'x' * 58}… in `likes`" in caplog.text


# --- Properties -----------------------------------------------------------------------------------------------------

WIDE = schema(
    item_id="string",
    likes=["null", "integer"],
    rate=["null", "number"],
    is_ad=["null", "boolean"],
    caption=["null", "string"],
)
sent_rows = st.fixed_dictionaries(
    {},
    optional={
        "item_id": st.one_of(st.none(), st.text(), st.integers()),
        "likes": st.one_of(st.none(), st.integers(), st.integers().map(str), st.just("")),
        "rate": st.one_of(
            st.none(),
            st.floats(allow_nan=False, allow_infinity=False),
            st.floats(allow_nan=False, allow_infinity=False).map(repr),
            st.integers(-(2**53), 2**53),
            st.just(""),
        ),
        "is_ad": st.one_of(st.none(), st.booleans(), st.sampled_from(["true", "false", ""])),
        "caption": st.one_of(st.none(), st.text()),
        "nested": st.lists(st.integers()),
    },
)


@given(sent_rows)
def test_a_row_has_exactly_the_schemas_columns(row: dict[str, Any]) -> None:
    assert list(typed(row, WIDE)) == ["item_id", "likes", "rate", "is_ad", "caption"]


@given(sent_rows)
def test_every_value_has_its_columns_type_or_is_null(row: dict[str, Any]) -> None:
    result = typed(row, WIDE)
    kinds: dict[str, tuple[type, ...]] = {
        "item_id": (str,),
        "likes": (int,),
        "rate": (int, float),
        "is_ad": (bool,),
        "caption": (str,),
    }

    assert {name: value for name, value in result.items() if value is not None and type(value) not in kinds[name]} == {}


@given(sent_rows)
def test_null_is_what_was_withheld_and_nothing_else(row: dict[str, Any]) -> None:
    result = typed(row, WIDE)

    for name in ("likes", "rate", "is_ad"):
        assert (result[name] is None) == (row.get(name) in (None, ""))
    for name in ("item_id", "caption"):
        assert (result[name] is None) == (row.get(name) is None)


@given(sent_rows)
def test_no_number_changes_its_value(row: dict[str, Any]) -> None:
    result = typed(row, WIDE)

    if result["likes"] is not None:
        assert str(result["likes"]) == str(row["likes"])
    if result["rate"] is not None:
        assert math.isclose(result["rate"], float(row["rate"]), rel_tol=0, abs_tol=0)


@given(sent_rows)
def test_typing_a_row_twice_changes_nothing_more(row: dict[str, Any]) -> None:
    once = typed(row, WIDE)

    assert typed(once, WIDE) == once


@given(st.text().filter(lambda text: not any(character.isdigit() for character in text) and text != ""))
def test_text_without_a_digit_is_no_number(text: str) -> None:
    for columns, name in ((COUNT, "likes"), (SHARE, "rate")):
        assert typed({name: text}, columns) == {name: None}

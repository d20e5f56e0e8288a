"""The fields of the emulator, from which unit tests take TikTok's fields and scopes, have values."""

import dataclasses
from unittest.mock import patch

import pytest

from integration_tests.emulator import complete
from integration_tests.emulator.complete import check_fields
from integration_tests.emulator.fields import INSIGHTS, VIDEO_FIELDS, VIDEO_INSIGHTS, Field


def test_every_field_has_a_value() -> None:
    check_fields()


@pytest.mark.parametrize(
    ("fields", "field", "where"),
    [
        ("VIDEO_FIELDS", Field("audience_moods", VIDEO_INSIGHTS, is_array=True), "PostValues in .*/videos.py"),
        ("PROFILE_FIELDS", Field("audience_moods", INSIGHTS, is_array=True), "ProfileValues in .*/profile.py"),
        ("DAILY_FIELDS", Field("smiles", INSIGHTS), "DayValues in .*/profile.py"),
    ],
)
def test_a_field_without_a_value_is_named_with_the_file_that_lacks_it(fields: str, field: Field, where: str) -> None:
    with (
        patch.dict(getattr(complete, fields), {field.name: field}),
        pytest.raises(NotImplementedError, match=f"^{where} has no value for the field `{field.name}`"),
    ):
        check_fields.__wrapped__()


def test_an_array_that_is_not_called_one_is_named() -> None:
    with (
        patch.dict(
            VIDEO_FIELDS, {"audience_types": dataclasses.replace(VIDEO_FIELDS["audience_types"], is_array=False)}
        ),
        pytest.raises(NotImplementedError, match=r"no list for the field `audience_types`: .* `is_array` is False"),
    ):
        check_fields.__wrapped__()

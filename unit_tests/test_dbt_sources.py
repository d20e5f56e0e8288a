"""The sources and the staging models of the dbt package are those that the manifest gives."""

from typing import Any

import pytest
import yaml

from tools.data_dictionary import MANIFEST, Stream, resolved, streams_of
from tools.dbt_sources import STAGING, files

PACKAGE = STAGING.parents[1]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The manifest as it is."""
    loaded: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def streams(manifest: dict[str, Any]) -> dict[str, Stream]:
    """Its streams by name."""
    return {stream.name: stream for stream in streams_of(resolved(manifest))}


def test_the_files_are_those_that_the_manifest_gives(manifest: dict[str, Any]) -> None:
    committed = {path: path.read_text(encoding="utf-8") for path in STAGING.iterdir()}
    assert committed == dict(files(manifest)), (
        "dbt_tiktok_organic/models/staging is not what the manifest gives. Run `make data-dictionary`, and delete the "
        "models of streams that are gone."
    )


def test_a_source_has_the_columns_of_its_table_and_its_model_their_types() -> None:
    schema = yaml.safe_load((STAGING / "schema.yml").read_text(encoding="utf-8"))
    (source,) = [table for table in schema["sources"][0]["tables"] if table["name"] == "user_info_history"]
    (model,) = [model for model in schema["models"] if model["name"] == "stg_tiktok_organic__user_info_history"]
    assert source["columns"] == model["columns"]
    assert source["columns"][0] == {
        "name": "open_id",
        "description": "TikTok's stable name for the account, for your app alone.",
    }
    assert model["data_tests"] == [{"primary_key": {"arguments": {"columns": ["open_id", "metric_date"]}}}]
    sql = (STAGING / "stg_tiktok_organic__user_info_history.sql").read_text(encoding="utf-8")
    assert sql.startswith("{{ tiktok_organic.stage('user_info_history', [\n    ('open_id', 'string'),\n")
    assert sql.endswith("    ('metric_date', 'date'),\n    ('_airbyte_extracted_at', 'timestamp'),\n]) }}\n")


def test_each_table_has_a_variable(streams: dict[str, Stream]) -> None:
    project = yaml.safe_load((PACKAGE / "dbt_project.yml").read_text(encoding="utf-8"))
    prefix = "tiktok_organic__using_"
    variables = {name.removeprefix(prefix) for name in project["vars"] if name.startswith(prefix)}
    assert variables - {"business", "login_kit"} == set(streams), (
        "List the variables in dbt_tiktok_organic/dbt_project.yml."
    )


def test_only_what_may_be_added_up_is_summed_over_days(streams: dict[str, Stream]) -> None:
    schema = yaml.safe_load((PACKAGE / "models" / "schema.yml").read_text(encoding="utf-8"))
    (model,) = [model for model in schema["models"] if model["name"] == "tiktok_organic__account_days"]
    additive = {name for name, column in streams["account_metrics"].columns.items() if column.additive == "days"}
    for suffix in ("_7_days", "_28_days"):
        names = [column["name"] for column in model["columns"]]
        summed = {name.removesuffix(suffix) for name in names if name.endswith(suffix)}
        assert summed == additive | {"net_followers", "posts_published"}


def test_each_share_of_a_post_is_a_dimension_of_post_audience(manifest: dict[str, Any]) -> None:
    sql = (PACKAGE / "models" / "tiktok_organic__post_audience.sql").read_text(encoding="utf-8")
    streams = [stream for group in manifest["streams"] for stream in group["streams"]]
    parameters = [stream["$parameters"] for stream in streams if stream["name"].startswith("videos_")]
    labels = [(found["breakdown"], found["label"]) for found in parameters if "label" in found]
    assert len(labels) > 4
    missing = [array for array, label in labels if f"'{array}', '{label}'" not in sql]
    assert missing == [], "Add them to the list in dbt_tiktok_organic/models/tiktok_organic__post_audience.sql."

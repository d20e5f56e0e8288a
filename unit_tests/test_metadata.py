"""metadata.yaml is valid, and what the Dockerfile, the changelog and the manifest say is the same as in it."""

import re
from fnmatch import fnmatch
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from integration_tests.streams import ALL_STREAMS, LOGIN_KIT_STREAMS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "source_tiktok_organic"


@pytest.fixture(scope="module")
def metadata() -> dict[str, Any]:
    """The whole file."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "metadata.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def data(metadata: dict[str, Any]) -> dict[str, Any]:
    """What it says of the connector."""
    data: dict[str, Any] = metadata["data"]
    return data


@pytest.fixture(scope="module")
def dockerfile() -> str:
    """The text of the Dockerfile."""
    return (ROOT / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def manifest() -> str:
    """The text of the manifest."""
    return (PACKAGE / "manifest.yaml").read_text()


@pytest.mark.skipif(
    not find_spec("airbyte_connector_models"), reason="airbyte-connector-models needs Python 3.11 or 3.12"
)
def test_the_metadata_is_what_airbyte_takes(metadata: dict[str, Any]) -> None:
    from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import ConnectorMetadataDefinitionV0

    ConnectorMetadataDefinitionV0.model_validate(metadata)


def test_the_connector_is_a_low_code_source_in_python_kept_by_its_community(data: dict[str, Any]) -> None:
    assert (data["connectorType"], data["connectorSubtype"], data["supportLevel"]) == ("source", "api", "community")
    assert set(data["tags"]) == {"language:python", "cdk:low-code"}


def test_the_version_is_a_semantic_one_and_the_packages_own(data: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", data["dockerImageTag"])
    assert version("source-tiktok-organic") == data["dockerImageTag"]


def test_the_image_is_labelled_with_name_and_version(data: dict[str, Any], dockerfile: str) -> None:
    assert re.findall(r"io\.airbyte\.name=(\S+)", dockerfile) == [data["dockerRepository"]]
    assert re.findall(r"io\.airbyte\.version=(\S+)", dockerfile) == [data["dockerImageTag"]]


def test_the_changelog_begins_with_the_version(data: dict[str, Any]) -> None:
    entries = re.findall(r"^## (\S+) - (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert entries[0][0] == data["dockerImageTag"]
    assert entries[-1] == ("0.1.0", data["releaseDate"])


def test_the_image_is_built_on_the_base_image_that_the_metadata_pins(data: dict[str, Any], dockerfile: str) -> None:
    base_image = data["connectorBuildOptions"]["baseImage"]

    assert re.fullmatch(r"docker\.io/airbyte/python-connector-base:[\d.]+@sha256:[0-9a-f]{64}", base_image)
    assert re.findall(r"^ARG BASE_IMAGE=(.+)$", dockerfile, re.MULTILINE) == [base_image]
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {"${BASE_IMAGE}", "dependencies"}


def test_the_build_gets_the_package_and_nothing_of_tests_and_secrets() -> None:
    ignored, *patterns = [
        line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")
    ]
    let_in = [pattern.removeprefix("!") for pattern in patterns]
    package = [path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"]

    assert ignored == "*"
    assert all(pattern.startswith("!") for pattern in patterns)
    assert {pattern.split("/")[0] for pattern in let_in} == {
        "LICENSE", "README.md", "metadata.yaml", "pyproject.toml", "requirements", "source_tiktok_organic",
    }  # fmt: skip
    left_out = [path for path in package if not any(fnmatch(str(path.relative_to(ROOT)), one) for one in let_in)]
    assert left_out == []


def test_suggested_streams_exist_and_none_costs_a_call_per_post(data: dict[str, Any]) -> None:
    suggested = data["suggestedStreams"]["streams"]

    assert {"account", "account_metrics", "videos", "user_info", "user_videos"} <= set(suggested)
    assert set(suggested) <= {*ALL_STREAMS, *LOGIN_KIT_STREAMS}
    assert not [name for name in suggested if "comments" in name]
    assert len(suggested) == len(set(suggested))


def test_the_hosts_that_the_manifest_calls_are_allowed_and_no_other(data: dict[str, Any], manifest: str) -> None:
    opened_by_the_browser, named_only = {"www.tiktok.com"}, {"docs.airbyte.com", "json-schema.org"}

    found = set(re.findall(r"https?://([\w.-]+)", manifest))

    # TikTok's responses name the hosts of pictures.
    of_pictures = {"*.tiktokcdn.com", "*.tiktokcdn-us.com", "*.tiktokcdn-eu.com"}
    assert found - opened_by_the_browser - named_only == set(data["allowedHosts"]["hosts"]) - of_pictures


def test_the_page_of_the_connector_is_the_one_that_the_settings_link_to(data: dict[str, Any], manifest: str) -> None:
    assert data["documentationUrl"] == yaml.safe_load(manifest)["spec"]["documentation_url"]


def test_the_icon_is_a_small_square_drawing(data: dict[str, Any]) -> None:
    icon = ROOT / data["icon"]

    assert ElementTree.parse(icon).getroot().attrib["viewBox"] == "0 0 250 250"
    assert icon.stat().st_size < 2000


def test_the_license_is_the_packages(data: dict[str, Any]) -> None:
    assert (ROOT / "LICENSE").read_text().startswith(f"{data['license']} License")

"""The CDK's standard tests of a connector, run by the command that Airbyte runs them with."""

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from integration_tests.acceptance_configs import configs_for
from integration_tests.connector import Connector, token_config
from integration_tests.emulator.fields import DAILY_FIELDS, PROFILE_FIELDS, VIDEO_FIELDS
from integration_tests.emulator.server import RunningEmulator
from integration_tests.streams import ACCOUNT_STREAMS, COMMENT_STREAMS

ROOT = Path(__file__).parent.parent
COMMAND = str(Path(sys.executable).parent / "airbyte-cdk")
NEEDED = [
    "acceptance-test-config.yml",
    "conftest.py",
    "integration_tests",
    "metadata.yaml",
    "pyproject.toml",
    "source_tiktok_organic",
]

SIGNED_IN = {"business_oauth", "business_access_token", "login_kit"}
FAILING = {"wrong_access_token", "wrong_refresh_token", "wrong_refresh_token_of_login_kit", "invalid_config"}


@dataclass(frozen=True)
class Results:
    """What the standard tests' report says: for each test its configs, or "" where it has none."""

    passed: dict[str, set[str]]
    skipped: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Project:
    """A copy of the project, in a folder whose name is the connector's, because that is where the CDK takes it from."""

    folder: Path
    temporary: Path

    def run(self, *pytest_options: str) -> Results:
        """Run the standard tests."""
        options = [f"--pytest-arg={option}" for option in ("--tb=short", *pytest_options)]
        process = subprocess.run(
            [COMMAND, "connector", "test", *options],
            cwd=self.folder,
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        assert process.returncode == 0, process.stdout[-5_000:]

        passed: dict[str, set[str]] = defaultdict(set)
        skipped: dict[str, dict[str, str]] = defaultdict(dict)
        for case in ElementTree.parse(self.folder / "build/test-results/standard-tests-junit.xml").iter("testcase"):
            # test_check['login_kit' Test Scenario]
            test, _, scenario = case.attrib["name"].partition("['")
            config, reason = scenario.partition("'")[0], case.find("skipped")
            if reason is None:
                passed[test].add(config)
            else:
                skipped[test][config] = reason.attrib["message"]
        return Results(dict(passed), dict(skipped))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A fresh copy without secrets."""
    folder, temporary = tmp_path / "source-tiktok-organic", tmp_path / "temporary"
    folder.mkdir()
    temporary.mkdir()
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    return Project(folder, temporary)


def test_the_standard_tests_pass_with_nothing_prepared(project: Project) -> None:
    results = project.run()

    assert results.passed == {
        "test_spec": {""},
        "test_config_matches_spec": SIGNED_IN,
        "test_check": SIGNED_IN | FAILING,
        "test_discover": {"business_oauth", "login_kit"},
        "test_basic_read": SIGNED_IN,
        "test_fail_read_with_bad_catalog": SIGNED_IN,
    }
    for test, reasons in results.skipped.items():
        if test.startswith("test_docker_image"):
            assert all(reason.startswith("No image was named") for reason in reasons.values())
        else:
            assert reasons["config"].startswith("There is no secrets/config.json with the config of a real account.")
            assert reasons["config_login_kit"].startswith("There is no secrets/config_login_kit.json")


def test_a_real_account_is_tested_as_soon_as_its_config_is_there(project: Project, tiktok: RunningEmulator) -> None:
    (project.folder / "secrets").mkdir()
    (project.folder / "secrets/config.json").write_text(json.dumps(configs_for(tiktok)["business_oauth"]))

    results = project.run("-m", "requires_creds and not image_tests", "-k", "test_check or test_config_matches_spec")

    assert results.passed == {"test_check": {"config"}, "test_config_matches_spec": {"config"}}
    assert {test: set(skipped) for test, skipped in results.skipped.items()} == {
        "test_check": {"config_login_kit"},
        "test_config_matches_spec": {"config_login_kit"},
    }
    assert list(project.temporary.rglob("*.json")) == []


@pytest.fixture(scope="module")
def sections() -> dict[str, Any]:
    """The sections of acceptance-test-config.yml."""
    config = yaml.safe_load((ROOT / "acceptance-test-config.yml").read_text())
    assert config["test_strictness_level"] == "high"
    sections: dict[str, Any] = config["acceptance_tests"]
    return sections


def test_a_state_from_the_future_gives_no_rows(
    connector: Connector, tiktok: RunningEmulator, sections: dict[str, Any]
) -> None:
    (entry,) = sections["incremental"]["tests"]
    state = json.loads((ROOT / entry["future_state"]["future_state_path"]).read_text())
    streams = [one["stream"]["stream_descriptor"]["name"] for one in state]
    assert set(streams) == set(ACCOUNT_STREAMS), (
        "integration_tests/abnormal_state.json has the streams whose state is a day; it lacks, or has in vain: "
        f"{sorted(set(streams) ^ set(ACCOUNT_STREAMS))}."
    )

    without = connector.read(token_config(tiktok), streams)
    output = connector.read(token_config(tiktok), streams, state=state)

    assert set(without.row_counts) == set(streams)
    assert output.errors == []
    assert output.row_counts == {}


def test_a_stream_that_a_real_account_may_leave_empty_is_excused_with_a_reason(sections: dict[str, Any]) -> None:
    (excused,) = [
        entry["empty_streams"] for entry in sections["basic_read"]["tests"] if entry.get("empty_streams") is not None
    ]

    # Without followers there are none of their numbers, and all posts may be idle.
    may_be_empty = {
        *COMMENT_STREAMS,
        *(f"account_{name}" for name, field in PROFILE_FIELDS.items() if field.is_array),
        *(f"account_metrics_{name}" for name, field in DAILY_FIELDS.items() if field.is_array),
        *(
            f"videos_{name}"
            for name, field in VIDEO_FIELDS.items()
            if field.is_array and (field.idle or name.startswith("audience_"))
        ),
    }
    names = {stream["name"] for stream in excused}
    assert names == may_be_empty, (
        f"`empty_streams` of acceptance-test-config.yml lacks, or has in vain: {sorted(names ^ may_be_empty)}."
    )
    assert [stream for stream in excused if not stream["bypass_reason"].endswith(".")] == []

"""What is in the image, and that it does what the command does. `make image-test` builds it and runs these tests."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from integration_tests.connector import COMMENT_STREAMS, SECONDS, STREAMS, Connector, call_log, oauth_config
from integration_tests.emulator.server import RunningEmulator

pytestmark = pytest.mark.image

ROOT = Path(__file__).parent.parent
TOOL = str(ROOT / "tools" / "image")
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
IMAGE = os.environ.get("IMAGE") or f"source-tiktok-organic:{METADATA['dockerImageTag']}"
COMMAND = "/opt/source-tiktok-organic/bin/source-tiktok-organic"


@dataclass
class InImage(Connector):
    """The command in the image. Its files are mounted at /config, and it may only read them."""

    def _option(self, name: str, content: Any) -> list[str]:
        option, path = super()._option(name, content)
        Path(path).chmod(0o644)
        return [option, f"/config/{name}.json"]


@pytest.fixture
def in_image(tmp_path: Path) -> InImage:
    """The image's entry point, with the test's folder as /config."""
    tmp_path.chmod(0o755)
    return InImage(tmp_path, command=(TOOL, "run", IMAGE, "-v", f"{tmp_path}:/config:ro", "--"))


def json_of(*command: str) -> dict[str, Any]:
    """What a command of `tools/image` prints."""
    process = subprocess.run((TOOL, *command), capture_output=True, text=True, timeout=SECONDS, check=False)
    assert process.returncode == 0, process.stderr
    printed: dict[str, Any] = json.loads(process.stdout)
    return printed


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The image's configuration."""
    return json_of("inspect", IMAGE)


@pytest.fixture(scope="module")
def inside() -> dict[str, Any]:
    """What is in the image, as its user sees it."""
    script = Path(__file__).with_name("inside_the_image.py").read_text()
    python = str(Path(COMMAND).with_name("python"))
    return json_of("run", IMAGE, "--entrypoint", python, "--", "-c", script)


# --- What it is -----------------------------------------------------------------------------------------------------


def test_the_platform_and_docker_start_the_same_command(described: dict[str, Any]) -> None:
    environment = dict(variable.split("=", 1) for variable in described["Env"])

    assert described["Entrypoint"] == [environment["AIRBYTE_ENTRYPOINT"]] == [COMMAND]
    assert environment["MALLOC_ARENA_MAX"] == "2"


def test_its_user_is_not_root_and_has_a_number_that_kubernetes_can_check(
    described: dict[str, Any], inside: dict[str, Any]
) -> None:
    assert described["User"] == "1000"
    assert inside["user"] == 1000


def test_its_user_cannot_change_the_connector(inside: dict[str, Any]) -> None:
    assert inside["may_change_the_connector"] is False


def test_its_labels_say_which_connector_it_is(described: dict[str, Any]) -> None:
    labels = described["Labels"]

    assert labels["io.airbyte.name"] == METADATA["dockerRepository"]
    assert labels["io.airbyte.version"] == METADATA["dockerImageTag"]
    assert labels["org.opencontainers.image.licenses"] == METADATA["license"]


def test_it_has_the_compiled_requirements_and_the_connector_and_no_other_package(inside: dict[str, Any]) -> None:
    lines = re.findall(r"^(\S+==.*?) *\\?$", (ROOT / "requirements" / "runtime.txt").read_text(), re.MULTILINE)
    requirements = [Requirement(line) for line in lines]
    python = {"python_full_version": inside["python"], "python_version": inside["python"].rpartition(".")[0]}
    wanted = {
        name_of(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate(python)
    }
    found = {name_of(name): version for name, version in inside["packages"].items()}

    assert len(wanted) > 70
    assert found == {**wanted, "source-tiktok-organic": METADATA["dockerImageTag"]}


def name_of(package: str) -> str:
    """A package's name in the one spelling that counts.

    In:  "airbyte_protocol.models"
    Out: "airbyte-protocol-models"
    """
    return re.sub(r"[-_.]+", "-", package).lower()


def test_the_connector_is_its_package_and_nothing_else_of_the_repository(inside: dict[str, Any]) -> None:
    assert inside["connector"] == [
        "__init__.py", "__pycache__", "catalog.py", "components", "config.py", "keep.py", "manifest.yaml", "run.py",
        "sign_in.py", "source.py",
    ]  # fmt: skip
    assert inside["working_directory"] == []
    ours = {"unit_tests", "integration_tests", "emulator", "metadata.yaml", "requirements"}
    assert [path for path in inside["paths"] if ours & set(Path(path).parts)] == []


def test_no_start_has_to_compile_anything(inside: dict[str, Any]) -> None:
    assert inside["without_bytecode"] == []


# --- What it does ---------------------------------------------------------------------------------------------------


def test_it_has_the_commands_settings(in_image: InImage, connector: Connector) -> None:
    assert in_image.spec().of_type("SPEC") == connector.spec().of_type("SPEC")


def test_it_checks_a_connection_with_a_config_that_it_may_only_read(in_image: InImage, tiktok: RunningEmulator) -> None:
    output = in_image.check(oauth_config(tiktok))

    assert output.connection_status["status"] == "SUCCEEDED"
    assert [config["credentials"]["auth_type"] for config in output.written_back] == ["business_oauth"]


def test_its_failed_check_is_a_sentence(in_image: InImage, tiktok: RunningEmulator) -> None:
    config = oauth_config(tiktok)
    config["credentials"]["refresh_token"] = "rft.dead!5001.em"

    status = in_image.check(config).connection_status

    assert status["status"] == "FAILED"
    assert "Authenticate the account again" in status["message"]


def test_it_discovers_the_seventeen_streams(in_image: InImage, tiktok: RunningEmulator) -> None:
    output = in_image.discover(oauth_config(tiktok))

    assert list(output.catalog) == [*STREAMS, *COMMENT_STREAMS]


def test_it_reads_what_the_command_reads(in_image: InImage, connector: Connector, tiktok: RunningEmulator) -> None:
    output = in_image.read(oauth_config(tiktok), [*STREAMS, *COMMENT_STREAMS])

    assert (output.exit_code, output.errors) == (0, [])
    assert output.row_counts["account"] == 1
    by_the_command = connector.read(oauth_config(tiktok), [*STREAMS, *COMMENT_STREAMS])
    assert output.row_counts == by_the_command.row_counts


def test_it_goes_on_from_the_state_of_the_last_sync(in_image: InImage, tiktok: RunningEmulator) -> None:
    comments = "business/comment/list/"
    first = in_image.read(oauth_config(tiktok), COMMENT_STREAMS)
    calls_of_the_first = len(call_log(tiktok, comments))

    second = in_image.read(oauth_config(tiktok), COMMENT_STREAMS, state=first.state)

    assert first.row_counts["videos_comments"] > 0
    assert (second.exit_code, second.errors) == (0, [])
    assert len(call_log(tiktok, comments)) - calls_of_the_first < calls_of_the_first / 2

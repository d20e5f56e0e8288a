"""tools/image takes the engine that answers and hands on what it was asked for. The engines here say what they got."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def engines(tmp_path: Path) -> Path:
    """A folder for engines, besides which the tool finds nothing but what every system has."""
    for name in ("bash", "dirname", "sed"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    return tmp_path


def put_engine(folder: Path, name: str, answers: bool = True, has_image: bool = True) -> None:
    """An engine that prints its arguments, one a line; its service answers or does not, and it has images or none."""
    info = "exit 0" if answers else "exit 1"
    image = "" if has_image else '[ "$1" = image ] && exit 1\n'
    (folder / name).write_text(f'#!/bin/sh\n[ "$1" = info ] && {info}\n{image}printf "%s\\n" {name} "$@"\n')
    (folder / name).chmod(0o755)


def tool(engines: Path, *arguments: str, engine: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Run tools/image with these engines."""
    environment = {**os.environ, "PATH": str(engines), **({"IMAGE_ENGINE": engine} if engine else {})}
    return subprocess.run(
        [ROOT / "tools" / "image", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_the_image_is_built_from_the_repository_wherever_the_tool_is_called(engines: Path) -> None:
    put_engine(engines, "docker")

    built = tool(engines, "build", "connector:1")

    assert built.stdout.split("\n") == ["docker", "build", "--tag", "connector:1", str(ROOT), ""]
    assert built.stderr == "Using docker.\n"


def test_the_image_is_run_on_this_machines_network_with_the_mounts_and_arguments_given(engines: Path) -> None:
    put_engine(engines, "docker")

    run = tool(engines, "run", "connector:1", "-v", "/a b:/config:ro", "--", "check", "--config", "/config/c d.json")

    assert run.stdout.split("\n") == [
        "docker", "run", "--rm", "--network", "host", "-v", "/a b:/config:ro", "connector:1",
        "check", "--config", "/config/c d.json", "",
    ]  # fmt: skip


def test_another_entry_point_replaces_the_images(engines: Path) -> None:
    put_engine(engines, "docker")

    run = tool(engines, "run", "connector:1", "--entrypoint", "id", "--", "-u")

    assert run.stdout.split("\n")[5:] == ["--entrypoint=id", "connector:1", "-u", ""]


@pytest.mark.parametrize("verb", ["run", "inspect"])
def test_an_image_that_was_not_built_is_said(engines: Path, verb: str) -> None:
    put_engine(engines, "docker", has_image=False)

    failed = tool(engines, verb, "connector:1")

    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == (
        "Using docker.\nThere is no image connector:1. Build it with: make image IMAGE=connector:1\n"
    )


def test_podman_is_taken_where_docker_does_not_answer(engines: Path) -> None:
    put_engine(engines, "docker", answers=False)
    put_engine(engines, "podman")

    inspected = tool(engines, "inspect", "connector:1")

    assert inspected.stdout.startswith("podman\nimage\ninspect\n")
    assert inspected.stderr == "Using podman.\n"


def test_the_environment_decides_between_two_engines(engines: Path) -> None:
    put_engine(engines, "docker")
    put_engine(engines, "podman")

    assert tool(engines, "inspect", "connector:1", engine="podman").stderr == "Using podman.\n"


@pytest.mark.parametrize(
    ("engine", "sentence"),
    [
        ("podman", "podman does not answer. Start it, or unset IMAGE_ENGINE to use another engine.\n"),
        ("kaniko", "IMAGE_ENGINE is 'kaniko', but it must be docker, podman or buildah.\n"),
        (None, "No engine answers. Start docker or podman; or run this as root on Debian, and it installs buildah.\n"),
    ],
)
def test_without_an_engine_a_sentence_says_what_to_do(engines: Path, engine: str | None, sentence: str) -> None:
    put_engine(engines, "podman", answers=False)

    failed = tool(engines, "build", "connector:1", engine=engine)

    assert (failed.returncode, failed.stdout, failed.stderr) == (1, "", sentence)


@pytest.mark.parametrize("arguments", [[], ["build"], ["destroy", "connector:1"]])
def test_what_it_can_do_is_said_where_it_is_called_wrongly(engines: Path, arguments: list[str]) -> None:
    failed = tool(engines, *arguments)

    assert (failed.returncode, failed.stdout) == (2, "")
    assert failed.stderr.startswith("Builds, runs and describes the connector's image")
    assert "tools/image inspect TAG" in failed.stderr


def test_a_verb_in_the_place_of_an_option_is_pointed_out(engines: Path) -> None:
    put_engine(engines, "docker")

    failed = tool(engines, "run", "connector:1", "spec")

    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr == "'spec' is no option. What the image shall be run with stands behind --.\n"

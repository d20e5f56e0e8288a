"""The Connector Builder's backend: the CDK's manifest server as a process, and what Airbyte's platform asks of it."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import requests
import yaml

from tools.builder import joined

COMMAND = str(Path(sys.executable).parent / "manifest-server")
PACKAGE = Path(__file__).parent.parent / "source_tiktok_organic"
COMPONENTS = joined()

# What the platform adds to the config of a connector that was published from the Builder, for check, discover and read
# (airbyte-platform, DeclarativeSourceManifestInjector.kt).
INJECTED = {
    "__injected_components_py": COMPONENTS,
    "__injected_components_py_checksums": {"md5": hashlib.md5(COMPONENTS.encode()).hexdigest()},
}

Json = dict[str, Any]

# As the Builder sends it on: YAML made JSON, which knows no dates.
MANIFEST: Json = json.loads(json.dumps(yaml.safe_load((PACKAGE / "manifest.yaml").read_text())))


@dataclass(frozen=True)
class Preview:
    """What the manifest server answers to a test read."""

    answer: Json

    @property
    def slices(self) -> list[Json]:
        """The slices in the order in which they are shown."""
        slices: list[Json] = self.answer["slices"]
        return slices

    @property
    def pages(self) -> list[Json]:
        """The pages of all slices: request, response and records."""
        return [page for one in self.slices for page in one["pages"]]

    @property
    def rows(self) -> list[Json]:
        """The records of all pages."""
        return [row for page in self.pages for row in page["records"]]

    @property
    def rows_per_page(self) -> list[int]:
        """How many records each page has."""
        return [len(page["records"]) for page in self.pages]

    @property
    def state(self) -> list[Json]:
        """The state after the last slice, as the Builder hands it to another test read."""
        state: list[Json] = self.slices[-1]["state"]
        return state

    @property
    def errors(self) -> list[str]:
        """The sentences of the log's errors."""
        return [line["message"] for line in self.answer["logs"] if line["level"] == "ERROR"]

    @property
    def auxiliary_requests(self) -> list[str]:
        """The titles of the calls that are shown beside the pages."""
        return [request["title"] for request in self.answer["auxiliary_requests"]]


@dataclass(frozen=True)
class Builder:
    """A running manifest server."""

    url: str

    def ask(self, verb: str, **body: Any) -> requests.Response:
        """Send a request as the platform does."""
        return requests.post(f"{self.url}/v1/manifest/{verb}", json=body, timeout=60)

    def resolve(self) -> Json:
        """The manifest as the Builder shows it after it was pasted: resolved, migrated and normalised."""
        flags = {"__should_migrate": True, "__should_normalize": True}
        manifest: Json = _answer(self.ask("resolve", manifest=MANIFEST | flags))["manifest"]
        return manifest

    def full_resolve(self, config: Json) -> Json:
        """The manifest with the streams that a config makes."""
        manifest: Json = _answer(self.ask("full_resolve", manifest=MANIFEST, config=config))["manifest"]
        return manifest

    def check(self, config: Json) -> Json:
        """Whether the config works, and else a message."""
        return _answer(self.ask("check", manifest=MANIFEST, config=config | INJECTED))

    def discover(self, config: Json) -> list[Json]:
        """The streams in order."""
        streams: list[Json] = _answer(self.ask("discover", manifest=MANIFEST, config=config | INJECTED))["catalog"][
            "streams"
        ]
        return streams

    def preview(self, stream: str, config: Json, manifest: Json | None = None, **options: Any) -> Preview:
        """Read a stream as the button "Test" does; the options are a state and limits of slices, pages and records."""
        request = {"stream_name": stream, "config": config, "custom_components_code": COMPONENTS, **options}
        return Preview(_answer(self.ask("test_read", manifest=manifest or MANIFEST, **request)))


def _answer(response: requests.Response) -> Json:
    assert response.status_code == 200, response.text
    answer: Json = response.json()
    return answer


@contextmanager
def running_builder(folder: Path) -> Iterator[Builder]:
    """Start a manifest server on a free port, with custom components allowed; `folder` is where it runs."""
    with subprocess.Popen(
        [COMMAND, "start", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**os.environ, "AIRBYTE_ENABLE_UNSAFE_CODE": "true"},
    ) as process:
        try:
            builder = Builder(_printed_address(process))
            assert requests.get(f"{builder.url}/health/", timeout=10).json() == {"status": "ok"}
            with _output_read(process):
                yield builder
        finally:
            process.terminate()


def _printed_address(process: "subprocess.Popen[str]") -> str:
    """Where the server can be reached, which it says as soon as it can be."""
    assert process.stdout
    printed: list[str] = []
    for line in process.stdout:
        printed.append(line)
        if address := re.search(r"Uvicorn running on (\S+)", line):
            return address[1]
    raise ChildProcessError(f"The manifest server did not start:\n{''.join(printed)}")


@contextmanager
def _output_read(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Read what the server prints: one whose output nobody reads stands still as soon as the pipe is full."""
    assert process.stdout
    reader = Thread(target=deque, args=(process.stdout, 0), name="output of the manifest server")
    reader.start()
    try:
        yield
    finally:
        process.terminate()
        reader.join()

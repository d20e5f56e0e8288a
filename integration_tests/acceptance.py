"""A plugin of pytest that gives the CDK's standard tests an emulated TikTok, or a reason to be skipped.

`acceptance-test-config.yml` names the configs: those in `.tmp/acceptance` are written here before the first test reads
one, those in `secrets` are yours, for a real account.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

EMULATED, REAL = Path(".tmp/acceptance"), Path("secrets")
CATALOG_WARNING = "error::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning"


def pytest_configure(config: pytest.Config) -> None:
    """Register the CDK's markers, which it leaves to the connector."""
    config.addinivalue_line("markers", "requires_creds: reads a config in secrets/ (the CDK's standard tests)")
    config.addinivalue_line("markers", "image_tests: runs a container (the CDK's standard tests)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give the standard tests what they need, and skip those that lack something with a reason."""
    for item in items:
        path = config_path_of(item)
        reason = reason_to_skip(path, config.rootpath)
        if item.get_closest_marker("image_tests"):
            reason = reason_to_skip_an_image(path, config.getoption("--connector-image", default=None)) or reason
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))
        elif path and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.filterwarnings(CATALOG_WARNING))
            item.fixturenames[:0] = ["no_leftovers", *(["emulated_tiktok"] if EMULATED in path.parents else [])]


def config_path_of(item: pytest.Item) -> Path | None:
    """The config that a standard test is for; None for every other test."""
    parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    path: Path | None = getattr(parameters.get("scenario"), "config_path", None)
    return path


def reason_to_skip(path: Path | None, root: Path) -> str | None:
    """Why a config can't be read."""
    if path is None or REAL not in path.parents or (root / path).exists():
        return None
    return f"There is no {path} with the config of a real account. CONTRIBUTING.md says under Tests what goes into it."


def reason_to_skip_an_image(path: Path | None, image: str | None) -> str | None:
    """Why a test of the image can't run."""
    if image is None:
        return "No image was named. `make image-test` builds and tests it, `airbyte-cdk image test --image` another."
    if path and EMULATED in path.parents:
        return "A container can't reach the emulator of these tests, which listens on this machine's loopback only."
    return None


@pytest.fixture(scope="session")
def no_leftovers() -> Iterator[None]:
    """A temporary folder that is deleted: the CDK leaves a copy of the config there for each test, tokens included."""
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(scope="session")
def emulated_tiktok(request: pytest.FixtureRequest) -> Iterator[None]:
    """An emulated TikTok, and configs for it."""
    # Here, because this module is loaded for every test run, and the emulator's imports take a while.
    from integration_tests.acceptance_configs import emulated_tiktok_with_configs

    with emulated_tiktok_with_configs(request.config.rootpath / EMULATED):
        yield

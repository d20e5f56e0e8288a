"""The two files, pasted into the Connector Builder, preview the streams that they read in a sync."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from integration_tests.conftest import StartTikTok
from integration_tests.connector import oauth_config
from integration_tests.emulator.accounts import AccountSpec

PACKAGE = Path(__file__).parent.parent / "source_tiktok_organic"

# In a process of its own, because the Builder executes the components anew and registers them in place of ours.
PREVIEW = """
import json, sys
from airbyte_cdk.connector_builder.connector_builder_handler import TestLimits, create_source, read_stream
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

config, name = json.load(open(sys.argv[1])), sys.argv[2]
stream = {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
catalog = ConfiguredAirbyteCatalogSerializer.load(
    {"streams": [{"stream": stream, "sync_mode": "incremental", "destination_sync_mode": "append"}]}
)
limits = TestLimits(max_records=1000, max_pages_per_slice=2, max_slices=5)
message = read_stream(create_source(config, limits, catalog, None), config, catalog, [], limits)
slices = message.record.data["slices"] if message.record else []
print("PREVIEW " + json.dumps([len(page["records"]) for one in slices for page in one["pages"]]))
"""


@pytest.mark.parametrize(
    ("stream", "rows_per_page"),
    [("account", [1]), ("account_audience_ages", [5]), ("videos", [20, 20]), ("videos_audience_genders", [60, 60])],
)
def test_a_stream_is_previewed_page_by_page(
    start_tiktok: StartTikTok, tmp_path: Path, stream: str, rows_per_page: list[int]
) -> None:
    # Old enough that TikTok has computed the numbers of all posts on the first two pages.
    tiktok = start_tiktok(AccountSpec(posts=45, history_days=800), hidden_post_rate=0)
    components = (PACKAGE / "components.py").read_text()
    config = {
        **oauth_config(tiktok),
        "__injected_declarative_manifest": yaml.safe_load((PACKAGE / "manifest.yaml").read_text()),
        "__injected_components_py": components,
        "__injected_components_py_checksums": {"md5": hashlib.md5(components.encode()).hexdigest()},
    }
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    process = subprocess.run(
        [sys.executable, "-c", PREVIEW, str(path), stream],
        env={**os.environ, "AIRBYTE_ENABLE_UNSAFE_CODE": "true"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "PREVIEW " in process.stdout, process.stderr[-2000:]
    (line,) = [line for line in process.stdout.splitlines() if line.startswith("PREVIEW ")]
    assert json.loads(line.removeprefix("PREVIEW ")) == rows_per_page, process.stdout[-2000:]

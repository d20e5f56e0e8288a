"""Says as JSON what is in the image. `test_image.py` lets the image's own Python run it, as the image's user."""

import json
import os
import platform
import sys
import sysconfig
from importlib.metadata import distributions
from importlib.util import cache_from_source
from pathlib import Path

import source_tiktok_organic.run

SITE_PACKAGES = Path(sysconfig.get_path("purelib"))
# What the kernel shows there is no part of the image.
NOT_OF_THE_IMAGE = {"/proc", "/sys", "/dev"}


def paths() -> list[str]:
    """Every path of the image that its user can see."""
    found = []
    for folder, folders, files in os.walk("/"):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in NOT_OF_THE_IMAGE]
        found += [os.path.join(folder, name) for name in (*folders, *files)]
    return found


def without_bytecode() -> list[str]:
    """The modules that each start would compile: of all packages, and of what the connector imports from anywhere."""
    packages = {path for path in SITE_PACKAGES.rglob("*.py") if "tests" not in path.parts}
    imported = {Path(file) for module in sys.modules.values() if (file := getattr(module, "__file__", None))}
    return [
        str(path)
        for path in sorted(packages | imported)
        if path.suffix == ".py" and not Path(cache_from_source(path)).exists()
    ]


json.dump(
    {
        "user": os.getuid(),
        "python": platform.python_version(),
        "packages": {package.name: package.version for package in distributions()},
        "connector": sorted(os.listdir(Path(source_tiktok_organic.run.__file__).parent)),
        "working_directory": os.listdir(),
        "may_change_the_connector": os.access(SITE_PACKAGES, os.W_OK),
        "without_bytecode": without_bytecode(),
        "paths": paths(),
    },
    sys.stdout,
)

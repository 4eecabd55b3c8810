"""Finds the executables of this package, for programs that start them themselves.

The tap and the Airbyte source are written in Rust. A wheel puts them where `pip` puts executables, which is usually on PATH."""

import sys
import sysconfig
from pathlib import Path

__all__ = ["executable"]


def executable(name: str = "tap-revops") -> str:
    """The path of `tap-revops` or `source-revops` in the environment of this package."""
    file = name + (sysconfig.get_config_var("EXE") or "")
    folders = [*_script_folders()]
    for folder in folders:
        if (folder / file).is_file():
            return str(folder / file)
    searched = ", ".join(map(str, folders))
    raise FileNotFoundError(f"{file} is in none of {searched}; install tap-revops again")


def _script_folders():
    """Where pip installs executables: in this environment, for one user, or beside the package (`pip install --target`)."""
    yield Path(sysconfig.get_path("scripts"))
    yield Path(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))
    yield Path(__file__).parent.parent / ("Scripts" if sys.platform == "win32" else "bin")

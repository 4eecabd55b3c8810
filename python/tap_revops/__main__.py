"""`python -m tap_revops` runs the tap, for environments whose executables are not on PATH."""

import os
import subprocess
import sys

from . import executable


def main() -> None:
    command = [executable(), *sys.argv[1:]]
    if sys.platform == "win32":
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)


main()

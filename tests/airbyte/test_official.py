"""The official standard tests, with the sandbox. They run a connector through one function, which
this file replaces by one that starts the executable; acceptance-test-config.yml lists the
configurations."""

import json
from pathlib import Path

import connector
import pytest
from airbyte_cdk.test import entrypoint_wrapper
from airbyte_cdk.test.standard_tests import SourceTestSuiteBase

ROOT = Path(__file__).resolve().parents[2]


class Executable:
    """A placeholder where the suite expects a Python connector."""

    def spec(self, logger):
        raise NotImplementedError("the suite runs the executable instead")


def run_executable(source, args, expecting_exception=None, *, expected_outcome=None):
    config = None
    if "--config" in args:
        config = json.loads(Path(args[args.index("--config") + 1]).read_text())
    if args[0] == "spec":
        # The suite may add a catalog, which no host passes to this verb.
        args = args[:1]
    done = connector.execute(args, config)
    # Texts may hold other line separators, so splitlines() does not fit.
    lines = done.stdout.decode().removesuffix("\n").split("\n")
    failed = done.status != 0
    assert failed == bool(done.errors), "the exit status and the traces disagree"
    return entrypoint_wrapper.EntrypointOutput(messages=lines, command=args, stderr="")


class TestSourceRevops(SourceTestSuiteBase):
    @pytest.fixture(autouse=True)
    def _executable(self, monkeypatch):
        monkeypatch.setattr(entrypoint_wrapper, "_run_command", run_executable)

    @classmethod
    def get_connector_root_dir(cls) -> Path:
        return ROOT

    @classmethod
    def create_connector(cls, scenario):
        return Executable()

"""The Meltano SDK's standard tests of a tap, all streams selected, through a `Tap` class of the SDK that calls the executable.

`prove.py` runs this file with pytest in the SDK's environment, and passes the tap and its configuration in variables.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from singer_sdk import Stream, Tap
from singer_sdk.testing import SuiteConfig, get_tap_test_class

TAP = os.environ["TAP"]
CONFIG = os.environ["PROVE_CONFIG"]


def printed(*arguments):
    return subprocess.run([TAP, *arguments], check=True, capture_output=True, text=True).stdout


def whole_catalog():
    """The path of the catalog with all streams selected, also those that are off by default."""
    catalog = json.loads(printed("--config", CONFIG, "--discover"))
    for stream in catalog["streams"]:
        stream["metadata"][0]["metadata"]["selected"] = True
    path = Path(CONFIG).with_name("catalog.json")
    path.write_text(json.dumps(catalog))
    return str(path)


class ListedStream(Stream):
    """A stream of the executable's catalog."""

    def get_records(self, context):
        raise NotImplementedError("the executable reads")


class Executable(Tap):
    name = "tap-revops"
    config_jsonschema = {"type": "object", "properties": {}}

    def discover_streams(self):
        catalog = json.loads(printed("--config", CONFIG, "--discover"))
        streams = []
        for entry in catalog["streams"]:
            stream = ListedStream(self, schema=entry["schema"], name=entry["stream"])
            stream.primary_keys = entry["key_properties"]
            is_whole = "forced-replication-method" in entry["metadata"][0]["metadata"]
            stream.replication_key = None if is_whole else "updated_at"
            streams.append(stream)
        return streams

    def run_discovery(self):
        return printed("--config", CONFIG, "--discover")

    def run_connection_test(self):
        printed("--config", CONFIG, "--test")
        return True

    def run_sync_dry_run(self, *_, **__):
        sys.stdout.write(printed("--config", CONFIG, "--catalog", whole_catalog()))
        return True

    @classmethod
    def print_version(cls, *_, **__):
        assert printed("--version").startswith("tap-revops ")

    @classmethod
    def print_about(cls, output_format=None, *_, **__):
        if output_format == "json":
            assert json.loads(printed("--about", "--format", "json"))["settings"]["properties"]
        else:
            assert printed("--about")


TestStandard = get_tap_test_class(tap_class=Executable, config={}, suite_config=SuiteConfig())

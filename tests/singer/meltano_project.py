"""A Meltano project made from the plugin definition in docs/meltano.md, so that the page is tested."""

import json
import re
import subprocess
from pathlib import Path

import tap
from consumers import DATABASE, HOME, POSTGRES

PAGE = Path(__file__).parents[2] / "docs" / "meltano.md"
MELTANO = HOME / "meltano" / "bin" / "meltano"
STATES = {"target-jsonl": "dev:tap-revops-to-target-jsonl", "target-postgres": "dev:tap-revops-to-target-postgres"}

LOADERS = """
include_paths: [loaders.meltano.yml]
"""


def loaders(schema):
    """The definitions of two real loaders, as in a user's project."""
    return {
        "plugins": {
            "loaders": [
                {
                    "name": "target-jsonl",
                    "namespace": "target_jsonl",
                    "executable": str(HOME / "target-jsonl/bin/target-jsonl"),
                    "settings": [{"name": "destination_path"}, {"name": "do_timestamp_file", "kind": "boolean"}],
                    "config": {"destination_path": "output", "do_timestamp_file": False},
                },
                {
                    "name": "target-postgres",
                    "namespace": "target_postgres",
                    "executable": str(HOME / "target-postgres/bin/target-postgres"),
                    "settings": [
                        {"name": "host"},
                        {"name": "port", "kind": "integer"},
                        {"name": "user"},
                        {"name": "password", "sensitive": True},
                        {"name": "database"},
                        {"name": "default_target_schema"},
                    ],
                    "config": {**POSTGRES, "database": DATABASE, "default_target_schema": schema},
                },
            ]
        }
    }


def definition():
    """The page's definition, as text."""
    return re.search(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)[1]


class Project:
    def __init__(self, place, executable, settings, schema):
        """With `executable`, the definition names it; without, Meltano finds the tap on the path."""
        text = definition()
        line = "    executable: tap-revops\n"
        assert text.count(line) == 1, "the page names the executable once"
        if executable:
            text = text.replace(line, f"    executable: {executable}\n")
        self.place = place
        place.mkdir()
        (place / "output").mkdir()
        (place / "meltano.yml").write_text(text + LOADERS)
        # JSON is YAML.
        (place / "loaders.meltano.yml").write_text(json.dumps(loaders(schema)))
        path = f"{Path(tap.TAP).parent}:{tap.ENVIRONMENT['PATH']}"
        self.environment = {**tap.ENVIRONMENT, "PATH": path, "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false", "NO_COLOR": "1", **settings}

    def meltano(self, *arguments, **settings):
        """The output of a command that must succeed."""
        status, output = self.ended(arguments, settings)
        assert status == 0, f"meltano {' '.join(arguments)} ended with {status}: {output[-2000:]}"
        return output

    def failing(self, *arguments, **settings):
        """The output of a command that must fail."""
        status, output = self.ended(arguments, settings)
        assert status != 0, f"meltano {' '.join(arguments)} succeeded, with {settings}"
        return output

    def ended(self, arguments, settings):
        environment = {**self.environment, **settings}
        finished = subprocess.run([MELTANO, *arguments], cwd=self.place, env=environment, capture_output=True, text=True)
        return finished.returncode, finished.stdout + finished.stderr

    def bookmarks(self, state):
        text = self.meltano("state", "get", state)
        return json.loads(text[text.index("{") : text.rindex("}") + 1])["singer_state"]["bookmarks"]

    def lines(self, stream):
        """The records that target-jsonl wrote."""
        with (self.place / "output" / f"{stream}.jsonl").open(encoding="utf-8", newline="\n") as lines:
            return [json.loads(line) for line in lines]

    def defined(self):
        """The page's plugin definition, parsed with the YAML parser of Meltano's environment."""
        program = "import json, sys; from ruamel.yaml import YAML; json.dump(YAML(typ='safe').load(sys.stdin), sys.stdout)"
        command = [HOME / "meltano/bin/python", "-c", program]
        parsed = subprocess.run(command, input=definition(), capture_output=True, text=True, check=True)
        return json.loads(parsed.stdout)["plugins"]["extractors"][0]

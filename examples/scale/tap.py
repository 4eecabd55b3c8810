"""What both examples do with the tap: plan windows, read one, and keep the state in the end."""

import json
import os
import subprocess
from pathlib import Path

CONFIG = os.environ.get("TAP_CONFIG", "sample_config.json")
FOLDER = Path(os.environ.get("TAP_FOLDER", "contacts"))
STREAM = ["--config", CONFIG, "--stream", "contact"]


def plan():
    """The windows, in their order."""
    lines = subprocess.run(["tap-revops", "plan", *STREAM], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


def read(window):
    """Reads one window into a file of its own, whole or not at all. Returns its path."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{window['start_date']}.jsonl"
    dates = ["--start-date", window["start_date"], "--end-date", window["end_date"]]
    with open(f"{path}.part", "w") as output:
        subprocess.run(["tap-revops", "read", *STREAM, *dates], check=True, stdout=output)
    os.replace(f"{path}.part", path)
    return str(path)


def finish(windows):
    """Keeps the state, once all windows are in: the next run reads what has changed since the last of them ended."""
    state = {"bookmarks": {"contact": {"updated_at": windows[-1]["end_date"]}}}
    (FOLDER / "state.json").write_text(json.dumps(state))

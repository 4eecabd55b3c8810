"""The checks of lines in protocol.py find what they look for."""

import json
from collections import Counter

import protocol
import pytest


@pytest.fixture(autouse=True)
def _uncounted(monkeypatch):
    """Keeps these lines out of the summary, since they are not the connector's."""
    monkeypatch.setattr(protocol, "VALID", Counter())


RECORD = {"stream": "s", "data": {"id": "a"}, "emitted_at": 1}
STATE = {
    "type": "STREAM",
    "stream": {"stream_descriptor": {"name": "s"}, "stream_state": {"any": {"thing": None}}},
    "sourceStats": {"recordCount": 1.0},
}
ERROR = {"message": "m", "failure_type": "config_error"}


def line(kind: str, content: dict, **more) -> bytes:
    return json.dumps({"type": kind, protocol.MEMBERS[kind]: content, **more}).encode() + b"\n"


def test_valid_lines_are_accepted():
    protocol.message(line("RECORD", RECORD))
    protocol.message(line("STATE", STATE))
    protocol.message(line("TRACE", {"type": "ERROR", "emitted_at": 1, "error": ERROR}))


@pytest.mark.parametrize(
    "broken",
    [
        b"not JSON\n",
        line("RECORD", RECORD)[:-1],
        line("RECORD", RECORD, extra=1),
        line("RECORD", {**RECORD, "extra": 1}),
        line("RECORD", {**RECORD, "namespace": None}),
        line("RECORD", {**RECORD, "emitted_at": 1.5}),
        line("RECORD", {**RECORD, "data": {}}),
        line("RECORD", {**RECORD, "data": {"n": float("nan")}}),
        line("RECORD", RECORD).replace(b'"id": "a"', b'"id": "a", "id": "b"'),
        line("RECORD", {**RECORD, "meta": {"changes": [{"field": "f", "change": "LOST", "reason": "x"}]}}),
        line("STATE", {**STATE, "sourceStats": {"recordCount": 1}}),
        line("STATE", {**STATE, "type": "LEGACY"}),
        line("STATE", {key: STATE[key] for key in ("type", "stream")}),
        line("STATE", {**STATE, "stream": {**STATE["stream"], "extra": 1}}),
        line("TRACE", {"type": "ERROR", "emitted_at": 1, "error": {**ERROR, "failure_type": "bad_luck"}}),
        line("TRACE", {"type": "ERROR", "emitted_at": 1, "estimate": {"name": "s", "type": "STREAM"}}),
        line("TRACE", {"type": "ERROR", "emitted_at": 1, "error": {**ERROR, "stream": "s"}}),
        line("LOG", {"level": "WARNING", "message": "m"}),
    ],
    ids=lambda broken: broken.decode()[:60],
)
def test_invalid_lines_are_refused(broken):
    with pytest.raises(Exception):
        protocol.message(broken)

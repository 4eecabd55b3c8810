"""Check: one status, exit status 0 for either, and a sentence that says what to do."""

import socket

import pytest
from connector import form, run


def failed(config) -> str:
    """The message of a check that must fail."""
    done = run("check", config)
    assert (done.status, done.errors) == (0, [])
    assert done.outcome["status"] == "FAILED"
    return done.outcome["message"]


def test_what_can_be_read_is_listed_stream_by_stream(api, offered):
    done = run("check", form(api, "records=60"))
    assert (done.status, done.outcome["status"]) == (0, "SUCCEEDED")
    assert f"all {len(offered[api])} streams" in done.outcome["message"]
    for stream in offered[api]:
        assert f"INFO {stream['name']}: readable" in done.logged


def test_a_wrong_key(api):
    assert "check api_key" in failed(form(api, api_key="sk-apik_1234.wrong5678"))


def test_an_unknown_custom_object_is_named():
    sentence = failed(form("reevo", record_types=["contact", "no_such_object"]))
    assert sentence.startswith("no_such_object cannot be read") and "record_types" in sentence


def test_a_forbidden_stream_that_is_asked_for_by_name():
    sentence = failed(form("reevo", "forbid=task", record_types=["contact", "task"]))
    assert sentence.startswith("task cannot be read") and "permission" in sentence


def test_a_forbidden_stream_that_nobody_asked_for_is_a_warning():
    done = run("check", form("reevo", "forbid=task"))
    assert done.outcome["status"] == "SUCCEEDED"
    assert "not task" in done.outcome["message"]
    assert "WARN task: not readable" in done.logged


def test_a_missing_scope():
    done = run("check", form("askelephant", "scopes=contacts:read"))
    assert done.outcome["status"] == "SUCCEEDED"
    assert "1 of 5 streams" in done.outcome["message"]
    assert "permission" in failed(form("askelephant", "scopes="))


def test_an_unreachable_address(api):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        assert "base_url" in failed(form(api, base_url=url))


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, "api: is missing"),
        ({"api": {"name": "salesforce", "api_key": "sk-apik_1.234567"}}, "api: is not one of"),
        ({"api": {"name": "reevo"}}, "api_key: is missing"),
        ({"api": {"name": "reevo", "api_key": "sk-apik_1.2345\n67"}}, "copy the key again"),
        ({"api": {"name": "reevo", "api_key": "sk-apik_1.234567"}, "page_size": 0}, "page_size: "),
        ("{", "not valid JSON at line 1"),
        ("[]", "not a JSON object"),
    ],
    ids=["empty", "api", "no key", "broken key", "size", "no JSON", "list"],
)
def test_an_invalid_configuration(config, expected):
    assert expected in failed(config)

"""The specification, from which hosts make the form of the configuration."""

import json
from pathlib import Path

import connector
import pytest
from airbyte_cdk.test.standard_tests._spec_compatibility import compare_specs
from connector import KEY, form, run
from jsonschema import Draft7Validator

# The released specification. A change that breaks existing configurations needs a new major
# version. Record any other change with:
#   source-revops spec | python3 -m json.tool > released_spec.json
RELEASED = Path(__file__).with_name("released_spec.json")

# Keywords for which hosts cannot make a form.
FORBIDDEN = {
    *("$ref", "allOf", "anyOf", "not", "if", "then", "else", "patternProperties", "prefixItems"),
    *("dependencies", "dependentRequired", "dependentSchemas"),
}


@pytest.fixture(scope="module")
def spec() -> dict:
    (spec,) = run("spec").of("SPEC")
    return spec


@pytest.fixture(scope="module")
def schema(spec) -> dict:
    return spec["connectionSpecification"]


def every(schema: dict, path: str = ""):
    """Yields every schema in a schema with its path, itself included."""
    yield path, schema
    for name, member in schema.get("properties", {}).items():
        yield from every(member, f"{path}/{name}")
    for at, branch in enumerate(schema.get("oneOf", [])):
        yield from every(branch, f"{path}/{at}")
    if "items" in schema:
        yield from every(schema["items"], f"{path}/items")


def test_spec_is_the_only_message():
    done = run("spec")
    assert done.status == 0
    assert [message["type"] for message in done.messages] == ["SPEC"]


def test_spec_names_documentation_changelog_and_protocol(spec):
    assert spec["documentationUrl"].startswith("https://")
    assert spec["changelogUrl"].startswith("https://")
    assert spec["protocol_version"].startswith("0.")


def test_the_form_has_only_what_hosts_can_draw(schema):
    Draft7Validator.check_schema(schema)
    for path, one in every(schema):
        assert not FORBIDDEN & set(one), path
        assert one.get("additionalProperties") is not False, path
        assert isinstance(one["type"], str), path
        if one["type"] == "object":
            assert one.get("properties") or one.get("oneOf"), f"{path} is an empty object"
        if "enum" in one:
            assert len(set(one["enum"])) == len(one["enum"]), path


def test_every_field_says_what_it_is(schema):
    for path, one in every(schema):
        if path and "items" not in path.split("/")[-1] and "const" not in one:
            assert one["title"], path
            if not path.split("/")[-1].isdigit():
                assert one["description"].endswith("."), path


def test_fields_have_an_order_and_a_group_that_exists(schema):
    groups = {group["id"] for group in schema["groups"]}
    assert all(group["title"] for group in schema["groups"])
    for path, one in every(schema):
        orders = [member["order"] for member in one.get("properties", {}).values()]
        assert len(orders) == len(set(orders)), path
    assert {member["group"] for member in schema["properties"].values()} == groups


def test_each_api_is_a_branch_with_the_same_constant_and_its_own_key(schema):
    branches = schema["properties"]["api"]["oneOf"]
    assert [branch["properties"]["name"]["const"] for branch in branches] == ["reevo", "askelephant"]
    for branch in branches:
        assert "default" not in branch["properties"]["name"]
        assert branch["properties"]["api_key"]["airbyte_secret"] is True
        assert branch["required"] == ["name", "api_key"]
        assert branch["properties"]["base_url"]["airbyte_hidden"] is True
        assert branch["properties"]["base_url"]["default"].startswith("https://")


def test_every_setting_but_those_of_the_machine_and_of_singer_is_in_the_form(schema):
    settings = json.loads((Path(__file__).parents[2] / "catalog" / "config.schema.json").read_text())
    branches = schema["properties"]["api"]["oneOf"]
    shown = {name for one in [schema, *branches] for name in one["properties"]}
    # A path on the user's machine does not exist in the platform's containers; batches and versions of rows are Singer's.
    assert set(settings["properties"]) - shown == {"ca_file", "batch_config", "activate_version", "least_percent"}


def test_a_branch_names_only_its_own_api(schema):
    titles = ["Reevo", "AskElephant"]
    for branch, other in zip(schema["properties"]["api"]["oneOf"], reversed(titles)):
        assert other.lower() not in json.dumps(branch).lower()


def test_every_host_accepts_the_same_dates(schema):
    """All hosts validate the pattern and some the format, so both must accept the same dates."""
    for name in ("start_date", "end_date"):
        date = schema["properties"][name]
        check = Draft7Validator(date, format_checker=Draft7Validator.FORMAT_CHECKER)
        assert date["pattern_descriptor"]
        assert all(check.is_valid(example) for example in date["examples"])
        assert check.is_valid("2026-01-01T00:00:00.123Z")
        assert not check.is_valid("yesterday")
        assert not check.is_valid("2026-01-01")


def test_every_example_and_default_is_valid(schema):
    for path, one in every(schema):
        values = one.get("examples", []) + ([one["default"]] if "default" in one else [])
        for value in values:
            Draft7Validator(one).validate(value)


@pytest.mark.parametrize("config", sorted(Path(__file__).parent.glob("configurations/*.json")))
def test_only_the_configuration_with_bad_settings_is_refused_by_the_form(schema, config):
    is_valid = Draft7Validator(schema).is_valid(json.loads(config.read_text()))
    assert is_valid == ("bad_settings" not in config.name)


def test_no_configuration_that_was_valid_has_become_invalid(spec):
    released = json.loads(RELEASED.read_text())["spec"]
    comparison = compare_specs(released, spec)
    assert comparison.is_backward_compatible, comparison.breaking
    assert released == spec, "the form has changed; see RELEASED"


def test_the_form_and_the_flat_configuration_read_the_same(api):
    of_form = form(api, "records=60", page_size=50)
    flat = {**of_form, **of_form["api"], "api": api}
    del flat["name"]
    assert flat["api_key"] == KEY
    outputs = [run("discover", config).stdout for config in (of_form, flat)]
    assert outputs[0] == outputs[1]
    catalog = connector.configured(connector.discover(flat), names=["contact" if api == "reevo" else "contacts"])
    reads = [connector.read(config, catalog) for config in (of_form, flat)]
    data = [[record["data"] for record in one.of("RECORD")] for one in reads]
    assert data[0] == data[1] != []

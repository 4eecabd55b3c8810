"""The form: what hosts show to people, and what they can show."""

import json
from pathlib import Path

import connector
import pytest
from airbyte_cdk.test.standard_tests._spec_compatibility import compare_specs
from connector import KEY, form, run
from jsonschema import Draft7Validator

# The form as it was released. A change that breaks configurations which people have is a new major
# version; any other is put here by: source-revops spec | python3 -m json.tool > released_spec.json
RELEASED = Path(__file__).with_name("released_spec.json")

# What the form's makers cannot draw.
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
    """Every schema in a schema, with its path."""
    yield path, schema
    for name, member in schema.get("properties", {}).items():
        yield from every(member, f"{path}/{name}")
    for at, branch in enumerate(schema.get("oneOf", [])):
        yield from every(branch, f"{path}/{at}")
    if "items" in schema:
        yield from every(schema["items"], f"{path}/items")


def test_spec_comes_at_once_and_alone():
    done = run("spec")
    assert done.status == 0
    assert [message["type"] for message in done.messages] == ["SPEC"]


def test_spec_names_documentation_changelog_and_protocol(spec):
    assert spec["documentationUrl"].startswith("https://")
    assert spec["changelogUrl"].startswith("https://")
    assert spec["protocol_version"].startswith("0.")


def test_nothing_stands_in_the_form_that_cannot_be_drawn(schema):
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


def test_every_setting_is_in_the_form_save_those_for_other_places(schema):
    settings = json.loads((Path(__file__).parents[2] / "catalog" / "config.schema.json").read_text())
    branches = schema["properties"]["api"]["oneOf"]
    shown = {name for one in [schema, *branches] for name in one["properties"]}
    # A path on a machine of one's own means nothing in the platform's containers.
    assert set(settings["properties"]) - shown == {"ca_file"}


def test_a_branch_speaks_of_its_own_api_alone(schema):
    titles = ["Reevo", "AskElephant"]
    for branch, other in zip(schema["properties"]["api"]["oneOf"], reversed(titles)):
        assert other.lower() not in json.dumps(branch).lower()


def test_dates_are_such_that_every_host_takes_the_same(schema):
    """Some validate the format, all the pattern: so neither may take what the other refuses."""
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


def test_the_form_and_the_flat_configuration_are_one(api):
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

//! Checks filters against a schema, before the first request that carries them. What a schema cannot
//! tell, such as the fields of a related record, is left to the API.

use super::schema::{self, WireField, WireSchema};
use crate::catalog::{PRIMARY_KEY, REPLICATION_KEY};
use crate::config::filters::conditions::Condition;
use crate::http::failure::{Failure, FailureKind};
use crate::support::suggestion;
use crate::time::timestamp;
use serde_json::Value;

/// The fields that every record has, even if its schema does not list them.
const SYSTEM: [&str; 4] = [PRIMARY_KEY, "record_type", "created_at", REPLICATION_KEY];

/// Fails if a condition does not fit the schema of its record type.
pub fn check(record_type: &str, schema: &str, conditions: &[Condition]) -> Result<(), Failure> {
    let schema = schema::parsed(schema)?;
    let problems: Vec<String> = conditions
        .iter()
        .filter_map(|condition| {
            let problem = problem(record_type, &schema, condition)?;
            Some(format!("{}: {problem}", condition.place))
        })
        .collect();
    let sentence = match problems.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        several => format!(
            "{} filters do not fit:\n    {}",
            several.len(),
            several.join("\n    ")
        ),
    };
    Err(Failure::new(FailureKind::Rejected, sentence))
}

/// What is wrong with a condition, beginning with the API's own code for it.
fn problem(record_type: &str, schema: &WireSchema, condition: &Condition) -> Option<String> {
    let name = condition.field.as_str();
    if let Some((first, _)) = name.split_once('.') {
        return problem_of_path(record_type, schema, first);
    }
    let Some(field) = field(schema, name) else {
        let is_system = SYSTEM.contains(&name);
        return (!is_system).then(|| unknown_field(record_type, schema, name));
    };
    if field.is_filterable != Some(true) {
        return Some(not_filterable(schema, name));
    }
    if !field.filters_by(condition.operator) {
        let operators = field.filter_operators.as_deref().unwrap_or_default();
        let (operator, operators) = (condition.operator, operators.join(", "));
        return Some(format!(
            "invalid_filter_operator: {name} does not take {operator}; use one of {operators}"
        ));
    }
    let form = form(&field.type_info.value_type);
    let fits = condition.values.iter().all(|value| (form.fits)(value));
    (!fits).then(|| {
        let value_type = &field.type_info.value_type;
        format!(
            "invalid_filter_value: {name} is of the type {value_type}; write {}",
            form.words
        )
    })
}

fn field<'s>(schema: &'s WireSchema, name: &str) -> Option<&'s WireField> {
    schema
        .attributes
        .iter()
        .find(|field| field.api_name == name)
}

fn relationships(schema: &WireSchema) -> Option<Vec<&str>> {
    let list = schema.relationships.as_array()?.iter();
    Some(list.filter_map(|one| one["api_name"].as_str()).collect())
}

/// A path leads through a relationship, or through a field that holds a reference. Fields whose values
/// have members are not refused: the documentation does not say whether a path may name these.
fn problem_of_path(record_type: &str, schema: &WireSchema, first: &str) -> Option<String> {
    let relationships = relationships(schema)?;
    if relationships.contains(&first) {
        return None;
    }
    let Some(field) = field(schema, first) else {
        return Some(unknown_field(record_type, schema, first));
    };
    let value_type = &field.type_info.value_type;
    is_plain(value_type).then(|| {
        let references = schema
            .attributes
            .iter()
            .filter(|field| !is_plain(&field.type_info.value_type));
        let references = references.map(|field| field.api_name.as_str());
        let names: Vec<&str> = relationships.iter().copied().chain(references).collect();
        let names = names.join(", ");
        format!(
            "invalid_filter_field: {first} is of the type {value_type}, so nothing can follow it; \
             a dot path begins with one of {names}"
        )
    })
}

/// Whether the values of a type are known to have no members.
fn is_plain(value_type: &str) -> bool {
    const PLAIN: [&str; 14] = [
        "string",
        "long_text",
        "rich_text",
        "number",
        "percent",
        "boolean",
        "timestamp",
        "date",
        "time",
        "email",
        "phone_number",
        "url",
        "uuid",
        "enum",
    ];
    PLAIN.contains(&value_type)
}

fn unknown_field(record_type: &str, schema: &WireSchema, name: &str) -> String {
    let fields = schema
        .attributes
        .iter()
        .map(|field| field.api_name.as_str());
    let known = fields.chain(relationships(schema).unwrap_or_default());
    let advice = match suggestion::closest(name, known) {
        Some(meant) => format!("did you mean {meant}?"),
        None => filterable(schema),
    };
    format!("invalid_filter_field: {record_type} has no field {name}; {advice}")
}

fn not_filterable(schema: &WireSchema, name: &str) -> String {
    format!(
        "invalid_filter_field: {name} cannot be filtered by; {}",
        filterable(schema)
    )
}

fn filterable(schema: &WireSchema) -> String {
    let fields = schema
        .attributes
        .iter()
        .filter(|field| field.is_filterable == Some(true));
    let names: Vec<&str> = fields.map(|field| field.api_name.as_str()).collect();
    match names.as_slice() {
        [] => "no field can be, so remove the filter".to_owned(),
        names => format!("use one of {}", names.join(", ")),
    }
}

/// The form of a value type's values in filters.
struct Form {
    fits: fn(&Value) -> bool,
    words: &'static str,
}

/// Values are sent without their envelopes. A type that is not known here takes any value.
fn form(value_type: &str) -> Form {
    let (fits, words): (fn(&Value) -> bool, _) = match value_type {
        "boolean" => (Value::is_boolean, "true or false"),
        "number" | "percent" | "currency" => (is_decimal, "a number, or a text with one"),
        "timestamp" => (is_timestamp, "a text such as 2026-01-01T00:00:00Z"),
        "date" => (is_date, "a text such as 2026-01-01"),
        "time" => (is_time, "a text such as 09:30:00"),
        "string" | "long_text" | "rich_text" | "email" | "phone_number" | "url" | "uuid"
        | "enum" | "select" | "contact_stage" | "account_stage" | "opportunity_stage"
        | "record_reference" => (Value::is_string, "a text in quotes"),
        _ => (|_| true, "a value"),
    };
    Form { fits, words }
}

fn is_decimal(value: &Value) -> bool {
    let is_digits = |text: &str| {
        let text = text.strip_prefix('-').unwrap_or(text);
        let parts = text
            .splitn(2, '.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        parts && !text.is_empty()
    };
    value.is_number() || value.as_str().is_some_and(is_digits)
}

fn is_timestamp(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| timestamp::parse(text).is_some())
}

fn is_date(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| timestamp::date(text) == Some(text))
}

fn is_time(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| timestamp::time_of_day(text).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The problems of one condition on a contact.
    fn refused(field: &str, operator: &'static str, values: &Value) -> Option<String> {
        let schema = include_str!("../../../sandbox/tests/fixtures/reevo/schema_contact.json");
        let condition = Condition {
            place: "f.0".to_owned(),
            field: field.to_owned(),
            operator,
            values: values.as_array().unwrap().clone(),
        };
        let checked = check("contact", schema, &[condition]);
        checked.err().map(|failure| failure.sentence)
    }

    #[test]
    fn what_the_schema_allows_passes() {
        for (field, operator, values) in [
            ("primary_email", "contains", json!(["@acme.com"])),
            ("sms_consent", "eq", json!([true])),
            ("lead_score", "between", json!([1, "20.5"])),
            ("birthday", "lt", json!(["2000-01-01"])),
            ("preferred_call_time", "gte", json!(["09:00:00"])),
            ("updated_at", "gte", json!(["2026-01-01T00:00:00Z"])),
            ("stage", "in", json!(["new", "working"])),
            ("stage", "not_exists", json!([])),
            ("record_type", "eq", json!(["contact"])),
            ("owner_user_id.name.first", "eq", json!([7])),
            ("accounts.display_name", "eq", json!(["Acme"])),
            ("address.city", "eq", json!(["Brno"])),
        ] {
            assert_eq!(
                refused(field, operator, &values),
                None,
                "{field} {operator}"
            );
        }
    }

    #[test]
    fn what_it_does_not_allow_is_refused_with_the_code_of_the_api() {
        for (field, operator, values, expected) in [
            (
                "primary_mail",
                "exists",
                json!([]),
                "f.0: invalid_filter_field: contact has no field primary_mail; did you mean primary_email?",
            ),
            (
                "revenue",
                "exists",
                json!([]),
                "f.0: invalid_filter_field: contact has no field revenue; use one of id, created_at, ",
            ),
            (
                "acounts.display_name",
                "exists",
                json!([]),
                "f.0: invalid_filter_field: contact has no field acounts; did you mean accounts?",
            ),
            (
                "title.x",
                "exists",
                json!([]),
                "f.0: invalid_filter_field: title is of the type string, so nothing can follow it; a dot path begins with one of accounts, opportunities, stage, ",
            ),
            (
                "address",
                "exists",
                json!([]),
                "f.0: invalid_filter_field: address cannot be filtered by; use one of id, ",
            ),
            (
                "sms_consent",
                "contains",
                json!(["x"]),
                "f.0: invalid_filter_operator: sms_consent does not take contains; use one of eq, ne, exists, not_exists",
            ),
            (
                "sms_consent",
                "eq",
                json!(["true"]),
                "f.0: invalid_filter_value: sms_consent is of the type boolean; write true or false",
            ),
            (
                "lead_score",
                "gt",
                json!(["many"]),
                "f.0: invalid_filter_value: lead_score is of the type number; write a number, or a text with one",
            ),
            (
                "birthday",
                "eq",
                json!(["12.4.1985"]),
                "f.0: invalid_filter_value: birthday is of the type date; write a text such as 2026-01-01",
            ),
            (
                "updated_at",
                "between",
                json!(["2026-01-01T00:00:00Z", "2026-02-01"]),
                "f.0: invalid_filter_value: updated_at is of the type timestamp; write a text such as",
            ),
            (
                "preferred_call_time",
                "eq",
                json!(["noon"]),
                "f.0: invalid_filter_value: preferred_call_time is of the type time; write a text such as 09:30:00",
            ),
            (
                "title",
                "in",
                json!(["CTO", 5]),
                "f.0: invalid_filter_value: title is of the type string; write a text in quotes",
            ),
        ] {
            let sentence = refused(field, operator, &values).unwrap_or_default();
            assert!(sentence.starts_with(expected), "{sentence}\nnot {expected}");
        }
    }

    #[test]
    fn a_field_that_lists_no_operators_takes_all_and_one_that_is_not_filterable_none() {
        for (flags, operator, is_refused) in [
            (r#""is_filterable":true"#, "gt", false),
            (
                r#""is_filterable":true,"filter_operators":["eq"]"#,
                "gt",
                true,
            ),
            ("\"is_sortable\":true", "eq", true),
        ] {
            let schema = format!(
                r#"{{"attributes":[{{"api_name":"x","type_info":{{"value_type":"new_kind"}},{flags}}}]}}"#
            );
            let condition = Condition {
                place: String::new(),
                field: "x".to_owned(),
                operator,
                values: vec![json!(1)],
            };
            let found = check("t", &schema, &[condition]);
            assert_eq!(found.is_err(), is_refused, "{flags}");
        }
    }
}

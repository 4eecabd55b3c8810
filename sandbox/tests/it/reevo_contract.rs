//! Reevo's answers have the shapes, codes and statuses of the fixtures.

use serde_json::{Value, json};

use crate::client::{fixture, keys, next_cursor, query, reevo, sandbox, send};
use revops_sandbox::Sandbox;

const SCHEMAS: [(&str, &str); 6] = [
    ("contact", "reevo/schema_contact.json"),
    ("account", "reevo/schema_account.json"),
    ("opportunity", "reevo/schema_opportunity.json"),
    ("task", "reevo/schema_task.json"),
    ("note", "reevo/schema_note.json"),
    (
        "implementation_project",
        "reevo/schema_custom_implementation_project.json",
    ),
];

async fn schema(sandbox: &Sandbox, record_type: &str) -> Value {
    let answer = reevo(sandbox, "GET", &format!("/_schema/{record_type}"), "").await;
    assert_eq!(answer.status, 200);
    answer.json()
}

#[tokio::test]
async fn schemas_contain_those_of_the_fixtures() {
    let sandbox = sandbox("").await;
    for (record_type, file) in SCHEMAS {
        let (ours, theirs) = (schema(&sandbox, record_type).await, fixture(file));
        for (key, value) in theirs.as_object().unwrap() {
            match value.as_array() {
                None => assert_eq!(&ours[key], value, "{record_type} {key}"),
                Some(members) => {
                    for member in members {
                        let known = ours[key].as_array().unwrap();
                        assert!(known.contains(member), "{record_type} {key}: {member}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn the_second_custom_object_has_awkward_names() {
    let sandbox = sandbox("records=100").await;
    let schema = schema(&sandbox, "Renewal-Plan").await;
    let attributes = schema["attributes"].as_array().unwrap().iter();
    let names: Vec<&str> = attributes
        .map(|a| a["api_name"].as_str().unwrap())
        .collect();
    for name in ["NPS-Score", "Größe (cm)", "renewal_tier", "Renewal_Tier"] {
        assert!(names.contains(&name), "{name}");
    }
    assert_eq!(schema["is_custom"], true);
}

#[tokio::test]
async fn every_query_of_the_fixtures_is_accepted() {
    let sandbox = sandbox("").await;
    let first = query(
        &sandbox,
        "contact",
        &fixture("reevo/query_request_first_page.json"),
    )
    .await;
    assert_eq!(first.status, 200, "{}", first.body);
    let mut next = fixture("reevo/query_request_next_page.json");
    next["cursor"] = json!(next_cursor(&first.json()).unwrap());
    assert_eq!(query(&sandbox, "contact", &next).await.status, 200);
    let composite = fixture("reevo/query_request_composite_filters.json");
    let answer = query(&sandbox, "contact", &composite).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn records_have_the_members_and_value_types_of_the_fixtures() {
    let sandbox = sandbox("nulls=envelope").await;
    let pages = [
        ("contact", "reevo/query_page_contact_1.json"),
        ("account", "reevo/query_page_account.json"),
        ("opportunity", "reevo/query_page_opportunity.json"),
        (
            "implementation_project",
            "reevo/query_page_custom_implementation_project.json",
        ),
    ];
    for (record_type, file) in pages {
        let theirs = fixture(file);
        let ours = query(&sandbox, record_type, &json!({"limit": 1}))
            .await
            .json();
        assert_eq!(keys(&ours), keys(&theirs));
        let (ours, theirs) = (&ours["data"][0], &theirs["data"][0]);
        assert_eq!(keys(ours), keys(theirs));
        for (name, value) in theirs["attributes"].as_object().unwrap() {
            let our_value = &ours["attributes"][name];
            assert_eq!(
                our_value.is_array(),
                value.is_array(),
                "{record_type} {name}"
            );
            assert_eq!(our_value["value_type"], value["value_type"], "{name}");
        }
    }
}

#[tokio::test]
async fn values_have_the_shapes_of_the_examples() {
    let sandbox = sandbox("records=400&nulls=envelope").await;
    let examples = fixture("reevo/value_type_examples.json");
    let mut seen = std::collections::BTreeSet::new();
    for (stream, _) in revops_sandbox::Stream::MEMBERS.iter().take(8) {
        for record in sandbox.truth(stream) {
            let record: Value = serde_json::from_str(&record.json).unwrap();
            let attributes = record["attributes"].as_object().unwrap().values();
            let envelopes = attributes.flat_map(|value| match value {
                Value::Array(items) => items.clone(),
                one => vec![one.clone()],
            });
            for envelope in envelopes {
                let value_type = envelope["value_type"].as_str().unwrap().to_owned();
                let example = &examples[&value_type]["single"]["value"];
                let value = &envelope["value"];
                if value.is_null() {
                    continue;
                }
                let same_kind = std::mem::discriminant(value) == std::mem::discriminant(example);
                assert!(same_kind, "{envelope} is not like {example}");
                if let Some(members) = example.as_object() {
                    let mut expected: Vec<&String> = members.keys().collect();
                    let mut found = keys(value);
                    expected.sort();
                    found.sort();
                    assert_eq!(found, expected, "{value_type}");
                }
                seen.insert(value_type);
            }
        }
    }
    let all: std::collections::BTreeSet<String> =
        examples.as_object().unwrap().keys().cloned().collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn system_fields_are_at_the_top_and_among_the_attributes() {
    let sandbox = sandbox("records=20").await;
    for truth in sandbox.truth("contact") {
        let record: Value = serde_json::from_str(&truth.json).unwrap();
        for name in ["id", "created_at", "updated_at"] {
            assert_eq!(record["attributes"][name]["value"], record[name]);
        }
        assert!(record["attributes"]["organization_id"]["value"].is_string());
        assert_eq!(record["id"], truth.id.as_str());
        let written = record["updated_at"].as_str().unwrap();
        assert_eq!(
            written.parse::<chrono::DateTime<chrono::Utc>>().unwrap(),
            truth.updated_at
        );
    }
}

async fn refused(sandbox: &Sandbox, body: Value, file: &str, status: u16) {
    let answer = query(sandbox, "contact", &body).await;
    assert_eq!(answer.status, status, "{body}: {}", answer.body);
    assert_eq!(answer.json(), fixture(file), "{body}");
}

#[tokio::test]
async fn refused_queries_get_the_codes_of_the_fixtures() {
    let sandbox = sandbox("").await;
    let one = |field: &str, operator: &str, value: Value| json!({"filters": [{"field": field, "operator": operator, "value": value}]});
    let sort = |fields: &[&str]| {
        let fields: Vec<Value> = fields.iter().map(|field| json!({"field": field})).collect();
        json!({"sort": fields})
    };
    let cases = [
        (one("nope", "eq", json!("x")), "invalid_filter_field"),
        (
            one("primary_email", "gt", json!("x")),
            "invalid_filter_operator",
        ),
        (
            one("updated_at", "between", json!("x")),
            "invalid_filter_value",
        ),
        (
            one("accounts.contacts.accounts.display_name", "eq", json!("x")),
            "filter_depth_exceeded",
        ),
        (
            sort(&["id", "title", "created_at", "first_name"]),
            "sort_too_many_fields",
        ),
        (sort(&["address"]), "unsortable_field"),
        (
            json!({"cursor": "Y29udGFjdHxwYWdlMg", "limit": 100}),
            "invalid_cursor",
        ),
        (json!({"limit": 501}), "limit_out_of_range"),
    ];
    let index = fixture("reevo/error_index.json");
    for (body, code) in cases {
        let status = index[code]["http_status"].as_u64().unwrap();
        let file = format!("reevo/error_{code}.json");
        refused(&sandbox, body, &file, u16::try_from(status).unwrap()).await;
    }
}

#[tokio::test]
async fn bodies_of_the_wrong_shape_get_422() {
    let sandbox = sandbox("").await;
    let bodies = [
        "",
        "{",
        "[]",
        "null",
        "{\"limit\": \"10\"}",
        "{\"limit\": 1.5}",
        "{\"cursor\": 7}",
        "{\"filters\": {}}",
        "{\"filters\": [7]}",
        "{\"filters\": [{\"field\": \"id\"}]}",
        "{\"filters\": [{\"and\": {}}]}",
        "{\"filters\": [{\"field\": \"id\", \"operator\": \"eq\", \"value\": \"x\", \"y\": 1}]}",
        "{\"sort\": [{\"field\": \"id\", \"direction\": \"up\"}]}",
        "{\"sort\": {}}",
        "{\"fields\": []}",
    ];
    for body in bodies {
        let answer = reevo(&sandbox, "POST", "/contact/_query", body).await;
        let expected = if body.is_empty() { 200 } else { 422 };
        assert_eq!(answer.status, expected, "{body}");
        if expected == 422 {
            let detail = &answer.json()["detail"][0];
            let theirs = fixture("reevo/error_observed_platform_422_missing_header.json");
            assert_eq!(keys(detail), keys(&theirs["detail"][0]), "{body}");
        }
    }
    let bearer = format!("Bearer {}", sandbox.key());
    let plain = [
        ("authorization", bearer.as_str()),
        ("content-type", "text/plain"),
    ];
    let answer = send(&sandbox, "POST", "/api/v2/contact/_query", &plain, "{}").await;
    assert_eq!(answer.status, 422);
}

#[tokio::test]
async fn cursors_are_bound_to_their_query() {
    let sandbox = sandbox("").await;
    let sort = json!([{"field": "updated_at", "direction": "asc"}]);
    let filters =
        json!([{"field": "updated_at", "operator": "gte", "value": "2026-01-01T00:00:00Z"}]);
    let first = json!({"filters": filters, "sort": sort, "limit": 3});
    let page = query(&sandbox, "contact", &first).await.json();
    let cursor = next_cursor(&page).unwrap();
    let alone = query(&sandbox, "contact", &json!({"cursor": cursor, "limit": 3})).await;
    let mut repeated = first.clone();
    repeated["cursor"] = json!(cursor);
    assert_eq!(query(&sandbox, "contact", &repeated).await.body, alone.body);
    for (key, value) in [("filters", json!([])), ("sort", json!([]))] {
        let mut changed = repeated.clone();
        changed[key] = value;
        refused(&sandbox, changed, "reevo/error_invalid_cursor.json", 400).await;
    }
    let elsewhere = query(&sandbox, "account", &json!({"cursor": cursor})).await;
    assert_eq!(elsewhere.status, 400);
    let cut = json!({"cursor": &cursor[..cursor.len() - 1]});
    refused(&sandbox, cut, "reevo/error_invalid_cursor.json", 400).await;
}

#[tokio::test]
async fn credentials_come_in_two_headers_and_must_be_right() {
    let sandbox = sandbox("records=10").await;
    let key = sandbox.key().to_owned();
    let bearer = format!("Bearer {key}");
    let target = "/api/v2/_schema/contact";
    for (name, value, expected) in [
        ("authorization", bearer.as_str(), 200),
        ("x-api-key", key.as_str(), 200),
        ("authorization", key.as_str(), 401),
        ("authorization", "Bearer nonsense", 401),
        ("x-api-key", "nonsense", 401),
        ("x-other", "nothing", 401),
    ] {
        let answer = send(&sandbox, "GET", target, &[(name, value)], "").await;
        assert_eq!(answer.status, expected, "{name}: {value}");
        if expected == 401 {
            assert_eq!(answer.json(), fixture("reevo/error_unauthorized.json"));
        }
    }
    let shown: Vec<String> = sandbox
        .requests()
        .iter()
        .flat_map(|request| request.headers.clone())
        .filter(|(name, _)| name == "authorization" || name == "x-api-key")
        .map(|(_, value)| value)
        .collect();
    assert_eq!(
        shown,
        [
            "Bearer <key ok>",
            "<key ok>",
            "<key ok>",
            "Bearer <key wrong>",
            "<key wrong>"
        ]
    );
}

#[tokio::test]
async fn routes_types_and_methods_that_do_not_exist_are_refused() {
    let sandbox = sandbox("streams=contact,users").await;
    let health = send(&sandbox, "GET", "/api/v2/health", &[], "").await;
    assert_eq!(health.json(), fixture("reevo/health.json"));
    let unknown = query(&sandbox, "implementation_projekt", &json!({})).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(
        unknown.json(),
        fixture("reevo/error_unknown_record_type.json")
    );
    assert_eq!(query(&sandbox, "account", &json!({})).await.status, 404);
    for path in ["/_schema", "/contact", "/nothing/at/all"] {
        let answer = reevo(&sandbox, "GET", path, "").await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.json(),
            fixture("reevo/error_observed_platform_404.json")
        );
    }
    let outside = send(&sandbox, "GET", "/", &[], "").await;
    assert_eq!(outside.status, 404);
    for (method, path) in [("GET", "/contact/_query"), ("POST", "/_schema/contact")] {
        let answer = reevo(&sandbox, method, path, "").await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(
            answer.json(),
            fixture("reevo/error_observed_platform_405.json")
        );
    }
    let missing = "c0ffee00-1111-4a2b-8c3d-000000000005";
    let answer = reevo(&sandbox, "GET", &format!("/contact/{missing}"), "").await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json(), fixture("reevo/error_record_not_found.json"));
}

#[tokio::test]
async fn forbidden_streams_name_the_missing_permission() {
    let sandbox = sandbox("forbid=account").await;
    let answer = query(&sandbox, "account", &json!({})).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json(), fixture("reevo/error_forbidden.json"));
    assert_eq!(query(&sandbox, "contact", &json!({})).await.status, 200);
}

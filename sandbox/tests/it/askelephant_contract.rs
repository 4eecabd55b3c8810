//! AskElephant's answers have the shapes, codes and statuses of the fixtures.

use serde_json::Value;

use crate::client::{askelephant, fixture, ids, sandbox, send};
use revops_sandbox::Sandbox;

const SCHEMAS: [(&str, &str); 5] = [
    ("contacts", "contact"),
    ("companies", "company"),
    ("users", "user"),
    ("tags", "tag"),
    ("engagements", "engagement"),
];

/// The part of JSON Schema that the fixtures use: types, constants, enums, required members,
/// members and items.
fn validate(value: &Value, schema: &Value, path: &str) {
    if let Some(constant) = schema.get("const") {
        assert_eq!(value, constant, "{path}");
    }
    if let Some(members) = schema["enum"].as_array() {
        assert!(members.contains(value), "{path}: {value}");
    }
    let types = match &schema["type"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(several) => several
            .iter()
            .map(|t| t.as_str().unwrap().to_owned())
            .collect(),
        _ => Vec::new(),
    };
    let has_type = |name: &str| match name {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("{path}: the fixtures have a new type {other}"),
    };
    assert!(
        types.is_empty() || types.iter().any(|name| has_type(name)),
        "{path}: {value}"
    );
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(
            value.get(name.as_str().unwrap()).is_some(),
            "{path} lacks {name}"
        );
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            validate(value, member, &format!("{path}.{name}"));
        }
    }
    for item in value.as_array().into_iter().flatten() {
        validate(item, &schema["items"], &format!("{path}[]"));
    }
}

fn check_pattern(id: &str, prefix: &str) {
    let rest = id.strip_prefix(prefix).unwrap().strip_prefix('_').unwrap();
    assert!(
        rest.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{id}"
    );
}

#[tokio::test]
async fn records_fit_the_schemas_of_the_fixtures() {
    let sandbox = sandbox("records=400").await;
    for (collection, name) in SCHEMAS {
        let schema = fixture(&format!("askelephant/schemas/{name}.json"));
        let mut seen = std::collections::BTreeSet::new();
        for truth in sandbox.truth(collection) {
            let record: Value = serde_json::from_str(&truth.json).unwrap();
            validate(&record, &schema, collection);
            assert_eq!(record["id"], truth.id.as_str());
            seen.extend(record.as_object().unwrap().keys().cloned());
        }
        let expanded = [
            "transcript",
            "media_url",
            "companies",
            "contacts",
            "action_items",
            "signals",
            "tags",
            "owner",
        ];
        for member in schema["properties"].as_object().unwrap().keys() {
            let only_expanded = name == "engagement" && expanded.contains(&member.as_str());
            assert_eq!(
                seen.contains(member),
                !only_expanded,
                "{collection}.{member}"
            );
        }
    }
    let prefixes = ["cnt", "cmp", "usr", "tag", "ngmt"];
    for ((collection, _), prefix) in SCHEMAS.iter().zip(prefixes) {
        check_pattern(&sandbox.truth(collection)[0].id, prefix);
    }
}

#[tokio::test]
async fn lists_fit_the_list_schema_and_carry_the_documented_headers() {
    let sandbox = sandbox("records=100&clock=2026-07-01T00:00:05Z").await;
    let answer = askelephant(&sandbox, "contacts", &[("limit", "2")]).await;
    validate(
        &answer.json(),
        &fixture("askelephant/schemas/list.json"),
        "list",
    );
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-api-version"), Some("v2"));
    assert_eq!(answer.header("date"), Some("Wed, 01 Jul 2026 00:00:05 GMT"));
}

#[tokio::test]
async fn everything_can_be_expanded() {
    let sandbox = sandbox("records=300").await;
    let all = "companies,contacts,owner,action_items,signals,transcript,media_url,tags";
    let answer = askelephant(
        &sandbox,
        "engagements",
        &[("expand", all), ("limit", "100")],
    )
    .await;
    let page = answer.json();
    let schema = fixture("askelephant/schemas/engagement.json");
    let example = &fixture("askelephant/list_engagements_expanded.json")["data"][0];
    for record in page["data"].as_array().unwrap() {
        validate(record, &schema, "engagement");
        for name in all.split(',') {
            assert!(record.get(name).is_some(), "{name}");
            if let (Some(ours), Some(theirs)) = (record[name].get(0), example[name].get(0)) {
                assert_eq!(ours["object"], theirs["object"]);
            }
        }
    }
    let plain = askelephant(&sandbox, "engagements", &[("limit", "1")])
        .await
        .json();
    assert!(plain["data"][0].get("transcript").is_none());
}

fn same_problem(answer: &super::client::Answer, file: &str) {
    let mut ours = answer.json();
    let mut theirs = fixture(file);
    validate(
        &ours,
        &fixture("askelephant/schemas/problem.json"),
        "problem",
    );
    check_pattern(ours["request_id"].as_str().unwrap(), "rid");
    ours["request_id"] = Value::Null;
    theirs["request_id"] = Value::Null;
    assert_eq!(ours, theirs);
    assert_eq!(u64::from(answer.status), theirs["status"]);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
}

#[tokio::test]
async fn problems_are_those_of_the_fixtures() {
    let sandbox = sandbox("scopes=contacts:read").await;
    let list = |parameters: &'static [(&'static str, &'static str)]| {
        askelephant(&sandbox, "contacts", parameters)
    };
    let bad_time = list(&[("filter[updated_at][gte]", "yesterday")]).await;
    same_problem(&bad_time, "askelephant/error_400_bad_request.json");
    let offset = list(&[("filter[updated_at][gte]", "2026-01-01T02:00:00+02:00")]).await;
    same_problem(&offset, "askelephant/error_400_bad_request.json");
    let bad_cursor = list(&[("cursor", "eyJpZCI6ImNudF8wMSJ9")]).await;
    same_problem(&bad_cursor, "askelephant/error_400_invalid_cursor.json");
    let bad_limit = list(&[("limit", "101")]).await;
    same_problem(&bad_limit, "askelephant/error_422_validation_failed.json");
    let forbidden = askelephant(&sandbox, "engagements", &[]).await;
    same_problem(&forbidden, "askelephant/error_403_forbidden.json");
    let missing = askelephant(&sandbox, "meetings", &[]).await;
    same_problem(&missing, "askelephant/error_404_not_found.json");
    let missing = askelephant(&sandbox, "contacts/cnt_01", &[]).await;
    same_problem(&missing, "askelephant/error_404_not_found.json");
}

#[tokio::test]
async fn the_key_is_sent_raw() {
    let sandbox = sandbox("records=10").await;
    let key = sandbox.key().to_owned();
    let bearer = format!("Bearer {key}");
    for (name, value, expected) in [
        ("authorization", key.as_str(), 200),
        ("authorization", bearer.as_str(), 401),
        ("x-api-key", key.as_str(), 401),
        ("authorization", "sk-apik_wrong.key", 401),
    ] {
        let answer = send(&sandbox, "GET", "/v2/users", &[(name, value)], "").await;
        assert_eq!(answer.status, expected, "{name}: {value}");
        if expected == 401 {
            same_problem(&answer, "askelephant/error_401_unauthorized.json");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }
}

#[tokio::test]
async fn unknown_and_misplaced_parameters_are_all_named() {
    let sandbox = sandbox("records=10").await;
    let parameters = [
        ("page", "2"),
        ("search", "x"),
        ("filter[domain][eq]", "x"),
        ("order_by", "name"),
        ("filter[updated_at][eq]", "2026-01-01T00:00:00Z"),
    ];
    let answer = askelephant(&sandbox, "tags", &parameters).await;
    assert_eq!(answer.status, 400);
    let problem = answer.json();
    let errors = problem["errors"].as_array().unwrap().iter();
    let fields: Vec<&str> = errors
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, parameters.map(|(key, _)| key));
    let twice = [
        ("order_by", "updated_at:asc"),
        ("order_by", "updated_at:asc"),
    ];
    assert_eq!(askelephant(&sandbox, "tags", &twice).await.status, 400);
    let answer = askelephant(&sandbox, "tags", &[("limit", "ten")]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        askelephant(&sandbox, "tags", &[("limit", "0")])
            .await
            .status,
        422
    );
}

#[tokio::test]
async fn private_engagements_need_their_scope() {
    let all = sandbox("records=200").await;
    let some = sandbox("records=200&scopes=engagements:read").await;
    let private = |sandbox: &Sandbox| {
        let records = sandbox.truth("engagements").into_iter();
        let is_private = |json: &String| json.contains("\"is_private\":true");
        records.filter(|record| is_private(&record.json)).count()
    };
    assert!(private(&all) > 0);
    assert_eq!(private(&some), 0);
    assert!(some.truth("engagements").len() < all.truth("engagements").len());
    let admin = sandbox("records=200&scopes=workspace:admin").await;
    assert_eq!(admin.truth("engagements"), all.truth("engagements"));
}

#[tokio::test]
async fn expansions_need_their_scopes() {
    let sandbox = sandbox("records=50&scopes=engagements:read,users:read").await;
    for (expand, expected) in [
        ("owner", 200),
        ("transcript,tags", 200),
        ("companies", 403),
        ("owner,contacts", 403),
        ("pets", 400),
    ] {
        let answer = askelephant(&sandbox, "engagements", &[("expand", expand)]).await;
        assert_eq!(answer.status, expected, "{expand}");
    }
}

#[tokio::test]
async fn deleted_records_leave_lists_and_single_reads() {
    let sandbox = sandbox("records=50").await;
    let id = sandbox.truth("contacts")[0].id.clone();
    let target = format!("contacts/{id}");
    assert_eq!(askelephant(&sandbox, &target, &[]).await.status, 200);
    sandbox.remove("contacts", &id);
    assert_eq!(askelephant(&sandbox, &target, &[]).await.status, 404);
    let page = askelephant(&sandbox, "contacts", &[("limit", "100")])
        .await
        .json();
    assert!(!ids(&page).contains(&id));
    assert_eq!(ids(&page).len(), 24);
}

//! Reevo v2: `POST /{record_type}/_query` and `GET /_schema/{record_type}`. Where the documentation
//! does not say how something looks, every plausible form is read.

mod filters;
pub mod links;
mod page;
mod schema;

pub use self::filters::check as check_filters;
pub use self::page::page;
pub use self::schema::stream;

use super::page::{PageRequest, PageToken};
use super::path::segment;
use crate::catalog::{PRIMARY_KEY, REPLICATION_KEY, Replication};
use crate::config::filters::Filters;
use crate::http::request::Request;
use serde_json::{Value, json};

/// The record types that every workspace has. No documented call lists them.
pub const STANDARD_TYPES: [&str; 6] = [
    "contact",
    "account",
    "opportunity",
    "task",
    "note",
    "meeting",
];

pub fn schema_request(record_type: &str) -> Request {
    Request {
        path: format!("/_schema/{}", segment(record_type)),
        body: None,
    }
}

/// Includes the filters, since only the API can judge all of them.
pub fn probe_request(record_type: &str, filters: &Filters) -> Request {
    let mut body = json!({"limit": 1});
    if let Filters::Conditions { sent, .. } = filters {
        body["filters"] = json!(sent);
    }
    query(record_type, &body)
}

/// The request for the first page carries filters and sort, every other one only the cursor, which
/// is tied to them, and the limit ("Query Records for Sync").
pub fn page_request(page: &PageRequest, filters: &Filters) -> Request {
    let body = match page.token {
        Some(PageToken(token)) => json!({"cursor": token, "limit": page.limit}),
        None => first_page(page, filters),
    };
    query(&page.stream.api_name, &body)
}

/// The elements of the list of filters are combined with `and`, so the window stands beside the
/// stream's own filters.
fn first_page(page: &PageRequest, own: &Filters) -> Value {
    let mut body = json!({});
    let mut filters = Vec::new();
    if let Filters::Conditions { sent, .. } = own {
        filters.clone_from(sent);
    }
    if let Some(from) = &page.window.from {
        let operator = if from.inclusive { "gte" } else { "gt" };
        filters.push(condition(operator, &from.updated_at));
    }
    if let Some(until) = &page.window.until {
        filters.push(condition("lt", until));
    }
    if !filters.is_empty() {
        body["filters"] = Value::Array(filters);
    }
    let mut sort = Vec::new();
    if page.stream.replication == Replication::Incremental {
        sort.push(json!({"field": REPLICATION_KEY, "direction": page.order.word()}));
    }
    if page.stream.sorts_by_id {
        sort.push(json!({"field": PRIMARY_KEY, "direction": "asc"}));
    }
    if !sort.is_empty() {
        body["sort"] = Value::Array(sort);
    }
    body["limit"] = json!(page.limit);
    body
}

fn condition(operator: &str, value: &str) -> Value {
    json!({"field": REPLICATION_KEY, "operator": operator, "value": value})
}

fn query(record_type: &str, body: &Value) -> Request {
    Request {
        path: format!("/{}/_query", segment(record_type)),
        body: Some(body.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::page::{LowerBound, Order, Window};
    use super::*;
    use crate::catalog::Stream;

    fn contact() -> Stream {
        let fixture = include_str!("../../../sandbox/tests/fixtures/reevo/schema_contact.json");
        stream("contact", fixture).unwrap()
    }

    fn body_of(page: &PageRequest) -> Value {
        serde_json::from_str(&page_request(page, &Filters::None).body.unwrap()).unwrap()
    }

    #[test]
    fn a_full_export_sorts_and_does_not_filter() {
        let (stream, window) = (contact(), Window::default());
        let page = PageRequest {
            stream: &stream,
            window: &window,
            limit: 500,
            order: Order::Ascending,
            token: None,
        };
        assert_eq!(page_request(&page, &Filters::None).path, "/contact/_query");
        assert_eq!(
            body_of(&page),
            json!({
                "sort": [{"field": "updated_at", "direction": "asc"}, {"field": "id", "direction": "asc"}],
                "limit": 500
            })
        );
    }

    #[test]
    fn a_window_becomes_filters_and_the_next_page_sends_the_cursor_and_limit_alone() {
        let stream = contact();
        let window = Window {
            from: Some(LowerBound {
                updated_at: "2026-06-01T08:00:00.123456Z".to_owned(),
                inclusive: true,
            }),
            until: Some("2026-07-01T00:00:00Z".to_owned()),
        };
        let mut page = PageRequest {
            stream: &stream,
            window: &window,
            limit: 7,
            order: Order::Ascending,
            token: None,
        };
        assert_eq!(
            body_of(&page)["filters"],
            json!([
                {"field": "updated_at", "operator": "gte", "value": "2026-06-01T08:00:00.123456Z"},
                {"field": "updated_at", "operator": "lt", "value": "2026-07-01T00:00:00Z"}
            ])
        );
        let token = PageToken("Y29".to_owned());
        page.token = Some(&token);
        assert_eq!(body_of(&page), json!({"cursor": "Y29", "limit": 7}));
    }

    #[test]
    fn an_api_name_is_percent_encoded_in_the_path() {
        assert_eq!(
            schema_request("Renewal Plan/ü").path,
            "/_schema/Renewal%20Plan%2F%C3%BC"
        );
    }
}

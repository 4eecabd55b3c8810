//! The errors of Reevo: their codes, statuses and envelopes.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::options::ErrorEnvelope;

#[derive(Debug, PartialEq)]
pub enum Problem {
    Unauthorized,
    Forbidden {
        permission: String,
    },
    UnknownRecordType {
        record_type: String,
    },
    RecordNotFound {
        id: String,
    },
    UnknownRelationship {
        api_name: String,
        record_type: String,
    },
    InvalidFilterField {
        field: String,
        record_type: String,
    },
    InvalidFilterOperator {
        field: String,
        operator: String,
    },
    InvalidFilterValue {
        field: String,
        operator: String,
    },
    FilterDepthExceeded {
        field: String,
    },
    SortTooManyFields,
    UnsortableField {
        field: String,
    },
    InvalidCursor,
    /// Only a fault script limits rates.
    RateLimited,
    LimitOutOfRange {
        limit: i64,
        most: u64,
        status: u16,
    },
    /// A body that does not have the shape of a query: the path into it, and what is wrong there.
    InvalidBody {
        location: Vec<String>,
        message: String,
    },
    UnknownRoute,
    MethodNotAllowed {
        allowed: &'static str,
    },
}

pub const MOST_SORT_FIELDS: usize = 3;

impl Problem {
    pub fn invalid_body(location: &[&str], message: &str) -> Self {
        Problem::InvalidBody {
            location: location.iter().map(|part| (*part).to_owned()).collect(),
            message: message.to_owned(),
        }
    }

    pub fn answer(&self, envelope: ErrorEnvelope) -> Answer {
        match self {
            Problem::UnknownRoute => Answer::json(404, &json!({"detail": "Not Found"})),
            Problem::MethodNotAllowed { allowed } => {
                Answer::json(405, &json!({"detail": "Method Not Allowed"}))
                    .with_header("allow", allowed)
            }
            Problem::InvalidBody { location, message } => {
                let whole: Vec<&str> = std::iter::once("body")
                    .chain(location.iter().map(String::as_str))
                    .collect();
                let item = json!({
                    "type": "value_error", "loc": whole, "msg": message, "input": null,
                });
                Answer::json(422, &json!({"detail": [item]}))
            }
            coded => {
                let (status, code, message, details) = coded.coded();
                Answer::json(status, &enveloped(envelope, code, &message, &details))
            }
        }
    }

    /// Status, code, message and details.
    fn coded(&self) -> (u16, &'static str, String, Value) {
        match self {
            Problem::Unauthorized => (
                401,
                "unauthorized",
                "API key is missing, invalid or expired.".to_owned(),
                Value::Null,
            ),
            Problem::Forbidden { permission } => (
                403,
                "forbidden",
                format!("API key lacks the permission {permission}."),
                json!({"missing_permissions": [permission]}),
            ),
            Problem::UnknownRecordType { record_type } => (
                404,
                "unknown_record_type",
                format!("Unknown record type '{record_type}'."),
                json!({"record_type": record_type}),
            ),
            Problem::RecordNotFound { id } => (
                404,
                "record_not_found",
                "Record does not exist in this workspace.".to_owned(),
                json!({"id": id}),
            ),
            Problem::UnknownRelationship {
                api_name,
                record_type,
            } => (
                404,
                "unknown_relationship",
                format!("Relationship '{api_name}' is not declared for {record_type}."),
                json!({"api_name": api_name}),
            ),
            Problem::LimitOutOfRange {
                limit,
                most,
                status,
            } => (
                *status,
                "limit_out_of_range",
                format!("limit must be between 1 and {most}."),
                json!({"limit": limit}),
            ),
            Problem::InvalidCursor => (
                400,
                "invalid_cursor",
                "Cursor is malformed, expired or belongs to another query.".to_owned(),
                Value::Null,
            ),
            Problem::RateLimited => (
                429,
                "rate_limited",
                "Too many requests.".to_owned(),
                Value::Null,
            ),
            query => query.coded_query(),
        }
    }

    /// The codes that are about filters and sorting.
    fn coded_query(&self) -> (u16, &'static str, String, Value) {
        let (code, message, details) = match self {
            Problem::InvalidFilterField { field, record_type } => (
                "invalid_filter_field",
                format!("Field '{field}' is not filterable on {record_type}."),
                json!({"field": field}),
            ),
            Problem::InvalidFilterOperator { field, operator } => (
                "invalid_filter_operator",
                format!("Operator '{operator}' is not valid for field '{field}'."),
                json!({"field": field, "operator": operator}),
            ),
            Problem::InvalidFilterValue { field, operator } => (
                "invalid_filter_value",
                format!("Value does not match operator '{operator}'."),
                json!({"field": field}),
            ),
            Problem::FilterDepthExceeded { field } => (
                "filter_depth_exceeded",
                "Filter path is too deep.".to_owned(),
                json!({"field": field}),
            ),
            Problem::SortTooManyFields => (
                "sort_too_many_fields",
                format!("At most {MOST_SORT_FIELDS} sort fields are allowed."),
                json!({"max": MOST_SORT_FIELDS}),
            ),
            Problem::UnsortableField { field } => (
                "unsortable_field",
                format!("Field '{field}' is not sortable."),
                json!({"field": field}),
            ),
            other => unreachable!("{other:?} has no code of its own or is coded elsewhere"),
        };
        (400, code, message, details)
    }
}

fn enveloped(envelope: ErrorEnvelope, code: &str, message: &str, details: &Value) -> Value {
    match envelope {
        ErrorEnvelope::Nested => {
            json!({"error": {"code": code, "message": message, "details": details}})
        }
        ErrorEnvelope::Flat => json!({"code": code, "message": message}),
        ErrorEnvelope::Platform => json!({
            "error_response_type": "GENERIC", "error": code, "message": message, "details": details,
        }),
        ErrorEnvelope::Errors => {
            let field = &details["field"];
            json!({"errors": [{"code": code, "message": message, "field": field}]})
        }
        ErrorEnvelope::Detail => json!({"detail": {"code": code, "message": message}}),
    }
}

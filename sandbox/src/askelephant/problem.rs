//! The errors of AskElephant: problem+json, with the wrong fields.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::identity;
use crate::noise::noise;
use crate::options::Scope;
use crate::world::World;

#[derive(Debug)]
pub struct Problem {
    status: u16,
    slug: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<FieldError>,
}

#[derive(Debug)]
pub struct FieldError {
    pub field: String,
    pub code: &'static str,
    pub message: String,
}

impl Problem {
    pub fn bad_request(errors: Vec<FieldError>) -> Self {
        let detail = "The query string could not be parsed.";
        Problem::new(400, "bad_request", "Bad Request", detail, errors)
    }

    pub fn invalid_cursor() -> Self {
        let error = FieldError {
            field: "cursor".to_owned(),
            code: "invalid_cursor",
            message: "cursor is malformed or no longer valid.".to_owned(),
        };
        let detail = "The cursor is not valid.";
        Problem::new(400, "bad_request", "Bad Request", detail, vec![error])
    }

    pub fn unauthorized() -> Self {
        let detail = "Authentication is missing or invalid.";
        Problem::new(401, "unauthorized", "Unauthorized", detail, Vec::new())
    }

    pub fn forbidden(scope: Scope) -> Self {
        let name = Scope::MEMBERS.iter().find(|(_, known)| *known == scope);
        let name = name.map_or("", |(name, _)| name);
        let detail = format!("The credential is missing the required scope {name}.");
        Problem::new(403, "forbidden", "Forbidden", &detail, Vec::new())
    }

    pub fn not_found() -> Self {
        let detail = "The requested resource does not exist.";
        Problem::new(404, "not_found", "Not Found", detail, Vec::new())
    }

    pub fn method_not_allowed() -> Self {
        let detail = "The method is not allowed for this resource.";
        let title = "Method Not Allowed";
        Problem::new(405, "method_not_allowed", title, detail, Vec::new())
    }

    /// Only a fault script limits rates.
    pub fn rate_limited() -> Self {
        let detail = "Too many requests. Retry after the interval given in Retry-After.";
        Problem::new(429, "rate_limited", "Too Many Requests", detail, Vec::new())
    }

    pub fn limit_out_of_range(most: u64) -> Self {
        let error = FieldError {
            field: "limit".to_owned(),
            code: "invalid_range",
            message: format!("limit must be between 1 and {most}."),
        };
        let detail = "The request contains invalid fields.";
        let title = "Validation Failed";
        Problem::new(422, "validation_failed", title, detail, vec![error])
    }

    fn new(
        status: u16,
        slug: &'static str,
        title: &'static str,
        detail: &str,
        errors: Vec<FieldError>,
    ) -> Self {
        Problem {
            status,
            slug,
            title,
            detail: detail.to_owned(),
            errors,
        }
    }

    pub fn answer(&self, world: &World) -> Answer {
        let number = world.fresh();
        let bits = (u128::from(number) << 64) | u128::from(noise(&[number]));
        let mut body = json!({
            "type": format!("https://app.askelephant.ai/errors/{}", self.slug),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": identity::prefixed("rid", bits),
        });
        if !self.errors.is_empty() {
            body["errors"] = self.errors.iter().map(FieldError::json).collect();
        }
        let answer = Answer::json(self.status, &body)
            .with_header("content-type", "application/problem+json");
        if self.status == 401 {
            answer.with_header("www-authenticate", "Bearer")
        } else {
            answer
        }
    }
}

impl FieldError {
    fn json(&self) -> Value {
        json!({"field": self.field, "code": self.code, "message": self.message})
    }
}

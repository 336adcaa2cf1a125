//! Errors in the form that clients of OpenAI's API read.

use axum::response::{IntoResponse, Response};
use botserver_core::{OwnBody, Problem};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// What OpenAI's clients know a spent budget by: they do not try again.
const QUOTA: &str = "insufficient_quota";

/// The kind of the problem that conversations give for it.
const EXHAUSTED: &str = "chat/budget-spent";

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
    code: Option<String>,
    param: Option<String>,
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            code: None,
            param: None,
            retry_after: None,
        }
    }

    /// A parameter that is wrong, or that is not known here.
    pub(crate) fn invalid(param: &str, message: impl Into<String>) -> Self {
        Self {
            param: Some(param.to_owned()),
            ..Self::new(StatusCode::BAD_REQUEST, message)
        }
    }

    /// A parameter that asks for what is not done here.
    pub(crate) fn unsupported(param: &str, message: impl Into<String>) -> Self {
        Self {
            code: Some("unsupported_parameter".to_owned()),
            ..Self::invalid(param, message)
        }
    }

    /// There is no such bot, or the caller may not know of it.
    pub(crate) fn unknown_model(name: &str) -> Self {
        let name: String = name.chars().take(64).collect();
        Self {
            code: Some("model_not_found".to_owned()),
            param: Some("model".to_owned()),
            ..Self::new(
                StatusCode::NOT_FOUND,
                format!("there is no model {name:?} that you may talk to: GET /v1/models lists those"),
            )
        }
    }

    /// The model's answer has not the form that was asked for.
    pub(crate) fn formless(why: &str) -> Self {
        Self {
            code: Some("answer_not_in_format".to_owned()),
            ..Self::new(
                StatusCode::BAD_GATEWAY,
                format!("the answer has not the form that was asked for: {why}; ask again"),
            )
        }
    }

    /// Nobody was proved.
    pub(crate) fn unproved() -> Self {
        Self {
            code: Some("invalid_api_key".to_owned()),
            ..Self::new(
                StatusCode::UNAUTHORIZED,
                "send an API key as `Authorization: Bearer bk_…`: `botserver key new` makes one",
            )
        }
    }

    /// A budget is spent.
    pub(crate) fn exhausted(error: &impl ToString) -> Self {
        Self {
            code: Some(QUOTA.to_owned()),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, error.to_string())
        }
    }

    /// This server was built without a part.
    pub(crate) fn not_built_in(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            format!("this server was built without {what}"),
        )
    }

    /// The class that OpenAI's clients tell errors by.
    fn class(&self) -> &'static str {
        match self.status {
            _ if self.code.as_deref() == Some(QUOTA) => QUOTA,
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::FORBIDDEN => "permission_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        }
    }

    /// The document that says it.
    pub(crate) fn document(&self) -> serde_json::Value {
        json!({ "error": {
            "message": self.message,
            "type": self.class(),
            "param": self.param,
            "code": self.code,
        }})
    }
}

impl From<botlib::Problem> for Refusal {
    fn from(problem: botlib::Problem) -> Self {
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        // These clients know 400 for what has a wrong value.
        let status = match status {
            StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
            status => status,
        };
        let first = problem.errors.first();
        let message = match (&problem.detail, first) {
            (Some(detail), _) => detail.clone(),
            (None, Some(field)) => format!("{} {}", field.field, field.detail).trim().to_owned(),
            (None, None) => problem.title.clone(),
        };
        let code = match status {
            StatusCode::UNAUTHORIZED => "invalid_api_key".to_owned(),
            _ if problem.kind == EXHAUSTED => QUOTA.to_owned(),
            _ => problem.kind.clone(),
        };
        Self {
            code: Some(code),
            param: first
                .map(|field| field.field.trim_start_matches('/').replace('/', "."))
                .filter(|field| !field.is_empty()),
            retry_after: problem.retry_after,
            ..Self::new(status, message)
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        problem.for_client().into()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = self.document().to_string();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code.as_deref() == Some(QUOTA) {
            // OpenAI's clients try every 429 again unless they are told not to.
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(OwnBody);
        response
    }
}

/// Says what the server itself refused in the words of this API.
pub(crate) async fn translate(mut response: Response) -> Response {
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => {
            if problem.status().is_server_error() {
                tracing::warn!(problem = %problem.chain(), "a request of an OpenAI client failed");
            }
            Refusal::from(problem).into_response()
        }
        None => response,
    }
}

//! Errors of the API, as `application/problem+json` (RFC 9457).

use std::{error::Error, fmt, sync::Arc};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use utoipa::{PartialSchema, ToSchema};

/// The media type of problem documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What a handler answers when it fails: a [`botlib::Problem`] and, for the log only, its cause.
///
/// Domain errors become problems through `impl From<Error> for Problem`. Clients of a server fault (5xx) see
/// its title only; what caused it is logged once, with the request id that the client was shown.
#[derive(Clone)]
pub struct Problem(Box<Inner>);

#[derive(Clone)]
struct Inner {
    document: botlib::Problem,
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem of class `kind`, such as `chat/unknown-conversation`, with a title that is the same each time.
    pub fn new(status: StatusCode, kind: impl Into<String>, title: impl Into<String>) -> Self {
        botlib::Problem::new(status.as_u16(), kind, title).into()
    }

    /// A fault of the server, caused by `cause`.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server/internal",
            "The server failed",
        )
        .because(cause)
    }

    /// Something that the server needs is away for the moment, because of `cause`.
    pub fn unavailable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "server/unavailable",
            "A part of the server is away, try again soon",
        )
        .retry_after(1)
        .because(cause)
    }

    /// There is no such `thing`, or the caller may not know of it.
    pub fn not_found(thing: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "http/not-found", "Not found").detail(format!("there is no such {thing}"))
    }

    /// Nobody has been proved, and the route wants somebody.
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "auth/required", "Sign in first")
    }

    /// The caller is known and may not do this.
    pub fn forbidden(permission: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "auth/forbidden", "Not allowed")
            .detail(format!("this needs the permission {permission}"))
    }

    /// The request was understood and one or more values in it are wrong; name them with [`Problem::field`].
    pub fn invalid() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "request/invalid",
            "The request has invalid values",
        )
    }

    /// Too many requests; try again in so many seconds.
    pub fn too_many(seconds: u64) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "http/too-many-requests",
            "Too many requests",
        )
        .detail(format!("try again in {seconds} s"))
        .retry_after(seconds)
    }

    /// Says what happened this time. Clients do not see it when the status is a server fault.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.document.detail = Some(detail.into());
        self
    }

    /// Names a refused field, as a JSON pointer or parameter name.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.0.document = self.0.document.field(field, detail);
        self
    }

    /// Says when to try again, in seconds, in the document and as `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.document.retry_after = Some(seconds);
        self
    }

    /// Keeps the cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(Arc::from(cause.into()));
        self
    }

    /// Names the request in which it happened.
    #[must_use]
    pub fn instance(mut self, request: impl fmt::Display) -> Self {
        self.0.document.instance = Some(request.to_string());
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The whole document, as the log may show it.
    pub fn document(&self) -> &botlib::Problem {
        &self.0.document
    }

    /// The document as clients may see it: without the detail of a server fault.
    pub fn for_client(&self) -> botlib::Problem {
        let mut document = self.0.document.clone();
        if self.status().is_server_error() {
            document.detail = None;
        }
        document
    }

    /// What happened, followed by every cause, for the log.
    pub fn chain(&self) -> String {
        let mut chain = self.to_string();
        let mut cause = self.0.cause.as_deref().map(|cause| cause as &dyn Error);
        while let Some(error) = cause {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            cause = error.source();
        }
        chain
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let document = &self.0.document;
        f.write_str(&document.title)?;
        document
            .detail
            .as_ref()
            .map_or(Ok(()), |detail| write!(f, " ({detail})"))
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {}",
            self.0.document.status,
            self.0.document.kind,
            self.chain()
        )
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

impl From<botlib::Problem> for Problem {
    fn from(document: botlib::Problem) -> Self {
        Self(Box::new(Inner { document, cause: None }))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::to_vec(&self.for_client()).unwrap_or_default();
        let mut response = (status, Bytes::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = self.0.document.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// What went wrong (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "only its schema is used: `botlib` knows no OpenAPI")]
struct ProblemDocument {
    /// The stable name of the error class.
    #[schema(example = "request/invalid")]
    r#type: String,
    /// A short sentence for people, the same for every occurrence.
    title: String,
    /// The HTTP status code.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened this time and what to do about it; absent for faults of the server.
    #[schema(required = false, nullable = false)]
    detail: Option<String>,
    /// The id of the request, to be found in the logs.
    #[schema(required = false, nullable = false)]
    instance: Option<String>,
    /// The fields of the request that were refused.
    #[schema(required = false, nullable = false)]
    errors: Option<Vec<FieldProblem>>,
    /// Seconds to wait before the next try, also sent as `Retry-After`.
    #[schema(required = false, nullable = false)]
    retry_after: Option<u64>,
}

/// Why one field was refused.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used: `botlib` knows no OpenAPI")]
struct FieldProblem {
    /// The field, as a JSON pointer or parameter name.
    field: String,
    /// What is wrong with it.
    detail: String,
}

impl PartialSchema for Problem {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        ProblemDocument::schema()
    }
}

impl ToSchema for Problem {
    fn name() -> std::borrow::Cow<'static, str> {
        "Problem".into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        ProblemDocument::schemas(schemas);
        schemas.push(("FieldProblem".to_owned(), FieldProblem::schema()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_fault_hides_its_detail_and_keeps_its_causes_for_the_log() {
        let problem = Problem::internal(std::io::Error::other("disk on fire")).detail("secret path");

        assert_eq!(problem.for_client().detail, None);
        assert_eq!(problem.chain(), "The server failed (secret path): disk on fire");
    }

    #[test]
    fn refused_fields_reach_the_document() {
        let problem = Problem::invalid().field("/name", "is empty");

        insta::assert_json_snapshot!(problem.for_client(), @r#"
        {
          "type": "request/invalid",
          "title": "The request has invalid values",
          "status": 422,
          "errors": [
            {
              "field": "/name",
              "detail": "is empty"
            }
          ]
        }
        "#);
    }
}

//! Extractors that refuse with problem documents.

use axum::{
    extract::{
        FromRequest, FromRequestParts, OptionalFromRequestParts, Request,
        path::ErrorKind,
        rejection::{BytesRejection, PathRejection, QueryRejection},
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::Problem;

/// A JSON body, in both directions.
///
/// Refused with 415 when the request does not say that it is JSON, with 400 when it is not, with 422 and the field
/// when a value does not fit, and with 413 when it is too large.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<T, S> FromRequest<S> for Json<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !says_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "request/not-json",
                "The request body must be JSON",
            )
            .detail("send the header content-type: application/json"));
        }
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unread(&rejection))?;
        parse(&body).map(Self)
    }
}

fn says_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn unread(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "http/too-large",
            "The request body is too large",
        )
    } else {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "request/unreadable",
            "The request body could not be read",
        )
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = match serde_path_to_error::deserialize(&mut deserializer) {
        Ok(value) => value,
        Err(error) if error.inner().to_string().starts_with("invalid type: floating point") => {
            return parse_whole_numbers(body);
        }
        Err(error) => return Err(refused(error)),
    };
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// Parses a body in which whole numbers may be written with a fraction of zero: `5.0` is an integer of JSON Schema.
fn parse_whole_numbers<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut value: Value = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    make_whole(&mut value);
    serde_path_to_error::deserialize(value).map_err(refused)
}

fn make_whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let whole = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0);
            // What has more digits than a float keeps is not meant to be counted exactly.
            if let Some(float) = whole.filter(|float| float.abs() < 9_007_199_254_740_992.0) {
                #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is small")]
                let integer = float as i64;
                *number = integer.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_whole),
        Value::Object(fields) => fields.values_mut().for_each(make_whole),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn refused(error: serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let pointer = pointer(error.path());
    let error = error.into_inner();
    if error.is_data() {
        Problem::invalid().field(pointer, plain(&error))
    } else {
        malformed(&error)
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "request/malformed-json",
        "The request body is not valid JSON",
    )
    .detail(error.to_string())
}

/// The message without its position, which the field's path says better.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ")
        .map_or(text.clone(), |(message, _)| message.to_owned())
}

/// The path as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => "/?".to_owned(),
        })
        .collect()
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let kind = HeaderValue::from_static("application/json");
                ([(header::CONTENT_TYPE, kind)], Bytes::from(body)).into_response()
            }
            Err(error) => Problem::internal(error).into_response(),
        }
    }
}

/// The parameters in the path; refused with 400 and the parameter when one does not fit.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(path_problem(rejection)),
        }
    }
}

fn path_problem(rejection: PathRejection) -> Problem {
    let problem = Problem::new(
        StatusCode::BAD_REQUEST,
        "request/invalid-path",
        "The path has an invalid value",
    );
    let PathRejection::FailedToDeserializePathParams(failure) = rejection else {
        return Problem::internal(rejection);
    };
    match failure.into_kind() {
        ErrorKind::ParseErrorAtKey { key, expected_type, .. } => {
            problem.field(key, format!("is not a {expected_type}"))
        }
        ErrorKind::DeserializeError { key, message, .. } => problem.field(key, message),
        ErrorKind::InvalidUtf8InPathParam { key } => problem.field(key, "is not UTF-8"),
        ErrorKind::ParseErrorAtIndex {
            index, expected_type, ..
        } => problem.field(index.to_string(), format!("is not a {expected_type}")),
        ErrorKind::ParseError { expected_type, .. } => problem.detail(format!("a {expected_type} is expected")),
        ErrorKind::Message(message) => problem.detail(message),
        // What is left are mistakes of the handler, not of the client.
        other => Problem::internal(other.to_string()),
    }
}

/// The parameters in the query; refused with 422 and the parameter when one does not fit.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(query_problem(&rejection)),
        }
    }
}

fn query_problem(rejection: &QueryRejection) -> Problem {
    let text = rejection.body_text();
    let message = text
        .strip_prefix("Failed to deserialize query string: ")
        .unwrap_or(&text);
    // The deserializer writes the parameter's path before its message, unless the query as a whole is at fault.
    match message.split_once(": ") {
        Some((field, detail)) if !field.contains(' ') => Problem::invalid().field(field, detail),
        _ => Problem::invalid().detail(message),
    }
}

impl<T, S> OptionalFromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send + 'static,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        match <axum::extract::Path<T> as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await {
            Ok(found) => Ok(found.map(|axum::extract::Path(value)| Self(value))),
            Err(rejection) => Err(path_problem(rejection)),
        }
    }
}

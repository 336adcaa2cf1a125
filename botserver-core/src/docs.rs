//! The description of the API, for machines at `/api/openapi.json` and for people at `/api/docs`.

mod page;

use std::sync::{Arc, OnceLock};

use axum::{
    extract::State,
    response::{Html, IntoResponse},
};
use botlib::Access;
use bytes::Bytes;
use http::{HeaderValue, header};
use utoipa::openapi::OpenApi;

use crate::{Problem, Routes, routes};

const STYLE: &str = include_str!("docs/style.css");

/// The finished description. It is set after the routes are built, because they are part of it.
#[derive(Clone, Default)]
pub(crate) struct Description(Arc<OnceLock<Rendered>>);

struct Rendered {
    json: Bytes,
    page: String,
}

impl Description {
    /// Renders `openapi` once, for all requests.
    pub(crate) fn set(&self, openapi: &OpenApi) {
        self.0.get_or_init(|| match openapi.to_json() {
            Ok(json) => Rendered {
                json: json.into(),
                page: page::render(openapi),
            },
            Err(error) => {
                tracing::error!("the description of the API cannot be written: {error}");
                Rendered {
                    json: Bytes::from_static(b"{}"),
                    page: String::new(),
                }
            }
        });
    }
}

/// Where people read about the API.
const PAGE: &str = "/api/docs";

/// The routes of this module, beside those in `others`: the plain page stands in where no domain brings a richer one.
pub(crate) fn routes(description: Description, others: &Routes) -> Routes {
    let routes = Routes::new("api").route(Access::Public, routes!(show_openapi));
    let has_page = others.entries().iter().any(|entry| entry.path == PAGE);
    let routes = if has_page {
        routes
    } else {
        routes
            .page(Access::Public, PAGE, show_page)
            .page(Access::Public, "/api/docs/style.css", show_style)
    };
    routes.with_state(description)
}

/// This description.
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value, content_type = "application/json"))
)]
async fn show_openapi(State(description): State<Description>) -> Result<impl IntoResponse, Problem> {
    let rendered = description
        .0
        .get()
        .ok_or_else(|| Problem::internal("the description is not set"))?;
    Ok((
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
        rendered.json.clone(),
    ))
}

async fn show_page(State(description): State<Description>) -> Result<Html<String>, Problem> {
    let rendered = description
        .0
        .get()
        .ok_or_else(|| Problem::internal("the description is not set"))?;
    Ok(Html(rendered.page.clone()))
}

async fn show_style() -> impl IntoResponse {
    (
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/css; charset=utf-8"),
        )],
        STYLE,
    )
}

//! The description of the API: OpenAPI 3.1 from the code.

use botlib::Access;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        Components, Content, OpenApi, Ref, RefOr, ResponseBuilder,
        extensions::Extensions,
        info::{Info, License},
        path::Operation,
        security::{SecurityRequirement, SecurityScheme},
    },
};

use crate::{Problem, problem::PROBLEM_JSON, routes::operations};

const PERMISSION: &str = "x-permission";

/// Writes into an operation what [`crate::Routes`] knows: its domain and who may call it.
pub(crate) fn declare(operation: &mut Operation, tag: &'static str, access: Access) {
    if operation.tags.as_ref().is_none_or(Vec::is_empty) {
        operation.tags = Some(vec![tag.to_owned()]);
    }
    // Two domains may both have a handler `list`, while ids of operations must differ.
    let id = operation.operation_id.take().unwrap_or_default();
    let prefix = tag.replace('-', "_");
    operation.operation_id = Some(if id.starts_with(&prefix) {
        id
    } else {
        format!("{prefix}_{id}")
    });
    operation
        .extensions
        .get_or_insert_with(Extensions::default)
        .insert(PERMISSION.to_owned(), access.name().into());
    let problem = ResponseBuilder::new()
        .description("Any failure, as a problem document (RFC 9457)")
        .content(PROBLEM_JSON, Content::new(Some(Ref::from_schema_name("Problem"))))
        .build();
    operation
        .responses
        .responses
        .entry("default".to_owned())
        .or_insert(RefOr::T(problem));
}

/// Adds what belongs to the document as a whole.
pub(crate) fn complete(openapi: &mut OpenApi, schemes: Vec<(String, SecurityScheme)>) {
    let mut info = Info::new("BotServer", env!("CARGO_PKG_VERSION"));
    info.description = Some("Bots that an organisation runs: conversations, people and operation.".to_owned());
    info.license = Some(License::new(env!("CARGO_PKG_LICENSE")));
    openapi.info = info;
    for item in openapi.paths.paths.values_mut() {
        for (_, operation) in operations(item) {
            operation.security = Some(requirements(operation, &schemes));
        }
    }
    let components = openapi.components.get_or_insert_with(Components::new);
    let mut parts = vec![("Problem".to_owned(), <Problem as utoipa::PartialSchema>::schema())];
    Problem::schemas(&mut parts);
    components.schemas.extend(parts);
    for (name, scheme) in schemes {
        components.add_security_scheme(name, scheme);
    }
}

fn requirements(operation: &Operation, schemes: &[(String, SecurityScheme)]) -> Vec<SecurityRequirement> {
    let permission = operation
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get(PERMISSION));
    if permission.and_then(Value::as_str) == Some(Access::Public.name()) {
        return Vec::new();
    }
    schemes
        .iter()
        .map(|(name, _)| SecurityRequirement::new(name, Vec::<String>::new()))
        .collect()
}

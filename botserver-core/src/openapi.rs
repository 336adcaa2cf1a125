//! The description of the API: OpenAPI 3.1 from the code.

use botlib::Access;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        Components, Content, Header, Object, OpenApi, Ref, RefOr, ResponseBuilder, Type,
        extensions::Extensions,
        info::{Info, License},
        path::Operation,
        security::{SecurityRequirement, SecurityScheme},
    },
};

use crate::{Problem, middleware::admit::is_health, problem::PROBLEM_JSON, routes::operations};

const PERMISSION: &str = "x-permission";

/// Writes into the operation at `path` what [`crate::Routes`] knows: its domain, who may call it, and how everything
/// in front of it refuses.
pub(crate) fn declare(operation: &mut Operation, path: &str, tag: &'static str, access: Access) {
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
    let mut refuse = |status: &str, response: ResponseBuilder| {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        let response = response.content(PROBLEM_JSON, problem).build();
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_owned()).or_insert(RefOr::T(response));
    };
    let because = |description| ResponseBuilder::new().description(description);
    if access != Access::Public {
        let challenge = Header::new(Object::with_type(Type::String));
        let unknown = because("Nobody is signed in, or the credential is not valid");
        refuse("401", unknown.header("www-authenticate", challenge));
        refuse("403", because("The caller may not do this"));
    }
    if !is_health(path) {
        let seconds = Header::new(Object::with_type(Type::Integer));
        refuse("429", because("Too many requests").header("retry-after", seconds));
    }
    refuse("default", because("Any failure, as a problem document (RFC 9457)"));
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

//! `/api/permissions`, `/api/roles` and `/api/grants`: who may do what.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::{BotId, Cursor, GrantId, GroupId, PageRequest, Permission, PersonId};
use botserver_core::{Auth, Json, Path, Problem, Query};
use chrono::{DateTime, TimeDelta, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;

use super::PageQuery;
use crate::{AuthService, Grant, Grantee, NamedRole};

/// A permission, as `resource.action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct PermissionName(Permission);

impl PartialSchema for PermissionName {
    fn schema() -> RefOr<Schema> {
        let names = Permission::ALL.map(Permission::name);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(names))
            .into()
    }
}

impl ToSchema for PermissionName {}

/// A permission and what it allows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PermissionView {
    /// The name.
    name: PermissionName,
    /// What it allows.
    summary: &'static str,
    /// Whether it is about the server, and counts in the organisation that the server belongs to only.
    is_server_wide: bool,
}

/// All permissions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PermissionList {
    /// The permissions.
    items: Vec<PermissionView>,
}

/// Lists every permission that a role can have.
#[utoipa::path(
    get,
    path = "/api/permissions",
    responses((status = 200, description = "The permissions", body = PermissionList))
)]
pub(crate) async fn list_permissions() -> Json<PermissionList> {
    let items = Permission::ALL.into_iter().map(|permission| PermissionView {
        name: PermissionName(permission),
        summary: permission.summary(),
        is_server_wide: permission.is_server_wide(),
    });
    Json(PermissionList { items: items.collect() })
}

/// A set of permissions with a name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleView {
    /// The name.
    name: String,
    /// What it is for.
    description: String,
    /// What it allows.
    permissions: Vec<PermissionName>,
    /// Whether every organisation has it and nobody can change it.
    is_built_in: bool,
}

impl From<NamedRole> for RoleView {
    fn from(role: NamedRole) -> Self {
        Self {
            name: role.name,
            description: role.description,
            permissions: role.permissions.into_iter().map(PermissionName).collect(),
            is_built_in: role.is_built_in,
        }
    }
}

/// The roles of an organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RoleList {
    /// The roles.
    items: Vec<RoleView>,
}

/// Lists the roles of the organisation.
#[utoipa::path(get, path = "/api/roles", responses((status = 200, description = "The roles", body = RoleList)))]
pub(crate) async fn list_roles(State(auth): State<AuthService>, Auth(caller): Auth) -> Result<Json<RoleList>, Problem> {
    let roles = auth.list_roles(&caller).await?;
    Ok(Json(RoleList {
        items: roles.into_iter().map(RoleView::from).collect(),
    }))
}

/// A role to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateRole {
    /// The name, unique in the organisation.
    #[schema(pattern = r"^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$")]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: String,
    /// What it allows, of what the caller may.
    #[schema(value_type = Vec<PermissionName>)]
    permissions: BTreeSet<PermissionName>,
}

/// Makes a role.
#[utoipa::path(
    post,
    path = "/api/roles",
    request_body = CreateRole,
    responses(
        (status = 201, description = "Made", body = RoleView,
            headers(("location" = String, description = "The role's address"))),
        (status = 409, description = "The name is taken", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_role(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Json(given): Json<CreateRole>,
) -> Result<Response, Problem> {
    let permissions = given.permissions.into_iter().map(|permission| permission.0).collect();
    let role = auth
        .create_role(&caller, &given.name, &given.description, permissions)
        .await?;
    let location = [(header::LOCATION, format!("/api/roles/{}", role.name))];
    Ok((StatusCode::CREATED, location, Json(RoleView::from(role))).into_response())
}

/// Shows a role.
#[utoipa::path(
    get,
    path = "/api/roles/{name}",
    params(("name" = String, Path, description = "The role's name")),
    responses(
        (status = 200, description = "The role", body = RoleView),
        (status = 404, description = "No such role", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_role(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(name): Path<String>,
) -> Result<Json<RoleView>, Problem> {
    Ok(Json(auth.get_role(&caller, &name).await?.into()))
}

/// What to change about a role; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangeRole {
    /// What it is for.
    #[schema(max_length = 1000)]
    description: Option<String>,
    /// What it allows, of what the caller may.
    #[schema(value_type = Option<Vec<PermissionName>>)]
    permissions: Option<BTreeSet<PermissionName>>,
}

/// Changes a role that the organisation made. It counts at once for everybody who has it.
#[utoipa::path(
    patch,
    path = "/api/roles/{name}",
    params(("name" = String, Path, description = "The role's name")),
    request_body = ChangeRole,
    responses(
        (status = 200, description = "Changed", body = RoleView),
        (status = 404, description = "No such role", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The role belongs to the server", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn update_role(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(name): Path<String>,
    Json(given): Json<ChangeRole>,
) -> Result<Json<RoleView>, Problem> {
    let permissions = given
        .permissions
        .map(|permissions| permissions.into_iter().map(|permission| permission.0).collect());
    let role = auth
        .update_role(&caller, &name, given.description.as_deref(), permissions)
        .await?;
    Ok(Json(role.into()))
}

/// Removes a role that the organisation made, and takes it back from everybody.
#[utoipa::path(
    delete,
    path = "/api/roles/{name}",
    params(("name" = String, Path, description = "The role's name")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "No such role", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The role belongs to the server", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove_role(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    auth.remove_role(&caller, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What can be granted a role.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GranteeKind {
    /// A person.
    Person,
    /// Everybody in a group, and in the groups inside it.
    Group,
    /// A bot, for what its scripts do in its own name.
    Bot,
}

/// A role that somebody was granted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GrantView {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: GrantId,
    /// The role's name.
    role: String,
    /// Who was granted it.
    subject_kind: GranteeKind,
    /// The id of the person, group or bot.
    #[schema(format = "uuid")]
    subject_id: String,
    /// Who granted it; absent when the server did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid", nullable = false)]
    granted_by: Option<PersonId>,
    /// When.
    #[schema(value_type = String, format = "date-time")]
    created_at: DateTime<Utc>,
    /// Until when; absent when for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time", nullable = false)]
    expires_at: Option<DateTime<Utc>>,
}

impl From<Grant> for GrantView {
    fn from(grant: Grant) -> Self {
        Self {
            id: grant.id,
            role: grant.role,
            subject_kind: match grant.grantee {
                Grantee::Person(_) => GranteeKind::Person,
                Grantee::Group(_) => GranteeKind::Group,
                Grantee::Bot(_) => GranteeKind::Bot,
            },
            subject_id: grant.grantee.id(),
            granted_by: grant.granted_by,
            created_at: grant.created_at,
            expires_at: grant.expires_at,
        }
    }
}

/// A page of grants.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GrantPage {
    /// The grants, the oldest first.
    items: Vec<GrantView>,
    /// Where the next page begins; absent on the last one.
    #[schema(value_type = Option<String>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
}

/// Lists what is granted in the organisation.
#[utoipa::path(
    get,
    path = "/api/grants",
    params(PageQuery),
    responses((status = 200, description = "A page of grants", body = GrantPage))
)]
pub(crate) async fn list_grants(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Query(query): Query<PageQuery>,
) -> Result<Json<GrantPage>, Problem> {
    let page = auth.list_grants(&caller, &PageRequest::try_from(query)?).await?;
    let page = page.map(GrantView::from);
    Ok(Json(GrantPage {
        items: page.items,
        next: page.next,
    }))
}

/// A role to grant.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateGrant {
    /// The role's name.
    role: String,
    /// What is granted it.
    subject_kind: GranteeKind,
    /// The id of the person, group or bot.
    #[schema(value_type = String, format = "uuid")]
    subject_id: Uuid,
    /// For how many days; for good when absent.
    #[schema(minimum = 1, maximum = 3660, required = false)]
    days: Option<u16>,
}

/// Grants a role that brings no more than the caller may do, in place of an earlier grant of it to the same.
#[utoipa::path(
    post,
    path = "/api/grants",
    request_body = CreateGrant,
    responses(
        (status = 201, description = "Granted", body = GrantView),
        (status = 404, description = "No such role, person, group or bot", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_grant(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Json(given): Json<CreateGrant>,
) -> Result<(StatusCode, Json<GrantView>), Problem> {
    let id = given.subject_id;
    let grantee = match given.subject_kind {
        GranteeKind::Person => Grantee::Person(PersonId::from_uuid(id)),
        GranteeKind::Group => Grantee::Group(GroupId::from_uuid(id)),
        GranteeKind::Bot => Grantee::Bot(BotId::from_uuid(id)),
    };
    let lasts = given.days.map(|days| TimeDelta::days(days.into()));
    let grant = auth.grant(&caller, &given.role, grantee, lasts).await?;
    Ok((StatusCode::CREATED, Json(grant.into())))
}

/// Takes a grant back. It counts at once.
#[utoipa::path(
    delete,
    path = "/api/grants/{id}",
    params(("id" = String, Path, description = "The grant's id", format = "uuid")),
    responses(
        (status = 204, description = "Taken back"),
        (status = 404, description = "No such grant", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove_grant(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<GrantId>,
) -> Result<StatusCode, Problem> {
    auth.take_back(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

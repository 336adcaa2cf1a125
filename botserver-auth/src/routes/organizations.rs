//! `/api/organizations`: tenants, and in which of them one works.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::{Cursor, OrgId, PageRequest};
use botserver_core::{Auth, Json, Path, Problem, Query};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::{PageQuery, invitations::SentInvitationView};
use crate::{AuthService, NewOrganization, OrgSettings, Organization, OrganizationChange, Plan};

/// What an organisation has agreed to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlanName {
    /// Five members.
    Free,
    /// Fifty members.
    Pro,
    /// As many members as there are.
    Enterprise,
}

impl From<PlanName> for Plan {
    fn from(plan: PlanName) -> Self {
        match plan {
            PlanName::Free => Self::Free,
            PlanName::Pro => Self::Pro,
            PlanName::Enterprise => Self::Enterprise,
        }
    }
}

impl From<Plan> for PlanName {
    fn from(plan: Plan) -> Self {
        match plan {
            Plan::Free => Self::Free,
            Plan::Pro => Self::Pro,
            Plan::Enterprise => Self::Enterprise,
        }
    }
}

/// A domain of mail addresses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Domain(String);

impl PartialSchema for Domain {
    fn schema() -> RefOr<Schema> {
        let domain = ObjectBuilder::new().schema_type(Type::String);
        domain.pattern(Some("^[A-Za-z0-9.-]{1,253}$")).into()
    }
}

impl ToSchema for Domain {}

/// What an organisation decides for itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct SettingsView {
    /// Domains of mail addresses that may be invited; any when empty.
    #[schema(value_type = Vec<Domain>, max_items = 100)]
    email_domains: BTreeSet<Domain>,
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationView {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: OrgId,
    /// The name.
    name: String,
    /// The name in addresses.
    slug: String,
    /// What was agreed.
    plan: PlanName,
    /// What the organisation decides for itself.
    settings: SettingsView,
    /// When it was made.
    #[schema(value_type = String, format = "date-time")]
    created_at: DateTime<Utc>,
}

impl From<Organization> for OrganizationView {
    fn from(org: Organization) -> Self {
        let domains = org.settings.email_domains.into_iter();
        Self {
            id: org.id,
            name: org.name,
            slug: org.slug,
            plan: org.plan.into(),
            settings: SettingsView {
                email_domains: domains.map(Domain).collect(),
            },
            created_at: org.created_at,
        }
    }
}

/// A page of organisations.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationPage {
    /// The organisations, the oldest first.
    items: Vec<OrganizationView>,
    /// Where the next page begins; absent on the last one.
    #[schema(value_type = Option<String>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
}

/// Lists the organisations that the caller belongs to; all of them for those who look after the server.
#[utoipa::path(
    get,
    path = "/api/organizations",
    params(PageQuery),
    responses((status = 200, description = "A page of organisations", body = OrganizationPage))
)]
pub(crate) async fn list_organizations(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Query(query): Query<PageQuery>,
) -> Result<Json<OrganizationPage>, Problem> {
    let page = auth.list_organizations(&caller, &PageRequest::try_from(query)?).await?;
    let page = page.map(OrganizationView::from);
    Ok(Json(OrganizationPage {
        items: page.items,
        next: page.next,
    }))
}

/// An organisation to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateOrganization {
    /// The name.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// The name in addresses, unique on the server.
    #[schema(pattern = r"^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$")]
    slug: String,
    /// What was agreed; `free` when absent.
    plan: Option<PlanName>,
    /// Who is invited to administer it.
    #[schema(
        example = "ana@example.org",
        max_length = 254,
        pattern = r"^[^\S\x00-\x1f\x7f-\x9f]*[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+[^\S\x00-\x1f\x7f-\x9f]*$"
    )]
    admin_email: String,
}

/// A new organisation and the invitation of its administrator.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CreatedOrganizationView {
    /// The organisation.
    organization: OrganizationView,
    /// The invitation.
    invitation: SentInvitationView,
}

/// Makes an organisation and invites its first administrator.
#[utoipa::path(
    post,
    path = "/api/organizations",
    request_body = CreateOrganization,
    responses(
        (status = 201, description = "Made", body = CreatedOrganizationView,
            headers(("location" = String, description = "The organisation's address"))),
        (status = 409, description = "The slug is taken", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_organization(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Json(given): Json<CreateOrganization>,
) -> Result<Response, Problem> {
    let new = NewOrganization {
        name: given.name,
        slug: given.slug,
        plan: given.plan.map_or(Plan::Free, Plan::from),
        admin_email: given.admin_email,
    };
    let (organization, invitation) = auth.create_organization(&caller, new).await?;
    let location = [(header::LOCATION, format!("/api/organizations/{}", organization.id))];
    let view = CreatedOrganizationView {
        organization: organization.into(),
        invitation: invitation.into(),
    };
    Ok((StatusCode::CREATED, location, Json(view)).into_response())
}

/// Shows the organisation that the caller works in; any for those who look after the server.
#[utoipa::path(
    get,
    path = "/api/organizations/{id}",
    params(("id" = String, Path, description = "The organisation's id", format = "uuid")),
    responses(
        (status = 200, description = "The organisation", body = OrganizationView),
        (status = 404, description = "No such organisation", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_organization(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<OrgId>,
) -> Result<Json<OrganizationView>, Problem> {
    Ok(Json(auth.get_organization(&caller, id).await?.into()))
}

/// What to change about an organisation; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangeOrganization {
    /// The name.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
    /// What was agreed; for those who look after the server.
    plan: Option<PlanName>,
    /// What the organisation decides for itself.
    settings: Option<SettingsView>,
}

/// Changes an organisation.
#[utoipa::path(
    patch,
    path = "/api/organizations/{id}",
    params(("id" = String, Path, description = "The organisation's id", format = "uuid")),
    request_body = ChangeOrganization,
    responses(
        (status = 200, description = "Changed", body = OrganizationView),
        (status = 404, description = "No such organisation", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn update_organization(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<OrgId>,
    Json(given): Json<ChangeOrganization>,
) -> Result<Json<OrganizationView>, Problem> {
    let change = OrganizationChange {
        name: given.name,
        plan: given.plan.map(Plan::from),
        settings: given.settings.map(|settings| OrgSettings {
            email_domains: settings.email_domains.into_iter().map(|domain| domain.0).collect(),
        }),
    };
    Ok(Json(auth.update_organization(&caller, id, change).await?.into()))
}

/// Where to work from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct SwitchOrganization {
    /// The organisation's id.
    #[schema(value_type = String, format = "uuid")]
    organization_id: OrgId,
}

/// Lets the caller's session work in another organisation that the caller belongs to.
#[utoipa::path(
    post,
    path = "/api/auth/organization",
    request_body = SwitchOrganization,
    responses(
        (status = 200, description = "The organisation that the session works in now", body = OrganizationView),
        (status = 404, description = "The caller does not belong to such an organisation", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn switch_organization(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Json(given): Json<SwitchOrganization>,
) -> Result<Json<OrganizationView>, Problem> {
    Ok(Json(
        auth.switch_organization(&caller, given.organization_id).await?.into(),
    ))
}

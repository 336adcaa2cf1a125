//! HTTP in, HTTP out.

mod bots;
mod groups;
mod invitations;
mod keys;
mod members;
mod organizations;
mod people;
mod roles;
mod sessions;
mod visitors;
mod whoami;

use axum::extract::FromRequestParts;
use botlib::{Access, PageRequest, Permission, Role};
use botserver_core::{Problem, RequestContext, Routes};
use http::{header, request::Parts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{AuthService, Source};

/// Routes of the domain, under `/api/auth`, `/api/users`, `/api/organizations` and the like.
pub fn routes(auth: &AuthService) -> Routes {
    use botserver_core::routes as of;
    const OWN: Access = Access::Needs(Permission::AccountManage);
    const READ: Access = Access::Needs(Permission::UsersRead);
    const WRITE: Access = Access::Needs(Permission::UsersWrite);
    Routes::new("auth")
        .route(Access::Public, of!(visitors::visit))
        .route(Access::Public, of!(sessions::sign_in))
        .route(Access::Public, of!(sessions::claim))
        .route(OWN, of!(sessions::sign_out))
        .route(OWN, of!(sessions::get_me))
        .route(OWN, of!(sessions::list_sessions))
        .route(OWN, of!(sessions::end_session))
        .route(OWN, of!(sessions::change_password))
        .route(OWN, of!(keys::create_key))
        .route(OWN, of!(keys::list_keys))
        .route(OWN, of!(keys::revoke_key))
        .merge(
            Routes::new("users")
                .route(READ, of!(people::list_people))
                .route(WRITE, of!(people::invite))
                .route(READ, of!(people::get_person))
                .route(WRITE, of!(people::update_person))
                .route(WRITE, of!(people::renew_link)),
        )
        .merge(tenants())
        .with_state(auth.clone())
}

/// Organisations and what belongs to them.
fn tenants() -> Routes<AuthService> {
    use botserver_core::routes as of;
    const fn needs(permission: Permission) -> Access {
        Access::Needs(permission)
    }
    let organizations = Routes::new("organizations")
        .route(needs(Permission::AccountManage), of!(organizations::list_organizations))
        .route(needs(Permission::OrgCreate), of!(organizations::create_organization))
        .route(needs(Permission::OrgRead), of!(organizations::get_organization))
        .route(needs(Permission::OrgWrite), of!(organizations::update_organization))
        .route(
            needs(Permission::AccountManage),
            of!(organizations::switch_organization),
        );
    let members = Routes::new("members")
        .route(needs(Permission::UsersRead), of!(members::list_members))
        .route(needs(Permission::UsersRead), of!(members::get_member))
        .route(needs(Permission::UsersWrite), of!(members::update_member))
        .route(needs(Permission::UsersWrite), of!(members::remove_member));
    let groups = Routes::new("groups")
        .route(needs(Permission::GroupsRead), of!(groups::list_groups))
        .route(needs(Permission::GroupsWrite), of!(groups::create_group))
        .route(needs(Permission::GroupsRead), of!(groups::get_group))
        .route(needs(Permission::GroupsWrite), of!(groups::update_group))
        .route(needs(Permission::GroupsWrite), of!(groups::remove_group))
        .route(needs(Permission::GroupsRead), of!(groups::list_group_members))
        .route(needs(Permission::GroupsMembers), of!(groups::add_group_member))
        .route(needs(Permission::GroupsMembers), of!(groups::remove_group_member));
    let roles = Routes::new("roles")
        .route(needs(Permission::RolesRead), of!(roles::list_permissions))
        .route(needs(Permission::RolesRead), of!(roles::list_roles))
        .route(needs(Permission::RolesWrite), of!(roles::create_role))
        .route(needs(Permission::RolesRead), of!(roles::get_role))
        .route(needs(Permission::RolesWrite), of!(roles::update_role))
        .route(needs(Permission::RolesWrite), of!(roles::remove_role))
        .route(needs(Permission::RolesRead), of!(roles::list_grants))
        .route(needs(Permission::RolesGrant), of!(roles::create_grant))
        .route(needs(Permission::RolesGrant), of!(roles::remove_grant));
    let invitations = Routes::new("invitations")
        .route(needs(Permission::UsersRead), of!(invitations::list_invitations))
        .route(needs(Permission::UsersInvite), of!(invitations::create_invitation))
        .route(needs(Permission::UsersInvite), of!(invitations::renew_invitation))
        .route(needs(Permission::UsersInvite), of!(invitations::revoke_invitation))
        .route(Access::Public, of!(invitations::validate_invitation))
        .route(Access::Public, of!(invitations::accept_invitation))
        .route(Access::Public, of!(invitations::decline_invitation));
    let bots = Routes::new("bot-access")
        .route(needs(Permission::BotsRead), of!(bots::get_access))
        .route(needs(Permission::BotsAccess), of!(bots::set_access));
    Routes::new("auth")
        .route(Access::Public, of!(whoami::whoami))
        .merge(organizations)
        .merge(members)
        .merge(groups)
        .merge(roles)
        .merge(invitations)
        .merge(bots)
}

impl<S: Send + Sync> FromRequestParts<S> for Source {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let context = RequestContext::from_request_parts(parts, state).await?;
        let agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|agent| agent.to_str().ok());
        Ok(Self::new(context.client_key(), agent.unwrap_or("unknown")))
    }
}

/// Which page of a list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// The `next` of the page before; absent for the first page.
    #[param(format = "uuid")]
    after: Option<String>,
    /// Items wanted; 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

impl TryFrom<PageQuery> for PageRequest {
    type Error = Problem;

    fn try_from(query: PageQuery) -> Result<Self, Problem> {
        match query.limit {
            None | Some(1..=200) => Ok(Self {
                after: query.after,
                limit: query.limit,
            }),
            Some(_) => Err(Problem::invalid().field("limit", "must be 1 to 200")),
        }
    }
}

/// What somebody with an account may do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PersonRole {
    /// Talks to bots and manages the own account.
    Member,
    /// Looks after bots and the server's health.
    Operator,
    /// Looks after people and groups.
    Manager,
    /// May do everything in the organisation.
    Admin,
    /// May do everything, and looks after the organisations of the server.
    ServerAdmin,
}

impl From<PersonRole> for Role {
    fn from(role: PersonRole) -> Self {
        match role {
            PersonRole::Member => Self::Member,
            PersonRole::Operator => Self::Operator,
            PersonRole::Manager => Self::Manager,
            PersonRole::Admin => Self::Admin,
            PersonRole::ServerAdmin => Self::ServerAdmin,
        }
    }
}

//! `/api/auth/whoami`: who one is to the server.

use botlib::{Caller, OrgId, Subject};
use botserver_core::{Auth, Json};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What kind of somebody asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Nobody has been proved.
    Nobody,
    /// Somebody without an account.
    Visitor,
    /// Somebody with an account.
    Person,
    /// A bot.
    Bot,
    /// The server itself.
    System,
}

/// Who somebody is to the server, and what they may do now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WhoamiView {
    /// What kind of somebody it is.
    kind: Kind,
    /// The visitor's, person's or bot's id; absent for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid", nullable = false)]
    id: Option<Uuid>,
    /// The organisation that the caller works in.
    #[schema(value_type = String, format = "uuid")]
    organization_id: OrgId,
    /// Names of all roles.
    roles: Vec<String>,
    /// Names of all groups, those around them included.
    groups: Vec<String>,
    /// Everything that the caller may do, with this credential.
    permissions: Vec<&'static str>,
}

impl From<Caller> for WhoamiView {
    fn from(caller: Caller) -> Self {
        let (kind, id) = match caller.subject {
            Subject::Nobody => (Kind::Nobody, None),
            Subject::Visitor(id) => (Kind::Visitor, Some(*id.as_uuid())),
            Subject::Person(id) => (Kind::Person, Some(*id.as_uuid())),
            Subject::Bot(id) => (Kind::Bot, Some(*id.as_uuid())),
            Subject::System => (Kind::System, None),
        };
        Self {
            kind,
            id,
            organization_id: caller.org,
            roles: caller.roles.into_iter().collect(),
            groups: caller.groups.into_iter().collect(),
            permissions: caller.permissions.iter().map(|permission| permission.name()).collect(),
        }
    }
}

/// Shows who the caller is to the server, and what they may do.
#[utoipa::path(
    get,
    path = "/api/auth/whoami",
    responses((status = 200, description = "Who the caller is", body = WhoamiView))
)]
pub(crate) async fn whoami(Auth(caller): Auth) -> Json<WhoamiView> {
    Json(caller.into())
}

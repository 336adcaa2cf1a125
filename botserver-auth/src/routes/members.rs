//! `/api/members`: who belongs to the organisation, and as what.

use axum::extract::State;
use botlib::{Cursor, OrgId, PageRequest, PersonId, Role};
use botserver_core::{Auth, Json, Path, Problem, Query};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PageQuery, PersonRole};
use crate::{AuthService, MemberChange, Person};

/// Somebody who belongs to the organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberView {
    /// The person's id.
    #[schema(value_type = String, format = "uuid")]
    person_id: PersonId,
    /// The mail address.
    email: String,
    /// The name.
    name: String,
    /// What the person is here.
    #[schema(value_type = PersonRole)]
    role: Role,
    /// Whether the person may not act here for now.
    suspended: bool,
    /// The organisation that looks after the account.
    #[schema(value_type = String, format = "uuid")]
    home_organization_id: OrgId,
}

impl From<Person> for MemberView {
    fn from(person: Person) -> Self {
        Self {
            person_id: person.id,
            email: person.email,
            name: person.name,
            role: person.role,
            suspended: person.suspended_at.is_some(),
            home_organization_id: person.home,
        }
    }
}

/// A page of members.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberPage {
    /// The members, the oldest account first.
    items: Vec<MemberView>,
    /// Where the next page begins; absent on the last one.
    #[schema(value_type = Option<String>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
}

/// Lists the members of the organisation.
#[utoipa::path(
    get,
    path = "/api/members",
    params(PageQuery),
    responses((status = 200, description = "A page of members", body = MemberPage))
)]
pub(crate) async fn list_members(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Query(query): Query<PageQuery>,
) -> Result<Json<MemberPage>, Problem> {
    let page = auth.list_people(&caller, &PageRequest::try_from(query)?).await?;
    let page = page.map(MemberView::from);
    Ok(Json(MemberPage {
        items: page.items,
        next: page.next,
    }))
}

/// Shows a member of the organisation.
#[utoipa::path(
    get,
    path = "/api/members/{id}",
    params(("id" = String, Path, description = "The person's id", format = "uuid")),
    responses(
        (status = 200, description = "The member", body = MemberView),
        (status = 404, description = "No such member", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_member(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<PersonId>,
) -> Result<Json<MemberView>, Problem> {
    Ok(Json(auth.get_person(&caller, id).await?.into()))
}

/// What to change about a member; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangeMember {
    /// What the person is here.
    role: Option<PersonRole>,
    /// Whether the person may not act here for now. Sessions that work here end.
    suspended: Option<bool>,
}

/// Changes what somebody is in the organisation.
#[utoipa::path(
    patch,
    path = "/api/members/{id}",
    params(("id" = String, Path, description = "The person's id", format = "uuid")),
    request_body = ChangeMember,
    responses(
        (status = 200, description = "Changed", body = MemberView),
        (status = 404, description = "No such member", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "An administrator must remain", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn update_member(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<PersonId>,
    Json(given): Json<ChangeMember>,
) -> Result<Json<MemberView>, Problem> {
    let change = MemberChange {
        role: given.role.map(Role::from),
        suspended: given.suspended,
    };
    Ok(Json(auth.update_member(&caller, id, change).await?.into()))
}

/// Takes somebody out of the organisation, with their groups, grants, keys and sessions there.
#[utoipa::path(
    delete,
    path = "/api/members/{id}",
    params(("id" = String, Path, description = "The person's id", format = "uuid")),
    responses(
        (status = 204, description = "Taken out"),
        (status = 404, description = "No such member", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "An administrator must remain", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove_member(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<PersonId>,
) -> Result<StatusCode, Problem> {
    auth.remove_member(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

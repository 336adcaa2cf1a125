//! `/api/users`: the people of the organisation.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::{Cursor, PageRequest, PersonId, Role};
use botserver_core::{Auth, Json, Path, Problem, Query};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PageQuery, PersonRole};
use crate::{AuthService, ClaimLink, NewPerson, Person, PersonChange};

/// Somebody with an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: PersonId,
    /// The mail address.
    email: String,
    /// The name.
    name: String,
    /// What the person may do.
    #[schema(value_type = PersonRole)]
    role: Role,
    /// The permissions that come with the role.
    permissions: Vec<&'static str>,
    /// Whether the account is shut.
    disabled: bool,
    /// Whether the one-time link was used.
    claimed: bool,
    /// When the account was made.
    #[schema(value_type = String, format = "date-time")]
    created_at: DateTime<Utc>,
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        Self {
            id: person.id,
            claimed: person.has_password(),
            email: person.email,
            name: person.name,
            role: person.role,
            permissions: person
                .role
                .permissions()
                .iter()
                .map(|permission| permission.name())
                .collect(),
            disabled: person.disabled_at.is_some(),
            created_at: person.created_at,
        }
    }
}

/// A page of people.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PeoplePage {
    /// The people, the oldest account first.
    items: Vec<PersonView>,
    /// Where the next page begins; absent on the last one.
    #[schema(value_type = Option<String>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
}

/// Lists the people of the organisation.
#[utoipa::path(
    get,
    path = "/api/users",
    params(PageQuery),
    responses((status = 200, description = "A page of people", body = PeoplePage))
)]
pub(crate) async fn list_people(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Query(query): Query<PageQuery>,
) -> Result<Json<PeoplePage>, Problem> {
    let page = auth
        .list_people(&caller, &PageRequest::try_from(query)?)
        .await?
        .map(PersonView::from);
    Ok(Json(PeoplePage {
        items: page.items,
        next: page.next,
    }))
}

/// An account to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Invite {
    /// The mail address, unique in the organisation.
    #[schema(
        example = "ana@example.org",
        max_length = 254,
        pattern = r"^[^\S\x00-\x1f\x7f-\x9f]*[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+[^\S\x00-\x1f\x7f-\x9f]*$"
    )]
    email: String,
    /// The name.
    #[schema(
        example = "Ana Souza",
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// What the person may do.
    role: PersonRole,
}

/// A link with which a person sets a password, once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkView {
    /// The address to open.
    url: String,
    /// Until when it works.
    #[schema(value_type = String, format = "date-time")]
    expires_at: DateTime<Utc>,
}

impl From<ClaimLink> for LinkView {
    fn from(link: ClaimLink) -> Self {
        Self {
            url: link.url.expose().to_owned(),
            expires_at: link.expires_at,
        }
    }
}

/// A new account and the link that opens it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitedView {
    /// The person.
    person: PersonView,
    /// The link, shown this once.
    claim: LinkView,
}

/// Makes an account and the one-time link that opens it.
#[utoipa::path(
    post,
    path = "/api/users",
    request_body = Invite,
    responses(
        (status = 201, description = "Made", body = InvitedView,
            headers(("location" = String, description = "The person's address"))),
        (status = 409, description = "The mail address is taken", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "A value does not fit", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn invite(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Json(given): Json<Invite>,
) -> Result<Response, Problem> {
    let new = NewPerson {
        email: given.email,
        name: given.name,
        role: given.role.into(),
    };
    let (person, link) = auth.invite(&caller, new).await?;
    let location = [(header::LOCATION, format!("/api/users/{}", person.id))];
    let view = InvitedView {
        person: person.into(),
        claim: link.into(),
    };
    Ok((StatusCode::CREATED, location, Json(view)).into_response())
}

/// Shows one person of the organisation.
#[utoipa::path(
    get,
    path = "/api/users/{id}",
    params(("id" = String, Path, description = "The person's id", format = "uuid")),
    responses(
        (status = 200, description = "The person", body = PersonView),
        (status = 404, description = "No such person", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_person(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<PersonId>,
) -> Result<Json<PersonView>, Problem> {
    Ok(Json(auth.get_person(&caller, id).await?.into()))
}

/// What to change about a person; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangePerson {
    /// The name.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
    /// What the person may do.
    role: Option<PersonRole>,
    /// Whether the account is shut. Who is shut out is signed out everywhere at once.
    disabled: Option<bool>,
}

/// Changes a person.
#[utoipa::path(
    patch,
    path = "/api/users/{id}",
    params(("id" = String, Path, description = "The person's id", format = "uuid")),
    request_body = ChangePerson,
    responses(
        (status = 200, description = "Changed", body = PersonView),
        (status = 404, description = "No such person", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The last administrator must remain one", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn update_person(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<PersonId>,
    Json(given): Json<ChangePerson>,
) -> Result<Json<PersonView>, Problem> {
    let change = PersonChange {
        name: given.name,
        role: given.role.map(Role::from),
        disabled: given.disabled,
    };
    Ok(Json(auth.update_person(&caller, id, change).await?.into()))
}

/// Makes a fresh one-time link for a person who lost the first one or the password. Older links die.
#[utoipa::path(
    post,
    path = "/api/users/{id}/link",
    params(("id" = String, Path, description = "The person's id", format = "uuid")),
    responses(
        (status = 201, description = "Made", body = LinkView),
        (status = 404, description = "No such person", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn renew_link(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<PersonId>,
) -> Result<Response, Problem> {
    let link = auth.renew_link(&caller, id).await?;
    Ok((StatusCode::CREATED, Json(LinkView::from(link))).into_response())
}

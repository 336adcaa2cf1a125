//! `/api/groups`: groups of people.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::{Cursor, GroupId, PageRequest, PersonId};
use botserver_core::{Auth, Json, Path, Problem, Query};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::PageQuery;
use crate::{AuthService, Group, GroupChange};

/// A group of people.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupView {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: GroupId,
    /// The name.
    name: String,
    /// What it is for.
    description: String,
    /// The group around it, to which everybody in this one belongs as well; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid", nullable = false)]
    parent_id: Option<GroupId>,
    /// When it was made.
    #[schema(value_type = String, format = "date-time")]
    created_at: DateTime<Utc>,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        Self {
            id: group.id,
            name: group.name,
            description: group.description,
            parent_id: group.parent,
            created_at: group.created_at,
        }
    }
}

/// A page of groups.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupPage {
    /// The groups, the oldest first.
    items: Vec<GroupView>,
    /// Where the next page begins; absent on the last one.
    #[schema(value_type = Option<String>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
}

/// Lists the groups of the organisation.
#[utoipa::path(
    get,
    path = "/api/groups",
    params(PageQuery),
    responses((status = 200, description = "A page of groups", body = GroupPage))
)]
pub(crate) async fn list_groups(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Query(query): Query<PageQuery>,
) -> Result<Json<GroupPage>, Problem> {
    let page = auth.list_groups(&caller, &PageRequest::try_from(query)?).await?;
    let page = page.map(GroupView::from);
    Ok(Json(GroupPage {
        items: page.items,
        next: page.next,
    }))
}

/// A group to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateGroup {
    /// The name, unique in the organisation.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 1000)]
    description: String,
    /// The group around it.
    #[schema(
        value_type = Option<String>,
        format = "uuid",
        pattern = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
    )]
    parent_id: Option<GroupId>,
}

/// Makes a group.
#[utoipa::path(
    post,
    path = "/api/groups",
    request_body = CreateGroup,
    responses(
        (status = 201, description = "Made", body = GroupView,
            headers(("location" = String, description = "The group's address"))),
        (status = 404, description = "There is no such group around it", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The name is taken", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_group(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Json(given): Json<CreateGroup>,
) -> Result<Response, Problem> {
    let group = auth
        .create_group(&caller, &given.name, &given.description, given.parent_id)
        .await?;
    let location = [(header::LOCATION, format!("/api/groups/{}", group.id))];
    Ok((StatusCode::CREATED, location, Json(GroupView::from(group))).into_response())
}

/// Shows a group.
#[utoipa::path(
    get,
    path = "/api/groups/{id}",
    params(("id" = String, Path, description = "The group's id", format = "uuid")),
    responses(
        (status = 200, description = "The group", body = GroupView),
        (status = 404, description = "No such group", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_group(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<GroupId>,
) -> Result<Json<GroupView>, Problem> {
    Ok(Json(auth.get_group(&caller, id).await?.into()))
}

/// What to change about a group; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ChangeGroup {
    /// The name.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
    /// What it is for.
    #[schema(max_length = 1000)]
    description: Option<String>,
    /// The group around it; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(
        value_type = Option<String>,
        format = "uuid",
        pattern = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
    )]
    #[expect(clippy::option_option, reason = "null takes the group out, absence leaves it")]
    parent_id: Option<Option<GroupId>>,
}

/// Tells null, which is something, from a field that is absent.
#[expect(clippy::option_option, reason = "null takes the group out, absence leaves it")]
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<GroupId>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Changes a group.
#[utoipa::path(
    patch,
    path = "/api/groups/{id}",
    params(("id" = String, Path, description = "The group's id", format = "uuid")),
    request_body = ChangeGroup,
    responses(
        (status = 200, description = "Changed", body = GroupView),
        (status = 404, description = "No such group", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The name is taken, or the group would lie inside itself", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn update_group(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<GroupId>,
    Json(given): Json<ChangeGroup>,
) -> Result<Json<GroupView>, Problem> {
    let change = GroupChange {
        name: given.name,
        description: given.description,
        parent: given.parent_id,
    };
    Ok(Json(auth.update_group(&caller, id, change).await?.into()))
}

/// Removes a group with everything that was granted to it. Groups inside it come to lie where it lay.
#[utoipa::path(
    delete,
    path = "/api/groups/{id}",
    params(("id" = String, Path, description = "The group's id", format = "uuid")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "No such group", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove_group(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<GroupId>,
) -> Result<StatusCode, Problem> {
    auth.remove_group(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A page of people of a group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupMemberPage {
    /// Ids of the people who were put into it.
    #[schema(value_type = Vec<String>)]
    items: Vec<PersonId>,
    /// Where the next page begins; absent on the last one.
    #[schema(value_type = Option<String>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
}

/// Lists who was put into a group. Those in the groups inside it belong to it as well.
#[utoipa::path(
    get,
    path = "/api/groups/{id}/members",
    params(("id" = String, Path, description = "The group's id", format = "uuid"), PageQuery),
    responses(
        (status = 200, description = "A page of people", body = GroupMemberPage),
        (status = 404, description = "No such group", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_group_members(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<GroupId>,
    Query(query): Query<PageQuery>,
) -> Result<Json<GroupMemberPage>, Problem> {
    let page = auth
        .list_group_members(&caller, id, &PageRequest::try_from(query)?)
        .await?;
    Ok(Json(GroupMemberPage {
        items: page.items,
        next: page.next,
    }))
}

/// Puts a member of the organisation into a group.
#[utoipa::path(
    put,
    path = "/api/groups/{id}/members/{person}",
    params(
        ("id" = String, Path, description = "The group's id", format = "uuid"),
        ("person" = String, Path, description = "The person's id", format = "uuid")
    ),
    responses(
        (status = 204, description = "The person is in the group"),
        (status = 404, description = "No such group or person", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn add_group_member(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path((id, person)): Path<(GroupId, PersonId)>,
) -> Result<StatusCode, Problem> {
    auth.add_to_group(&caller, id, person).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes somebody out of a group.
#[utoipa::path(
    delete,
    path = "/api/groups/{id}/members/{person}",
    params(
        ("id" = String, Path, description = "The group's id", format = "uuid"),
        ("person" = String, Path, description = "The person's id", format = "uuid")
    ),
    responses(
        (status = 204, description = "Taken out"),
        (status = 404, description = "No such group, or the person is not in it", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove_group_member(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path((id, person)): Path<(GroupId, PersonId)>,
) -> Result<StatusCode, Problem> {
    auth.take_out_of_group(&caller, id, person).await?;
    Ok(StatusCode::NO_CONTENT)
}

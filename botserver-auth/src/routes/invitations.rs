//! `/api/invitations`: the way into an organisation.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::{Cursor, InvitationId, PageRequest, PersonId, Role, Secret};
use botserver_core::{Auth, Json, Path, Problem, Query};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    PageQuery, PersonRole,
    sessions::{SignedInView, welcome},
};
use crate::{AuthService, Invitation, NewInvitation, SentInvitation, Source};

/// An open invitation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationView {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: InvitationId,
    /// To whom it was sent.
    email: String,
    /// What the person is to be.
    #[schema(value_type = PersonRole)]
    role: Role,
    /// Who invited; absent when the server did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid", nullable = false)]
    invited_by: Option<PersonId>,
    /// When.
    #[schema(value_type = String, format = "date-time")]
    created_at: DateTime<Utc>,
    /// Until when it works.
    #[schema(value_type = String, format = "date-time")]
    expires_at: DateTime<Utc>,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            invited_by: invitation.invited_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// An invitation with its address.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SentInvitationView {
    /// The invitation.
    invitation: InvitationView,
    /// The address to open, shown this once.
    url: String,
}

impl From<SentInvitation> for SentInvitationView {
    fn from(sent: SentInvitation) -> Self {
        Self {
            url: sent.url.expose().to_owned(),
            invitation: sent.invitation.into(),
        }
    }
}

/// A page of invitations.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationPage {
    /// The invitations, the oldest first.
    items: Vec<InvitationView>,
    /// Where the next page begins; absent on the last one.
    #[schema(value_type = Option<String>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
}

/// Lists the open invitations into the organisation.
#[utoipa::path(
    get,
    path = "/api/invitations",
    params(PageQuery),
    responses((status = 200, description = "A page of invitations", body = InvitationPage))
)]
pub(crate) async fn list_invitations(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Query(query): Query<PageQuery>,
) -> Result<Json<InvitationPage>, Problem> {
    let page = auth.list_invitations(&caller, &PageRequest::try_from(query)?).await?;
    let page = page.map(InvitationView::from);
    Ok(Json(InvitationPage {
        items: page.items,
        next: page.next,
    }))
}

/// An invitation to make.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct CreateInvitation {
    /// The mail address.
    #[schema(
        example = "ana@example.org",
        max_length = 254,
        pattern = r"^[^\S\x00-\x1f\x7f-\x9f]*[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+[^\S\x00-\x1f\x7f-\x9f]*$"
    )]
    email: String,
    /// What the person is to be.
    role: PersonRole,
    /// For how many days it works; a week when absent.
    #[schema(minimum = 1, maximum = 30, required = false)]
    days: Option<u8>,
}

/// Invites somebody into the organisation. Earlier invitations to the same address die.
#[utoipa::path(
    post,
    path = "/api/invitations",
    request_body = CreateInvitation,
    responses(
        (status = 201, description = "Made; the address is shown this once", body = SentInvitationView),
        (status = 409, description = "The person belongs to the organisation, or there is no room", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_invitation(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Json(given): Json<CreateInvitation>,
) -> Result<(StatusCode, Json<SentInvitationView>), Problem> {
    let new = NewInvitation {
        email: given.email,
        role: given.role.into(),
        lasts: given.days.map(|days| TimeDelta::days(days.into())),
    };
    let sent = auth.send_invitation(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(sent.into())))
}

/// Makes a fresh address for an invitation whose first one was lost. The first one dies.
#[utoipa::path(
    post,
    path = "/api/invitations/{id}/link",
    params(("id" = String, Path, description = "The invitation's id", format = "uuid")),
    responses(
        (status = 201, description = "Made; the address is shown this once", body = SentInvitationView),
        (status = 404, description = "No such open invitation", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn renew_invitation(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<InvitationId>,
) -> Result<(StatusCode, Json<SentInvitationView>), Problem> {
    let sent = auth.renew_invitation(&caller, id).await?;
    Ok((StatusCode::CREATED, Json(sent.into())))
}

/// Takes an invitation back.
#[utoipa::path(
    delete,
    path = "/api/invitations/{id}",
    params(("id" = String, Path, description = "The invitation's id", format = "uuid")),
    responses(
        (status = 204, description = "Taken back"),
        (status = 404, description = "No such open invitation", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn revoke_invitation(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<InvitationId>,
) -> Result<StatusCode, Problem> {
    auth.revoke_invitation(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What proves that somebody was invited.
#[derive(Deserialize, ToSchema)]
pub(crate) struct HeldInvitation {
    /// What stands behind `#` in the address.
    #[schema(value_type = String, example = "bi_…")]
    token: Secret,
}

/// An invitation, for whoever holds it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationInfoView {
    /// To whom it was sent.
    email: String,
    /// The organisation's name.
    organization: String,
    /// What the person is to be.
    #[schema(value_type = PersonRole)]
    role: Role,
    /// Until when it works.
    #[schema(value_type = String, format = "date-time")]
    expires_at: DateTime<Utc>,
    /// Whether the address has an account, whose password is asked then.
    has_account: bool,
}

/// Shows an invitation to whoever holds it.
#[utoipa::path(
    post,
    path = "/api/invitations/validate",
    request_body = HeldInvitation,
    responses(
        (status = 200, description = "The invitation", body = InvitationInfoView),
        (status = 404, description = "The invitation is unknown, used or too old", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn validate_invitation(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    source: Source,
    Json(given): Json<HeldInvitation>,
) -> Result<Json<InvitationInfoView>, Problem> {
    let info = auth.look_at_invitation(&caller, &given.token, &source).await?;
    Ok(Json(InvitationInfoView {
        email: info.invitation.email,
        organization: info.organization,
        role: info.invitation.role,
        expires_at: info.invitation.expires_at,
        has_account: info.has_account,
    }))
}

/// How somebody accepts an invitation.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AcceptInvitation {
    /// What stands behind `#` in the address.
    #[schema(value_type = String, example = "bi_…")]
    token: Secret,
    /// The account's password, or that of a new account: 15 to 256 characters, not one of those that are tried first.
    /// Whoever is signed in with the invited address needs none.
    #[schema(value_type = Option<String>, format = "password", max_length = 256)]
    password: Option<Secret>,
    /// The name of a new account.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
}

/// Accepts an invitation and signs in to the organisation. It is good for the address that it was sent to only.
#[utoipa::path(
    post,
    path = "/api/invitations/accept",
    request_body = AcceptInvitation,
    responses(
        (status = 200, description = "Signed in", body = SignedInView),
        (status = 401, description = "The account under the invited address was not proved", body = Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "The invitation is unknown, used or too old", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is no room", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The password may not be used", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn accept_invitation(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    source: Source,
    Json(given): Json<AcceptInvitation>,
) -> Result<Response, Problem> {
    let signed_in = auth
        .accept_invitation(&caller, &given.token, given.password, given.name.as_deref(), &source)
        .await?;
    Ok(welcome(&auth, signed_in))
}

/// Declines an invitation, which is used up by that.
#[utoipa::path(
    post,
    path = "/api/invitations/decline",
    request_body = HeldInvitation,
    responses(
        (status = 204, description = "Declined"),
        (status = 404, description = "The invitation is unknown, used or too old", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn decline_invitation(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    source: Source,
    Json(given): Json<HeldInvitation>,
) -> Result<Response, Problem> {
    auth.decline_invitation(&caller, &given.token, &source).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

//! `/api/auth/…`: signing in and one's own account.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use botlib::{Cursor, PageRequest, Secret, SessionId};
use botserver_core::{Auth, Json, Path, Problem, Query};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PageQuery, people::PersonView};
use crate::{AuthService, Credentials, Session, SignedIn, Source};

/// With what somebody signs in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SignIn {
    /// The mail address.
    #[schema(example = "ana@example.org")]
    email: String,
    /// The password.
    #[schema(value_type = String, format = "password")]
    password: Secret,
    /// What to call the device in the list of sessions; what the client calls itself when absent.
    device: Option<String>,
}

/// A session that has begun. Browsers get the token as a cookie, too.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedInView {
    /// The session's token, shown this once.
    #[schema(example = "bs_…")]
    token: String,
    /// Who signed in.
    person: PersonView,
    /// When the session ends however much it is used.
    #[schema(value_type = String, format = "date-time")]
    expires_at: DateTime<Utc>,
}

/// The answer to whoever signed in, with the cookie for browsers.
pub(super) fn welcome(auth: &AuthService, signed_in: SignedIn) -> Response {
    let SignedIn { person, session, token } = signed_in;
    let seconds = (session.expires_at - session.created_at).num_seconds();
    let cookie = auth
        .cookies()
        .header(token.expose(), u64::try_from(seconds).unwrap_or_default());
    let view = SignedInView {
        token: token.expose().to_owned(),
        person: person.into(),
        expires_at: session.expires_at,
    };
    with_cookie(Json(view).into_response(), cookie)
}

fn with_cookie(mut response: Response, cookie: Option<http::HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Signs in with mail address and password.
#[utoipa::path(
    post,
    path = "/api/auth/login",
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in", body = SignedInView),
        (status = 401, description = "Wrong address or password; which of them is not told", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many tries from this address", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sign_in(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    mut source: Source,
    Json(given): Json<SignIn>,
) -> Result<Response, Problem> {
    if let Some(device) = given.device {
        source = Source::new(source.address, &device);
    }
    let credentials = Credentials {
        email: given.email,
        password: given.password,
    };
    let signed_in = auth.sign_in(&caller, credentials, &source).await?;
    Ok(welcome(&auth, signed_in))
}

/// A first password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Claim {
    /// What stands behind `#` in the one-time link.
    #[schema(value_type = String, example = "bl_…")]
    token: Secret,
    /// The password: 15 to 256 characters, not one of those that are tried first.
    #[schema(value_type = String, format = "password", min_length = 15, max_length = 256)]
    password: Secret,
    /// The name, if it is to be another than the account has.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
}

/// Opens an account with its one-time link: sets the password and signs in.
#[utoipa::path(
    post,
    path = "/api/auth/claim",
    request_body = Claim,
    responses(
        (status = 200, description = "Signed in", body = SignedInView),
        (status = 404, description = "The link is unknown, used or too old", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "The password may not be used", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn claim(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    source: Source,
    Json(given): Json<Claim>,
) -> Result<Response, Problem> {
    let signed_in = auth
        .claim(&caller, &given.token, given.password, given.name.as_deref(), &source)
        .await?;
    Ok(welcome(&auth, signed_in))
}

/// Ends the session that the request was made in.
#[utoipa::path(post, path = "/api/auth/logout", responses((status = 204, description = "Signed out")))]
pub(crate) async fn sign_out(State(auth): State<AuthService>, Auth(caller): Auth) -> Result<Response, Problem> {
    auth.sign_out(&caller).await?;
    Ok(with_cookie(
        StatusCode::NO_CONTENT.into_response(),
        auth.cookies().header("", 0),
    ))
}

/// Shows who is signed in.
#[utoipa::path(get, path = "/api/auth/me", responses((status = 200, description = "The person", body = PersonView)))]
pub(crate) async fn get_me(State(auth): State<AuthService>, Auth(caller): Auth) -> Result<Json<PersonView>, Problem> {
    Ok(Json(auth.get_me(&caller).await?.into()))
}

/// One signing-in on one device.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionView {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    id: SessionId,
    /// What the client called itself.
    device: String,
    /// When the person signed in.
    #[schema(value_type = String, format = "date-time")]
    created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    #[schema(value_type = String, format = "date-time")]
    seen_at: DateTime<Utc>,
    /// When it ends however much it is used.
    #[schema(value_type = String, format = "date-time")]
    expires_at: DateTime<Utc>,
    /// Whether this request was made in it.
    is_current: bool,
}

impl SessionView {
    fn new(session: Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id,
            device: session.device,
            created_at: session.created_at,
            seen_at: session.seen_at,
            expires_at: session.expires_at,
            is_current: current == Some(session.id),
        }
    }
}

/// A page of sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionPage {
    /// The sessions, the oldest first.
    items: Vec<SessionView>,
    /// Where the next page begins; absent on the last one.
    #[schema(value_type = Option<String>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
}

/// Lists the caller's sessions.
#[utoipa::path(
    get,
    path = "/api/auth/sessions",
    params(PageQuery),
    responses((status = 200, description = "A page of sessions", body = SessionPage))
)]
pub(crate) async fn list_sessions(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Query(query): Query<PageQuery>,
) -> Result<Json<SessionPage>, Problem> {
    let page = auth.list_sessions(&caller, &PageRequest::try_from(query)?).await?;
    let page = page.map(|session| SessionView::new(session, caller.session));
    Ok(Json(SessionPage {
        items: page.items,
        next: page.next,
    }))
}

/// Ends one of the caller's sessions: its next request is refused and its sockets close.
#[utoipa::path(
    delete,
    path = "/api/auth/sessions/{id}",
    params(("id" = String, Path, description = "The session's id", format = "uuid")),
    responses(
        (status = 204, description = "Ended"),
        (status = 404, description = "The caller has no such session", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end_session(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, Problem> {
    auth.end_session(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Another password.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangePassword {
    /// The password in use.
    #[schema(value_type = String, format = "password")]
    current: Secret,
    /// The new one: 15 to 256 characters, not one of those that are tried first.
    #[schema(value_type = String, format = "password", min_length = 15, max_length = 256)]
    new: Secret,
}

/// Changes the caller's password and ends the caller's other sessions.
#[utoipa::path(
    post,
    path = "/api/auth/password",
    request_body = ChangePassword,
    responses(
        (status = 204, description = "Changed"),
        (status = 422, description = "The current password is wrong, or the new one may not be used", body = Problem,
            content_type = "application/problem+json"),
        (status = 429, description = "Too many tries", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn change_password(
    State(auth): State<AuthService>,
    Auth(caller): Auth,
    Json(given): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    auth.change_password(&caller, given.current, given.new).await?;
    Ok(StatusCode::NO_CONTENT)
}

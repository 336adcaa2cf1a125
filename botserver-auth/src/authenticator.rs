//! Proves who sends a request.

use async_trait::async_trait;
use botlib::{Caller, OrgId, Permission, RequestId};
use botserver_core::{Authenticator, Problem};
use http::{HeaderMap, header};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};

use crate::{
    AuthService, Error,
    browser::{SESSION_COOKIE, session_cookie},
    service::Who,
    store::sessions,
    token::{
        opaque,
        signed::{Proof, TicketClaims},
    },
};

/// The prefix of the subprotocol that carries a token.
const SUBPROTOCOL: &str = "token.";

/// The token that a page offers as a subprotocol of a WebSocket, as in `botserver.v1, token.<token>`.
///
/// The server must not choose that subprotocol in its answer.
pub fn socket_token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|protocol| protocol.trim().strip_prefix(SUBPROTOCOL))
        .filter(|token| !token.is_empty())
}

/// The token in `Authorization`.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let value = value.to_str().ok().ok_or(Error::BadToken)?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(Error::BadToken),
    }
}

impl AuthService {
    async fn prove(&self, headers: &HeaderMap, org: OrgId, request: RequestId) -> Result<Caller, Error> {
        for token in [bearer(headers)?, socket_token(headers)].into_iter().flatten() {
            if let Some(caller) = self.caller_of_token(token, request).await? {
                return Ok(caller);
            }
        }
        let of_cookie = self.caller_of_cookie(headers, request).await?;
        Ok(of_cookie.unwrap_or_else(|| Caller::nobody(org, request)))
    }

    /// Whose session the cookie holds; nothing when there is no cookie.
    pub(crate) async fn caller_of_cookie(
        &self,
        headers: &HeaderMap,
        request: RequestId,
    ) -> Result<Option<Caller>, Error> {
        let Some(token) = session_cookie(headers) else {
            return Ok(None);
        };
        if !self.cookies().is_same_origin(headers) {
            return Err(Error::CrossOrigin);
        }
        self.caller_of_session(token, request).await.map(Some)
    }

    /// Who a token stands for; nothing when it is a signed one that has merely had its time, which makes its bearer
    /// nobody and lets a page that was open for too long simply ask for a new one.
    async fn caller_of_token(&self, token: &str, request: RequestId) -> Result<Option<Caller>, Error> {
        if token.starts_with(opaque::SESSION_PREFIX) {
            return self.caller_of_session(token, request).await.map(Some);
        }
        if token.starts_with(opaque::KEY_PREFIX) {
            return self.caller_of_key(token, request).await.map(Some);
        }
        match self.keys().verify(token, self.now())? {
            Proof::Visitor(claims) => {
                let mut caller = Caller::visitor(claims.org, claims.visitor, claims.bot, claims.conversation, request);
                let standing = self.standing(claims.org, Who::Visitor).await?;
                standing.ok_or(Error::BadToken)?.give(&mut caller);
                Ok(Some(caller))
            }
            Proof::Ticket(ticket) => self.caller_of_ticket(ticket, request).await,
            Proof::Expired => Ok(None),
        }
    }

    async fn caller_of_session(&self, token: &str, request: RequestId) -> Result<Caller, Error> {
        let hash = opaque::hash(token);
        let found = self
            .use_session(move |conn, alive| sessions::find_by_token(conn, &hash, alive))
            .await?;
        let (session, person, standing) = found.ok_or(Error::BadToken)?;
        let mut caller = Caller::person(session.org, person.id, person.role, session.id, request);
        standing.give(&mut caller);
        Ok(caller)
    }

    /// Whose page holds the ticket; nothing when the session has ended or works in another organisation by now.
    async fn caller_of_ticket(&self, ticket: TicketClaims, request: RequestId) -> Result<Option<Caller>, Error> {
        let (org, id) = (ticket.org, ticket.session);
        let found = self
            .use_session(move |conn, alive| sessions::find(conn, org, id, alive))
            .await?;
        let found = found.filter(|(_, person, _)| person.id == ticket.person);
        Ok(found.map(|(session, person, standing)| {
            let mut caller = Caller::person(org, person.id, person.role, session.id, request);
            standing.give(&mut caller);
            caller
                .permissions
                .retain(|permission| *permission == Permission::ChatTalk);
            caller.visit = Some((ticket.bot, ticket.conversation));
            caller
        }))
    }
}

#[async_trait]
impl Authenticator for AuthService {
    async fn authenticate(&self, headers: &HeaderMap, org: OrgId, request: RequestId) -> Result<Caller, Problem> {
        self.prove(headers, org, request).await.map_err(Problem::from)
    }

    fn schemes(&self) -> Vec<(String, SecurityScheme)> {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "An API key (bk_…), a session's token (bs_…), or one from GET /api/auth.",
            ))
            .build();
        let cookie = ApiKeyValue::with_description(
            SESSION_COOKIE,
            "A session's token, for pages of this server: a request with another Origin needs a bearer token.",
        );
        vec![
            ("bearer".to_owned(), SecurityScheme::Http(bearer)),
            ("cookie".to_owned(), SecurityScheme::ApiKey(ApiKey::Cookie(cookie))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_token_is_found_among_subprotocols() {
        let offered = |value: &str| HeaderMap::from_iter([(header::SEC_WEBSOCKET_PROTOCOL, value.parse().unwrap())]);

        assert_eq!(socket_token(&offered("botserver.v1, token.a.b.c")), Some("a.b.c"));
        assert_eq!(socket_token(&offered("botserver.v1")), None);
        assert_eq!(socket_token(&offered("token.")), None);
    }

    #[test]
    fn only_bearer_tokens_are_understood() {
        let given = |value: &str| HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);

        assert_eq!(bearer(&given("bearer x")).unwrap(), Some("x"));
        assert!(matches!(bearer(&given("Basic x")), Err(Error::BadToken)));
        assert!(matches!(bearer(&given("x")), Err(Error::BadToken)));
        assert_eq!(bearer(&HeaderMap::new()).unwrap(), None);
    }
}

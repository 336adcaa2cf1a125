//! Who someone is: visitors, people, passwords, sessions and permissions.
//!
//! [`AuthService`] proves callers (it is the server's [`Authenticator`](botserver_core::Authenticator)) and keeps
//! people and their sessions; [`routes`] serves it under `/api/auth` and `/api/users`.
//!
//! Four credentials are known, looked for in this order:
//!
//! 1. `Authorization: Bearer <token>`,
//! 2. the subprotocol `token.<token>` of a WebSocket, since pages cannot set headers on one,
//! 3. the cookie `botserver_session`.
//!
//! A token is an API key (`bk_…`, kept as its hash), with which a program acts for a person with less than the person
//! may do, a session of a person (`bs_…`: 256 bits of chance, kept as its SHA-256, dead the moment it is revoked),
//! or one of two signed ones: a *visit*, which makes somebody without an account the owner of one conversation, and a
//! *ticket*, with which the page of somebody who is signed in may talk in that person's name in one conversation and do
//! nothing else. A ticket is worth nothing once its session has ended.
//!
//! # Organisations
//!
//! An account is one person's on the whole server; the person may belong to several organisations, and each session
//! works in one of them. What somebody may do there is their *standing*: the role as a member, the roles granted to them
//! and to their groups, and the bots that are closed to them. It is worked out once for each change: every change counts
//! up `organizations.access_version` in its own transaction, and every node reads that number with the session.
//! [`authorise`](botlib::authorise) decides, here and in front of every route.
//!
//! # Other sites
//!
//! A cookie travels with requests that any site can cause. It is `SameSite=Lax`, and it counts only when the request
//! has no `Origin` (browsers send one with every request that changes something, and with every socket) or the
//! server's own: that of `public_url`, or one that names the host that was asked. Pages of other sites, those in
//! `cors_origins` included, need a token.

mod admit;
mod authenticator;
mod browser;
mod error;
mod keywords;
mod model;
mod password;
mod routes;
mod service;
mod store;
mod token;

pub use authenticator::socket_token;
pub use browser::SESSION_COOKIE;
pub use error::Error;
pub use keywords::keywords;
pub use model::{
    ApiKey, ClaimLink, Credentials, NewKey, NewPerson, Person, PersonChange, Session, SignedIn, Source, Visit,
    tenants::{
        BotAccess, Grant, Grantee, Group, GroupChange, Invitation, InvitationInfo, MemberChange, NamedRole,
        NewInvitation, NewOrganization, OrgSettings, Organization, OrganizationChange, Plan, SentInvitation,
        Visibility,
    },
};
pub use routes::routes;
pub use service::AuthService;

//! Signed tokens: JWT (RFC 7519) as RFC 8725 wants them.
//!
//! The algorithm is HS256, whatever a token says of itself; each kind has its own key, type and audience, so that none
//! passes for another; keys that a token names or carries are not looked at.

use botlib::{BotId, ConversationId, OrgId, PersonId, Secret, SessionId, VisitorId};
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::Sha256;
use uuid::Uuid;

use crate::Error;

const ISSUER: &str = "botserver";
/// Longer ones are not looked at.
const LENGTH_MAX: usize = 2048;
/// How far the clocks of two nodes may differ.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);

/// What a token can prove.
pub(crate) trait Kind: Serialize + DeserializeOwned {
    /// The header's `typ`.
    const TYPE: &'static str;
    /// The claim `aud`.
    const AUDIENCE: &'static str;
}

/// Somebody without an account owns one conversation with one bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VisitorClaims {
    pub(crate) org: OrgId,
    pub(crate) visitor: VisitorId,
    pub(crate) bot: BotId,
    pub(crate) conversation: ConversationId,
}

impl Kind for VisitorClaims {
    const TYPE: &'static str = "botserver-visitor+jwt";
    const AUDIENCE: &'static str = "botserver.visitor";
}

/// A page of somebody who is signed in may talk to one bot in one conversation, as long as the session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TicketClaims {
    pub(crate) org: OrgId,
    pub(crate) person: PersonId,
    pub(crate) session: SessionId,
    pub(crate) bot: BotId,
    pub(crate) conversation: ConversationId,
}

impl Kind for TicketClaims {
    const TYPE: &'static str = "botserver-ticket+jwt";
    const AUDIENCE: &'static str = "botserver.ticket";
}

/// What a token with a good signature says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// A visitor.
    Visitor(VisitorClaims),
    /// A signed-in person's page.
    Ticket(TicketClaims),
    /// It was good once.
    Expired,
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    iss: String,
    aud: String,
    nbf: i64,
    exp: i64,
    #[serde(flatten)]
    claims: T,
}

struct KeyPair {
    sign: EncodingKey,
    verify: DecodingKey,
}

/// The keys of the server.
pub(crate) struct Keys {
    visitor: KeyPair,
    ticket: KeyPair,
    /// From which ids of people's conversations are made.
    conversations: Secret,
}

impl Keys {
    /// Keys derived from `secret`; `conversations` stays when the secret is changed, so that people keep theirs.
    pub(crate) fn new(secret: &Secret, conversations: Secret) -> Self {
        let pair = |label| {
            let key = derive(secret, label);
            KeyPair {
                sign: EncodingKey::from_secret(&key),
                verify: DecodingKey::from_secret(&key),
            }
        };
        Self {
            visitor: pair(VisitorClaims::TYPE),
            ticket: pair(TicketClaims::TYPE),
            conversations,
        }
    }

    /// A visitor's token, good from `now` to `until`.
    pub(crate) fn sign_visitor(
        &self,
        claims: VisitorClaims,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Secret, Error> {
        sign(&self.visitor, claims, now, until)
    }

    /// A ticket, good from `now` to `until`.
    pub(crate) fn sign_ticket(
        &self,
        claims: TicketClaims,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Secret, Error> {
        sign(&self.ticket, claims, now, until)
    }

    /// What `token` proves at `now`.
    pub(crate) fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Proof, Error> {
        if token.len() > LENGTH_MAX {
            return Err(Error::BadToken);
        }
        // The type only chooses the key to try; the signature made with that key says whether it is true.
        let header = jsonwebtoken::decode_header(token).ok().ok_or(Error::BadToken)?;
        match header.typ.as_deref() {
            Some(VisitorClaims::TYPE) => open(&self.visitor, token, now, Proof::Visitor),
            Some(TicketClaims::TYPE) => open(&self.ticket, token, now, Proof::Ticket),
            _ => Err(Error::BadToken),
        }
    }

    /// The conversation of `person` with `bot`: always the same one, whose id nobody else can work out or take first.
    pub(crate) fn conversation(&self, bot: BotId, person: PersonId) -> ConversationId {
        let digest = derive(&self.conversations, &format!("{bot} {person}"));
        let mut bytes = [0_u8; 16];
        bytes.iter_mut().zip(digest).for_each(|(byte, made)| *byte = made);
        ConversationId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

/// HMAC-SHA256 of `label` under `secret`: no use of a secret tells anything about another.
fn derive(secret: &Secret, label: &str) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "RFC 2104: HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes every key");
    mac.update(label.as_bytes());
    mac.finalize().into_bytes().into()
}

fn sign<T: Kind>(keys: &KeyPair, claims: T, now: DateTime<Utc>, until: DateTime<Utc>) -> Result<Secret, Error> {
    let header = Header {
        typ: Some(T::TYPE.to_owned()),
        ..Header::new(Algorithm::HS256)
    };
    let envelope = Envelope {
        iss: ISSUER.to_owned(),
        aud: T::AUDIENCE.to_owned(),
        nbf: now.timestamp(),
        exp: until.timestamp(),
        claims,
    };
    let token = jsonwebtoken::encode(&header, &envelope, &keys.sign);
    token
        .map(Secret::new)
        .map_err(|error| Error::Crypto(format!("signing a token: {error}")))
}

fn open<T: Kind>(keys: &KeyPair, token: &str, now: DateTime<Utc>, proof: fn(T) -> Proof) -> Result<Proof, Error> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[T::AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud"]);
    // Times are compared below, with the server's own clock.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let opened = jsonwebtoken::decode::<Envelope<T>>(token, &keys.verify, &validation);
    let envelope = opened.ok().ok_or(Error::BadToken)?.claims;
    if envelope.nbf > (now + LEEWAY).timestamp() {
        return Err(Error::BadToken);
    }
    if envelope.exp <= now.timestamp() {
        return Ok(Proof::Expired);
    }
    Ok(proof(envelope.claims))
}

/// The UUID of a visitor, for answers that name people and visitors alike.
pub(crate) fn visitor_uuid(visitor: VisitorId) -> Uuid {
    *visitor.as_uuid()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys() -> Keys {
        Keys::new(&Secret::new("a".repeat(32)), Secret::new("b".repeat(32)))
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn claims() -> VisitorClaims {
        VisitorClaims {
            org: OrgId::new(),
            visitor: VisitorId::new(),
            bot: BotId::new(),
            conversation: ConversationId::new(),
        }
    }

    /// A token with `changed` claims and header, signed with the right key.
    fn altered(typ: &str, algorithm: Algorithm, changed: &serde_json::Value) -> String {
        let mut body = json!({
            "iss": "botserver", "aud": "botserver.visitor", "nbf": 1_800_000_000, "exp": 1_800_000_060,
            "org": OrgId::new(), "visitor": VisitorId::new(), "bot": BotId::new(), "conversation": ConversationId::new(),
        });
        let map = body.as_object_mut().unwrap();
        for (name, value) in changed.as_object().unwrap() {
            if value.is_null() {
                map.remove(name)
            } else {
                map.insert(name.clone(), value.clone())
            };
        }
        let header = Header {
            typ: Some(typ.to_owned()),
            ..Header::new(algorithm)
        };
        jsonwebtoken::encode(&header, &body, &keys().visitor.sign).unwrap()
    }

    #[test]
    fn visitor_token_proves_what_was_signed() {
        let claims = claims();
        let token = keys().sign_visitor(claims, now(), now() + TimeDelta::hours(1)).unwrap();

        assert_eq!(keys().verify(token.expose(), now()).unwrap(), Proof::Visitor(claims));
    }

    #[test]
    fn token_expires_to_the_second() {
        let token = keys()
            .sign_visitor(claims(), now(), now() + TimeDelta::seconds(60))
            .unwrap();

        assert!(matches!(
            keys().verify(token.expose(), now() + TimeDelta::seconds(59)),
            Ok(Proof::Visitor(_))
        ));
        assert_eq!(
            keys().verify(token.expose(), now() + TimeDelta::seconds(60)).unwrap(),
            Proof::Expired
        );
    }

    #[test]
    fn altered_tokens_are_refused_although_the_signature_is_good() {
        let typ = VisitorClaims::TYPE;
        assert!(
            keys()
                .verify(&altered(typ, Algorithm::HS256, &json!({})), now())
                .is_ok()
        );
        let cases = [
            (
                "audience",
                altered(typ, Algorithm::HS256, &json!({ "aud": "botserver.ticket" })),
            ),
            ("no audience", altered(typ, Algorithm::HS256, &json!({ "aud": null }))),
            ("issuer", altered(typ, Algorithm::HS256, &json!({ "iss": "somebody" }))),
            ("no issuer", altered(typ, Algorithm::HS256, &json!({ "iss": null }))),
            ("no expiry", altered(typ, Algorithm::HS256, &json!({ "exp": null }))),
            ("no beginning", altered(typ, Algorithm::HS256, &json!({ "nbf": null }))),
            (
                "later",
                altered(typ, Algorithm::HS256, &json!({ "nbf": 1_800_000_031 })),
            ),
            ("other type", altered("JWT", Algorithm::HS256, &json!({}))),
            ("ticket", altered(TicketClaims::TYPE, Algorithm::HS256, &json!({}))),
            ("algorithm", altered(typ, Algorithm::HS512, &json!({}))),
            ("no bot", altered(typ, Algorithm::HS256, &json!({ "bot": null }))),
        ];
        for (name, token) in cases {
            assert!(matches!(keys().verify(&token, now()), Err(Error::BadToken)), "{name}");
        }
    }

    #[test]
    fn forged_tokens_are_refused() {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
        let token = keys()
            .sign_visitor(claims(), now(), now() + TimeDelta::hours(1))
            .unwrap();
        let [_, body, signature] = token.expose().split('.').collect::<Vec<_>>()[..] else {
            panic!("three parts")
        };
        let headers = [
            json!({ "typ": VisitorClaims::TYPE, "alg": "none" }),
            json!({ "typ": VisitorClaims::TYPE, "alg": "None" }),
            json!({ "typ": VisitorClaims::TYPE, "alg": "RS256" }),
            json!({ "typ": VisitorClaims::TYPE, "alg": "HS256", "kid": "../../dev/null" }),
            json!({ "typ": VisitorClaims::TYPE, "alg": "HS256", "jwk": { "kty": "oct", "k": "AAAA" } }),
        ];
        let mut forged: Vec<String> = vec![String::new(), "a.b.c".to_owned(), "é".repeat(5000)];
        for header in headers {
            let header = BASE64.encode(header.to_string());
            forged.extend([
                format!("{header}.{body}."),
                format!("{header}.{body}.{signature}"),
                format!("{header}.{body}"),
            ]);
        }
        for token in forged {
            assert!(matches!(keys().verify(&token, now()), Err(Error::BadToken)), "{token}");
        }

        let other = Keys::new(&Secret::new("c".repeat(32)), Secret::new("b".repeat(32)));
        assert!(matches!(other.verify(token.expose(), now()), Err(Error::BadToken)));
    }

    #[test]
    fn persons_conversation_with_a_bot_is_always_the_same_and_no_one_elses() {
        let (bot, person) = (BotId::new(), PersonId::new());

        assert_eq!(keys().conversation(bot, person), keys().conversation(bot, person));
        assert_ne!(
            keys().conversation(bot, person),
            keys().conversation(bot, PersonId::new())
        );
        assert_ne!(
            keys().conversation(bot, person),
            keys().conversation(BotId::new(), person)
        );
    }
}

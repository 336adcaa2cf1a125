//! Access tokens of a Google service account (RFC 7523, as Google's guide to server-to-server calls describes).

use std::{fmt, sync::Arc, time::Duration};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use botlib::{Clock, Secret, SystemClock};
use botstate::model::ModelError;
use reqwest::{Client as HttpClient, header::CONTENT_TYPE};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde::Deserialize;
use serde_json::json;
use tokio::{sync::Mutex, time::Instant};
use url::form_urlencoded;

use crate::{
    client::{Failure, refused},
    http::reason,
};

/// What tokens are asked for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Where tokens are given out unless the account says otherwise.
const TOKENS: &str = "https://oauth2.googleapis.com/token";

/// How long a signed request for a token is good.
const GOOD_FOR_S: i64 = 3600;

/// How long before its end a token is renewed.
const RENEWED_BEFORE: Duration = Duration::from_mins(2);

/// How long getting a token may take.
const LONGEST: Duration = Duration::from_secs(10);

/// The parts of a service account's file that matter here.
#[derive(Deserialize)]
struct File {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: Option<String>,
    project_id: Option<String>,
}

/// A service account and its newest token.
pub(crate) struct Account {
    email: String,
    key: RsaKeyPair,
    key_id: Option<String>,
    tokens: Arc<str>,
    http: HttpClient,
    newest: Mutex<Option<(Secret, Instant)>>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

impl Account {
    /// The project of the account in the file with this text.
    pub(crate) fn project(file: &str) -> Option<String> {
        serde_json::from_str::<File>(file).ok()?.project_id
    }

    /// The account in the file with this text.
    pub(crate) fn read(file: &str, http: HttpClient) -> Result<Self, String> {
        let file: File =
            serde_json::from_str(file).map_err(|error| format!("its key is no file of a service account: {error}"))?;
        let der: String = file
            .private_key
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let der = BASE64_STANDARD
            .decode(der.trim())
            .map_err(|error| format!("the private key of its service account is not PEM: {error}"))?;
        let key = RsaKeyPair::from_pkcs8(&der)
            .map_err(|error| format!("the private key of its service account cannot be used: {error}"))?;
        Ok(Self {
            email: file.client_email,
            key,
            key_id: file.private_key_id,
            tokens: file.token_uri.as_deref().unwrap_or(TOKENS).into(),
            http,
            newest: Mutex::default(),
        })
    }

    /// A token that is good for a while. Whoever comes while one is fetched waits for it.
    pub(crate) async fn token(&self) -> Result<Secret, Failure> {
        let mut newest = self.newest.lock().await;
        if let Some((token, renewed)) = &*newest
            && Instant::now() < *renewed
        {
            return Ok(token.clone());
        }
        let granted = self.fetch().await?;
        let good_for = Duration::from_secs(granted.expires_in).saturating_sub(RENEWED_BEFORE);
        let token = Secret::new(granted.access_token);
        *newest = Some((token.clone(), Instant::now() + good_for));
        Ok(token)
    }

    async fn fetch(&self) -> Result<Granted, Failure> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
            .append_pair("assertion", &self.assertion()?)
            .finish();
        let sent = self
            .http
            .post(&*self.tokens)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .timeout(LONGEST)
            .body(body)
            .send()
            .await;
        let response = sent.map_err(|error| Failure::network(&self.tokens, reason(&error)))?;
        if !response.status().is_success() {
            return Err(refused(response, &self.tokens, None).await);
        }
        let granted = response.json().await;
        granted.map_err(|error| Failure::garbled(&self.tokens, &reason(&error)))
    }

    /// The signed request for a token.
    fn assertion(&self) -> Result<String, ModelError> {
        let now = SystemClock.now().timestamp();
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id });
        let claims = json!({
            "iss": self.email, "scope": SCOPE, "aud": &*self.tokens, "iat": now, "exp": now + GOOD_FOR_S,
        });
        let encode = |json: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_unspecified| ModelError::NotAsked {
                reason: "the request for a token cannot be signed with the key of its service account".to_owned(),
            })?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

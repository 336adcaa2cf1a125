//! How often somebody may try.

use std::time::Duration;

use botlib::{OrgId, PersonId};
use botstate::shared::{Decision, Quota};

use super::AuthService;
use crate::{Error, Source, model::normal_email, token::opaque};

const MINUTE: Duration = Duration::from_mins(1);

/// Tries for one account from one address: eight at once and one more every seven and a half minutes, which makes at
/// most ten in any quarter of an hour. Who guesses from elsewhere takes nothing from the owner of the account.
const ACCOUNT: Quota = Quota {
    burst: 8,
    period: MINUTE.saturating_mul(60),
};

/// Tries from one address for whatever account: enough for an office that starts its day.
const ADDRESS: Quota = Quota {
    burst: 60,
    period: MINUTE.saturating_mul(15),
};

impl AuthService {
    /// Takes a try to sign in with `email`.
    pub(super) async fn take_sign_in(&self, org: OrgId, email: &str, source: &Source) -> Result<(), Error> {
        self.take_address(org, source).await?;
        // The limits' server need not know who has an account.
        let account = opaque::hash(&normal_email(email));
        self.take(&format!("sign-in:{org}:{account}@{}", source.address), ACCOUNT)
            .await
    }

    /// Takes a try to guess a secret from an address.
    pub(super) async fn take_address(&self, org: OrgId, source: &Source) -> Result<(), Error> {
        self.take(&format!("sign-in:{org}:{}", source.address), ADDRESS).await
    }

    /// Takes a try to tell the password of somebody who is signed in.
    pub(super) async fn take_password(&self, org: OrgId, person: PersonId) -> Result<(), Error> {
        self.take(&format!("password:{org}:{person}"), ACCOUNT).await
    }

    async fn take(&self, key: &str, quota: Quota) -> Result<(), Error> {
        match self.limits.take(key, quota, 1).await.map_err(Error::Limits)? {
            Decision::Allowed { .. } => Ok(()),
            Decision::Refused { retry_after } => Err(Error::TooManyTries(retry_after)),
        }
    }
}

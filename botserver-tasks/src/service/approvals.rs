//! Approvals that workflows wait for: signed links that work once.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use botlib::{Caller, Value, value::Map};
use botstate::{
    Db, db,
    dialog::{Fault, FaultKind},
    job::{EventJob, Jobs as _, NewJob},
};
use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::TasksService;
use crate::{
    error::Error,
    jobs::orders::wake,
    store::{
        jobs,
        waits::{self, APPROVAL},
    },
};

/// Approvals in a list.
const LISTED: i64 = 200;

/// An approval that is waited for.
#[derive(Debug)]
pub(crate) struct Approval {
    pub(crate) from: String,
    pub(crate) link: String,
    pub(crate) conversation: String,
    pub(crate) expires_at: DateTime<Utc>,
}

async fn mac(db: &Db, token: &str) -> Result<Hmac<Sha256>, db::Error> {
    let key = db::server_key(db, "approvals").await?;
    let key = STANDARD.decode(key.expose()).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key)
        .map_err(|error| db::Error::Statement(format!("the key of approvals cannot be used: {error}")))?;
    mac.update(token.as_bytes());
    Ok(mac)
}

/// The address at which somebody approves.
pub(crate) async fn approval_link(db: &Db, base: &str, token: &str) -> Result<String, db::Error> {
    let signature = hex(&mac(db, token).await?.finalize().into_bytes());
    Ok(format!("{base}/api/approvals/{token}?signature={signature}"))
}

impl TasksService {
    /// For what the approval of a link is; refuses links that are forged, used or too old.
    pub(crate) async fn approval(&self, token: &str, signature: &str) -> Result<Approval, Error> {
        self.check_link(token, signature).await?;
        let wanted = token.to_owned();
        let now = self.queue.clock.now();
        let row = self
            .queue
            .db
            .read(move |conn| waits::find(conn, &wanted).map_err(db::Error::from))
            .await?;
        let row = row.filter(|row| row.expires_at.0 > now).ok_or(Error::UnknownLink)?;
        self.view(row).await
    }

    /// Approves or refuses what the link is for, once.
    pub(crate) async fn decide(&self, token: &str, signature: &str, approve: bool) -> Result<(), Error> {
        self.check_link(token, signature).await?;
        let (token, queue) = (token.to_owned(), self.queue.clone());
        let now = queue.clock.now();
        let decided = self
            .queue
            .db
            .write(move |conn| {
                let Some(row) = waits::take_one(conn, &token)?.filter(|row| row.expires_at.0 > now) else {
                    return Ok::<_, db::Error>(false);
                };
                let (org, bot) = (row.org_id.into(), row.bot_id.into());
                let from = row.event.strip_prefix(APPROVAL).unwrap_or_default().to_owned();
                let fault = (!approve).then(|| Fault::new(FaultKind::Permission, format!("{from} did not approve")));
                let order = wake(bot, row.conversation(), token.clone(), Value::Bool(approve), fault);
                // Its timer makes room: both have the key of the wait.
                jobs::cancel(conn, org, &order.key)?;
                queue.enqueue(NewJob::order(org, order, None, now))(conn)?;
                let name = if approve {
                    "approval_received"
                } else {
                    "approval_denied"
                };
                let data: Map = [("from".to_owned(), Value::text(from))].into_iter().collect();
                let event = EventJob {
                    name: name.to_owned(),
                    data: Value::Map(data),
                    depth: 0,
                };
                queue.enqueue(NewJob::event(org, bot, &event, Some(format!("{name}:{token}")), now))(conn)?;
                Ok(true)
            })
            .await?;
        if decided { Ok(()) } else { Err(Error::UnknownLink) }
    }

    /// What workflows of the organisation wait for.
    pub(crate) async fn list_approvals(&self, caller: &Caller) -> Result<Vec<Approval>, Error> {
        let org = caller.org;
        let rows = self
            .queue
            .db
            .read(move |conn| waits::list_approvals(conn, org, LISTED).map_err(db::Error::from))
            .await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            items.push(self.view(row).await?);
        }
        Ok(items)
    }

    async fn view(&self, row: waits::Row) -> Result<Approval, Error> {
        let from = row.event.strip_prefix(APPROVAL).ok_or(Error::UnknownLink)?;
        Ok(Approval {
            from: from.to_owned(),
            link: approval_link(&self.queue.db, &self.base, &row.token).await?,
            conversation: row.conversation().to_string(),
            expires_at: row.expires_at.0,
        })
    }

    async fn check_link(&self, token: &str, signature: &str) -> Result<(), Error> {
        let given = unhex(signature).ok_or(Error::UnknownLink)?;
        let mac = mac(&self.queue.db, token).await?;
        mac.verify_slice(&given).map_err(|_forged| Error::UnknownLink)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || text.len() != 64 {
        return None;
    }
    (0..32)
        .map(|place| u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok())
        .collect()
}

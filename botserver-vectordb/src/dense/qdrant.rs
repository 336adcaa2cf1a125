//! The index in Qdrant, by its REST interface (`/collections/{name}/points/query` and its neighbours, Qdrant 1.10 on).
//!
//! There is one of Qdrant's collections for each embedder; organisation, bot, collection and readers are part of every
//! filter. Searches ask for exact results, so that they are those of the embedded index.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use botlib::Secret;
use botstate::{
    service::HealthCheck,
    vector::{Near, Nearest, Point, Space, VectorError, VectorIndex},
};
use parking_lot::Mutex;
use reqwest::{Client, Method, StatusCode, Url};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The longest that a request may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Points of one request.
const BATCH: usize = 256;

/// What filters look at.
const FIELDS: [&str; 5] = ["org", "bot", "collection", "document", "access"];

/// A Qdrant server as an index; cheap to clone.
#[derive(Clone)]
pub struct Qdrant {
    http: Client,
    base: Url,
    key: Option<Secret>,
    /// Qdrant's collections that are known to be there.
    known: Arc<Mutex<HashSet<String>>>,
}

impl Qdrant {
    /// A client of the server at `url`, such as `http://localhost:6333`, which is not connected yet.
    ///
    /// # Errors
    /// When the address cannot be one.
    pub fn new(url: &str, key: Option<Secret>) -> Result<Self, VectorError> {
        let base = Url::parse(url).map_err(|error| failed(format!("its address {url} cannot be read: {error}")))?;
        botserver_core::install_tls();
        let builder = || Client::builder().timeout(TIMEOUT).no_proxy();
        let http = builder()
            .build()
            // Without trusted certificates on this machine plain HTTP is still to be had.
            .or_else(|_no_certificates| builder().tls_certs_only([]).build())
            .map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            http,
            base,
            key,
            known: Arc::default(),
        })
    }

    /// A check for `/health/ready` and `doctor`.
    pub fn health_check(&self) -> Box<dyn HealthCheck> {
        Box::new(Answering(self.clone()))
    }

    /// Sends a request; nothing for one about a collection that is not there.
    async fn ask(&self, method: Method, path: &str, body: Value) -> Result<Option<Value>, VectorError> {
        let url = self.base.join(path).map_err(|error| failed(error.to_string()))?;
        let mut request = self.http.request(method, url).json(&body);
        if let Some(key) = &self.key {
            request = request.header("api-key", key.expose());
        }
        let answer = request.send().await.map_err(|error| failed(plain(&error)))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| failed(plain(&error)))?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => {
                let mut json: Value = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
                Ok(json.get_mut("result").map(Value::take))
            }
            _ => Err(failed(format!(
                "{status}: {}",
                text.chars().take(300).collect::<String>()
            ))),
        }
    }

    /// Makes the collection of an embedder unless it is there.
    async fn ensure(&self, name: &str, width: usize) -> Result<(), VectorError> {
        if self.known.lock().contains(name) {
            return Ok(());
        }
        let path = format!("/collections/{name}");
        if self.ask(Method::GET, &path, Value::Null).await?.is_none() {
            let vectors = json!({ "vectors": { "size": width, "distance": "Cosine" } });
            let made = self.ask(Method::PUT, &path, vectors).await;
            // Another node may have been faster.
            if made.is_err() && self.ask(Method::GET, &path, Value::Null).await?.is_none() {
                return made.map(drop);
            }
            for field in FIELDS {
                let index = json!({ "field_name": field, "field_schema": "keyword" });
                self.ask(Method::PUT, &format!("{path}/index?wait=true"), index).await?;
            }
        }
        self.known.lock().insert(name.to_owned());
        Ok(())
    }

    async fn delete(&self, space: &Space, filter: Value) -> Result<(), VectorError> {
        let path = format!("/collections/{}/points/delete?wait=true", name(space));
        self.ask(Method::POST, &path, json!({ "filter": filter })).await?;
        Ok(())
    }
}

#[async_trait]
impl VectorIndex for Qdrant {
    fn name(&self) -> &'static str {
        "qdrant"
    }

    fn is_volatile(&self) -> bool {
        false
    }

    async fn upsert(&self, space: &Space, points: Vec<Point>) -> Result<(), VectorError> {
        let Some(width) = points.first().map(|point| point.vector.len()) else {
            return Ok(());
        };
        let name = name(space);
        self.ensure(&name, width).await?;
        for some in points.chunks(BATCH) {
            let points: Vec<Value> = some
                .iter()
                .map(|point| {
                    json!({ "id": point.id, "vector": point.vector, "payload": {
                        "org": space.org.to_string(), "bot": space.bot.to_string(), "collection": space.collection.to_string(),
                        "document": point.document, "access": point.access,
                    } })
                })
                .collect();
            let path = format!("/collections/{name}/points?wait=true");
            if self
                .ask(Method::PUT, &path, json!({ "points": points }))
                .await?
                .is_none()
            {
                self.known.lock().remove(&name);
                return Err(failed(format!("its collection {name} went away")));
            }
        }
        Ok(())
    }

    async fn remove(&self, space: &Space, documents: &[Uuid], keep: &[Uuid]) -> Result<(), VectorError> {
        for some in documents.chunks(BATCH) {
            let mut filter = of(space, vec![json!({ "key": "document", "match": { "any": some } })]);
            if let Some(filter) = filter.as_object_mut().filter(|_| !keep.is_empty()) {
                filter.insert("must_not".to_owned(), json!([{ "has_id": keep }]));
            }
            self.delete(space, filter).await?;
        }
        Ok(())
    }

    async fn clear(&self, space: &Space) -> Result<(), VectorError> {
        self.delete(space, of(space, Vec::new())).await
    }

    async fn search(&self, query: &Nearest) -> Result<Vec<Near>, VectorError> {
        let body = json!({
            "query": query.vector,
            "filter": of(&query.space, vec![json!({ "key": "access", "match": { "any": query.access } })]),
            "limit": query.limit,
            "params": { "exact": true },
            "with_payload": ["document"],
        });
        let path = format!("/collections/{}/points/query", name(&query.space));
        let Some(answer) = self.ask(Method::POST, &path, body).await? else {
            return Ok(Vec::new());
        };
        let points = answer
            .get("points")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let mut found: Vec<Near> = points.iter().filter_map(near).collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        Ok(found)
    }
}

fn near(point: &Value) -> Option<Near> {
    let id = |value: &Value| Uuid::try_parse(value.as_str()?).ok();
    #[expect(clippy::cast_possible_truncation, reason = "it was a float of 32 bits there")]
    let score = point.get("score")?.as_f64()? as f32;
    Some(Near {
        id: id(point.get("id")?)?,
        document: id(point.get("payload")?.get("document")?)?,
        score,
    })
}

/// A filter for the points of a space that `more` lets through.
fn of(space: &Space, more: Vec<Value>) -> Value {
    let is = |key: &str, value: String| json!({ "key": key, "match": { "value": value } });
    let mut must = vec![
        is("org", space.org.to_string()),
        is("bot", space.bot.to_string()),
        is("collection", space.collection.to_string()),
    ];
    must.extend(more);
    json!({ "must": must })
}

/// Qdrant's collection for the embedder of a space.
fn name(space: &Space) -> String {
    let digest = Sha256::digest(&space.embedder);
    let hash = digest
        .iter()
        .take(8)
        .fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
    format!("botserver_{hash}")
}

fn failed(reason: String) -> VectorError {
    VectorError {
        index: "qdrant",
        reason,
    }
}

/// What lies at the bottom of a failed request, without its address.
fn plain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

struct Answering(Qdrant);

#[async_trait]
impl HealthCheck for Answering {
    fn name(&self) -> &'static str {
        "qdrant"
    }

    fn is_required(&self) -> bool {
        false
    }

    async fn check(&self) -> Result<String, String> {
        let answer = self.0.ask(Method::GET, "/collections", Value::Null).await;
        answer.map_err(|error| error.to_string()).map(|_| "answers".to_owned())
    }
}

impl std::fmt::Debug for Qdrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Qdrant").finish_non_exhaustive()
    }
}

//! Vectors as the database has them.

use std::collections::HashMap;

use async_trait::async_trait;
use botstate::{
    Db, db,
    vector::{Space, VectorError},
};
use uuid::Uuid;

use super::Originals;
use crate::store::chunks;

pub(super) struct Rows(pub(super) Db);

#[async_trait]
impl Originals for Rows {
    async fn vectors(&self, space: &Space, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<f32>>, VectorError> {
        let (embedder, ids) = (space.embedder.clone(), ids.to_vec());
        let read = self
            .0
            .read(move |conn| chunks::vectors(conn, &embedder, &ids).map_err(db::Error::from));
        read.await.map_err(|error| VectorError {
            index: "embedded",
            reason: error.to_string(),
        })
    }
}

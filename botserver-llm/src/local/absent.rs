//! What stands in place of local models in a server that is built without them: it says so.

use std::{path::PathBuf, sync::Arc};

use botstate::{embed::Embedder, rerank::Reranker};

use crate::shelf::folder_name;

/// Whether this server can run models at all.
pub(crate) const IS_BUILT_IN: bool = false;

/// A folder of models that nothing runs.
pub(crate) struct Locals(PathBuf);

impl Locals {
    pub(crate) fn new(folder: PathBuf, _threads: Option<usize>) -> Self {
        Self(folder)
    }

    /// Nothing, or that the model is there for nothing.
    pub(crate) fn embedder(&self, name: &str) -> Result<Option<Arc<dyn Embedder>>, String> {
        self.refuse(name).map(|()| None)
    }

    /// Nothing, or that the model is there for nothing.
    pub(crate) fn reranker(&self, name: &str, _top: usize) -> Result<Option<Arc<dyn Reranker>>, String> {
        self.refuse(name).map(|()| None)
    }

    fn refuse(&self, name: &str) -> Result<(), String> {
        let path = self.0.join(folder_name(name)?);
        if path.is_dir() {
            return Err(format!(
                "{} is there, and this server was built without local models: build it with --features local-models",
                path.display()
            ));
        }
        Ok(())
    }
}

//! HTTP in, HTTP out.

mod collections;
mod search;

use botlib::{Access, Permission};
use botserver_core::{Routes, routes};

use crate::service::KnowledgeService;

/// Bytes of a document that is sent.
const LARGEST: usize = 64 << 20;

impl KnowledgeService {
    /// Routes of knowledge, under `/api/kb`.
    pub fn routes(&self) -> Routes {
        let read = Access::Needs(Permission::KnowledgeRead);
        let manage = Access::Needs(Permission::KnowledgeManage);
        let uploads = Routes::new("kb")
            .route(manage, routes!(collections::upload_document))
            .body_limit(LARGEST);
        Routes::new("kb")
            .route(read, routes!(search::search_knowledge))
            .route(read, routes!(search::knowledge_statistics))
            .route(read, routes!(collections::list_collections))
            .route(manage, routes!(collections::create_collection))
            .route(manage, routes!(collections::delete_collection))
            .route(read, routes!(collections::list_documents))
            .route(read, routes!(collections::get_document))
            .route(manage, routes!(collections::delete_document))
            .route(manage, routes!(search::indexing_progress))
            .route(manage, routes!(search::index_again))
            .merge(uploads)
            .with_state(self.clone())
    }
}

//! The whole server as it is composed: every route has its line, and the API's description leaves none out.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use std::collections::BTreeSet;

use botstate::config;

use super::{Server, server};

async fn compose() -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let server = server(config::for_tests(folder.path())).await.unwrap();
    (folder, server)
}

#[tokio::test]
async fn every_route_has_the_permission_that_the_table_says() {
    let (_folder, server) = compose().await;

    let lines = server.app.entries.iter().map(|entry| {
        let kind = if entry.is_documented { "" } else { " (page)" };
        format!("{} {} {}{kind}", entry.method, entry.path, entry.access.name())
    });

    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn the_description_of_the_api_and_the_router_name_the_same_routes() {
    let (_folder, server) = compose().await;

    let routes: BTreeSet<_> = server
        .app
        .entries
        .iter()
        .filter(|entry| entry.is_documented)
        .map(|entry| {
            (
                entry.path.clone(),
                entry.method.to_string().to_lowercase(),
                entry.access.name().to_owned(),
            )
        })
        .collect();
    let document = serde_json::to_value(&*server.app.openapi).unwrap();
    let described: BTreeSet<_> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(|(method, operation)| {
                let permission = operation["x-permission"].as_str().unwrap_or("none");
                (path.clone(), method.clone(), permission.to_owned())
            })
        })
        .collect();

    assert_eq!(described, routes);
    assert!(routes.len() > 20, "{routes:?}");
}

//! The description of the API agrees with the router.

use std::collections::BTreeSet;

use crate::support::{app, get};

#[tokio::test]
async fn description_lists_the_documented_routes_and_no_other() {
    let app = app(|_| ());
    let document = get(&app, "/api/openapi.json", &[]).await.json();

    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let access = operation["x-permission"].as_str().unwrap().to_owned();
            described.insert((path.clone(), method.to_uppercase(), access));
        }
    }
    let routed: BTreeSet<_> = app
        .entries
        .iter()
        .filter(|entry| entry.is_documented)
        .map(|entry| {
            (
                entry.path.clone(),
                entry.method.to_string(),
                entry.access.name().to_owned(),
            )
        })
        .collect();

    assert_eq!(described, routed);
    assert_eq!(document["openapi"], "3.1.0");
}

#[tokio::test]
async fn operations_have_distinct_ids_a_permission_and_the_problem_as_default_answer() {
    let app = app(|_| ());
    let document = get(&app, "/api/openapi.json", &[]).await.json();

    let mut ids = BTreeSet::new();
    for operation in document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
    {
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{operation}"
        );
        let schema = &operation["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(schema, "#/components/schemas/Problem");
        let open = operation["x-permission"] == "public";
        assert_eq!(
            operation["security"].as_array().unwrap().is_empty(),
            open,
            "{operation}"
        );
    }
    assert_eq!(
        document["paths"]["/api/orders"]["get"]["parameters"][0]["name"],
        "limit"
    );
    insta::assert_json_snapshot!("one_operation", document["paths"]["/api/secret"]);
    insta::assert_json_snapshot!("problem_schema", document["components"]["schemas"]["Problem"]);
}

#[tokio::test]
async fn every_reference_in_the_description_leads_somewhere() {
    let app = app(|_| ());
    let document = get(&app, "/api/openapi.json", &[]).await.json();
    let text = document.to_string();

    for reference in text
        .split("\"$ref\":\"#")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        assert!(document.pointer(reference).is_some(), "{reference} is missing");
    }
}

#[tokio::test]
async fn page_shows_every_operation_without_a_script() {
    let page = get(&app(|_| ()), "/api/docs", &[]).await;

    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.body.contains("<code>/api/orders/{id}</code>"), "{}", page.body);
    assert!(
        !page.body.contains("<script") && !page.body.contains("style="),
        "{}",
        page.body
    );
}

//! The API's documentation as the twin serves it.

use crate::process::Twin;

/// Every operation and every schema of the document is on the page, once, and every link on it leads somewhere.
#[tokio::test]
async fn the_page_has_all_that_the_document_has() {
    let twin = Twin::new().await;
    let document = twin.get("/openapi.json").await.json();
    let reply = twin.get("/docs").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let page = reply.body;
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert_eq!(page.matches(&format!("<section id=\"{id}\">")).count(), 1, "{id}");
            let route = format!("<b>{}</b> <code>{path}</code>", method.to_uppercase());
            assert_eq!(page.matches(&route).count(), 1, "{route}");
            operations += 1;
        }
    }
    let commands = page.matches(&format!("&#39;{}/", twin.base)).count();
    assert_eq!(commands, operations, "a command for each");
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert_eq!(page.matches(&format!("<section id=\"schema-{name}\">")).count(), 1, "{name}");
    }
    let anchors: Vec<_> = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(anchors.len() > operations, "{}", anchors.len());
    for anchor in anchors {
        assert_eq!(page.matches(&format!("id=\"{anchor}\"")).count(), 1, "{anchor}");
    }
    assert!(!page.contains("__"), "nothing is left to be filled in");
}

/// Nothing from outside gets in, and nothing runs.
#[tokio::test]
async fn the_page_keeps_to_itself() {
    let twin = Twin::new().await;
    let reply = twin.get("/docs").await;
    let policy = reply.header("content-security-policy").unwrap();
    let nonce = policy.split("style-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert_eq!(
        policy.replace(nonce, "NONCE"),
        "default-src 'none'; style-src 'nonce-NONCE'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    assert_eq!(reply.body.matches(&format!("nonce=\"{nonce}\"")).count(), 1);
    for outside in ["<script", " src=", " href=\"http", "@import", "url(", " style="] {
        assert!(!reply.body.contains(outside), "{outside}");
    }
}

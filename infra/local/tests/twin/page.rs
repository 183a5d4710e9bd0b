//! The demo page as it is served. What it does in a browser is looked at by people; that it can do it is held here.

use crate::process::Twin;

/// Sign-in, code, tokens, the wire, the inbox and the clock; and no part of the script looks for an element that is not
/// there.
#[tokio::test]
async fn the_page_has_its_parts() {
    let twin = Twin::new().await;
    let reply = twin.get("/").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    let page = reply.body;
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    for part in ["sign-in", "enter", "code", "done", "tokens", "factors", "wire", "inbox", "mails", "clock"] {
        assert_eq!(page.matches(&format!(" id=\"{part}\"")).count(), 1, "{part}");
    }
    let (_, script) = page.split_once("<script").unwrap();
    let sought: Vec<_> = script.split("$(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(sought.len() > 30, "{}", sought.len());
    for id in sought {
        assert!(page.contains(&format!(" id=\"{id}\"")), "the script looks for {id}");
    }
    for value in [r#"value="user@example.com""#, r#"value="pwd""#, r#"value="demo-spa""#] {
        assert!(page.contains(value), "one click signs in: {value}");
    }
}

/// Whatever the page asks for, the twin has: no path of the script is unknown.
#[tokio::test]
async fn every_path_the_page_calls_is_there() {
    let twin = Twin::new().await;
    let page = twin.get("/").await.body;
    let fetched = page.split("fetch(\"").skip(1);
    let called = page.split("call(\"").skip(1).filter_map(|rest| Some(rest.split_once("\", \"")?.1));
    let mut paths: Vec<_> = fetched.chain(called).filter_map(|rest| rest.split('"').next()).collect();
    paths.sort_unstable();
    paths.dedup();
    assert!(paths.len() >= 7, "{paths:?}");
    for path in paths {
        assert_ne!(twin.get(path).await.status, 404, "{path}");
    }
}

/// Nothing from outside gets in: the policy lets nothing in but what carries a nonce, which no two answers share, and
/// nothing is fetched from elsewhere.
#[tokio::test]
async fn the_page_keeps_to_itself() {
    let twin = Twin::new().await;
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let reply = twin.get("/").await;
        let policy = reply.header("content-security-policy").unwrap().to_owned();
        for directive in [
            "default-src 'none'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(directive), "{directive}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        let nonce = policy.split("script-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert_eq!(reply.body.matches(&format!("nonce=\"{nonce}\"")).count(), 2, "script and style");
        assert!(!reply.body.contains("__NONCE__"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        for outside in [" src=", " href=\"http", "@import", "url("] {
            assert!(!reply.body.contains(outside), "{outside}");
        }
        assert!(nonce.len() >= 22);
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}

//! The link in the mail about a blocked sign-in (contract A3 "blocked"): it shows a button, and the button ends that
//! one block.

use insta::assert_snapshot;

use crate::support::{Body, Reply, World, link_of_block as link, ticket_of_block as ticket};

const USER: &str = "user@example.com";

async fn block(world: &World) {
    for _ in 0..10 {
        assert_eq!(world.password(USER, "wrong").await.status, 403);
    }
    assert_eq!(world.password(USER, "pwd").await.status, 429);
}

async fn get(world: &World, path: &str) -> Reply {
    world.send("GET", path, &[], Body::none()).await
}

async fn post(world: &World, ticket: &str) -> Reply {
    world.post("/u/unblock", Body::form(&[("ticket", ticket)])).await
}

fn heading(page: &Reply) -> String {
    let (_, rest) = page.body.split_once("<h1>").unwrap();
    format!("{} {}", page.status, rest.split_once("</h1>").unwrap().0)
}

/// Mail scanners follow links: only the button ends the block, and doing it twice is as good as once.
#[tokio::test]
async fn the_button_ends_the_block_and_the_link_does_not() {
    let world = World::new().await;
    block(&world).await;
    let link = link(&world, USER).await;
    let before = world.stored().await;
    let page = get(&world, &link).await;
    assert_eq!(heading(&page), "200 Unblock sign-in?");
    assert!(world.stored().await == before, "a look changes nothing");
    assert_eq!(world.password(USER, "pwd").await.status, 429);

    let ticket = ticket(&page);
    let (first, second) = (post(&world, &ticket).await, post(&world, &ticket).await);
    assert_eq!(heading(&first), "200 This block is over");
    assert_eq!(first.body, second.body);
    assert_eq!(world.password(USER, "pwd").await.outcome(), "403 Multifactor authentication required");
}

/// What a browser, a proxy and another site may learn of the page: nothing.
#[tokio::test]
async fn the_page_keeps_to_itself() {
    let world = World::new().await;
    block(&world).await;
    let link = link(&world, USER).await;
    let page = get(&world, &link).await;
    let names = [
        "content-type",
        "content-security-policy",
        "cache-control",
        "referrer-policy",
        "x-content-type-options",
        "x-frame-options",
    ];
    let shown: Vec<_> = names.iter().map(|name| format!("{name}: {}", page.header(name).unwrap())).collect();
    assert_snapshot!(shown.join("\n"), @r"
    content-type: text/html; charset=utf-8
    content-security-policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'
    cache-control: no-store
    referrer-policy: no-referrer
    x-content-type-options: nosniff
    x-frame-options: DENY
    ");
    assert!(
        !page.body.contains("<script") && !page.body.contains("http"),
        "nothing runs, nothing is fetched"
    );
    assert!(!page.body.contains("example.com"), "no address");
    assert_eq!(world.send("PUT", "/u/unblock", &[], Body::none()).await.status, 405);
}

/// It clears exactly the budget it is about: another source's stays spent, and so does another login's.
#[tokio::test]
async fn only_the_source_that_was_blocked_is_let_in_again() {
    let world = World::new().await;
    block(&world).await;
    let link = link(&world, USER).await;
    for username in [USER, "verified@example.com"] {
        for _ in 0..10 {
            world.password_from([127, 0, 0, 2], username, "wrong").await;
        }
    }
    post(&world, &ticket(&get(&world, &link).await)).await;
    assert_eq!(world.password(USER, "pwd").await.status, 403);
    assert_eq!(world.password_from([127, 0, 0, 2], USER, "pwd").await.status, 429);
    assert_eq!(world.password_from([127, 0, 0, 2], "verified@example.com", "pwd").await.status, 429);
}

/// A ticket ends the block it was mailed for and no later one.
#[tokio::test]
async fn a_later_block_has_a_ticket_of_its_own() {
    let world = World::new().await;
    block(&world).await;
    let old = ticket(&get(&world, &link(&world, USER).await).await);
    assert_eq!(post(&world, &old).await.status, 200);
    block(&world).await;
    assert_eq!(heading(&post(&world, &old).await), "200 This block is over");
    assert_eq!(world.password(USER, "pwd").await.status, 429, "the later block stands");
    let new = ticket(&get(&world, &link(&world, USER).await).await);
    assert_eq!(post(&world, &new).await.status, 200);
    assert_eq!(world.password(USER, "pwd").await.status, 403);
}

/// Expired, of another purpose, changed, repeated, absent: one answer, and nothing happens.
#[tokio::test]
async fn what_is_no_ticket_is_one_answer() {
    let world = World::new().await;
    let login = world.log_in("verified@example.com").await;
    block(&world).await;
    let good = ticket(&get(&world, &link(&world, USER).await).await);
    let absent = get(&world, "/u/unblock").await;
    assert_eq!(heading(&absent), "400 This link no longer works");
    let mut changed = good.clone();
    changed.replace_range(30..31, if &good[30..31] == "A" { "B" } else { "A" });
    for text in [
        "x",
        "",
        "kid.AAAA",
        &login.mfa_token,
        &changed,
        &format!("{good}&ticket={good}"),
        &"a".repeat(9_000),
    ] {
        let asked = get(&world, &format!("/u/unblock?ticket={text}")).await;
        assert_eq!((asked.status, &asked.body), (400, &absent.body), "{text}");
    }
    for body in [Body::none(), Body::form(&[("ticket", &login.mfa_token)]), Body::raw(None, "%ff=%ff")] {
        let posted = world.post("/u/unblock", body).await;
        assert_eq!((posted.status, &posted.body), (400, &absent.body));
    }
    assert_eq!(world.password(USER, "pwd").await.status, 429);
    world.clock.advance(86_400);
    assert_eq!(post(&world, &good).await.body, absent.body, "over after a day");
}

/// SEC-36, design §7: AWS that fails is told, the block stands, and a retry completes; it is one trip.
#[tokio::test]
async fn a_failure_is_told_and_a_retry_completes() {
    for mode in ["throttle", "error", "timeout"] {
        let world = World::new().await;
        block(&world).await;
        let ticket = ticket(&get(&world, &link(&world, USER).await).await);
        let before = world.stored().await;
        world.fault("dynamodb", "DeleteItem", mode, 0, 1_000);
        let failed = post(&world, &ticket).await;
        world.twin.aws.faults.clear();
        assert_eq!(
            (heading(&failed).as_str(), failed.header("retry-after")),
            ("503 That did not work", Some("5")),
            "{mode}"
        );
        assert!(world.stored().await == before, "{mode}: the block stands");
        assert_eq!(world.password(USER, "pwd").await.status, 429);
        world.forget_calls();
        assert_eq!(post(&world, &ticket).await.status, 200);
        assert_eq!((world.round_trips(), world.operations()), (1, vec!["dynamodb DeleteItem".to_owned()]));
        assert_eq!(world.password(USER, "pwd").await.status, 403);
    }
}

//! The audit log of accounts (SEC-40): signed up, verified, a new password, unblocked, and what is mailed about it.

use aws_sdk_dynamodb::types::AttributeValue;
use insta::assert_snapshot;
use serde_json::json;

use crate::notices::wrong_passwords;
use crate::support::{
    Body, CHANGE_PASSWORD, Codes, PASSWORD, Recorded, World, forgotten, link_of_block, ticket_in,
    ticket_of_block,
};

const USER: &str = "user@example.com";
const ADA: &str = "ada@example.com";
const NOBODY: &str = "nobody@example.com";

pub(crate) static FLOWS: [&Recorded; 3] = [&SIGN_UP, &RESET, &BLOCK];

/// Signed up and verified by the link that was mailed; an address that is taken, and one that no mail goes to.
#[tokio::test]
async fn somebody_new() {
    SIGN_UP.codes().await;
}

static SIGN_UP: Recorded = Recorded::new(|| Box::pin(sign_up()));

async fn sign_up() -> Codes {
    let world = World::new().await;
    let audit = world.audit();
    assert_eq!(world.sign_up(ADA).await.status, 200);
    assert_eq!(world.sign_up(ADA).await.status, 400);
    let ticket = ticket_in(&world.link(ADA).await);
    world.confirm(&ticket).await;
    world.confirm("made up").await;
    assert_snapshot!(audit.lines(), @"
    ss user demo-spa - -
    fs - demo-spa - invalid_signup
    svr user demo-spa - email-verification
    sv user - - -
    fv - - - no_ticket
    ");
    assert_eq!(world.sign_up("eve@example.com").await.status, 200);
    world.set_profile("eve@example.com", "email", AttributeValue::S("no address".to_owned())).await;
    world.twin.deliver_notices().await;
    assert_snapshot!(audit.lines(), @"
    ss user demo-spa - -
    fvr user demo-spa - email-verification
    ");
    audit.codes()
}

/// A new password by the link that was mailed. Asking for one is the same whoever has the address (SEC-35): only the mail
/// says who.
#[tokio::test]
async fn a_new_password() {
    RESET.codes().await;
}

static RESET: Recorded = Recorded::new(|| Box::pin(reset()));

async fn reset() -> Codes {
    let world = World::new().await;
    let audit = world.audit();
    let ticket = world.reset_ticket(USER).await;
    world.forget(NOBODY).await;
    world.twin.deliver_notices().await;
    let mut unknown = forgotten(USER);
    unknown["client_id"] = json!("unknown");
    world.post(CHANGE_PASSWORD, Body::json(&unknown)).await;
    assert_snapshot!(audit.lines(), @"
    scpr - demo-spa - -
    sn user demo-spa - password-reset
    scpr - demo-spa - -
    fcpr - - - client_unauthorized
    ");
    for (ticket, password) in [(ticket.as_str(), "short"), (&ticket, PASSWORD), (&ticket, PASSWORD)] {
        world.reset(ticket, password).await;
    }
    world.reset("made up", PASSWORD).await;
    world.twin.deliver_notices().await;
    assert_snapshot!(audit.lines(), @"
    fcp user - - password_too_short
    scp user - - -
    fcp user - - no_ticket
    fcp - - - no_ticket
    sn user demo-spa - password_changed
    ");
    audit.codes()
}

/// The notice of a block, and the button behind its link.
#[tokio::test]
async fn a_block_that_is_ended() {
    BLOCK.codes().await;
}

static BLOCK: Recorded = Recorded::new(|| Box::pin(block()));

async fn block() -> Codes {
    let world = World::new().await;
    let audit = world.audit();
    wrong_passwords(&world, USER, 10).await;
    audit.taken();
    let link = link_of_block(&world, USER).await;
    let page = world.open(&link).await;
    for ticket in [ticket_of_block(&page).as_str(), "made up"] {
        world.post("/u/unblock", Body::form(&[("ticket", ticket)])).await;
    }
    assert_snapshot!(audit.lines(), @"
    sn user demo-app - password_blocked
    ublkdu - - - -
    ublkdu_failed - - - no_ticket
    ");
    audit.codes()
}

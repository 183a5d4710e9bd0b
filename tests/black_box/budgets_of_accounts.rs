//! What requests cost that manage an account or a tenant, in round trips to AWS (design §7): the rows of
//! `docs/ARCHITECTURE.md` below the sign-ins.

use postern::rules::limit::Limits;
use serde_json::{Value, json};

use crate::budgets::{assert_cost, cost};
use crate::support::{
    Body, Reply, TWILIO_FROM, TWILIO_SID, TWILIO_TOKEN, World, link_of_block, ticket_of_block,
};

const USER: &str = "user@example.com";

/// `POST /mfa/recovery-code`: {the user's state}, then one transaction. Refused it is the read, or nothing at all.
#[tokio::test]
async fn a_new_recovery_code() {
    let world = World::new().await;
    let (id, _) = world.enrol_email(USER).await;
    let token = world.mfa_access_token(USER, &id).await;
    let path = "/mfa/recovery-code";
    let made = cost(&world, world.bearer("POST", path, &token, Body::none())).await;
    assert_eq!(made.reply.status, 200, "{}", made.reply.body);
    assert_eq!(made.operations, [vec!["Query"], vec!["TransactWriteItems"]]);
    let login = world.log_in(USER).await.mfa_token;
    assert_cost(&world, "not fresh", 403, 1, world.bearer("POST", path, &login, Body::none())).await;
    assert_cost(&world, "no token", 401, 0, world.bearer("POST", path, "x", Body::none())).await;
}

/// `GET /u/unblock` asks nobody; `POST` is one conditional delete, whether there still is a block or not.
#[tokio::test]
async fn a_block_s_end() {
    let world = World::new().await;
    for _ in 0..Limits::DEFAULT.passwords.burst {
        world.password(USER, "wrong").await;
    }
    let link = link_of_block(&world, USER).await;
    let page = assert_cost(&world, "look", 200, 0, world.send("GET", &link, &[], Body::none())).await;
    let ticket = ticket_of_block(&page);
    for _ in 0..2 {
        let ended = cost(&world, world.post("/u/unblock", Body::form(&[("ticket", &ticket)]))).await;
        assert_eq!(ended.reply.status, 200, "{}", ended.reply.body);
        assert_eq!(ended.operations, [vec!["DeleteItem"]]);
    }
    assert_cost(&world, "no ticket", 400, 0, world.post("/u/unblock", Body::form(&[("ticket", "x")]))).await;
}

struct Operator {
    world: World,
    token: String,
}

impl Operator {
    async fn new() -> Self {
        let world = World::new().await;
        let token = world.management_token().await;
        Self { world, token }
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        let body = if body.is_null() { Body::none() } else { Body::json(body) };
        self.world.bearer(method, &format!("/api/v2/{path}"), &self.token, body).await
    }

    /// Fails unless the request is answered so after exactly these operations, one after the other.
    async fn costs(&self, (method, path): (&str, &str), body: Value, status: u16, operations: &[&str]) {
        let cost = cost(&self.world, self.send(method, path, &body)).await;
        assert_eq!(cost.reply.status, status, "{method} {path}: {}", cost.reply.body);
        let expected: Vec<_> = operations.iter().map(|operation| vec![(*operation).to_owned()]).collect();
        assert_eq!(cost.operations, expected, "{method} {path}");
    }
}

/// Factors, policy, settings and provider: a look is a read and a change a write, whose own answer is the new state.
/// What is refused asks nobody.
#[tokio::test]
async fn the_tenant_s_settings() {
    let operator = Operator::new().await;
    let factors = "guardian/factors";
    operator.costs(("GET", factors), Value::Null, 200, &["GetItem"]).await;
    operator.costs(("PUT", "guardian/factors/otp"), json!({ "enabled": true }), 200, &["UpdateItem"]).await;
    operator.costs(("GET", "guardian/policies"), Value::Null, 200, &["GetItem"]).await;
    operator.costs(("PUT", "guardian/policies"), json!(["all-applications"]), 200, &["UpdateItem"]).await;
    let settings = "guardian/settings";
    operator.costs(("GET", settings), Value::Null, 200, &["GetItem"]).await;
    operator.costs(("PATCH", settings), json!({ "code_digits": 8 }), 200, &["UpdateItem"]).await;
    operator.costs(("PATCH", settings), json!({}), 200, &["GetItem"]).await;
    operator.costs(("PATCH", settings), json!({ "code_digits": 5 }), 400, &[]).await;
    let selected = "guardian/factors/sms/selected-provider";
    operator.costs(("GET", selected), Value::Null, 200, &["GetItem"]).await;
    operator.costs(("PUT", selected), json!({ "provider": "twilio" }), 200, &["UpdateItem"]).await;
    let twilio = "guardian/factors/sms/providers/twilio";
    let account = json!({ "sid": TWILIO_SID, "auth_token": TWILIO_TOKEN, "from": TWILIO_FROM });
    operator.costs(("PUT", twilio), account, 200, &["UpdateItem"]).await;
    operator.costs(("GET", twilio), Value::Null, 200, &["GetItem"]).await;
    let anonymous = operator.world.send("GET", "/api/v2/guardian/settings", &[], Body::none());
    assert_cost(&operator.world, "no token", 401, 0, anonymous).await;
}

/// Templates: one read or one conditional write each.
#[tokio::test]
async fn the_operator_s_mails() {
    let operator = Operator::new().await;
    let path = "email-templates/mfa_oob_code";
    let template = json!({
        "template": "mfa_oob_code", "subject": "Code", "body": "{{ code }}", "syntax": "liquid", "enabled": true,
    });
    operator.costs(("GET", path), Value::Null, 404, &["GetItem"]).await;
    operator.costs(("PUT", path), template.clone(), 404, &["PutItem"]).await;
    operator.costs(("POST", "email-templates"), template.clone(), 200, &["PutItem"]).await;
    operator.costs(("POST", "email-templates"), template.clone(), 409, &["PutItem"]).await;
    operator.costs(("PUT", path), template, 200, &["PutItem"]).await;
    operator.costs(("PATCH", path), json!({ "enabled": false }), 200, &["UpdateItem"]).await;
    operator.costs(("PATCH", path), json!({ "subject": "{% if %}" }), 400, &[]).await;
    operator.costs(("GET", path), Value::Null, 200, &["GetItem"]).await;
}

//! What begins with a mail: a new password, a verified address, and the pages that links in mails open.

use serde_json::{Value, json};

use super::World;
use super::client::{Body, Client, Reply};
use super::users::PASSWORD;

pub(crate) const CHANGE_PASSWORD: &str = "/dbconnections/change_password";
pub(crate) const SIGN_UP: &str = "/dbconnections/signup";

/// What a browser app asks for a new password with.
pub(crate) fn forgotten(email: &str) -> Value {
    json!({ "client_id": "demo-spa", "connection": "Username-Password-Authentication", "email": email })
}

/// What it signs somebody up with.
pub(crate) fn newcomer(email: &str) -> Value {
    let mut body = forgotten(email);
    body["password"] = json!(PASSWORD);
    body
}

/// `STATUS heading` of a page.
pub(crate) fn heading(page: &Reply) -> String {
    let (_, rest) = page.body.split_once("<h1>").unwrap_or_else(|| panic!("no page: {}", page.body));
    format!("{} {}", page.status, rest.split_once("</h1>").unwrap().0)
}

/// The ticket in a link, in which some digits are written as `%3N`, so that no group of them looks like a code.
pub(crate) fn ticket_in(link: &str) -> String {
    let (_, ticket) = link.split_once("?ticket=").expect("a link with a ticket");
    ticket.replace("%3", "")
}

impl World {
    /// Asks for a new password.
    pub(crate) async fn forget(&self, email: &str) -> Reply {
        self.post(CHANGE_PASSWORD, Body::json(&forgotten(email))).await
    }

    /// The same from another address of this machine.
    pub(crate) async fn forget_from(&self, source: [u8; 4], email: &str) -> Reply {
        Client::at(source).send("POST", &self.url(CHANGE_PASSWORD), &[], Body::json(&forgotten(email))).await
    }

    pub(crate) async fn sign_up(&self, email: &str) -> Reply {
        self.post(SIGN_UP, Body::json(&newcomer(email))).await
    }

    /// How many links an address has got so far.
    pub(crate) async fn links(&self, to: &str) -> Vec<String> {
        let mails = self.notices(to).await;
        let link = |text: &str| text.lines().find(|line| line.starts_with("http")).map(ToOwned::to_owned);
        mails.iter().filter_map(|mail| link(&mail.text)).collect()
    }

    /// The path of the newest link mailed to an address.
    pub(crate) async fn link(&self, to: &str) -> String {
        let link = self.links(to).await.pop().expect("a link");
        link.strip_prefix(self.issuer().trim_end_matches('/')).expect("a link to the issuer").to_owned()
    }

    /// Asks for a new password; gives the ticket that is mailed.
    pub(crate) async fn reset_ticket(&self, email: &str) -> String {
        let reply = self.forget(email).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        ticket_in(&self.link(email).await)
    }

    pub(crate) async fn open(&self, path: &str) -> Reply {
        self.send("GET", path, &[], Body::none()).await
    }

    /// Chooses a new password.
    pub(crate) async fn reset(&self, ticket: &str, password: &str) -> Reply {
        let pairs = [("ticket", ticket), ("password", password), ("again", password)];
        self.post("/lo/reset", Body::form(&pairs)).await
    }

    /// Presses the button that verifies.
    pub(crate) async fn confirm(&self, ticket: &str) -> Reply {
        self.post("/lo/verify-email", Body::form(&[("ticket", ticket)])).await
    }

    /// Whether the Management API says that the address is verified.
    pub(crate) async fn is_verified(&self, email: &str) -> bool {
        let path = format!("/api/v2/users-by-email?email={email}");
        self.manage("GET", &path, None).await.json()[0]["email_verified"] == json!(true)
    }
}

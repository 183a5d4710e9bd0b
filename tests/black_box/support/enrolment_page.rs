//! The page that enrols: its tickets, its forms, and what it shows.

use postern::rules::totp::TotpSecret;
use serde_json::{Value, json};

use super::World;
use super::client::{Body, Reply};
use super::mailed::ticket_in;
use super::table::user_pk;

pub(crate) const ENROLMENT_TICKETS: &str = "/api/v2/guardian/enrollments/ticket";
pub(crate) const ENROLMENT_PAGE: &str = "/mfa/enrollment";

/// The id of one of the demo tenant's users.
pub(crate) fn user_id(username: &str) -> String {
    user_pk(username).strip_prefix("USER#").unwrap().to_owned()
}

/// The value of a hidden field.
pub(crate) fn hidden_on(page: &Reply, name: &str) -> String {
    let begin = format!(r#"name="{name}" value=""#);
    let (_, rest) = page.body.split_once(&begin).unwrap_or_else(|| panic!("no {name}: {}", page.body));
    rest.split_once('"').unwrap().0.to_owned()
}

/// What waits for its code.
pub(crate) fn waiting_on(page: &Reply) -> String {
    hidden_on(page, "enrolment")
}

/// What the page shows as code: an app's key, or a recovery code.
pub(crate) fn shown_on(page: &Reply) -> Option<String> {
    let (_, rest) = page.body.split_once("<code>")?;
    Some(rest.split_once("</code>").unwrap().0.replace(' ', ""))
}

pub(crate) fn secret_on(page: &Reply) -> TotpSecret {
    TotpSecret::from_base32(&shown_on(page).expect("a key")).unwrap()
}

/// What the page says above its forms.
pub(crate) fn said_on(page: &Reply) -> String {
    let (_, rest) = page.body.split_once("</h1>\n<p>").unwrap_or_else(|| panic!("no page: {}", page.body));
    rest.split_once("</p>").unwrap().0.to_owned()
}

impl World {
    /// A ticket for one of the demo tenant's users, with what else is asked for.
    pub(crate) async fn enrolment_ticket(&self, username: &str, more: &Value) -> String {
        self.enrolment_ticket_of(&user_id(username), more).await
    }

    pub(crate) async fn enrolment_ticket_of(&self, user_id: &str, more: &Value) -> String {
        let mut body = json!({ "user_id": user_id });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let reply = self.manage("POST", ENROLMENT_TICKETS, Some(&body)).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        ticket_in(&reply.text("ticket_url"))
    }

    /// The page behind a ticket.
    pub(crate) async fn look(&self, ticket: &str) -> Reply {
        self.open(&format!("{ENROLMENT_PAGE}?ticket={ticket}")).await
    }

    /// Posts one of its forms.
    pub(crate) async fn fill_in(&self, ticket: &str, fields: &[(&str, &str)]) -> Reply {
        let mut pairs = vec![("ticket", ticket)];
        pairs.extend_from_slice(fields);
        self.post(ENROLMENT_PAGE, Body::form(&pairs)).await
    }

    /// Begins with an app.
    pub(crate) async fn begin_app(&self, ticket: &str) -> Reply {
        self.fill_in(ticket, &[("factor", "otp")]).await
    }

    /// Begins with a phone.
    pub(crate) async fn begin_phone(&self, ticket: &str, channel: &str, number: &str) -> Reply {
        let fields = [("factor", "phone"), ("phone_number", number), ("channel", channel)];
        self.fill_in(ticket, &fields).await
    }

    /// Gives the code of what waits on a page.
    pub(crate) async fn give_code(&self, ticket: &str, page: &Reply, code: &str) -> Reply {
        self.fill_in(ticket, &[("enrolment", &waiting_on(page)), ("code", code)]).await
    }

    /// Takes a user's address away, behind the API's back.
    pub(crate) async fn without_address(&self, username: &str) {
        let mut profile = self.user_item(username, "PROFILE").await.unwrap();
        profile.remove("email");
        self.overwrite(profile).await;
    }

    /// Enrols an app by a ticket; gives the last page, and the app's secret.
    pub(crate) async fn enrol_app_by(&self, ticket: &str) -> (Reply, TotpSecret) {
        let page = self.begin_app(ticket).await;
        let secret = secret_on(&page);
        (self.give_code(ticket, &page, &self.app_code(&secret, 0)).await, secret)
    }
}

//! The mail about a blocked sign-in, and the page that it leads to.

use super::World;
use super::client::Reply;

/// Where the newest notice's link leads, behind the issuer.
pub(crate) async fn link_of_block(world: &World, username: &str) -> String {
    let notices = world.notices(username).await;
    let text = &notices.last().expect("a notice").text;
    let link = text.lines().find(|line| line.starts_with("http")).expect("a link");
    link.strip_prefix(world.twin.base_url()).expect("a link to the issuer").to_owned()
}

/// The ticket that a page's button posts.
pub(crate) fn ticket_of_block(page: &Reply) -> String {
    let (_, rest) = page.body.split_once(r#"name="ticket" value=""#).expect("a button");
    rest.split_once('"').unwrap().0.to_owned()
}

//! Work that no request asked for: a schedule's, a stream's, or an operator's command.

use super::record::Request;
use super::trail;
use crate::app::App;
use crate::observe;

/// Does some work, and writes what it recorded on its trail. `function` stands where a request's route does; `request_id`
/// is Lambda's of the invocation, or the command's own. There is no address, method or status of such an entry. Best handed a future on the
/// heap: those that make keys and mails are as deep as the compiler follows.
pub async fn of_system<F: Future>(app: &App, function: &str, request_id: &str, work: F) -> F::Output {
    let (output, trail) = trail::of(work).await;
    let request = Request {
        at: app.now(),
        hostname: app.config.issuer.host().to_owned(),
        ip: String::new(),
        request_id: request_id.to_owned(),
        user_agent: None,
        method: String::new(),
        route: function.to_owned(),
        status: 0,
        reason: None,
    };
    observe::happened(None, &trail);
    app.audit.write(&request, &trail, &app.random);
    output
}

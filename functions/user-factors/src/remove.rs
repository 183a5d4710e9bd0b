//! Authentication methods are taken away: one, those of an app, or all.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use postern::app::App;
use postern::http::management::{authorize, user_id};
use postern::http::no_content;
use postern::id::{ClientId, UserId};
use postern::rules::notice::NoticeKind;
use postern::rules::policy::Factor;
use postern::store::mfa::{Authority, Removal};
use postern::store::users::{Authenticator, UserState};
use postern::store::{DECISION_TRIES, NotWritten};
use postern::wire::management::ManagementRefusal;

use crate::methods::{Named, is_recovery_code, named, no_such_method};
use crate::view::{Method, methods};
use crate::{Notices, enrollments, user};

/// What is to go of a user as it was read, and the factor it belongs to; `None` when there is nothing of it, not even
/// begun.
type Chosen = Option<(Factor, Vec<Authenticator>)>;

/// Takes one away, and ends what was issued and begun: operators do so when a method is lost or stolen (SEC-42).
pub(crate) async fn remove(
    State(app): State<App>,
    path: Named,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    let client = authorize(&app, &headers, "delete:authentication_methods").await?;
    let (id, method) = named(path)?;
    let choose = |user: &UserState| -> Result<Chosen, ManagementRefusal> {
        if is_recovery_code(user, &method) {
            let text =
                "A recovery code cannot be removed by itself; it is replaced by recovery-code-regeneration.";
            return Err(ManagementRefusal::Unsupported(text.to_owned()));
        }
        let method = Method::find(user, &method).ok_or_else(no_such_method)?;
        Ok(Some((method.factor(), method.authenticators().cloned().collect())))
    };
    take_away(&app, &client, &id, choose).await
}

/// Takes away a phone or an app, whoever has it, and what was begun of it.
pub(crate) async fn remove_device(
    State(app): State<App>,
    device: enrollments::Named,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    let client = authorize(&app, &headers, "delete:guardian_enrollments").await?;
    let device = enrollments::named(device)?;
    let owner = enrollments::owner_of(&app, &device).await?;
    let choose = |user: &UserState| -> Result<Chosen, ManagementRefusal> {
        if let Some(begun) = enrollments::begun(user, &device) {
            return Ok(Some((begun.factor(), Vec::new())));
        }
        let method = methods(user).find(|it| it.is_of(&device) && it.factor() != Factor::Email);
        let method = method.ok_or_else(enrollments::no_such_enrollment)?;
        Ok(Some((method.factor(), method.authenticators().cloned().collect())))
    };
    match take_away(&app, &client, &owner, choose).await {
        // It went with its user.
        Err(ManagementRefusal::Inexistent { .. }) => Err(enrollments::no_such_enrollment()),
        done => done,
    }
}

/// Takes away a user's apps; of Duo there are none.
pub(crate) async fn remove_provider(
    State(app): State<App>,
    path: Named,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    let client = authorize(&app, &headers, "update:users").await?;
    let (id, provider) = named(path)?;
    let are_apps = match provider.as_str() {
        "google-authenticator" => true,
        "duo" => false,
        _ => {
            let problem = "'No enum match, expected duo or google-authenticator' on property provider.";
            return Err(ManagementRefusal::InvalidUri(problem.to_owned()));
        }
    };
    let choose = |user: &UserState| -> Result<Chosen, ManagementRefusal> {
        let is_app = |it: &&Authenticator| are_apps && it.factor() == Factor::Otp;
        // One that was begun goes too, or it would come back confirmed.
        let has_some = user.authenticators.iter().any(|it| is_app(&it));
        let apps: Vec<_> = user.active().filter(is_app).cloned().collect();
        Ok(has_some.then_some((Factor::Otp, apps)))
    };
    take_away(&app, &client, &id, choose).await
}

/// Removes what `choose` says of the user as it is when it is removed.
async fn take_away(
    app: &App,
    client: &ClientId,
    id: &UserId,
    choose: impl Fn(&UserState) -> Result<Chosen, ManagementRefusal>,
) -> Result<Response, ManagementRefusal> {
    let now = app.now();
    let notices = Notices { app, user: id, client, now };
    for _ in 0..DECISION_TRIES {
        let (user, settings) = tokio::join!(user(app, id, now), app.settings());
        let (user, settings) = (user?, settings?);
        let Some((factor, authenticators)) = choose(&user)? else { return Ok(no_content()) };
        // Nothing is told of what never counted.
        let notice = match authenticators.is_empty() {
            true => None,
            false => Some(notices.of(NoticeKind::FactorRemoved, Some(factor))?),
        };
        let removal = Removal::of(&user, authenticators, &settings, Authority::Operator, notice);
        match app.store.remove_authenticators(&removal, &app.clock).await {
            Ok(()) => return Ok(no_content()),
            Err(NotWritten::Failed(error)) => return Err(error.into()),
            // Something of it came or went meanwhile: what is there now decides.
            Err(NotWritten::Refused(_)) => {}
        }
    }
    Err(ManagementRefusal::Busy)
}

/// Takes all of them away, with the recovery code, and ends what was issued (SEC-42).
pub(crate) async fn remove_all(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    let client = authorize(&app, &headers, "delete:authentication_methods").await?;
    let id = user_id(id)?;
    let notices = Notices { app: &app, user: &id, client: &client, now: app.now() };
    let notice = notices.of(NoticeKind::FactorRemoved, None)?;
    match app.store.reset_mfa(&id, &notice, &app.clock).await? {
        true => Ok(no_content()),
        false => Err(ManagementRefusal::no_such_user()),
    }
}

/// No browser is remembered: every sign-in asks anew.
pub(crate) async fn forget_browsers(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ManagementRefusal> {
    authorize(&app, &headers, "update:users").await?;
    let profile = app.store.profile(&user_id(id)?).await?;
    profile.map(|_| no_content()).ok_or_else(ManagementRefusal::no_such_user)
}

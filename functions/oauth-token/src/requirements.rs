//! `mfa_requirements` of `mfa_required`: which factors may be challenged, or enrolled (contract §1.3). A setting of the
//! tenant, off by default: some SDKs refuse challenges whose word they do not find in it.

use postern::rules::policy::{Factor, TenantSettings};
use postern::store::users::UserState;
use postern::wire::mfa_due::MfaRequirements;

/// Auth0's order.
const ORDER: [Factor; 4] = [Factor::Otp, Factor::Sms, Factor::RecoveryCode, Factor::Email];

/// What a user may prove next or, before the first enrolment, enrol; `None` while the setting is off.
pub(crate) fn of(user: &UserState, settings: &TenantSettings) -> Option<MfaRequirements> {
    if !settings.mfa_requirements {
        return None;
    }
    let words = |may: &dyn Fn(Factor) -> bool| {
        ORDER.into_iter().filter(|factor| settings.factors.has(*factor) && may(*factor)).map(word).collect()
    };
    Some(if user.is_enrolled(settings) {
        MfaRequirements::Challenge(words(&|factor| has(user, settings, factor)))
    } else {
        MfaRequirements::Enroll(words(&|factor| factor != Factor::RecoveryCode))
    })
}

fn has(user: &UserState, settings: &TenantSettings, factor: Factor) -> bool {
    match factor {
        Factor::RecoveryCode => user.recovery.is_some(),
        Factor::Email if user.implicit_email(settings).is_some() => true,
        factor => user.active().any(|authenticator| authenticator.factor() == factor),
    }
}

/// Its name here, which is not the Management API's.
fn word(factor: Factor) -> &'static str {
    match factor {
        Factor::Sms => "phone",
        factor => factor.as_str(),
    }
}

//! The tenant's settings: one item, written attribute by attribute.

use aws_sdk_dynamodb::types::AttributeValue;
use postern::rules::policy::{Factor, MfaPolicy, SmsProvider, TenantSettings};
use postern::rules::settings::{Kind, SETTINGS, Setting, SettingValue};
use postern::store::Store;

use super::{at_once, subjects};

async fn change(store: &Store, changes: &[(&str, SettingValue)]) {
    let changes: Vec<_> =
        changes.iter().map(|(name, value)| (Setting::named(name).unwrap(), value.clone())).collect();
    store.change_settings(&changes).await.unwrap();
}

fn default(name: &str) -> SettingValue {
    Setting::named(name).unwrap().value(&TenantSettings::default())
}

/// Another number that the setting takes.
fn other(setting: &Setting, number: u64) -> u64 {
    let Kind::Number { least, most, .. } = setting.kind else { panic!("{}", setting.name) };
    if number == most { least } else { most }
}

/// Every setting, whatever its kind, is the default until it is set and after it is unset, and else what was set; none
/// touches another, for their names include words that DynamoDB reserves.
#[tokio::test]
async fn each_setting_is_kept_by_itself() {
    for subject in subjects().await {
        let store = &subject.store;
        for setting in SETTINGS {
            let value = match setting.value(&TenantSettings::default()) {
                SettingValue::Switch(on) => SettingValue::Switch(!on),
                SettingValue::Number(number) => SettingValue::Number(other(setting, number)),
                _ if setting.name == "countries" => SettingValue::Words(vec!["CH".into(), "DE".into()]),
                _ if setting.name == "sms_provider" => SettingValue::Text("twilio".into()),
                _ if setting.name == "web_otp_domain" => SettingValue::Text("example.com".into()),
                _ => SettingValue::Text("de".into()),
            };
            store.change_settings(&[(setting, value.clone())]).await.unwrap();
            let seen = store.tenant_settings().await.unwrap();
            let different: Vec<_> =
                SETTINGS.iter().filter(|it| it.value(&seen) != default(it.name)).map(|it| it.name).collect();
            assert_eq!((different, setting.value(&seen)), (vec![setting.name], value), "{}", subject.name);
            store.change_settings(&[(setting, SettingValue::Unset)]).await.unwrap();
        }
        assert_eq!(store.tenant_settings().await.unwrap(), TenantSettings::default(), "{}", subject.name);
    }
}

/// Setting and unsetting go together in one write.
#[tokio::test]
async fn a_change_is_of_several_at_once() {
    for subject in subjects().await {
        let store = &subject.store;
        let (seven, on) = (SettingValue::Number(7), SettingValue::Switch(true));
        change(store, &[("code_digits", seven.clone()), ("voice", on.clone())]).await;
        change(store, &[("code_digits", SettingValue::Unset), ("email_sends", seven.clone())]).await;
        let seen = store.tenant_settings().await.unwrap();
        let values =
            ["code_digits", "voice", "email_sends"].map(|name| Setting::named(name).unwrap().value(&seen));
        assert_eq!(values, [default("code_digits"), on, seven], "{}", subject.name);
    }
}

/// Factors, policy and provider at once, each by a write of its own: none is lost.
#[tokio::test]
async fn writes_at_once_all_count() {
    for subject in subjects().await {
        let store = &subject.store;
        at_once(4, |number| {
            let store = store.clone();
            async move {
                match number {
                    0 => store.set_factor(Factor::Sms, true).await,
                    1 => store.set_factor(Factor::Email, false).await,
                    2 => store.set_policy(MfaPolicy::Never).await,
                    _ => store.set_sms_provider(SmsProvider::Twilio).await,
                }
                .unwrap();
            }
        })
        .await;
        let seen = store.tenant_settings().await.unwrap();
        assert!(seen.factors.has(Factor::Sms) && !seen.factors.has(Factor::Email), "{}", subject.name);
        assert_eq!(
            (seen.policy, seen.sms_provider),
            (MfaPolicy::Never, SmsProvider::Twilio),
            "{}",
            subject.name
        );
    }
}

/// What no version of the program would write is as if it were not set: the defaults are safer than no service.
#[tokio::test]
async fn what_does_not_fit_is_the_default() {
    for subject in subjects().await {
        let store = &subject.store;
        let put = store.dynamodb().put_item().table_name(store.table());
        put.item("pk", AttributeValue::S("TENANT".into()))
            .item("sk", AttributeValue::S("SETTINGS".into()))
            .item("code_digits", AttributeValue::N("4".into()))
            .item("voice", AttributeValue::S("yes".into()))
            .item("email_sends", AttributeValue::N("7".into()))
            .send()
            .await
            .unwrap();
        let seen = store.tenant_settings().await.unwrap();
        let values =
            ["code_digits", "voice", "email_sends"].map(|name| Setting::named(name).unwrap().value(&seen));
        assert_eq!(
            values,
            [default("code_digits"), default("voice"), SettingValue::Number(7)],
            "{}",
            subject.name
        );
    }
}

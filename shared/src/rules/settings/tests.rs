use super::*;

/// Each setting reads back what was set and touches no other.
#[test]
fn each_setting_is_its_own() {
    for setting in SETTINGS {
        let mut changed = TenantSettings::default();
        let value = match setting.kind {
            Kind::Number { least, most, .. } => {
                let default = setting.value(&changed);
                SettingValue::Number(if default == SettingValue::Number(most) { least } else { most })
            }
            Kind::Switch(_) => SettingValue::Switch(setting.value(&changed) == SettingValue::Switch(false)),
            Kind::Text { .. } => SettingValue::Text(
                "pt-BR.example"
                    .replace(if setting.name == "default_language" { ".example" } else { "-BR" }, ""),
            ),
            Kind::Choice { words, .. } => SettingValue::Text(words.last().unwrap().to_string()),
            Kind::Words { .. } => SettingValue::Words(vec!["DE".into()]),
        };
        setting.set(&mut changed, value.clone()).unwrap();
        assert_eq!(setting.value(&changed), value, "{}", setting.name);
        for other in SETTINGS.iter().filter(|other| other.name != setting.name) {
            assert_eq!(other.value(&changed), other.value(&TenantSettings::default()), "{}", other.name);
        }
    }
}

/// docs/SETTINGS.md has the same table, row by row.
#[test]
fn the_documentation_follows() {
    let documented = include_str!("../../../../docs/SETTINGS.md");
    for setting in SETTINGS {
        let shown = |value| serde_json::to_string(&value).unwrap();
        let default = shown(setting.value(&TenantSettings::default()));
        let values = match setting.kind {
            Kind::Number { least, most, .. } => format!("{least} to {most}"),
            Kind::Switch(_) => "true, false".to_owned(),
            Kind::Text { form, .. } => format!("{form}, null"),
            Kind::Choice { words, .. } => words.join(", "),
            Kind::Words { form, .. } => format!("a list, each {form}; null"),
        };
        let row = format!("| `{}` | {default} | {values} | {} |\n", setting.name, setting.meaning);
        assert!(documented.contains(&row), "docs/SETTINGS.md lacks the row\n{row}");
    }
    let rows = documented.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, SETTINGS.len(), "docs/SETTINGS.md has rows of settings that are gone");
}

/// The defaults are within their own bounds, so that what the API answers it also takes.
#[test]
fn defaults_fit() {
    for setting in SETTINGS {
        let mut settings = TenantSettings::default();
        let value = setting.value(&settings);
        assert_eq!(setting.set(&mut settings, value), Ok(()), "{}", setting.name);
    }
}

/// SEC-7, SEC-20, SEC-25: no setting passes what the standards allow.
#[test]
fn bounds_are_the_standards() {
    for (name, too_much) in [
        ("code_seconds", 601),
        ("mfa_token_seconds", 3_601),
        ("consecutive_failures", 101),
        ("code_digits", 11),
    ] {
        let setting = Setting::named(name).unwrap();
        let mut settings = TenantSettings::default();
        assert!(setting.set(&mut settings, SettingValue::Number(too_much)).is_err(), "{name}");
        assert!(setting.set(&mut settings, SettingValue::Number(too_much - 1)).is_ok(), "{name}");
    }
    let digits = Setting::named("code_digits").unwrap();
    assert_eq!(
        digits.set(&mut TenantSettings::default(), SettingValue::Number(5)),
        Err(Unfit("must be a whole number from 6 to 10".into()))
    );
}

#[test]
fn words_have_their_form() {
    let mut settings = TenantSettings::default();
    let mut set = |name: &str, text: &str| {
        Setting::named(name).unwrap().set(&mut settings, SettingValue::Text(text.into())).is_ok()
    };
    assert!(set("web_otp_domain", "login.example.com"));
    assert!(set("default_language", "zh-Hant"));
    for bad in ["", "example", "-a.example", "a..b", "a.b/c", "a.b\r\nc", "ä.example"] {
        assert!(!set("web_otp_domain", bad), "{bad}");
    }
    for bad in ["", "d", "deutschland", "qq", "x-klingon"] {
        assert!(!set("default_language", bad), "{bad}");
    }
    let countries = Setting::named("countries").unwrap();
    let words = |words: &[&str]| SettingValue::Words(words.iter().map(ToString::to_string).collect());
    assert!(countries.set(&mut settings, words(&["DE", "US"])).is_ok());
    assert!(countries.set(&mut settings, words(&["DE", "us"])).is_err());
    assert_eq!(settings.countries, Some(vec!["DE".to_owned(), "US".to_owned()]));
}

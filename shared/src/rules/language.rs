//! Which language a message is written in: BCP 47 tags, `Accept-Language`, and the order of those who have a say.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest header that is read, in bytes; what comes after is not looked at.
const HEADER_BYTES_MAX: usize = 512;
/// Most tags of a header that count.
const TAGS_MAX: usize = 16;
/// Longest tag, in bytes: what RFC 5646 §4.4.1 asks implementations to hold.
const TAG_BYTES_MAX: usize = 35;

/// A language with built-in texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// Italian.
    It,
    /// Portuguese as written in Brazil, which readers in Portugal understand.
    PtBr,
    /// Dutch.
    Nl,
    /// Polish.
    Pl,
    /// Turkish.
    Tr,
    /// Japanese.
    Ja,
    /// Chinese in simplified characters.
    ZhHans,
    /// Chinese in traditional characters.
    ZhHant,
    /// Korean.
    Ko,
    /// Arabic.
    Ar,
    /// Hindi.
    Hi,
}

impl Language {
    /// All, in no particular order.
    pub const ALL: [Self; 15] = [
        Self::En,
        Self::De,
        Self::Es,
        Self::Fr,
        Self::It,
        Self::PtBr,
        Self::Nl,
        Self::Pl,
        Self::Tr,
        Self::Ja,
        Self::ZhHans,
        Self::ZhHant,
        Self::Ko,
        Self::Ar,
        Self::Hi,
    ];

    /// Its BCP 47 tag, which is also what HTML's `lang` takes.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Es => "es",
            Self::Fr => "fr",
            Self::It => "it",
            Self::PtBr => "pt-BR",
            Self::Nl => "nl",
            Self::Pl => "pl",
            Self::Tr => "tr",
            Self::Ja => "ja",
            Self::ZhHans => "zh-Hans",
            Self::ZhHant => "zh-Hant",
            Self::Ko => "ko",
            Self::Ar => "ar",
            Self::Hi => "hi",
        }
    }

    /// Whether it is written from right to left.
    #[must_use]
    pub fn is_right_to_left(self) -> bool {
        self == Self::Ar
    }

    /// The built-in language closest to a tag: regions and variants fall away (`de-AT` is German), Chinese goes by
    /// script and else by region. `None` for a language without texts, and for what is no tag.
    #[must_use]
    pub fn closest(tag: &str) -> Option<Self> {
        let tag = LanguageTag::parse(tag)?.0.to_ascii_lowercase();
        let mut subtags = tag.split('-');
        let primary = subtags.next()?;
        match primary {
            "zh" => Some(chinese(subtags)),
            "pt" => Some(Self::PtBr),
            _ => Self::ALL.into_iter().find(|language| language.tag() == primary),
        }
    }
}

/// Taiwan, Hong Kong and Macao write traditional characters; a script subtag says it outright (RFC 5646 §2.2.3).
fn chinese<'a>(subtags: impl Iterator<Item = &'a str>) -> Language {
    for subtag in subtags {
        match subtag {
            "hans" => return Language::ZhHans,
            "hant" | "tw" | "hk" | "mo" => return Language::ZhHant,
            _ => {}
        }
    }
    Language::ZhHans
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag())
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tag = String::deserialize(deserializer)?;
        Self::closest(&tag).ok_or_else(|| serde::de::Error::custom("a language without built-in texts"))
    }
}

/// A well-formed language tag as somebody wrote it, `_` read as `-`: short ASCII words joined by hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LanguageTag(String);

impl LanguageTag {
    /// Takes what has the form of a tag, whatever language it names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > TAG_BYTES_MAX {
            return None;
        }
        let tag = text.replace('_', "-");
        let is_word =
            |word: &str| (1..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric());
        let begins = tag.split('-').next().is_some_and(|word| word.bytes().all(|b| b.is_ascii_alphabetic()));
        (begins && tag.split('-').all(is_word)).then_some(Self(tag))
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The languages a request asks for: those of `x-request-language`, and apart from them those of `Accept-Language`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedLanguages {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    explicit: Vec<LanguageTag>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accepted: Vec<LanguageTag>,
}

impl RequestedLanguages {
    /// Reads both headers. Whatever they contain, the worst that happens is that they ask for nothing.
    #[must_use]
    pub fn of(request_language: Option<&[u8]>, accept_language: Option<&[u8]>) -> Self {
        Self {
            explicit: request_language.map(by_preference).unwrap_or_default(),
            accepted: accept_language.map(by_preference).unwrap_or_default(),
        }
    }

    /// What was asked for first, as it was written, with or without built-in texts: `request_language` in email
    /// templates and `locale` in those of SMS.
    #[must_use]
    pub fn raw(&self) -> Option<&str> {
        self.explicit.first().or(self.accepted.first()).map(LanguageTag::as_str)
    }

    /// The language to write in: the request's own header, then the user's `user_metadata.lang`, then
    /// `Accept-Language`, then the tenant's. A language without built-in texts passes the word on.
    #[must_use]
    pub fn choose(&self, of_user: Option<&str>, of_tenant: Language) -> Language {
        let first = |tags: &[LanguageTag]| tags.iter().find_map(|tag| Language::closest(tag.as_str()));
        first(&self.explicit)
            .or_else(|| of_user.and_then(Language::closest))
            .or_else(|| first(&self.accepted))
            .unwrap_or(of_tenant)
    }
}

/// The tags of an `Accept-Language` header, best first (RFC 9110 §12.5.4); equal ones in the order they stand.
/// `q=0` means "not this one", and `*` names none.
fn by_preference(header: &[u8]) -> Vec<LanguageTag> {
    let header = header.get(..HEADER_BYTES_MAX).unwrap_or(header);
    let text = String::from_utf8_lossy(header);
    let mut tags: Vec<(u16, LanguageTag)> = text
        .split(',')
        .take(TAGS_MAX)
        .filter_map(|range| {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            Some((weight(parameters)?, LanguageTag::parse(tag)?))
        })
        .filter(|(weight, _)| *weight > 0)
        .collect();
    tags.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    tags.into_iter().map(|(_, tag)| tag).collect()
}

/// A `q` in thousandths (RFC 9110 §12.4.2); `None` when it is none.
fn weight(parameters: &str) -> Option<u16> {
    const WHOLE: u16 = 1000;
    let Some(value) = parameters.trim().strip_prefix(['q', 'Q']) else { return Some(WHOLE) };
    let value = value.trim_start().strip_prefix('=')?.trim();
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match whole {
        "1" => Some(WHOLE),
        "0" => format!("{fraction:0<3}").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn regions_fall_back_to_their_language() {
        for (tag, expected) in [
            ("en", Some(Language::En)),
            ("EN-gb", Some(Language::En)),
            ("de-AT", Some(Language::De)),
            ("de_CH", Some(Language::De)),
            ("pt", Some(Language::PtBr)),
            ("pt-PT", Some(Language::PtBr)),
            ("zh", Some(Language::ZhHans)),
            ("zh-SG", Some(Language::ZhHans)),
            ("zh-TW", Some(Language::ZhHant)),
            ("zh-hk", Some(Language::ZhHant)),
            ("zh-Hant-US", Some(Language::ZhHant)),
            ("zh-Hans-HK", Some(Language::ZhHans)),
            ("ar-EG", Some(Language::Ar)),
            ("hu", None),
            ("english", None),
            ("*", None),
            ("", None),
            ("-de", None),
            ("de--AT", None),
            ("d\u{e9}", None),
        ] {
            assert_eq!(Language::closest(tag), expected, "{tag}");
        }
        for language in Language::ALL {
            assert_eq!(Language::closest(language.tag()), Some(language));
        }
    }

    #[test]
    fn accept_language_is_ordered_by_weight() {
        for (header, expected) in [
            ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr-CH fr en de"),
            ("en;q=0.5,de;q=0.501, ja ;q = 0.6", "ja de en"),
            ("de;q=0, pl;q=0.0, it;q=0.001", "it"),
            ("de;q=2, pl;q=x, tr;q=1.0000, nl;q=1.000", "nl"),
            ("de;level=1", "de"),
            (",;q=1,,", ""),
        ] {
            let tags = by_preference(header.as_bytes());
            let shown: Vec<_> = tags.iter().map(LanguageTag::as_str).collect();
            assert_eq!(shown.join(" "), expected, "{header}");
        }
    }

    #[test]
    fn each_source_has_its_rank() {
        let both = RequestedLanguages::of(Some(b"pl"), Some(b"it, fr"));
        assert_eq!(both.choose(Some("es"), Language::De), Language::Pl);
        let unknown = RequestedLanguages::of(Some(b"hu-HU"), Some(b"it, fr"));
        assert_eq!(unknown.choose(Some("es-MX"), Language::De), Language::Es);
        assert_eq!(unknown.choose(Some("xx"), Language::De), Language::It);
        assert_eq!(unknown.choose(None, Language::De), Language::It);
        assert_eq!(unknown.raw(), Some("hu-HU"), "templates may know a language that Postern does not");
        let nothing = RequestedLanguages::of(None, Some(b"hu"));
        assert_eq!(nothing.choose(None, Language::De), Language::De);
        assert_eq!(nothing.raw(), Some("hu"));
        assert_eq!(RequestedLanguages::default().raw(), None);
    }

    proptest! {
        /// No header at all makes this panic, and what comes out is bounded and printable.
        #[test]
        fn any_bytes_are_a_header(
            explicit in proptest::collection::vec(any::<u8>(), 0..700),
            accepted in "([a-zA-Z0-9*_-]{0,12}(;q=[0-9.]{0,6})?,){0,30}",
        ) {
            let languages = RequestedLanguages::of(Some(&explicit), Some(accepted.as_bytes()));
            let _ = languages.choose(std::str::from_utf8(&explicit).ok(), Language::En);
            prop_assert!(languages.accepted.len() <= TAGS_MAX);
            if let Some(raw) = languages.raw() {
                prop_assert!(raw.len() <= TAG_BYTES_MAX && raw.is_ascii());
                prop_assert!(!raw.contains(char::is_control));
            }
        }
    }
}

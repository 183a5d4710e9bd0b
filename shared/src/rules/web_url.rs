//! Addresses on the web, as far as they are kept for others to open.

/// Whether a text is an absolute `http` or `https` URL in visible ASCII. Where it leads is not looked at.
#[must_use]
pub fn is_web_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_web_counts() {
        assert!(is_web_url("https://example.com/a?b=c") && is_web_url("http://localhost:4200"));
        for bad in [
            "",
            "https://",
            "javascript:alert(1)",
            "//example.com",
            "https://a b",
            "https://a\n",
            "https://ä",
        ] {
            assert!(!is_web_url(bad), "{bad}");
        }
    }
}

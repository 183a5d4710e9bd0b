//! Addresses on the web and in apps, as far as they are kept for others to open.

/// Schemes of which a browser runs what follows, in the page that has the link.
const RUN_BY_BROWSERS: [&str; 4] = ["javascript", "data", "vbscript", "blob"];

/// Whether a text is an absolute `http` or `https` URL with a host, in visible ASCII. Where it leads is not looked at.
#[must_use]
pub fn is_web_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    let authority = rest.strip_prefix("//").unwrap_or_default();
    let has_host = !authority.is_empty() && !authority.starts_with(['/', '?', '#']);
    is_web && has_host && is_visible(rest)
}

/// Whether a text is such a URL, or one of another scheme: apps have schemes of their own (RFC 8252 §7.1).
#[must_use]
pub fn is_app_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme = scheme.to_ascii_lowercase();
    // RFC 3986 §3.1.
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    match &*scheme {
        "http" | "https" => is_web_url(text),
        other => is_scheme && !RUN_BY_BROWSERS.contains(&other) && !rest.is_empty() && is_visible(rest),
    }
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_run_is_no_address() {
        for good in ["https://app.example/in?x=1#y", "http://localhost:4200/", "HTTPS://app.example"] {
            assert!(is_web_url(good) && is_app_url(good), "{good}");
        }
        for app in ["com.example.app://callback", "myapp:/in", "exp+app://x"] {
            assert!(is_app_url(app) && !is_web_url(app), "{app}");
        }
        for bad in [
            "",
            "app",
            "//app.example",
            "https:",
            "https://",
            "https:///x",
            "https://?x",
            "https://a b",
            "https://a\n",
            "1a://x",
            "://x",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "https://\u{e9}.example",
            "myapp:",
        ] {
            assert!(!is_web_url(bad) && !is_app_url(bad), "{bad}");
        }
    }
}

//! Every metric there is, but for those of calls, whose names hold the call's ([`super::CallMetric`]).

use std::fmt;

/// CloudWatch's units, as far as they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// How long.
    Milliseconds,
}

impl Unit {
    /// CloudWatch's name of it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
        }
    }
}

/// What a metric is split by, beside being there as a whole. Few values each: a metric is paid for by their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Nothing.
    Nothing,
    /// The route's template, and the class of the status.
    RouteAndStatus,
    /// The route's template.
    Route,
    /// Lambda's name of the function.
    Function,
}

impl By {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Nothing, Self::RouteAndStatus, Self::Route, Self::Function];

    /// The dimensions' names.
    #[must_use]
    pub fn dimensions(self) -> &'static [&'static str] {
        match self {
            Self::Nothing => &[],
            Self::RouteAndStatus => &["Route", "Status"],
            Self::Route => &["Route"],
            Self::Function => &["FunctionName"],
        }
    }
}

/// As `docs/OPERATIONS.md` writes it.
impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dimensions() {
            [] => f.write_str("none"),
            names => write!(f, "`{}`", names.join("`, `")),
        }
    }
}

/// One row for each metric: its doc comment and name, unit, dimensions, and what it means, for people.
macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident: $unit:ident by $by:ident, $meaning:literal;)*) => {
        /// Something that is measured or counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Metric {
            $($(#[$doc])* $name,)*
        }

        impl Metric {
            /// Every metric.
            pub const ALL: [Self; [$($meaning),*].len()] = [$(Self::$name),*];

            fn row(self) -> (&'static str, Unit, By, &'static str) {
                match self {
                    $(Self::$name => (stringify!($name), Unit::$unit, By::$by, $meaning),)*
                }
            }
        }
    };
}

metrics! {
    /// Answers of every kind.
    Requests: Count by RouteAndStatus, "requests answered; `Status` is the class, such as `4xx`";
    /// From the function's receipt of a request to its answer.
    Latency: Milliseconds by Route, "how long a function took for an answer, without its start";
    /// Answers that say that we failed.
    ServerErrors: Count by Function, "1 for an answer with a status of 500 and above, 0 for any other but those to requests past the proxy: the average is the ratio";
    /// The first request, or the first event, of an environment.
    ColdStarts: Count by Function, "requests and events that were the first of their environment";
    /// First factor.
    PasswordsVerified: Count by Nothing, "passwords that were right, at sign-in";
    /// First factor.
    PasswordsFailed: Count by Nothing, "1 for a password that was wrong, or a login that nobody has, 0 for one that was right: the average is the ratio";
    /// Second factors, enrolments, sign-in codes.
    CodesVerified: Count by Nothing, "codes that were right: of a second factor, an enrolment, a sign-in, or for recovery";
    /// The same.
    CodesFailed: Count by Nothing, "1 for a code that was wrong, 0 for one that was right: the average is the ratio";
    /// By mail.
    CodesSentByEmail: Count by Nothing, "codes and sign-in links that SES took";
    /// By text message.
    CodesSentBySms: Count by Nothing, "codes that the provider of text messages took";
    /// By a call.
    CodesSentByVoice: Count by Nothing, "codes that the provider of calls took";
    /// Codes, notices, and links that nobody waits for.
    MailsSent: Count by Nothing, "all mails that SES took: codes, security notices, links that lead to a page";
    /// Of codes, notices and links.
    DeliveryFailures: Count by Nothing, "1 for a code that could not be sent, or a notice or link that never will be; 0 for one that was sent: the average is the ratio";
    /// Of codes, by an address that bounced or a number that opted out.
    Undeliverable: Count by Nothing, "answers of 503 because whoever a code was for takes none: no failure of the service, and in no other metric of failures";
    /// As SES tells afterwards.
    MailsBounced: Count by Nothing, "mails that SES took and that came back, for good or for now, or that it did not send after all";
    /// What a spent budget refused.
    Limited: Count by Nothing, "requests refused because a budget is spent: 429, or the same on a page";
    /// What spent it.
    Locked: Count by Nothing, "wrong passwords and codes that were one too many: a login, or an authenticator, is closed by it";
    /// A stolen token, as a rule.
    RefreshTokensReused: Count by Nothing, "refresh tokens that came again after they had been replaced (`ferrt`)";
    /// By whoever asked.
    KeysRotated: Count by Nothing, "runs of `rotate-keys`, and requests to rotate that failed half-way, that made or retired keys";
    /// By whoever asked, also half-way.
    RotationFailures: Count by Nothing, "runs of `rotate-keys`, and requests to rotate, that failed";
}

impl Metric {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Its unit.
    #[must_use]
    pub fn unit(self) -> Unit {
        self.row().1
    }

    /// What it is split by.
    #[must_use]
    pub fn by(self) -> By {
        self.row().2
    }

    /// What it means, for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.row().3
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CallMetric, Service};
    use super::*;

    /// docs/OPERATIONS.md has the same tables, row by row.
    #[test]
    fn the_documentation_has_every_metric_and_no_other() {
        let documented = include_str!("../../../docs/OPERATIONS.md");
        let (_, section) = documented.split_once("\n## What to watch\n").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let own = Metric::ALL.map(|it| (it.name().to_owned(), it.unit(), it.by(), it.meaning()));
        let of_calls =
            CallMetric::ALL.map(|it| (it.pattern().to_owned(), it.unit(), By::Nothing, it.meaning()));
        let mut expected = Vec::new();
        for (name, unit, by, meaning) in own.into_iter().chain(of_calls) {
            expected.push(format!("| `{name}` | {} | {by} | {meaning} |", unit.as_str()));
        }
        let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(rows, expected);
        for service in Service::ALL {
            assert!(section.contains(&format!("`{}`", service.name())), "{service:?}");
        }
    }
}

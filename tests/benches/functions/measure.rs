//! Starting a function again and again, and what came of it.

use std::collections::BTreeMap;

use local::aws::{BUS_ARN, KEY_ARN};
use postern::time::Stopwatch;

use crate::binaries;
use crate::cases::Case;
use crate::function::Function;
use crate::support::World;
use crate::template;

/// How often each function is started with a full request; as often it is started with a trivial one, and the bare one
/// beside it.
pub(crate) const STARTS: usize = 25;
/// The largest binary (issue 2 "Budgets").
const SIZE_MAX_MEGABYTES: f64 = 8.0;
/// The longest start to the first reply, as so many times the bare function's (issue 2 "Budgets").
const RATIO_MAX: f64 = 3.0;
/// The most memory of a function that hashes no passwords (issue 2 "Budgets").
const MEMORY_MAX_MEGABYTES: f64 = 24.0;

pub(crate) const HEADINGS: &str = "function                  size MB  init ms  first reply ms  x bare  full reply ms  then full ms  peak RSS MB";

/// Medians in milliseconds, sizes in megabytes.
pub(crate) struct Measured {
    label: &'static str,
    hashes_passwords: bool,
    size: f64,
    ready: f64,
    /// `None` for a function that has no trivial event.
    first: Option<f64>,
    /// The bare function's first reply, started in turns with this one: how fast the machine is changes from minute to
    /// minute.
    bare: f64,
    full: f64,
    next: f64,
    /// `None` where the system does not tell.
    peak: Option<f64>,
}

impl Measured {
    /// Its first reply as so many times the bare function's.
    fn ratio(&self) -> Option<f64> {
        self.first.map(|first| first / self.bare)
    }

    pub(crate) fn row(&self) -> String {
        let or_none = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        format!(
            "{:<24} {:>8.2} {:>8.2} {:>15} {:>7} {:>14.2} {:>13.2} {:>12}",
            self.label,
            self.size,
            self.ready,
            or_none(self.first.map(|milliseconds| format!("{milliseconds:.2}"))),
            or_none(self.ratio().map(|ratio| format!("{ratio:.1}"))),
            self.full,
            self.next,
            or_none(self.peak.map(|megabytes| format!("{megabytes:.1}"))),
        )
    }

    pub(crate) fn over_budget(&self) -> Vec<String> {
        let mut over = Vec::new();
        if let Some(ratio) = self.ratio().filter(|ratio| *ratio > RATIO_MAX) {
            over.push(format!(
                "{}: starts in {ratio:.1} x the bare function's time of {RATIO_MAX}",
                self.label
            ));
        }
        if self.size > SIZE_MAX_MEGABYTES {
            over.push(format!("{}: {:.2} MB of {SIZE_MAX_MEGABYTES}", self.label, self.size));
        }
        match self.peak {
            Some(peak) if peak > MEMORY_MAX_MEGABYTES && !self.hashes_passwords => {
                over.push(format!("{}: {peak:.1} MB of memory of {MEMORY_MAX_MEGABYTES}", self.label));
            }
            _ => {}
        }
        over
    }
}

pub(crate) async fn measure(world: &World, case: &Case, bare: &Case) -> Measured {
    let spec = template::Function { binary: case.binary.to_owned(), timeout: 20 };
    let binary = binaries::binary(case.binary);
    let size =
        std::fs::metadata(&binary).unwrap_or_else(|_| panic!("build {} first", binary.display())).len();
    let (mut ready, mut first, mut full, mut next, mut peak) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), None);
    let mut bare_first = Vec::new();
    for start in 0..STARTS {
        let (began, replied) = first_reply(world, case).await;
        ready.push(began);
        first.extend(replied);
        bare_first.extend(first_reply(world, bare).await.1);

        let (event, another) = (case.event(2 * start), case.event(2 * start + 1));
        let watch = Stopwatch::start();
        let function = Function::start(&spec, &variables(world)).await;
        let reply = function.invoke("first", event).await.unwrap();
        full.push(watch.elapsed_microseconds());
        case.check(&reply);
        let watch = Stopwatch::start();
        let reply = function.invoke("second", another).await.unwrap();
        next.push(watch.elapsed_microseconds());
        case.check(&reply);
        peak = peak.max(function.peak_memory_bytes().await);
    }
    Measured {
        label: case.label,
        hashes_passwords: case.hashes_passwords,
        size: megabytes(size),
        ready: median(ready),
        first: (!first.is_empty()).then(|| median(first)),
        bare: median(bare_first),
        full: median(full),
        next: median(next),
        peak: peak.map(megabytes),
    }
}

/// Starts a function: microseconds until it asks for an event, and until its first reply if it has a trivial event.
async fn first_reply(world: &World, case: &Case) -> (u64, Option<u64>) {
    let spec = template::Function { binary: case.binary.to_owned(), timeout: 20 };
    let watch = Stopwatch::start();
    let function = Function::start(&spec, &variables(world)).await;
    function.ready().await;
    let ready = watch.elapsed_microseconds();
    let Some(trivial) = &case.trivial else { return (ready, None) };
    function.invoke("trivial", trivial.clone()).await.unwrap();
    (ready, Some(watch.elapsed_microseconds()))
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

/// In milliseconds.
fn median(mut microseconds: Vec<u64>) -> f64 {
    microseconds.sort_unstable();
    microseconds[microseconds.len() / 2] as f64 / 1_000.0
}

fn variables(world: &World) -> BTreeMap<String, String> {
    let aws = &world.twin.aws;
    let pairs = [
        ("POSTERN_TABLE", "postern".to_owned()),
        ("POSTERN_ISSUER", world.issuer()),
        ("POSTERN_MAIL_FROM", "mfa@postern.example".to_owned()),
        ("POSTERN_SMS_ORIGINATION_IDENTITY", "postern".to_owned()),
        ("POSTERN_KMS_KEY", KEY_ARN.to_owned()),
        ("POSTERN_AUDIT_EVENT_BUS", BUS_ARN.to_owned()),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", aws.event_bridge_url()),
        ("POSTERN_LOG", "error".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", aws.dynamodb_url()),
        ("AWS_ENDPOINT_URL_SESV2", aws.ses_url()),
        ("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", aws.sms_url()),
        ("AWS_ENDPOINT_URL_KMS", aws.kms_url()),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

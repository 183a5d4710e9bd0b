//! This machine's clock beside others: `doctor` tells a difference, and what would begin by a wrong clock is refused.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents, SharedInterceptor};
use aws_sdk_dynamodb::error::BoxError;
use postern::rules::calendar::UtcTime;
use postern::time::{Clock, Timestamp};

use crate::CommandError;

/// A difference between clocks that the network explains, in seconds.
pub(crate) const SKEW_OK_SECONDS: u64 = 5;
/// More than that and codes of apps or signatures are refused.
pub(crate) const SKEW_MAX_SECONDS: u64 = 60;
/// How a clock is put right.
pub(crate) const MEND: &str =
    "have this machine's clock set by NTP: `timedatectl status`; a twin's is moved by POST /_local/clock";

/// Two clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    /// By this machine.
    pub(crate) ours: Timestamp,
    /// By who answered.
    pub(crate) theirs: Timestamp,
}

impl Clocks {
    /// Of an answer that came at `ours`; `None` when it does not say its time.
    pub(crate) fn of_answer(date: Option<&str>, ours: Timestamp) -> Option<Self> {
        Some(Self { ours, theirs: time_of(date?)? })
    }

    /// How far they are apart, in seconds.
    pub(crate) fn skew(self) -> u64 {
        self.ours.since(self.theirs).max(self.theirs.since(self.ours))
    }
}

/// A point in time as HTTP has it: `Sun, 17 Mar 2030 17:47:00 GMT` (RFC 9110 §5.6.7).
fn time_of(text: &str) -> Option<Timestamp> {
    let mut words = text.strip_suffix(" GMT")?.split_once(", ")?.1.split(' ');
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let month = MONTHS.find(month).filter(|_| month.len() == 3)? / 3 + 1;
    UtcTime::parse(&format!("{year}-{month}-{day} {time}"))?.timestamp()
}

/// AWS's clock, as its answers tell it.
#[derive(Clone, Debug)]
pub(crate) struct AwsClock {
    ours: Clock,
    last: Arc<Mutex<Option<Clocks>>>,
}

impl AwsClock {
    /// Beside this machine's; it tells nothing before an answer came.
    pub(crate) fn beside(ours: &Clock) -> Self {
        Self { ours: ours.clone(), last: Arc::default() }
    }

    /// What sees the answers.
    pub(crate) fn observer(&self) -> SharedInterceptor {
        SharedInterceptor::new(self.clone())
    }

    /// The time by AWS's clock at its last answer: keys begin by it, and not by a machine's that nobody else sees. Where
    /// this one's is a little behind it is moved on, so that no key is made that begins too early.
    ///
    /// # Errors
    /// When the two are more than a minute apart, or AWS did not tell.
    pub(crate) fn agreed(&self) -> Result<Timestamp, CommandError> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(clocks) = last else {
            let text = "AWS's answer does not say its time, by which keys begin: check the addresses of AWS's services";
            return Err(CommandError::Setting(text.to_owned()));
        };
        if clocks.skew() > SKEW_MAX_SECONDS {
            let skew = clocks.skew();
            let text =
                format!("this machine's clock and AWS's are {skew} s apart, and keys begin by them: {MEND}");
            return Err(CommandError::Setting(text));
        }
        self.ours.advance(clocks.theirs.since(clocks.ours));
        Ok(clocks.theirs)
    }
}

impl Intercept for AwsClock {
    fn name(&self) -> &'static str {
        "AwsClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        if let Some(clocks) = Clocks::of_answer(date, self.ours.now()) {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(clocks);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http_are_read() {
        assert_eq!(time_of("Sun, 17 Mar 2030 17:47:00 GMT"), Some(Timestamp(1_900_000_020)));
        for wrong in ["", "Sun, 17 Mar 2030 17:47:00", "Sun, 17 xyz 2030 17:47:00 GMT", "2030-03-17"] {
            assert_eq!(time_of(wrong), None, "{wrong}");
        }
    }

    /// A key that began by a clock which is ahead would leave nobody who signs until then; by one that is behind it
    /// would be used before it is known.
    #[test]
    fn keys_begin_by_the_clock_of_aws() {
        let began = |ours: u64, theirs: u64| {
            let clock = Clock::fixed(Timestamp(ours));
            let aws = AwsClock::beside(&clock);
            *aws.last.lock().unwrap() = Some(Clocks { ours: Timestamp(ours), theirs: Timestamp(theirs) });
            aws.agreed().map(|now| (now.0, clock.now().0)).map_err(|error| error.to_string())
        };
        assert_eq!(began(1_000, 1_000), Ok((1_000, 1_000)));
        assert_eq!(began(1_060, 1_000), Ok((1_000, 1_060)), "ahead: at once is by theirs");
        assert_eq!(began(1_000, 1_060), Ok((1_060, 1_060)), "behind: moved on");
        for (ours, theirs) in [(1_061, 1_000), (1_000, 1_061)] {
            let refused = began(ours, theirs).unwrap_err();
            assert!(refused.starts_with("this machine's clock and AWS's are 61 s apart"), "{refused}");
        }
        assert!(AwsClock::beside(&Clock::fixed(Timestamp(0))).agreed().is_err(), "nobody told");
    }
}

//! Points in time as people read them, in UTC: the proleptic Gregorian calendar (ISO 8601).

use std::fmt;

use crate::time::Timestamp;

const DAY_SECONDS: u64 = 86_400;
/// Days from 0000-03-01 to 1970-01-01. Years are counted from March, so that the leap day is the last of its year.
const DAYS_TO_EPOCH: u64 = 719_468;
/// Days in 400 years, after which the calendar repeats.
const ERA_DAYS: u64 = 146_097;
/// The last year that is written in four digits.
const YEAR_MAX: u64 = 9999;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// A date and a time of day in UTC. Shown as `2030-03-17 17:47 UTC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtcTime {
    /// From 1970 on.
    pub year: u64,
    /// From 1.
    pub month: u64,
    /// From 1.
    pub day: u64,
    /// 0 to 23.
    pub hour: u64,
    /// 0 to 59.
    pub minute: u64,
    /// 0 to 59.
    pub second: u64,
}

impl UtcTime {
    /// The date and time of a point in time; what is beyond the year 9999 is its last second.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        const LAST: u64 = 253_402_300_799;
        let seconds = at.0.min(LAST);
        let days = seconds / DAY_SECONDS + DAYS_TO_EPOCH;
        let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
            hour: seconds / 3600 % 24,
            minute: seconds / 60 % 60,
            second: seconds % 60,
        }
    }

    /// Reads epoch seconds, or `2030-03-17` with or without a time after a blank or a `T`; `None` for what does not
    /// exist, such as the 31st of February.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse() {
            return Some(Self::of(Timestamp(seconds)));
        }
        let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "0:0"));
        let mut date = date.splitn(3, '-').map(|part| part.parse::<u64>().ok());
        let time = time.trim_end_matches("Z").trim_end_matches("UTC").trim_end();
        let mut time = time.splitn(3, ':').map(|part| part.parse::<u64>().ok());
        let read = Self {
            year: date.next()??,
            month: date.next()??,
            day: date.next()??,
            hour: time.next()??,
            minute: time.next()??,
            second: time.next().unwrap_or(Some(0))?,
        };
        // What does not exist comes back as another day.
        (Self::of(read.timestamp()?) == read).then_some(read)
    }

    /// The point in time; `None` where there is no such date or time of day.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        let bounded = (1970..=YEAR_MAX).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            && self.second < 60;
        if !bounded {
            return None;
        }
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let from_march = if self.month > 2 { self.month - 3 } else { self.month + 9 };
        let day_of_year = (153 * from_march + 2) / 5 + self.day - 1;
        let year_of_era = year % 400;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = (year / 400 * ERA_DAYS + day_of_era).checked_sub(DAYS_TO_EPOCH)?;
        Some(Timestamp(days * DAY_SECONDS + self.hour * 3600 + self.minute * 60 + self.second))
    }

    /// Written in a format of `strftime`: `%Y %y %m %d %e %H %I %M %S %p %B %b %A %a %%`; `%-d` leaves
    /// leading zeros out. `None` for any other conversion.
    #[must_use]
    pub fn format(&self, format: &str) -> Option<String> {
        let mut written = String::new();
        let mut characters = format.chars();
        while let Some(c) = characters.next() {
            if c != '%' {
                written.push(c);
                continue;
            }
            let first = characters.next()?;
            let (padded, conversion) = if first == '-' { (false, characters.next()?) } else { (true, first) };
            written.push_str(&self.convert(conversion, padded)?);
        }
        Some(written)
    }

    fn convert(&self, conversion: char, padded: bool) -> Option<String> {
        let two = |number: u64| if padded { format!("{number:02}") } else { number.to_string() };
        let short = |name: &str| name.chars().take(3).collect();
        let month =
            || usize::try_from(self.month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?)).copied();
        let weekday = || {
            let days = self.timestamp()?.0 / DAY_SECONDS;
            usize::try_from(days % 7).ok().and_then(|day| WEEKDAYS.get(day)).copied()
        };
        Some(match conversion {
            'Y' => self.year.to_string(),
            'y' => two(self.year % 100),
            'm' => two(self.month),
            'd' => two(self.day),
            'e' => {
                if padded {
                    format!("{:2}", self.day)
                } else {
                    self.day.to_string()
                }
            }
            'H' => two(self.hour),
            'I' => two(match self.hour % 12 {
                0 => 12,
                hour => hour,
            }),
            'M' => two(self.minute),
            'S' => two(self.second),
            'p' => if self.hour < 12 { "AM" } else { "PM" }.to_owned(),
            'B' => month()?.to_owned(),
            'b' => short(month()?),
            'A' => weekday()?.to_owned(),
            'a' => short(weekday()?),
            '%' => "%".to_owned(),
            _ => return None,
        })
    }
}

impl fmt::Display for UtcTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, .. } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_days() {
        for (seconds, expected) in [
            (0, "Thu 1 January 1970 00:00:00"),
            (951_782_399, "Mon 28 February 2000 23:59:59"),
            (951_782_400, "Tue 29 February 2000 00:00:00"),
            (1_900_000_020, "Sun 17 March 2030 17:47:00"),
            (4_107_542_400, "Mon 1 March 2100 00:00:00"),
            (u64::MAX, "Fri 31 December 9999 23:59:59"),
        ] {
            let time = UtcTime::of(Timestamp(seconds));
            assert_eq!(time.format("%a %-d %B %Y %H:%M:%S").unwrap(), expected);
        }
        assert_eq!(UtcTime::of(Timestamp(1_900_000_020)).to_string(), "2030-03-17 17:47 UTC");
    }

    #[test]
    fn what_does_not_exist_is_not_read() {
        assert_eq!(UtcTime::parse("2030-03-17T17:47:00Z"), UtcTime::parse("1900000020"));
        assert_eq!(UtcTime::parse("2030-03-17 17:47 UTC"), UtcTime::parse("1900000020"));
        assert_eq!(UtcTime::parse("2000-2-29").unwrap().to_string(), "2000-02-29 00:00 UTC");
        for wrong in
            ["", "now", "2030-02-31", "2100-02-29", "2030-13-01", "1969-12-31", "2030-01-01 24:00", "-1"]
        {
            assert_eq!(UtcTime::parse(wrong), None, "{wrong}");
        }
        let time = UtcTime::of(Timestamp(0));
        assert_eq!(time.format("%I %p %y %e %%").unwrap(), "12 AM 70  1 %");
        assert!(time.format("%9Y").is_none() && time.format("%").is_none() && time.format("%-").is_none());
    }

    proptest! {
        #[test]
        fn every_second_comes_back(seconds in 0..253_402_300_799_u64) {
            let time = UtcTime::of(Timestamp(seconds));
            prop_assert_eq!(time.timestamp(), Some(Timestamp(seconds)));
            let text = time.format("%Y-%m-%dT%H:%M:%SZ").unwrap();
            prop_assert_eq!(UtcTime::parse(&text), Some(time));
        }

        #[test]
        fn any_text_may_be_a_time(text in "[0-9TZ: -]{0,24}", format in "\\PC{0,12}") {
            if let Some(time) = UtcTime::parse(&text) {
                let _ = time.format(&format);
            }
        }
    }
}

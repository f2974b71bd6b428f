//! Downloads that do not come through at once: when another attempt is worth its while, and
//! whether what it brings goes on where the last one broke off (RFC 9110, range requests).

use std::time::Duration;

use super::SourceError;

/// How often in a row an attempt may bring nothing new.
const MAX_FAILURES: u32 = 3;
/// A silence is long enough that two are as good as three.
const FAILURES_A_SILENCE: u32 = 2;
/// Before the second attempt; twice as long before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Counts the attempts that brought nothing.
#[derive(Debug, Default)]
pub struct Attempts {
    failures: u32,
    most_bytes: usize,
}

impl Attempts {
    /// How long to wait for the next attempt, after one that failed with so many bytes there; None
    /// if it makes no sense, or no longer.
    pub fn pause_after(&mut self, error: &SourceError, loaded_bytes: usize) -> Option<Duration> {
        if loaded_bytes > self.most_bytes {
            (self.most_bytes, self.failures) = (loaded_bytes, 0);
        }
        self.failures += match error {
            SourceError::Unreachable { .. } | SourceError::Broken { .. } => 1,
            SourceError::Silent { .. } => FAILURES_A_SILENCE,
            // Too many requests, a gateway without its server, a server that starts: these pass.
            SourceError::Refused { status: 408 | 429 | 500..=599, .. } => 1,
            SourceError::Refused { .. }
            | SourceError::Missing { .. }
            | SourceError::NoFile { .. }
            | SourceError::TooLarge { .. }
            | SourceError::BadUrl { .. } => MAX_FAILURES,
        };
        (self.failures < MAX_FAILURES).then(|| FIRST_PAUSE * 2_u32.pow(self.failures.max(1) - 1))
    }
}

/// What an answer says of the file, as far as the browser shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Whether it is a part of the file (HTTP 206).
    pub is_part: bool,
    /// `content-length`, of what arrives.
    pub length: Option<u64>,
    /// `content-range`; another origin must allow it to be read.
    pub range: Option<String>,
    /// `etag` or `last-modified`.
    pub version: Option<String>,
}

impl Answer {
    /// The length of the whole file.
    pub fn total(&self) -> Option<u64> {
        if self.is_part { self.parsed_range()?.1 } else { self.length }
    }

    /// Whether its bytes go on after the first `loaded` ones of `first`: the same file, from there.
    pub fn goes_on(&self, first: &Self, loaded: u64) -> bool {
        let is_same = match (&self.version, &first.version) {
            (Some(now), Some(before)) => now == before,
            (None, None) => true,
            _ => false,
        };
        if !self.is_part || !is_same {
            return false;
        }
        match self.parsed_range() {
            Some((start, total)) => start == loaded && total == first.total(),
            // Then only the length tells.
            None => self.length.is_some_and(|left| first.total() == Some(loaded + left)),
        }
    }

    /// `bytes START-END/TOTAL`: start and total.
    fn parsed_range(&self) -> Option<(u64, Option<u64>)> {
        let (range, total) = self.range.as_deref()?.strip_prefix("bytes ")?.split_once('/')?;
        let (start, _) = range.split_once('-')?;
        Some((start.trim().parse().ok()?, total.trim().parse().ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken() -> SourceError {
        SourceError::Broken { url: String::new(), loaded_bytes: 0 }
    }

    #[test]
    fn what_passes_is_tried_again_a_little_later_each_time() {
        let mut attempts = Attempts::default();
        let pauses = [0, 0, 0].map(|bytes| attempts.pause_after(&broken(), bytes));
        let expected = [Some(FIRST_PAUSE), Some(FIRST_PAUSE * 2), None];
        assert_eq!(pauses, expected);
        let refused = |status| SourceError::Refused { url: String::new(), status };
        assert!(Attempts::default().pause_after(&refused(503), 0).is_some());
        assert_eq!(Attempts::default().pause_after(&refused(403), 0), None);
    }

    #[test]
    fn whoever_comes_further_may_go_on() {
        let mut attempts = Attempts::default();
        for bytes in 1..20 {
            assert_eq!(attempts.pause_after(&broken(), bytes), Some(FIRST_PAUSE));
        }
        // Without ranges each attempt begins anew: the same bytes again are nothing new.
        assert!(attempts.pause_after(&broken(), 19).is_some());
        assert_eq!(attempts.pause_after(&broken(), 19), None);
    }

    #[test]
    fn two_silences_are_enough() {
        let silent = SourceError::Silent { url: String::new(), secs: 15 };
        let mut attempts = Attempts::default();
        assert!(attempts.pause_after(&silent, 0).is_some());
        assert_eq!(attempts.pause_after(&silent, 0), None);
    }

    fn part(range: &str, version: Option<&str>) -> Answer {
        let range = Some(range.to_owned());
        Answer { is_part: true, length: Some(60), range, version: version.map(str::to_owned) }
    }

    #[test]
    fn a_part_goes_on_only_in_the_same_file_at_the_same_place() {
        let first = Answer { length: Some(100), version: Some("a".into()), ..Answer::default() };
        assert!(part("bytes 40-99/100", Some("a")).goes_on(&first, 40));
        assert!(!part("bytes 40-99/100", Some("a")).goes_on(&first, 41), "another place");
        assert!(!part("bytes 40-98/99", Some("a")).goes_on(&first, 40), "another size");
        assert!(!part("bytes 40-99/100", Some("b")).goes_on(&first, 40), "it was changed");
        assert!(!part("bytes 40-99/100", None).goes_on(&first, 40), "perhaps it was changed");
        let hidden = Answer { range: None, ..part("", Some("a")) };
        assert!(hidden.goes_on(&first, 40) && !hidden.goes_on(&first, 30));
        assert!(!first.clone().goes_on(&first, 0), "the whole file is no part");
        assert!(!part("nonsense", Some("a")).goes_on(&first, 41));
    }
}

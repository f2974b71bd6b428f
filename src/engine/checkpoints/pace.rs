//! When a checkpoint is due: after each epoch, and in long epochs every minute; but where epochs
//! are so short that writing would cost more than a tenth of the time, less often.

/// The most that is lost of a run.
const MOST_SECS: f64 = 60.0;
/// Time that must pass between two writes, in times of what one takes.
const REST: f64 = 10.0;

/// The times of the last write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    ended_secs: f64,
    cost_secs: f64,
    /// Whether the storage took it.
    is_kept: bool,
}

impl Pace {
    pub const fn begin(now_secs: f64) -> Self {
        Self { ended_secs: now_secs, cost_secs: 0.0, is_kept: true }
    }

    /// One was made from `began_secs` on, and was kept or not.
    pub const fn tried(&mut self, began_secs: f64, now_secs: f64, is_kept: bool) {
        *self = Self { ended_secs: now_secs, cost_secs: now_secs - began_secs, is_kept };
    }

    pub fn is_due(&self, now_secs: f64, at_epoch_end: bool) -> bool {
        let since = now_secs - self.ended_secs;
        let rested = since >= REST * self.cost_secs;
        // A storage that refuses will go on refusing for a while.
        rested && (since >= MOST_SECS || (at_epoch_end && self.is_kept))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_epoch_and_each_minute() {
        let mut pace = Pace::begin(100.0);
        assert!(pace.is_due(100.0, true), "the first epoch, however short");
        assert!(!pace.is_due(159.9, false) && pace.is_due(160.0, false));
        pace.tried(159.0, 160.0, true);
        assert!(!pace.is_due(169.9, true), "a write of a second rests for ten");
        assert!(pace.is_due(170.0, true) && !pace.is_due(219.9, false));
    }

    #[test]
    fn a_storage_that_refuses_is_asked_again_after_a_minute() {
        let mut pace = Pace::begin(0.0);
        pace.tried(1.0, 1.0, false);
        assert!(!pace.is_due(60.9, true) && pace.is_due(61.0, true) && pace.is_due(61.0, false));
    }
}

//! The result of a run: one table, and a last line that a program can read.

use super::counts::Counts;
use std::fmt::Write;

/// What a step came to. A check counts as one; tests count each.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Tally(Counts);

impl Tally {
    pub fn check(ok: bool) -> Tally {
        Tally(Counts { passed: ok.into(), failed: (!ok).into(), skipped: 0 })
    }

    /// A run that failed without a failing test did not compile or broke off; one without any test
    /// has shown nothing. Both are failures.
    pub fn tests(ok: bool, counts: Counts) -> Tally {
        let is_broken = !ok || counts.passed == 0;
        let failed = if is_broken { counts.failed.max(1) } else { counts.failed };
        Tally(Counts { failed, ..counts })
    }

    pub fn and(self, other: Tally) -> Tally {
        Tally(self.0 + other.0)
    }

    pub fn ok(self) -> bool {
        self.0.failed == 0
    }
}

pub struct Line {
    pub name: String,
    pub tally: Tally,
    pub elapsed_secs: f64,
}

pub fn table(lines: &[Line]) -> String {
    let mut text = format!(
        "\n=== summary ===\n{:<14}{:<8}{:>9}{:>9}{:>9}\n",
        "step", "", "seconds", "passed", "skipped"
    );
    let mut total = Counts::default();
    for Line { name, tally, elapsed_secs } in lines {
        let verdict = if tally.ok() { "ok" } else { "FAILED" };
        let Counts { passed, skipped, .. } = tally.0;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<14}{verdict:<8}{elapsed_secs:>9.1}{passed:>9}{skipped:>9}");
        total = total + tally.0;
    }
    let _ = write!(text, "{} passed, {} failed", total.passed, total.failed);
    if total.skipped > 0 {
        // What was left out stands above, in lines with the word SKIPPED.
        let _ = write!(text, ", {} skipped", total.skipped);
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_is_at_least_one_failure() {
        let tally = |ok, passed, failed| Tally::tests(ok, Counts { passed, failed, skipped: 0 });
        assert_eq!(tally(true, 5, 0), Tally(Counts { passed: 5, failed: 0, skipped: 0 }));
        assert_eq!(tally(false, 5, 2), Tally(Counts { passed: 5, failed: 2, skipped: 0 }));
        assert_eq!(
            tally(false, 5, 0),
            Tally(Counts { passed: 5, failed: 1, skipped: 0 }),
            "it broke off"
        );
        assert_eq!(
            tally(true, 0, 0),
            Tally(Counts { passed: 0, failed: 1, skipped: 0 }),
            "it had no tests"
        );
    }

    #[test]
    fn the_last_line_is_the_sum() {
        let tests = Tally::tests(false, Counts { passed: 40, failed: 2, skipped: 3 });
        let text = table(&[
            Line { name: "fmt".into(), tally: Tally::check(true), elapsed_secs: 0.52 },
            Line { name: "native".into(), tally: tests, elapsed_secs: 93.0 },
        ]);
        assert!(text.contains("fmt           ok            0.5        1        0\n"), "{text}");
        assert!(text.contains("native        FAILED       93.0       40        3\n"), "{text}");
        assert!(text.ends_with("\n41 passed, 2 failed, 3 skipped\n"), "{text}");
        let text =
            table(&[Line { name: "fmt".into(), tally: Tally::check(true), elapsed_secs: 0.5 }]);
        assert!(text.ends_with("\n1 passed, 0 failed\n"), "{text}");
    }
}

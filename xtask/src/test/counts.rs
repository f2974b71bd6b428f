//! How many tests passed and failed, read from what the test runners print.
//!
//! There is no stable machine-readable output on stable Rust, and the browser's runner has none at
//! all; these summary lines have not changed in years.

use std::ops::Add;

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counts {
    pub passed: u32,
    pub failed: u32,
    /// Parts of tests that were left out, each told in a line with the word `SKIPPED:`: their
    /// tests count as passed all the same.
    pub skipped: u32,
}

impl Add for Counts {
    type Output = Counts;

    fn add(self, other: Counts) -> Counts {
        Counts {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

/// Sums `test result: ok. 12 passed; 0 failed; ...` of each test binary, as cargo test and
/// wasm-bindgen's runner print it.
pub fn in_cargo(output: &str) -> Counts {
    let counts = plain_lines(output).filter_map(|line| {
        let (_, results) = line.split_once("test result: ")?.1.split_once(". ")?;
        let number = |what| {
            let (count, _) = results.split("; ").find_map(|part| part.split_once(what))?;
            count.trim().parse().ok()
        };
        Some(Counts { passed: number(" passed")?, failed: number(" failed")?, skipped: 0 })
    });
    counts.fold(skipped_in(output), Counts::add)
}

/// Reads `ℹ pass 5` and `ℹ fail 0` (the reporter `spec`), or `# pass 5` (`tap`). A test that was
/// cancelled did not pass either.
pub fn in_node(output: &str) -> Counts {
    let mut counts = skipped_in(output);
    for line in plain_lines(output) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["ℹ" | "#", what, number] = words[..] else {
            continue;
        };
        let Ok(number) = number.parse::<u32>() else {
            continue;
        };
        match what {
            "pass" => counts.passed += number,
            "fail" | "cancelled" => counts.failed += number,
            _ => {}
        }
    }
    counts
}

/// The word may stand behind the name of the test that says it.
fn skipped_in(output: &str) -> Counts {
    let lines = output.lines().filter(|line| line.contains("SKIPPED: "));
    Counts { skipped: lines.count() as u32, ..Counts::default() }
}

/// The lines without colours: `\x1b[32mok\x1b[0m` is "ok".
fn plain_lines(output: &str) -> impl Iterator<Item = String> {
    output.lines().map(|line| {
        let mut pieces = line.split("\x1b[");
        let mut plain = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            plain.push_str(piece.split_once('m').map_or("", |(_, text)| text));
        }
        plain
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_the_binaries_of_cargo_test() {
        let output = "running 2 tests\ntest a ... ok\n\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s\n";
        assert_eq!(in_cargo(output), Counts { passed: 15, failed: 2, skipped: 0 });
    }

    #[test]
    fn reads_the_runner_in_the_browser() {
        let output = "running 1 test\ntest browser::step ... ok\n\n\
            test result: ok. 1 passed; 0 failed; 0 ignored; 0 filtered out; finished in 4.02s\n";
        assert_eq!(in_cargo(output), Counts { passed: 1, failed: 0, skipped: 0 });
        assert_eq!(in_cargo("no tests to run!\n"), Counts::default());
    }

    #[test]
    fn sees_through_colours() {
        let output = "test result: \x1b[32mok\x1b(B\x1b[m. 7 passed; 0 failed; 0 ignored\n";
        let output = output.replace("\x1b(B", "");
        assert_eq!(in_cargo(&output), Counts { passed: 7, failed: 0, skipped: 0 });
        assert_eq!(
            in_node("\x1b[34mℹ pass 2\x1b[39m\n"),
            Counts { passed: 2, failed: 0, skipped: 0 }
        );
    }

    #[test]
    fn counts_what_was_left_out() {
        let output = "test a ... SKIPPED: no files\nSKIPPED: nor these\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(in_cargo(output), Counts { passed: 2, failed: 0, skipped: 2 });
        let output = "SKIPPED: no images\nℹ pass 1\nℹ fail 0\nℹ skipped 0\n";
        assert_eq!(in_node(output), Counts { passed: 1, failed: 0, skipped: 1 });
    }

    #[test]
    fn reads_both_reporters_of_node() {
        let spec = "✔ trains (12.3ms)\nℹ tests 6\nℹ suites 0\nℹ pass 4\nℹ fail 1\nℹ cancelled 1\n\
            ℹ skipped 0\nℹ todo 0\nℹ duration_ms 54.4\n";
        assert_eq!(in_node(spec), Counts { passed: 4, failed: 2, skipped: 0 });
        assert_eq!(
            in_node("# tests 3\n# pass 3\n# fail 0\n"),
            Counts { passed: 3, failed: 0, skipped: 0 }
        );
        assert_eq!(in_node("# passed all of it\n"), Counts::default());
    }
}

//! Running the program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// The program, its output piped.
pub fn proden<I: IntoIterator<Item: AsRef<std::ffi::OsStr>>>(arguments: I) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proden"));
    command.args(arguments);
    // The tests' server is on this machine.
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
    {
        command.env_remove(name);
    }
    command
}

/// What became of it.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Outcome {
    /// Asserts that all went well.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }

    /// Asserts how it failed, and that the message says so.
    #[track_caller]
    pub fn fails(self, code: i32, part: &str) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.stderr.contains(part), "“{part}” is not in {self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
    }
}

/// Runs the program to its end, in a folder.
pub fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    proden(arguments).current_dir(folder).output().unwrap().into()
}

/// The JSON lines of a text.
pub fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// metrics.jsonl without what differs from run to run.
pub fn metrics(folder: &Path) -> Vec<Value> {
    let mut epochs = lines(&fs::read_to_string(folder.join("metrics.jsonl")).unwrap());
    for epoch in &mut epochs {
        let epoch = epoch.as_object_mut().unwrap();
        assert!(epoch.remove("images_per_sec").is_some());
        assert!(epoch.remove("elapsed_secs").is_some());
    }
    epochs
}

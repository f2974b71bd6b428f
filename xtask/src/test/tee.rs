//! Runs a child, showing what it prints at once and keeping it for the count of its tests.

use anyhow::{Context, Result};
use std::io::{self, Read, Write};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A grandchild that outlives the child (a browser, say) may hold the pipe open.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);

pub struct Ended {
    pub ok: bool,
    pub output: String,
}

pub fn run(mut command: Command) -> Result<Ended> {
    let program = command.get_program().to_string_lossy().into_owned();
    // One pipe for both streams keeps their order.
    let (mut reader, writer) = io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("cannot start {program}"))?;
    // It holds the writing ends; the reader would wait for us.
    drop(command);

    let (chunks, received) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            let mut out = io::stdout().lock();
            // Nobody is watching if this fails; the child's tests still count.
            let _ = out.write_all(&buffer[..count]).and_then(|()| out.flush());
            if chunks.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let status = child.wait().with_context(|| format!("cannot wait for {program}"))?;
    let mut output = Vec::new();
    while let Ok(chunk) = received.recv_timeout(DRAIN_LIMIT) {
        output.extend(chunk);
    }
    Ok(Ended { ok: status.success(), output: String::from_utf8_lossy(&output).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Ended {
        let mut sh = Command::new("sh");
        sh.args(["-c", script]);
        run(sh).unwrap()
    }

    #[test]
    fn both_streams_are_kept_in_order() {
        let ended = shell("echo one; echo two >&2; echo three; exit 3");
        assert!(!ended.ok);
        assert_eq!(ended.output, "one\ntwo\nthree\n");
        assert!(shell("true").ok);
    }

    #[test]
    fn what_cannot_start_is_named() {
        let error = run(Command::new("no-such-program-4711")).err().unwrap();
        assert!(error.to_string().contains("no-such-program-4711"));
    }
}

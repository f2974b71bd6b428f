//! A file over HTTP into another file, which a broken download leaves behind: the next one goes
//! on from there, in this call or in another one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use indicatif::ProgressBar;
use ureq::http::{Response, StatusCode, header};
use ureq::{Agent, Body};

use super::complain;

/// The official archives have a third of it.
const MAX_BYTES: u64 = 512 << 20;

/// How one attempt failed.
enum Fault {
    /// It may go better the next time.
    Passing(anyhow::Error),
    Lasting(anyhow::Error),
}

/// How long a host is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long it may say nothing.
    pub silence: Duration,
    /// Attempts after one in which nothing came.
    pub retries: u32,
}

/// Fetches files.
pub struct Downloader {
    agent: Agent,
    patience: Patience,
}

impl Downloader {
    pub fn new(patience: Patience) -> Self {
        let silence = Some(patience.silence);
        let config = Agent::config_builder()
            .timeout_resolve(silence)
            .timeout_connect(silence)
            .timeout_recv_response(silence)
            // Not of the whole body: that may take hours on a slow line.
            .timeout_per_read(silence)
            .http_status_as_error(false)
            .user_agent(concat!("proden/", env!("CARGO_PKG_VERSION")));
        Self { agent: config.build().new_agent(), patience }
    }

    /// Fetches what is missing of a file.
    ///
    /// # Errors
    /// When the host is not there, has no such file, or breaks off again and again.
    pub fn fetch(&self, url: &str, part: &Path, bar: &ProgressBar) -> Result<()> {
        let mut failures = 0;
        loop {
            let before = size_bytes(part);
            let error = match self.attempt(url, part, before, bar) {
                Ok(()) => return Ok(()),
                Err(Fault::Lasting(error)) => return Err(error),
                Err(Fault::Passing(error)) => error,
            };
            let has_grown = size_bytes(part) > before;
            failures = if has_grown { 1 } else { failures + 1 };
            if failures > self.patience.retries {
                return Err(error.context(format!(
                    "{url} could not be fetched. Check the connection and run the command again: it goes on where it broke off"
                )));
            }
            bar.suspend(|| complain(&format!("{error:#}; trying again")));
            // At once where something came; else 1, 3, 7, ... seconds later.
            thread::sleep(Duration::from_secs((1 << failures.min(6)) / 2 - 1));
        }
    }

    fn attempt(
        &self,
        url: &str,
        part: &Path,
        have_bytes: u64,
        bar: &ProgressBar,
    ) -> Result<(), Fault> {
        let mut request = self.agent.get(url);
        if have_bytes > 0 {
            request = request.header(header::RANGE, format!("bytes={have_bytes}-"));
        }
        let response = request.call().map_err(|error| fault(url, error))?;
        let status = response.status();
        let range = content_range(&response);
        match (status, range) {
            (StatusCode::PARTIAL_CONTENT, Some(range)) if range.start == Some(have_bytes) => {
                store(response, part, have_bytes, bar)
            }
            (StatusCode::RANGE_NOT_SATISFIABLE, Some(range))
                if range.total_bytes == Some(have_bytes) =>
            {
                // All of it is here; only the unpacking was broken off.
                Ok(())
            }
            (StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE, _) => {
                // What is here is of another file.
                fs::remove_file(part).context("the broken download cannot be removed")?;
                Err(Fault::Passing(anyhow!("{url} has changed")))
            }
            (StatusCode::OK, _) => store(response, part, 0, bar),
            (StatusCode::NOT_FOUND | StatusCode::GONE, _) => Err(Fault::Lasting(anyhow!(
                "there is no file at {url} (HTTP {status}). Check --base-url: it is the address of the folder that holds the archive"
            ))),
            (StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS, _) => {
                Err(Fault::Passing(anyhow!("the host answered HTTP {status} for {url}")))
            }
            _ if status.is_server_error() => {
                Err(Fault::Passing(anyhow!("the host answered HTTP {status} for {url}")))
            }
            _ => Err(Fault::Lasting(anyhow!(
                "the host answered HTTP {status} for {url}. Check --base-url, or take another host"
            ))),
        }
    }
}

impl From<anyhow::Error> for Fault {
    /// Files of ours do not mend by waiting.
    fn from(error: anyhow::Error) -> Self {
        Self::Lasting(error)
    }
}

/// How a request without an answer failed.
fn fault(url: &str, error: ureq::Error) -> Fault {
    let is_lasting = matches!(
        error,
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::TooManyRedirects
    );
    let error = anyhow!(error).context(format!("{url} could not be reached"));
    if is_lasting {
        Fault::Lasting(error.context("check --base-url"))
    } else {
        Fault::Passing(error)
    }
}

pub fn size_bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

/// Writes a body after the bytes that are kept.
fn store(
    mut response: Response<Body>,
    part: &Path,
    kept_bytes: u64,
    bar: &ProgressBar,
) -> Result<(), Fault> {
    let total_bytes = response.body().content_length().map(|length| kept_bytes + length);
    let cannot_write =
        || format!("{} cannot be written; make room or give --out another folder", part.display());
    let file = OpenOptions::new().create(true).append(true).open(part);
    let mut file: File = file.with_context(cannot_write)?;
    file.set_len(kept_bytes).with_context(cannot_write)?;
    bar.set_length(total_bytes.unwrap_or_default());
    bar.set_position(kept_bytes);
    bar.reset_eta();

    let mut body = response.body_mut().as_reader();
    let mut loaded_bytes = kept_bytes;
    let mut chunk = vec![0; 64 << 10];
    loop {
        let broken = |error: io::Error| {
            let place = format!("the connection broke after {loaded_bytes} bytes");
            Fault::Passing(anyhow!(error).context(place))
        };
        let count = body.read(&mut chunk).map_err(broken)?;
        if count == 0 {
            break;
        }
        file.write_all(&chunk[..count]).with_context(cannot_write)?;
        loaded_bytes += count as u64;
        bar.set_position(loaded_bytes);
        if loaded_bytes > MAX_BYTES {
            return Err(Fault::Lasting(anyhow!(
                "the file is larger than {MAX_BYTES} bytes, and no CIFAR archive. Check --base-url"
            )));
        }
    }
    match total_bytes {
        Some(total_bytes) if loaded_bytes < total_bytes => Err(Fault::Passing(anyhow!(
            "the connection broke after {loaded_bytes} of {total_bytes} bytes"
        ))),
        _ => Ok(()),
    }
}

/// `Content-Range: bytes 100-199/200` or `bytes */200` (RFC 9110, 14.4).
#[derive(Debug, PartialEq, Eq)]
struct ContentRange {
    start: Option<u64>,
    total_bytes: Option<u64>,
}

fn content_range(response: &Response<Body>) -> Option<ContentRange> {
    let value = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    parse_content_range(value)
}

fn parse_content_range(value: &str) -> Option<ContentRange> {
    let (range, total) = value.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let start = range.split_once('-').and_then(|(start, _)| start.trim().parse().ok());
    Some(ContentRange { start, total_bytes: total.trim().parse().ok() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let range = |start, total_bytes| Some(ContentRange { start, total_bytes });
        for (value, expected) in [
            ("bytes 100-199/200", range(Some(100), Some(200))),
            ("bytes 0-9/*", range(Some(0), None)),
            ("bytes */200", range(None, Some(200))),
            ("items 1-2/3", None),
            ("bytes", None),
            ("", None),
        ] {
            assert_eq!(parse_content_range(value), expected, "{value}");
        }
    }

    proptest::proptest! {
        /// What a host says is from outside.
        #[test]
        fn any_range_is_read_or_refused(
            start: u64,
            length in 1_u64..1_000_000,
            total in proptest::option::of(proptest::num::u64::ANY),
            text in "(bytes)? ?[0-9*]{0,22}-?[0-9]{0,22}/?[0-9*]{0,22}|.{0,40}",
        ) {
            let end = start.saturating_add(length);
            let said = total.map_or("*".to_owned(), |total| total.to_string());
            let expected = ContentRange { start: Some(start), total_bytes: total };
            proptest::prop_assert_eq!(
                parse_content_range(&format!("bytes {start}-{end}/{said}")),
                Some(expected)
            );
            let _ = parse_content_range(&text);
        }
    }
}

//! Bytes from the static host: streamed, counted, limited. Natively, from a folder.

use crate::experiment::Setting;
use crate::protocol::Failure;

/// How far a file has come: bytes so far, and bytes in all where known.
pub type Progress<'a> = &'a dyn Fn(u64, Option<u64>);

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error("{}", t!("there is no file at {url} (HTTP {status})", url, status))]
    Missing { url: String, status: u16 },
    #[error("{}", t!("there is no file {path}", path))]
    NoFile { path: String },
    #[error("{}", t!("the host answered HTTP {status} for {url}", status, url))]
    Refused { url: String, status: u16 },
    #[error("{}", t!("{url} could not be reached ({reason})", url, reason))]
    Unreachable { url: String, reason: String },
    #[error("{}", t!("the host did not answer for {secs} seconds while {url} was being read", secs, url))]
    Silent { url: String, secs: u64 },
    #[error("{}", t!("the connection broke after {loaded_bytes} bytes of {url}", loaded_bytes, url))]
    Broken { url: String, loaded_bytes: usize },
    #[error("{}", t!("{url} is larger than the {max_bytes} bytes of an official file", url, max_bytes))]
    TooLarge { url: String, max_bytes: usize },
    #[error("{}", t!("“{url}” is not a URL", url))]
    BadUrl { url: String },
}

impl SourceError {
    /// The error with what to do about it.
    pub fn into_failure(self) -> Failure {
        let remedy = match &self {
            Self::Missing { .. } => {
                t!(
                    "Check the static host in the settings: it must hold the folder of the unpacked binary archive. To serve your own copy, run “cargo xtask serve --data DIR”. The built-in shapes need no data."
                )
            }
            Self::NoFile { .. } => {
                t!("Fetch the data with “proden data --out DIR” and give --data DIR.")
            }
            Self::Refused { .. } => t!("Try again later, or set another static host."),
            Self::Unreachable { .. } => {
                t!(
                    "Check the static host in the settings and your connection. Another site must allow this page to read it (CORS)."
                )
            }
            Self::Silent { .. } | Self::Broken { .. } => {
                t!("Check your connection and start again, or set another static host.")
            }
            Self::TooLarge { .. } => t!("Set a static host that holds the official binary files."),
            Self::BadUrl { .. } => {
                t!("Give the static host as a URL such as https://example.org/cifar/ or data/.")
            }
        };
        Failure::new(t!("The data could not be loaded: {error}.", error = self), remedy)
            .about(Setting::Data)
    }
}

/// What to read of a file.
#[derive(Debug, Clone, Copy)]
pub struct Want {
    /// Stop after so many bytes; the rest is not needed.
    pub enough_bytes: usize,
    /// A longer file is refused.
    pub max_bytes: usize,
}

#[cfg(all(feature = "engine", target_family = "wasm"))]
pub use browser::{absolute, message_of, read};
#[cfg(not(all(feature = "engine", target_family = "wasm")))]
pub use native::{absolute, read};

#[cfg(all(feature = "engine", target_family = "wasm"))]
mod browser {
    use std::pin::pin;
    use std::time::Duration;

    use futures_util::StreamExt;
    use futures_util::future::{Either, select};
    use js_sys::{Uint8Array, global};
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_futures::JsFuture;
    use wasm_streams::ReadableStream;
    use web_sys::{AbortController, DedicatedWorkerGlobalScope, RequestInit, Response, Url};

    use super::{Progress, SourceError, Want};
    use crate::engine::host;

    /// How long a host may say nothing.
    const PATIENCE_SECS: u64 = 15;

    /// Ends the download when it is dropped: because it is done, failed, or no longer wanted.
    struct Download(AbortController);

    impl Drop for Download {
        fn drop(&mut self) {
            self.0.abort();
        }
    }

    /// A base URL, which may be relative to the page's folder, as an absolute one.
    ///
    /// # Errors
    /// When it is no URL.
    pub fn absolute(base: &str) -> Result<String, SourceError> {
        let scope = global().unchecked_into::<DedicatedWorkerGlobalScope>();
        match Url::new_with_base(base, &scope.location().href()) {
            Ok(url) => Ok(url.href()),
            Err(_) => Err(SourceError::BadUrl { url: base.to_owned() }),
        }
    }

    /// What the browser says of an error.
    pub fn message_of(error: &JsValue) -> String {
        error.dyn_ref::<js_sys::Error>().map(|error| error.message().into()).unwrap_or_default()
    }

    /// Reads a file below a base URL, which may be relative to the page's folder.
    ///
    /// # Errors
    /// When the host is not there, has no such file, breaks off or falls silent.
    pub async fn read(
        base: &str,
        name: &str,
        want: Want,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, SourceError> {
        let scope = global().unchecked_into::<DedicatedWorkerGlobalScope>();
        let url = absolute(&format!("{base}{name}"))?;
        let reason = |error: JsValue| SourceError::Unreachable {
            url: url.clone(),
            reason: message_of(&error),
        };
        let download = Download(AbortController::new().map_err(reason)?);
        let init = RequestInit::new();
        init.set_signal(Some(&download.0.signal()));
        let fetched = JsFuture::from(scope.fetch_with_str_and_init(&url, &init));
        let response =
            patiently(&url, fetched).await?.map_err(reason)?.unchecked_into::<Response>();

        let status = response.status();
        match status {
            200..=299 => {}
            404 | 410 => return Err(SourceError::Missing { url, status }),
            _ => return Err(SourceError::Refused { url, status }),
        }
        stream(&url, &response, want, progress).await
    }

    async fn stream(
        url: &str,
        response: &Response,
        want: Want,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, SourceError> {
        let total = content_length(response);
        if total.is_some_and(|total| total > want.max_bytes as u64) {
            return Err(SourceError::TooLarge { url: url.to_owned(), max_bytes: want.max_bytes });
        }
        let total = total.map(|total| total.min(want.enough_bytes as u64));
        let mut bytes = Vec::new();
        progress(0, total);
        let Some(body) = response.body() else {
            return Ok(bytes);
        };
        let mut chunks = ReadableStream::from_raw(body).into_stream();
        while let Some(chunk) = patiently(url, chunks.next()).await? {
            let broken = |_| SourceError::Broken { url: url.to_owned(), loaded_bytes: bytes.len() };
            let chunk = chunk.map_err(broken)?.unchecked_into::<Uint8Array>();
            let start = bytes.len();
            bytes.resize(start + chunk.length() as usize, 0);
            chunk.copy_to(&mut bytes[start..]);
            progress(bytes.len().min(want.enough_bytes) as u64, total);
            if bytes.len() >= want.enough_bytes {
                bytes.truncate(want.enough_bytes);
                break;
            }
            if bytes.len() > want.max_bytes {
                return Err(SourceError::TooLarge {
                    url: url.to_owned(),
                    max_bytes: want.max_bytes,
                });
            }
        }
        Ok(bytes)
    }

    /// Of the bytes that will arrive: a compressed transfer's length says nothing of them.
    fn content_length(response: &Response) -> Option<u64> {
        let headers = response.headers();
        match headers.get("content-encoding") {
            Ok(None) => headers.get("content-length").ok()??.parse().ok(),
            _ => None,
        }
    }

    async fn patiently<F: Future>(url: &str, future: F) -> Result<F::Output, SourceError> {
        let silence = host::sleep(Duration::from_secs(PATIENCE_SECS));
        match select(pin!(future), pin!(silence)).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(_) => {
                Err(SourceError::Silent { url: url.to_owned(), secs: PATIENCE_SECS })
            }
        }
    }
}

#[cfg(not(all(feature = "engine", target_family = "wasm")))]
mod native {
    use std::io::{ErrorKind, Read};
    use std::path::Path;

    use super::{Progress, SourceError, Want};

    /// A folder, as it is.
    ///
    /// # Errors
    /// Never.
    pub fn absolute(base: &str) -> Result<String, SourceError> {
        Ok(base.to_owned())
    }

    /// Reads a file below a folder.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is too large.
    pub async fn read(
        base: &str,
        name: &str,
        want: Want,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, SourceError> {
        let path = Path::new(base).join(name);
        let url = path.display().to_string();
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => SourceError::NoFile { path: url.clone() },
            _ => SourceError::Unreachable { url: url.clone(), reason: error.to_string() },
        };
        let file = std::fs::File::open(&path).map_err(failed)?;
        let size_bytes = file.metadata().map_err(failed)?.len();
        if size_bytes > want.max_bytes as u64 {
            return Err(SourceError::TooLarge { url, max_bytes: want.max_bytes });
        }
        let mut bytes = Vec::new();
        file.take(want.enough_bytes as u64).read_to_end(&mut bytes).map_err(failed)?;
        progress(bytes.len() as u64, Some(bytes.len() as u64));
        Ok(bytes)
    }
}

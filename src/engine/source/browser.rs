//! A file from the static host.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_streams::ReadableStream;
use web_sys::{AbortController, Headers, RequestInit, Response, Url};

use super::attempts::{Answer, Attempts};
use super::{Progress, SourceError, Want};
use crate::engine::host::{self, scope};

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
    match Url::new_with_base(base, &scope().location().href()) {
        Ok(url) => Ok(url.href()),
        Err(_) => Err(SourceError::BadUrl { url: base.to_owned() }),
    }
}

/// What the browser says of an error.
pub fn message_of(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map(|error| error.message().into()).unwrap_or_default()
}

/// Reads a file below a base URL, which may be relative to the page's folder. What breaks off is
/// tried again, and goes on from where it was if the host can do that and the file is still the same.
///
/// # Errors
/// When the host is not there, has no such file, breaks off or falls silent, again and again.
pub async fn read(
    base: &str,
    name: &str,
    want: Want,
    progress: Progress<'_>,
) -> Result<Vec<u8>, SourceError> {
    let url = absolute(&format!("{base}{name}"))?;
    let mut attempts = Attempts::default();
    let mut file = Partial::default();
    while let Err(error) = attempt(&url, want, progress, &mut file).await {
        match attempts.pause_after(&error, file.bytes.len()) {
            Some(pause) => host::sleep(pause).await,
            None => return Err(error),
        }
    }
    Ok(file.bytes)
}

/// What has come of a file.
#[derive(Default)]
struct Partial {
    bytes: Vec<u8>,
    /// The answer that it began with.
    first: Answer,
}

async fn attempt(
    url: &str,
    want: Want,
    progress: Progress<'_>,
    file: &mut Partial,
) -> Result<(), SourceError> {
    let reason = |error: JsValue| SourceError::Unreachable {
        url: url.to_owned(),
        reason: message_of(&error),
    };
    let download = Download(AbortController::new().map_err(reason)?);
    let init = RequestInit::new();
    init.set_signal(Some(&download.0.signal()));
    if !file.bytes.is_empty() {
        // A range of this form is allowed to be asked of any host (Fetch, CORS-safelisted headers).
        let headers = Headers::new().map_err(reason)?;
        headers.set("range", &format!("bytes={}-", file.bytes.len())).map_err(reason)?;
        init.set_headers(&headers);
    }
    let fetched = JsFuture::from(scope().fetch_with_str_and_init(url, &init));
    let response = patiently(url, fetched).await?.map_err(reason)?.unchecked_into::<Response>();
    let status = response.status();
    match status {
        200..=299 => {}
        404 | 410 => return Err(SourceError::Missing { url: url.to_owned(), status }),
        // There is nothing after what we have: then it is not the file that we began with.
        416 if !file.bytes.is_empty() => return Err(begin_anew(url, file)),
        _ => return Err(SourceError::Refused { url: url.to_owned(), status }),
    }
    let answer = answer_of(&response);
    if !answer.goes_on(&file.first, file.bytes.len() as u64) {
        if answer.is_part {
            return Err(begin_anew(url, file));
        }
        *file = Partial { bytes: Vec::new(), first: answer };
    }
    stream(url, &response, want, progress, file).await
}

/// What has come so far is of no use.
fn begin_anew(url: &str, file: &mut Partial) -> SourceError {
    let loaded_bytes = std::mem::take(&mut file.bytes).len();
    SourceError::Broken { url: url.to_owned(), loaded_bytes }
}

async fn stream(
    url: &str,
    response: &Response,
    want: Want,
    progress: Progress<'_>,
    Partial { bytes, first }: &mut Partial,
) -> Result<(), SourceError> {
    let too_large = || SourceError::TooLarge { url: url.to_owned(), max_bytes: want.max_bytes };
    let total = first.total();
    if total.is_some_and(|total| total > want.max_bytes as u64) {
        return Err(too_large());
    }
    let total = total.map(|total| total.min(want.enough_bytes as u64));
    progress(bytes.len() as u64, total);
    let Some(body) = response.body() else {
        return Ok(());
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
            return Err(too_large());
        }
    }
    Ok(())
}

fn answer_of(response: &Response) -> Answer {
    let headers = response.headers();
    let told = |name: &str| headers.get(name).ok().flatten();
    Answer {
        is_part: response.status() == 206,
        length: content_length(response),
        range: told("content-range"),
        version: told("etag").or_else(|| told("last-modified")),
    }
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
        Either::Right(_) => Err(SourceError::Silent { url: url.to_owned(), secs: PATIENCE_SECS }),
    }
}

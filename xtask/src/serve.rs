//! `xtask serve`: dist/ on this machine, as a good static host would serve it.
//!
//! tower-http does the files: precompressed variants, byte ranges, types, dates, and the refusal
//! of paths that lead out of the folder. (A symbolic link *in* a served folder is followed: its
//! owner put it there.) What is added here: the app's routes, `/data/`, cache headers, and
//! `--base`, which proves that the site works from a sub-folder.

use crate::{project, site};
use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use clap::Args;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use tokio::net::TcpListener;
use tower::ServiceExt;
use tower_http::services::{ServeDir, ServeFile};

#[derive(Args)]
pub struct Options {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// A folder to serve at data/, such as one with cifar-10-batches-bin in it
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The sub-folder of the host to serve the site from
    #[arg(long, default_value = "/")]
    base: String,
    /// Serve the dist/ that is there
    #[arg(long)]
    no_build: bool,
}

pub fn run(options: &Options) -> Result<()> {
    if let Some(data) = &options.data {
        ensure!(data.is_dir(), "--data {}: there is no such folder", data.display());
    }
    if !options.no_build {
        site::build()?;
    }
    let dist = project::dist();
    ensure!(dist.join("index.html").is_file(), "there is no dist/ yet: run `cargo xtask build`");
    let base = normal_base(&options.base);
    let app = app(&Site { dist, data: options.data.clone(), base: base.clone() });

    let runtime = tokio::runtime::Runtime::new().context("cannot start the server")?;
    runtime.block_on(async {
        let listener = listen(options.port).await?;
        let port = listener.local_addr()?.port();
        println!("serving http://127.0.0.1:{port}{base}");
        // A harness waits for the line at the other end of a pipe.
        io::stdout().flush()?;
        axum::serve(listener, app).await.context("the server stopped")
    })
}

async fn listen(port: u16) -> Result<TcpListener> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    bound.with_context(|| {
        format!("cannot listen on port {port}; is another server on it? --port 0 takes a free one")
    })
}

struct Site {
    dist: PathBuf,
    data: Option<PathBuf>,
    /// Begins and ends with a slash.
    base: String,
}

/// "sub", "/sub" and "/sub/" are the same sub-folder.
fn normal_base(base: &str) -> String {
    match base.trim_matches('/') {
        "" => "/".to_owned(),
        inner => format!("/{inner}/"),
    }
}

fn app(site: &Site) -> Router {
    let files = || ServeDir::new(&site.dist).precompressed_br().precompressed_gzip();
    let index =
        ServeFile::new(site.dist.join("index.html")).precompressed_br().precompressed_gzip();
    let mut inner = Router::new().fallback_service(files());
    for route in site::ROUTES {
        inner = inner.route_service(&format!("/{route}"), index.clone());
    }
    if let Some(data) = &site.data {
        let data = ServeDir::new(data).append_index_html_on_directories(false);
        inner = inner.nest_service("/data", data);
    }
    let inner = inner.layer(from_fn(add_headers));

    // Not `nest`: it does not tell "/sub" from "/sub/", and all of the page's addresses hang on
    // that slash.
    let base = site.base.clone();
    Router::new().fallback(move |request: Request| async move {
        match below(&base, request.uri()) {
            Place::Inside(uri) => {
                let (mut parts, body) = request.into_parts();
                parts.uri = uri;
                inner.oneshot(Request::from_parts(parts, body)).await.into_response()
            }
            Place::MissingSlash => Redirect::permanent(&base).into_response(),
            Place::Outside => not_found(request.uri().path()),
        }
    })
}

enum Place {
    /// With the base taken off.
    Inside(Uri),
    MissingSlash,
    Outside,
}

fn below(base: &str, uri: &Uri) -> Place {
    let path_and_query = uri.path_and_query().map_or("/", |it| it.as_str());
    let inside = path_and_query.strip_prefix(base).map(|rest| format!("/{rest}").parse());
    match inside {
        Some(Ok(uri)) => Place::Inside(uri),
        None if base.strip_suffix('/') == Some(uri.path()) => Place::MissingSlash,
        Some(Err(_)) | None => Place::Outside,
    }
}

async fn add_headers(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        response = not_found(&path);
    }
    let cache = match response.status().is_success() {
        true => cache_control(&path),
        false => REVALIDATE,
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    isolate(headers);
    response
}

fn isolate(headers: &mut HeaderMap) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        // Together these give the page exact timers and shared memory.
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// In words, never the app's page: a missing file must not look like one that is there.
fn not_found(path: &str) -> Response {
    let mut response = (StatusCode::NOT_FOUND, format!("not found: {path}\n")).into_response();
    isolate(response.headers_mut());
    response
}

const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Kept, but asked for each time; the answer is mostly "304 Not Modified".
const REVALIDATE: &str = "no-cache";

/// Trunk puts a hash of the contents into most names: `ui-0f1e2d3c4b5a6978_bg.wasm`. The files of
/// the worker and those of /data/ have none.
fn cache_control(path: &str) -> &'static str {
    let file = path.rsplit('/').next().unwrap_or_default();
    let hash = file
        .rsplit_once('-')
        .and_then(|(_, tail)| tail.split(['.', '_']).next())
        .unwrap_or_default();
    // 64 bits, printed without leading zeros.
    let is_hash = (12..=16).contains(&hash.len())
        && hash.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
    match is_hash && !path.starts_with("/data/") {
        true => FOR_EVER,
        false => REVALIDATE,
    }
}

#[cfg(test)]
mod tests;

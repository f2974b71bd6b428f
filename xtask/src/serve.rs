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
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use std::fs;
    use tempfile::TempDir;

    const HASHED: &str = "/ui-0f1e2d3c4b5a6978_bg.wasm";

    /// A host's folder with a site, its data, and a file that is neither.
    fn host() -> TempDir {
        let host = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("secret.txt", "secret"),
            ("dist/index.html", "the app"),
            ("dist/train/index.html", "the app, one folder down"),
            ("dist/ui-0f1e2d3c4b5a6978_bg.wasm", "0123456789"),
            ("dist/worker.js", "plain"),
            ("dist/worker.js.br", "as brotli"),
            ("dist/worker.js.gz", "as gzip"),
            ("data/cifar-10-batches-bin/test_batch.bin", "0123456789"),
        ] {
            let path = host.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        host
    }

    struct Reply {
        status: u16,
        headers: HeaderMap,
        body: String,
    }

    impl Reply {
        fn header(&self, name: &str) -> &str {
            self.headers.get(name).map_or("", |value| value.to_str().unwrap())
        }
    }

    fn get_from(base: &str, path: &str, sent: &[(&str, &str)]) -> Reply {
        let host = host();
        let (dist, data) = (host.path().join("dist"), Some(host.path().join("data")));
        let app = app(&Site { dist, data, base: normal_base(base) });
        let mut request = Request::builder().uri(path);
        for (name, value) in sent {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let response = app.oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            Reply { status: parts.status.as_u16(), headers: parts.headers, body }
        })
    }

    fn get(path: &str) -> Reply {
        get_from("/", path, &[])
    }

    #[test]
    fn only_the_routes_get_the_page() {
        for path in ["/", "/train", "/classify?v=1", "/about"] {
            let reply = get(path);
            assert_eq!((reply.status, reply.body.as_str()), (200, "the app"), "{path}");
            assert_eq!(reply.header("content-type"), "text/html");
            assert_eq!(reply.header("cache-control"), REVALIDATE);
        }
        assert_eq!(get("/train/").body, "the app, one folder down");
        for path in ["/nothing", "/train.js", "/data/nothing.bin", "/data/", "/train/x"] {
            let reply = get(path);
            assert_eq!(reply.status, 404, "{path}");
            assert_eq!(reply.body, format!("not found: {path}\n"));
            assert!(reply.header("content-type").starts_with("text/plain"));
        }
    }

    #[test]
    fn nothing_outside_the_folders_is_served() {
        for path in [
            "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/data/../secret.txt",
            "/data/%2e%2e/secret.txt", "/data/..%2f..%2fsecret.txt", "/data/..%5csecret.txt",
            "//../secret.txt", "/data//etc/passwd", "/train/../../secret.txt",
        ] {
            let reply = get(path);
            assert_eq!(reply.status, 404, "{path}");
            assert_eq!(reply.body, format!("not found: {path}\n"));
        }
    }

    #[test]
    fn files_come_in_ranges_with_their_types() {
        let range = [("range", "bytes=2-4")];
        for (path, kind) in [
            (HASHED, "application/wasm"),
            ("/data/cifar-10-batches-bin/test_batch.bin", "application/octet-stream"),
        ] {
            let reply = get_from("/", path, &range);
            assert_eq!((reply.status, reply.body.as_str()), (206, "234"), "{path}");
            assert_eq!(reply.header("content-range"), "bytes 2-4/10");
            assert_eq!(reply.header("content-type"), kind);
        }
        assert_eq!(get_from("/", HASHED, &[("range", "bytes=99-")]).status, 416);
    }

    #[test]
    fn a_compressed_file_is_sent_to_who_takes_it() {
        for (accepted, sent, body) in
            [("gzip, br", "br", "as brotli"), ("gzip", "gzip", "as gzip"), ("", "", "plain")]
        {
            let reply = get_from("/", "/worker.js", &[("accept-encoding", accepted)]);
            assert_eq!((reply.header("content-encoding"), reply.body.as_str()), (sent, body));
            assert_eq!(reply.header("content-type"), "text/javascript");
            assert_eq!(reply.header("vary"), "accept-encoding");
        }
    }

    #[test]
    fn only_a_name_with_a_hash_is_cached_for_ever() {
        for path in [HASHED, "/ui-0f1e2d3c4b5a.js", "/main-f1e2d3c4b5a6978.css"] {
            assert_eq!(cache_control(path), FOR_EVER, "{path}");
        }
        for path in [
            "/", "/worker_bg.wasm", "/model-small.safetensors", "/snippets/proden-0f1e2d3c4b5a6978/a.js",
            "/ui-0f1e2d3c4b5a6978ff.js", "/ui-notahexnumber.js", "/data/x-0f1e2d3c4b5a6978.bin",
        ] {
            assert_eq!(cache_control(path), REVALIDATE, "{path}");
        }
        assert_eq!(get(HASHED).header("cache-control"), FOR_EVER);
        assert_eq!(get("/gone-0f1e2d3c4b5a6978.js").header("cache-control"), REVALIDATE);
    }

    #[test]
    fn an_unchanged_file_is_not_sent_again() {
        let date = get("/worker.js").header("last-modified").to_owned();
        // The file is written anew for each request, at most seconds later.
        let later = "Fri, 01 Jan 2100 00:00:00 GMT";
        assert!(!date.is_empty());
        assert_eq!(get_from("/", "/worker.js", &[("if-modified-since", later)]).status, 304);
    }

    #[test]
    fn the_page_is_isolated() {
        for path in ["/", "/worker.js", "/nothing"] {
            let reply = get(path);
            assert_eq!(reply.header("x-content-type-options"), "nosniff");
            assert_eq!(reply.header("cross-origin-opener-policy"), "same-origin");
            assert_eq!(reply.header("cross-origin-embedder-policy"), "require-corp");
        }
    }

    #[test]
    fn a_sub_folder_is_all_that_there_is() {
        for base in ["sub", "/sub", "/sub/"] {
            assert_eq!(get_from(base, "/sub/train?v=1", &[]).body, "the app");
            assert_eq!(get_from(base, "/sub/", &[]).body, "the app");
            assert_eq!(get_from(base, "/sub/data/cifar-10-batches-bin/test_batch.bin", &[]).status, 200);
            for path in ["/", "/train", "/worker.js", "/subway", "/data/cifar-10-batches-bin/test_batch.bin"] {
                assert_eq!(get_from(base, path, &[]).status, 404, "{path}");
            }
            let reply = get_from(base, "/sub", &[]);
            assert_eq!((reply.status, reply.header("location")), (308, "/sub/"));
        }
    }
}

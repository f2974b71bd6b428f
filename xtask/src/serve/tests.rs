//! The server as a browser sees it: requests against a host's folder of its own.

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
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/data/../secret.txt",
        "/data/%2e%2e/secret.txt",
        "/data/..%2f..%2fsecret.txt",
        "/data/..%5csecret.txt",
        "//../secret.txt",
        "/data//etc/passwd",
        "/train/../../secret.txt",
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
        "/",
        "/worker_bg.wasm",
        "/model-small.safetensors",
        "/snippets/proden-0f1e2d3c4b5a6978/a.js",
        "/ui-0f1e2d3c4b5a6978ff.js",
        "/ui-notahexnumber.js",
        "/data/x-0f1e2d3c4b5a6978.bin",
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
        assert_eq!(
            get_from(base, "/sub/data/cifar-10-batches-bin/test_batch.bin", &[]).status,
            200
        );
        for path in
            ["/", "/train", "/worker.js", "/subway", "/data/cifar-10-batches-bin/test_batch.bin"]
        {
            assert_eq!(get_from(base, path, &[]).status, 404, "{path}");
        }
        let reply = get_from(base, "/sub", &[]);
        assert_eq!((reply.status, reply.header("location")), (308, "/sub/"));
    }
}

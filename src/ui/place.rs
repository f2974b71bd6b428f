//! Where the page lies: all addresses hang on the folder of the site, whatever route is open.

use leptos::prelude::{document, window};
use wasm_bindgen::JsValue;

/// The site's folder as a URL, with its slash. index.html's `<base>` says where it is; the
/// browser keeps that as it was when the page was opened, so it holds for all routes.
pub fn base_url() -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_else(|| "/".to_owned());
    let path = base.split(['?', '#']).next().unwrap_or_default();
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    path[..end].to_owned()
}

/// The site's folder as the router wants it: `/sub`, or nothing for the root of a host.
pub fn router_base() -> String {
    let base = base_url();
    let path = web_sys::Url::new(&base).map(|url| url.pathname()).unwrap_or_default();
    path.trim_end_matches('/').to_owned()
}

/// The query of the page's address.
pub fn query() -> String {
    window().location().search().unwrap_or_default()
}

/// The fragment of the page's address, with its `#`.
pub fn fragment() -> String {
    window().location().hash().unwrap_or_default()
}

/// Replaces the query of the page's address. Where the browser refuses (some count how often
/// this is done), the address stays behind, which only a reload would show.
pub fn replace_query(query: &str) {
    replace(query, "");
}

/// The same, and the fragment stays.
pub fn replace_query_only(query: &str) {
    replace(query, &fragment());
}

fn replace(query: &str, fragment: &str) {
    let window = window();
    let path = window.location().pathname().unwrap_or_default();
    let mark = if query.is_empty() { "" } else { "?" };
    if let Ok(history) = window.history() {
        let state = history.state().unwrap_or(JsValue::NULL);
        // Relative addresses would hang on the site's folder, not on the route.
        let _ = history.replace_state_with_url(
            &state,
            "",
            Some(&format!("{path}{mark}{query}{fragment}")),
        );
    }
}

/// The page's address with another query, and a fragment if there is one.
pub fn address_with(query: &str, fragment: Option<&str>) -> String {
    let location = window().location();
    let origin = location.origin().unwrap_or_default();
    let path = location.pathname().unwrap_or_default();
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{origin}{path}?{query}{fragment}")
}

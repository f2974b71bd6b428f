//! The content security policy in the pages of the site: scripts of the site and no others, no
//! `eval` but WebAssembly, no other origin.
//!
//! It stands in the pages, since a static host may not let us set headers, and names the inline
//! scripts by their digests: Trunk writes one of them, and the routes have one more. The engine's
//! worker is not bound by a page's policy (a worker has that of its own response), and it alone
//! asks the data host that the visitor has chosen.
//!
//! Absent: Trusted Types, since Leptos 0.8 parses its templates with `innerHTML`; `frame-ancestors`,
//! which counts in headers only; and a ban on inline styles, which the bars of the microscope use.

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

/// What the policy stands behind: a policy binds what comes after it.
const ANCHOR: &str = r#"<meta charset="utf-8" />"#;
const INLINE: [&str; 2] = ["<script>", r#"<script type="module">"#];
const END: &str = "</script>";

/// The page with a policy that allows what is in it.
///
/// # Errors
/// When the page has lost its place for it, or a script does not end.
pub fn with_policy(page: &str) -> Result<String> {
    let (before, after) =
        page.split_once(ANCHOR).with_context(|| format!("the page has lost its {ANCHOR}"))?;
    let scripts = inline_scripts(after)?;
    let digests: String = scripts
        .into_iter()
        .map(|script| format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script))))
        .collect();
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{digests}; style-src 'self' 'unsafe-inline'; \
         img-src 'self' blob: data:; object-src 'none'; base-uri 'self'; form-action 'none'"
    );
    Ok(format!(
        "{before}{ANCHOR}\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\" />{after}"
    ))
}

/// The texts of the scripts that stand in the page itself.
fn inline_scripts(page: &str) -> Result<Vec<&str>> {
    let mut scripts = Vec::new();
    for start in INLINE {
        for (at, _) in page.match_indices(start) {
            let text = &page[at + start.len()..];
            let end = text.find(END).context("a script of the page does not end")?;
            scripts.push(&text[..end]);
        }
    }
    Ok(scripts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_named_by_their_digests() {
        let page = format!(
            "<head>{ANCHOR}<script>a</script><script src=\"b.js\"></script></head>\
             <script type=\"module\">b\n</script>"
        );
        let page = with_policy(&page).unwrap();
        // `printf a | openssl dgst -sha256 -binary | base64`, and the same of "b\n".
        for digest in [
            "'sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs='",
            "'sha256-AmOCmYm2/ZVPcrqvL8ZLwuLwHWktTecphuqAj26ZgT8='",
        ] {
            assert!(page.contains(digest), "{digest} in {page}");
        }
        assert_eq!(page.matches("'sha256-").count(), 2);
        let at = |text: &str| page.find(text).unwrap();
        assert!(at("Content-Security-Policy") < at("<script>"), "{page}");
    }

    #[test]
    fn a_page_without_its_place_or_with_half_a_script_is_refused() {
        assert!(with_policy("<head></head>").is_err());
        assert!(with_policy(&format!("{ANCHOR}<script>a")).is_err());
    }
}

//! Links: to the experiment, and to the experiment with its result; copied, handed to the system's
//! share sheet, or shown as a QR code.

use js_sys::{Object, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use super::copy::{Copied, CopiedLine, copy};
use super::icon::{self, Icon};
use super::small_button::SmallButton;
use crate::experiment::result::{self, SharedResult, qr};
use crate::ui::attention::call;
use crate::ui::state::{App, app};

#[component]
pub fn Share() -> impl IntoView {
    let app = app();
    let copied = RwSignal::new(Copied::No);
    let is_code_open = RwSignal::new(false);
    let has_result = Memo::new(move |_| result(app, result::MAX_POINTS).is_some());
    let copy_link = move |_| copy(t!("Link"), untrack(|| address(app, None)), copied);
    let copy_result = move |()| {
        let address = untrack(|| address(app, result(app, result::MAX_POINTS)));
        copy(t!("Link with result"), address, copied);
    };
    view! {
        <div class="share">
            <button type="button" class="button small" data-testid="share" title=t!("A link that holds all settings") on:click=copy_link>
                <Icon path=icon::SHARE />
                {t!("Copy link")}
            </button>
            <SmallButton
                test_id="share-result"
                text=t!("Copy link with result")
                title=t!("A link that also holds the curves of the newest run with these settings; nothing is put on a server")
                disabled=Signal::derive(move || !has_result.get())
                press=copy_result
            />
            <SmallButton
                test_id="share-sheet"
                text=t!("Send…")
                hidden=Signal::stored(!has_sheet())
                press=move |()| untrack(|| hand_over(app))
            />
            <button
                type="button"
                class="button small"
                data-testid="share-code"
                aria-expanded=move || is_code_open.get().to_string()
                on:click=move |_| is_code_open.update(|is_open| *is_open = !*is_open)
            >
                {t!("QR code")}
            </button>
            <CopiedLine copied />
            <Show when=move || is_code_open.get()>
                <Code />
            </Show>
        </div>
    }
}

/// The newest result of the form's settings.
fn result(app: App, max_points: usize) -> Option<SharedResult> {
    app.form.experiment.with(|experiment| app.result_of(experiment, max_points))
}

fn address(app: App, result: Option<SharedResult>) -> String {
    app.form.experiment.with(|experiment| app.address_of(experiment, result.as_ref()))
}

fn has_sheet() -> bool {
    let share = Reflect::get(&window().navigator(), &"share".into());
    share.is_ok_and(|share| share.is_function())
}

/// Gives the link, with its result where there is one, to the system's share sheet.
fn hand_over(app: App) {
    let address = address(app, result(app, result::MAX_POINTS));
    let data = Object::new();
    let title = Reflect::set(&data, &"title".into(), &t!("PRODEN: an experiment").into());
    let url = Reflect::set(&data, &"url".into(), &address.into());
    if let (Ok(true), Ok(true)) = (title, url)
        && let Some(shared) = call(&window().navigator(), "share", &data)
    {
        // A visitor who closes the sheet has changed their mind; that is no fault.
        spawn_local(async move { drop(JsFuture::from(shared).await) });
    }
}

/// The link as a QR code, with fewer points a curve: a telephone must be able to read it.
#[component]
fn Code() -> impl IntoView {
    let app = app();
    let code = Memo::new(move |_| {
        let result = result(app, result::MAX_POINTS_IN_CODE);
        let has_result = result.is_some();
        let address = address(app, result);
        let drawing = qr::draw(&address).or_else(|| qr::draw(&self::address(app, None)));
        drawing.map(|drawing| (drawing, has_result, address))
    });
    view! {
        <div class="qr" data-testid="qr" data-link=move || code.with(|code| code.as_ref().map(|(.., address)| address.clone()))>
            {move || code.get().map(|(drawing, has_result, _)| {
                let (words, hint) = if has_result {
                    (t!("QR code: the link with its result"), t!("The link with its result, to be opened with a telephone’s camera."))
                } else {
                    (t!("QR code: the link to these settings"), t!("The link to these settings, to be opened with a telephone’s camera."))
                };
                view! {
                    <svg viewBox=format!("0 0 {0} {0}", drawing.size) role="img" aria-label=words shape-rendering="crispEdges">
                        <rect width="100%" height="100%" fill="#fff" />
                        <path d=drawing.path fill="#000" />
                    </svg>
                    <p class="hint">{hint}</p>
                }
            })}
        </div>
    }
}

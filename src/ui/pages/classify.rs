//! The Classify page: photos, and what a network says of them: the site's, the one just trained,
//! that of an earlier run, or one from a file.

use leptos::prelude::*;

use crate::ui::components::error_box::ErrorBox;
use crate::ui::components::file_controls::{OpenFile, Opening};
use crate::ui::components::network_choice::NetworkChoice;
use crate::ui::components::photo_drop::PhotoDrop;
use crate::ui::components::prediction::Predictions;
use crate::ui::name_page;
use crate::ui::state::{App, app};

#[component]
pub fn ClassifyPage() -> impl IntoView {
    name_page(t!("Classify"));
    let app = app();
    app.look_for_networks();
    load_default(app);
    let failures = Memo::new(move |_| {
        let of_photos = app.photos.album.with(|album| album.failure.clone());
        let of_file = app.held.with(|held| held.failure.clone());
        let of_choice = app.choice.with(|choice| choice.failure.clone());
        [of_photos, of_file, of_choice].into_iter().flatten().collect::<Vec<_>>()
    });
    let hides_hint =
        Memo::new(move |_| app.has_network() || app.choice.with(|choice| choice.asked.is_some()));
    let hints = Memo::new(move |_| {
        app.choice.with(|choice| {
            let problems = [&choice.index_problem, &choice.kept_problem].into_iter().flatten();
            problems.map(|it| format!("{} {}", it.fault, it.remedy)).collect::<Vec<_>>()
        })
    });
    view! {
        <div class="classify-page">
            <section class="intro">
                <h1>{t!("What is in the picture?")}</h1>
                <p>{t!("A network of this site, one that you trained, or one from a file looks at your photos. Nothing is uploaded.")}</p>
            </section>
            <ErrorBox failures />
            <section class="card" aria-label=t!("Network")>
                <div class="card-head">
                    <h2>{t!("The network")}</h2>
                    <OpenFile />
                </div>
                <div class="no-network" hidden=hides_hint data-testid="no-network">
                    <p>{t!("There is no trained network in this tab yet. Train one first: with the built-in pictures it takes a few minutes, and it can classify even while it trains or after you stop it. Or open one that you saved.")}</p>
                    <a class="button primary" href=move || app.form.train_link()>{t!("Go to Train")}</a>
                </div>
                <NetworkChoice />
                <Opening />
                <ul class="notes" data-testid="network-notes" hidden=move || hints.with(Vec::is_empty)>
                    {move || hints.get().into_iter().map(|hint| view! { <li>{hint}</li> }).collect_view()}
                </ul>
            </section>
            <section class="card" aria-label=t!("Photos")>
                <PhotoDrop />
                <Predictions />
            </section>
        </div>
    }
}

/// A visitor without a network of their own gets the site's: it is fetched when they come here, so
/// that it is there when the first photo is.
fn load_default(app: App) {
    Effect::new(move || {
        if app.has_network() || app.is_active() {
            return;
        }
        if let Some(source) = app.choice.with(|choice| choice.default_source()) {
            app.choose(source);
        }
    });
}

//! The Classify page: a photo, and what the network just trained says of it.

use leptos::prelude::*;

use crate::ui::components::drop_zone::DropZone;
use crate::ui::components::error_box::ErrorBox;
use crate::ui::components::prediction::Prediction;
use crate::ui::name_page;
use crate::ui::state::{Photo, app};

#[component]
pub fn ClassifyPage() -> impl IntoView {
    name_page("Classify");
    let app = app();
    let failures = Memo::new(move |_| {
        app.photo.with(|photo| match photo {
            Photo::Refused(failure) => vec![failure.clone()],
            Photo::None | Photo::Asked { .. } | Photo::Answered(_) => Vec::new(),
        })
    });
    let classes = Memo::new(move |_| {
        app.run.with(|run| run.info.as_ref().map(|info| info.class_names.join(", ")))
    });
    view! {
        <div class="classify-page">
            <section class="intro">
                <h1>"What is in the picture?"</h1>
                <p>"The network that you trained in this tab looks at a photo of yours. The photo is not uploaded."</p>
            </section>
            <ErrorBox failures />
            <section class="card" hidden=app.has_network data-testid="no-network">
                <h2>"There is no trained network yet"</h2>
                <p>"A network lives in this tab only. Train one first; with the built-in pictures it takes a few minutes, and it can classify even while it trains or after you stop it."</p>
                <a class="button primary" href="train">"Go to Train"</a>
            </section>
            <section class="card">
                <p class="hint" hidden=move || !app.has_network.get()>
                    "This network knows: " {move || classes.get()} ". Whatever you show it, it will answer with one of these."
                </p>
                <DropZone />
                <Prediction />
            </section>
        </div>
    }
}

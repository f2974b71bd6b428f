//! The Classify page: a photo, and what a network says of it: the one just trained, or one from a
//! file.

use leptos::prelude::*;

use crate::ui::components::error_box::ErrorBox;
use crate::ui::components::file_controls::{OpenFile, Opening};
use crate::ui::components::network_in_use::NetworkChoice;
use crate::ui::components::photo_drop::PhotoDrop;
use crate::ui::components::prediction::Prediction;
use crate::ui::name_page;
use crate::ui::state::{Photo, app};

#[component]
pub fn ClassifyPage() -> impl IntoView {
    name_page(t!("Classify"));
    let app = app();
    let failures = Memo::new(move |_| {
        let of_photo = app.photo.with(|photo| match photo {
            Photo::Refused(failure) => Some(failure.clone()),
            Photo::None | Photo::Asked { .. } | Photo::Answered(_) => None,
        });
        let of_file = app.held.with(|held| held.failure.clone());
        of_photo.into_iter().chain(of_file).collect::<Vec<_>>()
    });
    let has_network = Memo::new(move |_| app.has_network());
    view! {
        <div class="classify-page">
            <section class="intro">
                <h1>"What is in the picture?"</h1>
                <p>"A network that you trained in this tab, or one from a file, looks at a photo of yours. Neither is uploaded."</p>
            </section>
            <ErrorBox failures />
            <section class="card" aria-label="Network">
                <div class="card-head">
                    <h2>"The network"</h2>
                    <OpenFile />
                </div>
                <div class="no-network" hidden=has_network data-testid="no-network">
                    <p>"There is no trained network in this tab yet. Train one first: with the built-in pictures it takes a few minutes, and it can classify even while it trains or after you stop it. Or open one that you saved."</p>
                    <a class="button primary" href="train">"Go to Train"</a>
                </div>
                <NetworkChoice />
                <Opening />
            </section>
            <section class="card" aria-label="Photo">
                <PhotoDrop />
                <Prediction />
            </section>
        </div>
    }
}

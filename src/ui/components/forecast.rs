//! How long the run takes, a way out where that is long, and the wish to be told of its end.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::experiment::forecast::about;
use crate::experiment::smaller::{self, Measured, Offer};
use crate::ui::attention::{self, Wish};
use crate::ui::state::{App, app};

#[component]
pub fn ForecastLine() -> impl IntoView {
    let app = app();
    let forecast = Memo::new(move |_| app.run.with(|run| run.forecast()));
    let is_active = Memo::new(move |_| app.is_active());
    // In words, which change seldom.
    let sentence =
        Memo::new(move |_| forecast.get().map(|it| smaller::sentence(it.total_secs, it.left_secs)));
    let total = move || forecast.get().map(|it| it.total_secs.to_string());
    view! {
        <div class="forecast" hidden=move || !is_active.get()>
            <p>
                <span data-testid="forecast" data-value=total>
                    {move || sentence.get().unwrap_or_else(|| t!("How long it takes is known after the first steps."))}
                </span>
                " "
                <Notify />
            </p>
            <Offers app />
        </div>
    }
}

/// Smaller settings, for a run of its own that takes long.
#[component]
fn Offers(app: App) -> impl IntoView {
    // Made once a run: offers that moved under the pointer would be hit by mistake.
    let is_long = Memo::new(move |_| {
        let is_long =
            app.run.with(|run| run.forecast().is_some_and(|it| smaller::is_long(it.left_secs)));
        is_long && app.runs.turn.get().is_none()
    });
    let offers = Memo::new(move |_| {
        let measured =
            is_long.get().then(|| app.run.with_untracked(|run| run.measured())).flatten();
        measured.as_ref().map(Measured::offers).unwrap_or_default()
    });
    let item = move |offer: Offer| {
        let Offer { title, experiment, expected_secs } = offer;
        view! {
            <button
                type="button"
                class="button small offer"
                data-testid="offer"
                data-value=expected_secs.to_string()
                on:click=move |_| app.start_instead(experiment.clone())
            >
                {title}
                <span class="offer-time">{about(expected_secs)}</span>
            </button>
        }
    };
    view! {
        <div class="offers" hidden=move || offers.with(Vec::is_empty)>
            <p class="hint">{t!("That is long. A smaller run shows the same thing; each of these starts at once in its place:")}</p>
            <div class="queue-buttons">{move || offers.get().into_iter().map(item).collect_view()}</div>
        </div>
    }
}

/// A switch, because a browser asks its visitor only on a click.
#[component]
fn Notify() -> impl IntoView {
    let wish = RwSignal::new(attention::wish());
    let toggle = move |_| {
        let wanted = wish.get_untracked() != Wish::Yes;
        spawn_local(async move {
            let told = attention::set_wish(wanted).await;
            // The page may have been left meanwhile.
            let _ = wish.try_set(told);
        });
    };
    view! {
        <button
            type="button"
            class="text-button"
            data-testid="notify"
            aria-pressed=move || (wish.get() == Wish::Yes).to_string()
            hidden=move || wish.get() == Wish::Impossible
            disabled=move || wish.get() == Wish::Denied
            on:click=toggle
        >
            {move || match wish.get() {
                Wish::Yes => t!("You will be told when it is done"),
                Wish::Denied => t!("This browser was told not to notify you"),
                Wish::No | Wish::Impossible => t!("Tell me when it is done"),
            }}
        </button>
    }
}

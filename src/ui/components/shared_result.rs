//! The result that a link told of: what it was, a way to run it again, and how far the two agree.

use leptos::prelude::*;

use super::small_button::SmallButton;
use crate::experiment::result::agreement::Verdict;
use crate::ui::shared::Received;
use crate::ui::state::app;

#[component]
pub fn SharedResultCard() -> impl IntoView {
    let app = app();
    let received = app.shared.received;
    let is_active = Memo::new(move |_| app.is_active());
    let agreement = Memo::new(move |_| app.agreement());
    let about = move || received.with(|it| it.as_ref().map(|it| it.result.sentence()));
    let verdict = move || {
        agreement.with(|agreement| match agreement.as_ref().map(|it| it.verdict()) {
            None => "none",
            Some(Verdict::Same) => "same",
            Some(Verdict::Close) => "close",
            Some(Verdict::Different) => "different",
        })
    };
    let run_again = move |()| {
        if let Some(Received { experiment, .. }) = received.get_untracked() {
            app.form.experiment.set(experiment.clone());
            app.start(experiment);
        }
    };
    let differences = move || {
        let agreement = agreement.get();
        let lines = agreement.into_iter().flat_map(|agreement| agreement.differences);
        let item = |it: crate::experiment::result::agreement::Difference| {
            let name = it.measure.title();
            view! { <li data-measure=name data-largest=it.largest.to_string() data-mean=it.mean.to_string()>{it.sentence()}</li> }
        };
        lines.map(item).collect_view()
    };
    view! {
        <section
            class="card shared-result"
            aria-label=t!("Shared result")
            data-testid="shared-result"
            data-verdict=verdict
            hidden=move || received.with(Option::is_none)
        >
            <h2>{t!("A shared result")}</h2>
            <p>{about}</p>
            <p class="hint">{t!("Its curves are the dashed ones in the chart of runs below. They came in the link itself; no server holds them.")}</p>
            <div class="queue-buttons">
                <SmallButton test_id="run-shared" text=t!("Run it again here") is_primary=true disabled=is_active press=run_again />
                <SmallButton test_id="dismiss-shared" text=t!("Close") press=move |()| app.shared.dismiss(app.form) />
            </div>
            <div role="status">
                <p class="verdict" hidden=move || agreement.with(Option::is_none)>
                    {move || agreement.with(|it| it.as_ref().map(|it| it.sentence()))}
                </p>
            </div>
            <ul class="agreement">{differences}</ul>
        </section>
    }
}

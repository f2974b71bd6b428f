//! The card of a network that the site offers: what it learnt from, how good and how honest it is.

use leptos::prelude::*;

use crate::experiment::calibration::BINS;
use crate::experiment::hosted::{Card, Entry, FOLDER};
use crate::experiment::language::translated;
use crate::experiment::{link, words};
use crate::ui::state::app;

#[component]
pub fn NetworkCard(entry: Entry) -> impl IntoView {
    let app = app();
    app.fetch_card(entry.clone());
    let name = entry.name.clone();
    let card = Memo::new(move |_| app.choice.with(|choice| choice.cards.get(&name).cloned()));
    let file = StoredValue::new(format!("{FOLDER}{}", entry.card));
    move || match card.get() {
        None => ().into_any(),
        Some(Err(failure)) => view! {
            <p class="hint" data-testid="card-problem">{failure.fault}" "{failure.remedy}</p>
        }
        .into_any(),
        Some(Ok(card)) => view! { <Facts card file=file.get_value() /> }.into_any(),
    }
}

#[component]
fn Facts(card: Card, file: String) -> impl IntoView {
    let app = app();
    let share = card.test_accuracy.share;
    let experiment = link::from_query(&card.settings).experiment;
    let settings = format!("train?{}", app.speech.query_of(&experiment));
    let facts = facts(&card).into_iter().map(|(term, text)| {
        view! {
            <dt>{term}</dt>
            <dd>{text}</dd>
        }
    });
    let notes = card.notes.iter().map(|note| view! { <li>{note.clone()}</li> }).collect_view();
    view! {
        <p class="network-score">
            <strong data-testid="card-accuracy" data-value=share>{words::percent(share)}</strong>
            " "
            {t!("right on {n} test image" | "right on {n} test images" % card.test_accuracy.n)}
        </p>
        <details class="network-card" data-testid="model-card">
            <summary>{t!("What it learnt from, and how far to trust it")}</summary>
            <dl>{facts.collect_view()}</dl>
            <ul class="notes" hidden=card.notes.is_empty()>{notes}</ul>
            <p>
                <a href=settings on:click=move |_| app.form.replace(experiment.clone())>{t!("Its settings, on the Train page")}</a>
                " · "
                <a href=file rel="external" target="_blank">{t!("The whole card (JSON)")}</a>
            </p>
        </details>
    }
}

/// The card in words: terms and texts.
fn facts(card: &Card) -> Vec<(String, String)> {
    let labels = t!(
        "{method}: candidates {candidates}, rate {rate}",
        method = translated(card.ambiguity.method.title()),
        candidates = translated(card.ambiguity.candidates.title()).to_lowercase(),
        rate = card.ambiguity.rate
    );
    let data = t!(
        "{dataset}, {n} training image"
            | "{dataset}, {n} training images" % card.data.training_images,
        dataset = translated(card.data.dataset.title())
    );
    let training = t!(
        "{n} epoch, {time} on {machine}; seed {seeds}"
            | "{n} epochs, {time} on {machine}; seed {seeds}" % card.epochs,
        time = words::duration(card.elapsed_secs),
        machine = card.machine,
        seeds = card.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
    );
    let found = card.label_accuracy.map(|share| {
        let text = t!("{share} of the training images’ true labels", share = words::percent(share));
        (t!("Labels found"), text)
    });
    let mut facts = vec![(t!("Data"), data), (t!("Labels"), labels)];
    facts.extend(found);
    facts.push((t!("Training"), training));
    facts.extend([(t!("Calibration"), calibration(card)), (t!("None of them"), threshold(card))]);
    facts
}

fn calibration(card: &Card) -> String {
    let facts = &card.calibration;
    t!(
        "Its probabilities are off by {error} on average (without the temperature {temperature}: {before}), over {bins} bins, measured on {images} test images that it was not calibrated with",
        error = words::percent(facts.ece),
        temperature = words::significant(facts.calibration.temperature),
        before = words::percent(facts.ece_before),
        bins = BINS,
        images = words::count(facts.measured_on as u64)
    )
}

fn threshold(card: &Card) -> String {
    let facts = &card.calibration;
    let share = |share: Option<f64>| share.map(words::percent);
    let parts = [
        share(facts.right_passed)
            .map(|it| t!("lets {share} of the right answers pass", share = it)),
        share(facts.wrong_held_back)
            .map(|it| t!("holds back {share} of the wrong ones", share = it)),
        facts.shapes_held_back.map(|it| {
            t!(
                "holds back {share} of {n} pictures of other things",
                share = words::percent(it.share),
                n = words::count(it.n as u64)
            )
        }),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    t!(
        "A guess below {threshold} is not believed; that {effects}",
        threshold = words::percent(facts.calibration.threshold),
        effects = parts.join(&t!(", "))
    )
}

//! What of the recorded batch is looked at: the picture, the epoch, the candidates.

use leptos::ev;
use leptos::prelude::*;

use super::Bench;
use crate::experiment::explain;
use crate::ui::components::samples::TrueMark;
use crate::ui::components::small_button::SmallButton;
use crate::ui::pixels::Picture;

#[component]
pub fn Pictures(bench: Bench) -> impl IntoView {
    let choices = bench.record.with_value(|record| {
        let images = record.images.iter().enumerate();
        let choices = images.map(|(at, image)| {
            let label = t!("Training image {image}", image = image.index);
            let is_chosen = move || bench.image.get() == at;
            view! {
                <label class="bench-picture">
                    <input
                        type="radio"
                        class="visually-hidden"
                        name="bench-picture"
                        prop:checked=is_chosen
                        on:change=move |_| bench.image.set(at)
                    />
                    <Picture planes=image.pixels.clone() label=label />
                </label>
            }
        });
        choices.collect_view()
    });
    view! {
        <fieldset class="bench-pictures" data-testid="bench-pictures">
            <legend>{t!("The picture")}</legend>
            {choices}
        </fieldset>
    }
}

#[component]
pub fn EpochSlider(bench: Bench) -> impl IntoView {
    let passes = bench.record.with_value(|record| record.passes());
    let go_to = move |event: ev::Event| {
        if let Ok(epoch) = event_target_value(&event).parse::<usize>() {
            bench.pass.set(epoch.clamp(1, passes) - 1);
        }
    };
    let epoch = move || bench.pass.get() + 1;
    let step = move || {
        let (image, pass) = (bench.image.get(), bench.pass.get());
        bench.record.with_value(|record| record.images[image].passes[pass].step)
    };
    view! {
        <label class="bench-epoch">
            <span>{move || t!("Epoch {epoch} of {epochs}, step {step}", epoch = epoch(), epochs = passes, step = step())}</span>
            <input type="range" data-testid="bench-epoch" min="1" max=passes step="1" prop:value=epoch on:input=go_to />
        </label>
    }
}

#[component]
pub fn Candidates(bench: Bench) -> impl IntoView {
    let names = bench.record.with_value(|record| record.class_names.clone());
    let boxes = names.into_iter().enumerate().map(|(class, name)| {
        let is_in = Memo::new(move |_| bench.sets.with(|sets| sets[bench.image.get()][class]));
        // The last candidate stays: without one a set says nothing.
        let is_last = Memo::new(move |_| {
            bench.sets.with(|sets| explain::is_alone(&sets[bench.image.get()], class))
        });
        let is_true = Memo::new(move |_| {
            bench.record.with_value(|record| record.images[bench.image.get()].label == class)
        });
        view! {
            <label class="bench-candidate" class:is-in=is_in>
                <input
                    type="checkbox"
                    prop:checked=is_in
                    disabled=is_last
                    data-testid="bench-candidate"
                    data-class=class
                    on:change=move |_| bench.toggle(class)
                />
                <span>{name}</span>
                {move || is_true.get().then(|| view! { <TrueMark /> })}
            </label>
        }
    });
    let is_changed = Memo::new(move |_| {
        bench.record.with_value(|record| bench.sets.with(|sets| *sets != super::own_sets(record)))
    });
    view! {
        <fieldset class="bench-candidates">
            <legend>{t!("Its candidates")}</legend>
            {boxes.collect_view()}
            <SmallButton
                test_id="bench-reset"
                text=t!("The run’s own sets")
                press=move |()| bench.reset()
                hidden=Signal::derive(move || !is_changed.get())
            />
        </fieldset>
    }
}

//! The formula of each step, for the eye and for the ear.

use leptos::prelude::*;

use crate::experiment::explain::step::Step;

/// What a step computes; nothing where it computes nothing.
pub fn formula_of(step: Step) -> Option<AnyView> {
    let (spoken, shown) = match step {
        Step::Candidates | Step::Epochs => return None,
        Step::Softmax => (
            t!("p j equals e to the z j, divided by the sum over all classes k of e to the z k"),
            view! {
                <var>"p"<sub>"j"</sub></var>" = "
                <span class="fraction"><span>"e"<sup><var>"z"<sub>"j"</sub></var></sup></span><span>"Σ"<sub><var>"k"</var></sub>" e"<sup><var>"z"<sub>"k"</sub></var></sup></span></span>
            }
            .into_any(),
        ),
        Step::Mask => (
            t!("p j stays for j in S, and becomes zero for all others"),
            view! {
                <var>"p"<sub>"j"</sub></var>" · ["<var>"j"</var>" ∈ "<var>"S"</var>"]"
            }
            .into_any(),
        ),
        Step::Renormalise => (
            t!("w j becomes p j divided by the sum over k in S of p k"),
            view! {
                <var>"w"<sub>"j"</sub></var>" ← "
                <span class="fraction"><span><var>"p"<sub>"j"</sub></var></span><span>"Σ"<sub><var>"k"</var>" ∈ "<var>"S"</var></sub>" "<var>"p"<sub>"k"</sub></var></span></span>
            }
            .into_any(),
        ),
        Step::Loss => (
            t!("The loss equals minus the sum over j in S of the stored w j times log p j"),
            view! {
                <var>"ℓ"</var>" = − Σ"<sub><var>"j"</var>" ∈ "<var>"S"</var></sub>" "<var>"w"<sub>"j"</sub></var>" log "<var>"p"<sub>"j"</sub></var>
            }
            .into_any(),
        ),
    };
    Some(view! { <p class="formula" role="math" aria-label=spoken>{shown}</p> }.into_any())
}

//! The About page: what partial labels are, what PRODEN does with a batch, number by number, and
//! what this page does with data.

use leptos::prelude::*;

use crate::ui::components::explained::Section;
use crate::ui::components::worked_batch::WorkedBatch;
use crate::ui::name_page;

#[component]
pub fn AboutPage() -> impl IntoView {
    name_page(t!("About"));
    view! {
        <article class="prose card">
            <h1>{t!("Learning from ambiguous labels")}</h1>
            <PartialLabels />
            <Method />
            <OneBatch />
            <WhatIsMeasured />
            <InYourBrowser />
            <Sources />
        </article>
    }
}

#[component]
fn PartialLabels() -> impl IntoView {
    view! {
        <h2 id=Section::PartialLabels.id()>{t!("Partial labels")}</h2>
        <p>{t!("To label a picture exactly is costly. It is much cheaper to say what it might be: three people give three answers, a caption names four things, an automatic tagger hesitates. What comes of it is a partial label: a set of candidates, one of which is true, and nobody says which.")}</p>
        <p>{t!("This page makes such labels from data sets whose true labels are known. Each wrong label joins an image’s candidate set with probability q, the ambiguity. The true labels are kept aside, to measure afterwards how many were found.")}</p>
    }
}

#[component]
fn Method() -> impl IntoView {
    view! {
        <h2 id=Section::Method.id()>{t!("What PRODEN does")}</h2>
        <p>{t!("PRODEN (progressive identification of true labels) lets the network disambiguate its own training labels. It holds, for each image i, a confidence w in each candidate label j of its set S. At first all candidates are trusted equally. The network learns by minimising the cross-entropy, weighted by the confidences:")}</p>
        <p class="formula" role="math" aria-label=t!("L equals minus one over n, sum over i, sum over j in S i, w i j times log p i j")>
            <var>"L"</var>" = − "<span class="fraction"><span>"1"</span><span><var>"n"</var></span></span>" Σ"<sub><var>"i"</var></sub>" Σ"<sub><var>"j"</var>" ∈ "<var>"S"</var><sub>"i"</sub></sub>" "<var>"w"<sub>"ij"</sub></var>" log "<var>"p"<sub>"ij"</sub></var>
        </p>
        <p>{t!("where p, the softmax of the network’s scores, are its probabilities. From the same pass, the confidences move to what the network now believes of the candidates:")}</p>
        <p class="formula" role="math" aria-label=t!("w i j becomes p i j divided by the sum over k in S i of p i k, for j in S i")>
            <var>"w"<sub>"ij"</sub></var>" ← "<span class="fraction"><span><var>"p"<sub>"ij"</sub></var></span><span>"Σ"<sub><var>"k"</var>" ∈ "<var>"S"</var><sub>"i"</sub></sub>" "<var>"p"<sub>"ik"</sub></var></span></span>" , "<var>"j"</var>" ∈ "<var>"S"<sub>"i"</sub></var>
        </p>
        <p>{t!("Labels outside the set stay at zero. Among images that look alike the wrong candidates differ from one to the next, while the true one recurs. So the network’s belief leans to the true one, the confidences follow, and the next step learns from better labels.")}</p>
        <p>{t!("Two baselines show what that is worth: “Average” keeps all candidates equal to the end, and “Supervised” is told the true labels.")}</p>
    }
}

#[component]
fn OneBatch() -> impl IntoView {
    view! {
        <h2 id=Section::WorkedBatch.id()>{t!("One batch, worked through")}</h2>
        <p>{t!("Four pictures of the first batch of the default run, with the numbers that the trainer had for them: once in each of its ten epochs. Choose a picture and an epoch, and go through the steps. If you change the candidates, the recorded logits stay, and all that is computed from them follows.")}</p>
        <WorkedBatch />
    }
}

#[component]
fn WhatIsMeasured() -> impl IntoView {
    view! {
        <h2 id=Section::Measured.id()>{t!("What is measured")}</h2>
        <dl>
            <dt>{t!("Test accuracy")}</dt>
            <dd>{t!("The share of unseen images that the network classifies rightly, after each epoch: the last one, the best one, and the mean of the last ten epochs.")}</dd>
            <dt>{t!("Label accuracy")}</dt>
            <dd>{t!("The share of training images whose most trusted candidate is the true label.")}</dd>
            <dt>{t!("Mean confidence")}</dt>
            <dd>{t!("The largest confidence of an image, on average: how decided the labels are.")}</dd>
            <dt>{t!("Confidently wrong")}</dt>
            <dd>{t!("The share of training images that hold a wrong label with a confidence over 0.9.")}</dd>
        </dl>
    }
}

#[component]
fn InYourBrowser() -> impl IntoView {
    view! {
        <h2 id=Section::Browser.id()>{t!("In your browser")}</h2>
        <p>{t!("Nothing is uploaded: no image, no label, no result, and there are no cookies and no statistics. The page is a set of static files. It loads them from where it lies, and data sets from there, from the host that you name, or from files that you give. Data sets are kept in the browser’s own storage until you clear them, so that nothing is fetched twice.")}</p>
        <p>{t!("Training runs in a worker beside the page, on the graphics card through WebGPU where the browser has it, or on the CPU otherwise. “Automatic” takes the CPU where WebGPU is only imitated in software, which is slower. A slim network and small pictures suit a laptop; the published network on all of CIFAR-10 needs a strong graphics card and hours.")}</p>
        <p>{t!("A run survives its tab: after each epoch, or once a minute, its state is kept in the browser’s own storage. Closed, reloaded or crashed in between, the page offers to continue, and comes to the same numbers.")}</p>
        <p>
            {t!("The program is written in Rust and compiled to WebAssembly, on these two:")}
            " "<a href="https://burn.dev" rel="noreferrer">"Burn"</a>", "<a href="https://leptos.dev" rel="noreferrer">"Leptos"</a>" "
            {t!("The same core runs on the command line. One seed decides the candidate sets, the first weights and the order of the images, so a shared link repeats a run: on the CPU to the same numbers, bit for bit, in the page and on the command line, where “proden train --link” says how far a shared result is found again.")}
        </p>
        <p>{t!("What you trained can be saved: the network alone, as a safetensors file whose parameters have PyTorch’s names, or the whole run as a checkpoint, which goes on exactly as if it had not stopped.")}</p>
    }
}

#[component]
fn Sources() -> impl IntoView {
    view! {
        <h2>{t!("Source and licence")}</h2>
        <p class="citation" lang="en">"Jiaqi Lv, Miao Xu, Lei Feng, Gang Niu, Xin Geng and Masashi Sugiyama. "<cite>"Progressive Identification of True Labels for Partial-Label Learning."</cite>" International Conference on Machine Learning (ICML), 2020. "<a href="https://proceedings.mlr.press/v119/lv20a.html" rel="noreferrer">"Paper"</a></p>
        <p>{t!("CIFAR-10 and CIFAR-100 were collected by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton. The built-in shapes are drawn by this program.")}</p>
        <p>{t!("This program is free software under the MIT licence or the Apache licence 2.0, as you choose.")}</p>
    }
}

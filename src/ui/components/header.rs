//! The frame around every page.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::field::focus_quietly;
use crate::experiment::language::Language;
use crate::ui::place;
use crate::ui::state::app;
use crate::ui::theme::Theme;

const TRAIN: &str = "train";

#[component]
pub fn Header() -> impl IntoView {
    let path = use_location().pathname;
    let form = app().form;
    let pages = [(TRAIN, t!("Train")), ("classify", t!("Classify")), ("about", t!("About"))];
    let links = pages.into_iter().map(|(route, title)| {
        let is_here = move || path.with(|path| route_of(path) == route);
        let href = move || match route {
            TRAIN => form.train_link(),
            _ => route.to_owned(),
        };
        view! { <a href=href aria-current=move || is_here().then_some("page")>{title}</a> }
    });
    view! {
        <header class="site-header">
            <a class="brand" href=move || form.train_link()>
                <Logo />
                <span class="brand-name">{t!("PRODEN")}</span>
            </a>
            <nav aria-label=t!("Pages")>{links.collect_view()}</nav>
            <LanguageSwitch />
            <ThemeToggle />
        </header>
    }
}

/// The root is the Train page.
fn route_of(path: &str) -> &str {
    let path = path.strip_prefix(&place::router_base()).unwrap_or(path);
    match path.trim_matches('/') {
        "" | "index.html" => TRAIN,
        route => route,
    }
}

#[component]
fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
            <rect class="logo-bar" x="4" y="5" width="11" height="5" rx="2.5" />
            <rect class="logo-bar logo-true" x="4" y="13.5" width="24" height="5" rx="2.5" />
            <rect class="logo-bar" x="4" y="22" width="6" height="5" rx="2.5" />
        </svg>
    }
}

/// Offers the other language by its own name, in its own script: who needs it can read that.
#[component]
fn LanguageSwitch() -> impl IntoView {
    const ID: &str = "language";
    let app = app();
    let other = move || {
        let current = app.speech.language.get();
        Language::ALL.iter().copied().find(|&language| language != current).unwrap_or_default()
    };
    let switch = move |_| {
        app.choose_language(untrack(other));
        // The button that was pressed is drawn anew.
        request_animation_frame(|| focus_quietly(ID));
    };
    view! {
        <button type="button" id=ID class="language-button" data-testid=ID lang=move || other().tag() on:click=switch>
            {move || other().title()}
        </button>
    }
}

#[component]
fn ThemeToggle() -> impl IntoView {
    let theme = RwSignal::new(Theme::current());
    let toggle = move |_| {
        let other = theme.get_untracked().other();
        other.choose();
        theme.set(other);
    };
    let label = move || match theme.get() {
        Theme::Light => t!("Switch to the dark theme"),
        Theme::Dark => t!("Switch to the light theme"),
    };
    view! {
        <button type="button" class="icon-button" data-testid="theme" aria-label=label title=label on:click=toggle>
            <svg viewBox="0 0 24 24" aria-hidden="true">
                <circle cx="12" cy="12" r="8.25" fill="none" stroke="currentColor" stroke-width="1.5" />
                <path d="M12 3.75a8.25 8.25 0 0 1 0 16.5z" fill="currentColor" />
            </svg>
        </button>
    }
}

#[component]
pub fn Footer() -> impl IntoView {
    view! {
        <footer class="site-footer">
            <p>{t!("Everything runs in your browser. No image and no result leaves it.")}</p>
            <p><a href="about">{t!("How it works")}</a></p>
        </footer>
    }
}

//! The page: Leptos on the main thread. It draws what the engine reports and sends what the
//! visitor asks; it knows no tensor.

mod attention;
mod classify;
mod client;
mod components;
mod files;
mod form;
mod lock;
mod measure;
mod pages;
mod pixels;
mod place;
mod runs;
mod scope;
mod screen;
mod share;
mod shared;
mod speech;
mod state;
mod storage;
mod survive;
mod theme;
mod turn;
mod worker;

use leptos::prelude::*;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::path;

use components::header::{Footer, Header};
use pages::about::AboutPage;
use pages::classify::ClassifyPage;
use pages::train::TrainPage;
use state::App;

/// Puts the app into the page.
pub fn mount() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        show_crash();
    }));
    theme::restore();
    files::stay_when_dropped();
    mount_to_body(Root);
}

#[component]
fn Root() -> impl IntoView {
    let app = App::new();
    provide_context(app);
    attention::attend(app);
    view! {
        <Router base=place::router_base()>
            // Drawn anew in another language; what is shown stands in `App` and stays.
            {move || {
                app.speech.language.track();
                view! { <Site /> }
            }}
        </Router>
    }
}

#[component]
fn Site() -> impl IntoView {
    view! {
        <a class="skip-link" href="#main" rel="external" on:click=focus_main>{t!("Skip to the content")}</a>
        <Header />
        <main id="main" tabindex="-1">
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=TrainPage />
                <Route path=path!("/train") view=TrainPage />
                <Route path=path!("/index.html") view=TrainPage />
                <Route path=path!("/classify") view=ClassifyPage />
                <Route path=path!("/about") view=AboutPage />
            </FlatRoutes>
        </main>
        <Footer />
    }
}

#[component]
fn NotFound() -> impl IntoView {
    name_page(t!("Not found"));
    view! {
        <section class="prose card">
            <h1>{t!("There is no such page")}</h1>
            <p>{t!("This site has three:")}</p>
            <ul>
                <li><a href=move || state::app().form.train_link()>{t!("Train")}</a></li>
                <li><a href="classify">{t!("Classify")}</a></li>
                <li><a href="about">{t!("About")}</a></li>
            </ul>
        </section>
    }
}

/// The page's name in the title of the browser's tab.
fn name_page(name: String) {
    state::app().page.set(name);
}

/// With a `<base>`, a link to a fragment would lead to the site's root.
fn focus_main(event: leptos::ev::MouseEvent) {
    event.prevent_default();
    components::field::focus("main");
}

/// The last message of a page that has crashed: without Leptos, which may be what crashed.
fn show_crash() {
    let document = document();
    let Ok(message) = document.create_element("p") else {
        return;
    };
    message.set_class_name("crash");
    let _ = message.set_attribute("role", "alert");
    message.set_text_content(Some(&t!(
        "This page has crashed: an error in its own program. Reload it to go on; the browser’s console says more."
    )));
    if let Some(body) = document.body() {
        let _ = body.prepend_with_node_1(&message);
    }
}

//! What the Classify page does: it asks the site which networks it offers, has one loaded, and has
//! the engine look at the photos, one after the other.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, Response};

use super::state::App;
use super::{files, place, storage};
use crate::experiment::album::Album;
use crate::experiment::held::HeldRun;
use crate::experiment::hosted::{Card, Entry, FOLDER, INDEX, Index};
use crate::experiment::words;
use crate::protocol::{Classification, Command, Failure, NetworkSource};

/// Far beyond any camera; reading more could take down the tab.
const MAX_FILE_BYTES: u64 = 60_000_000;
/// The image types that the engine decodes.
pub const TYPES: &str = "image/jpeg,image/png,image/webp";

/// The photos on the Classify page.
#[derive(Clone, Copy)]
pub struct Photos {
    pub album: RwSignal<Album>,
    /// The files of those that can be looked at, by their request.
    files: StoredValue<BTreeMap<u32, File>, LocalStorage>,
}

impl Photos {
    pub fn new() -> Self {
        Self { album: RwSignal::default(), files: StoredValue::new_local(BTreeMap::new()) }
    }
}

impl App {
    /// The visitor comes to Classify: what networks are there?
    pub fn look_for_networks(self) {
        let runs = self.known_runs();
        self.send(Command::RetainNetworks { runs });
        let is_known = self
            .choice
            .with_untracked(|choice| choice.index.is_some() && choice.index_problem.is_none());
        if !is_known {
            spawn_local(async move {
                let index = index().await;
                self.choice.update(|choice| choice.take_index(index));
                self.ask_next();
            });
        }
    }

    /// The runs whose networks are not to be dropped: all that this browser keeps, in whatever
    /// tab, and one whose removal can be undone.
    fn known_runs(self) -> Vec<u64> {
        let stored = storage::runs().into_iter().filter_map(|(key, _)| storage::run_id(&key));
        let mut runs: Vec<u64> = stored.collect();
        self.runs.shelf.with_untracked(|shelf| {
            runs.extend(shelf.runs().iter().chain(shelf.deleted()).map(|run| run.id.0));
        });
        runs
    }

    /// Has the engine keep the network of a run that has just ended, if it holds it still.
    pub(super) fn keep_network(self, run: u64) {
        if self.held.with_untracked(|held| held.run == HeldRun::Trained) {
            self.send(Command::KeepNetwork { run });
        }
    }

    /// Classifies with that network from now on.
    pub fn choose(self, source: NetworkSource) {
        self.choice.update(|choice| choice.ask(source.clone()));
        let device = self.form.experiment.with_untracked(|experiment| experiment.device);
        self.send(Command::Choose { source, device });
    }

    /// Asks for the card of a network of the site, once.
    pub fn fetch_card(self, entry: Entry) {
        if self.choice.with_untracked(|choice| choice.cards.contains_key(&entry.name)) {
            return;
        }
        spawn_local(async move {
            let card = card(&entry).await;
            self.choice.update(|choice| {
                choice.cards.insert(entry.name, card);
            });
        });
    }

    /// Takes what was dropped, pasted, chosen or photographed where photos are wanted.
    pub fn take_photos(self, given: Vec<File>) {
        if given.is_empty() {
            let failure = Failure::new(
                t!("What was given is not a file."),
                t!("Save the picture first, then drop the file."),
            );
            return self.photos.album.update(|album| album.refuse_all(failure));
        }
        let is_network = |file: &&File| crate::experiment::files::is_network(&file.name());
        if let Some(network) = given.iter().find(is_network) {
            return self.open(network.clone());
        }
        let mut files = BTreeMap::new();
        self.photos.album.update(|album| {
            album.take(given.iter().map(File::name).collect());
            let requests: Vec<u32> = album.photos.iter().map(|photo| photo.request).collect();
            for (request, file) in requests.into_iter().zip(given) {
                match refusal(&file) {
                    Some(failure) => album.refuse(request, failure),
                    None => drop(files.insert(request, file)),
                }
            }
        });
        self.photos.files.set_value(files);
        self.ask_next();
    }

    /// Asks about the next photo, unless the engine is at work on one, or a network is still to
    /// come.
    pub(super) fn ask_next(self) {
        let album = self.photos.album;
        let Some(request) = album.with_untracked(Album::next) else { return };
        if !untrack(|| self.has_network()) {
            if !self.choice.with_untracked(|choice| choice.is_coming()) {
                album.update(|album| {
                    album.refuse_open(&no_network());
                });
            }
            return;
        }
        let file = self.photos.files.with_value(|files| files.get(&request).cloned());
        let Some(file) = file else { return };
        album.update(|album| album.ask(request));
        spawn_local(async move {
            match files::read(&file).await {
                Ok(bytes) => self.send_bytes(Command::Classify { request }, bytes),
                Err(failure) => {
                    album.update(|album| album.refuse(request, failure));
                    self.ask_next();
                }
            }
        });
    }

    /// Another network classifies now: what does it say of the photos?
    pub(super) fn ask_again(self) {
        let requests: Vec<u32> =
            self.photos.files.with_value(|files| files.keys().copied().collect());
        self.photos.album.update(|album| album.ask_again(&requests));
        self.ask_next();
    }

    pub(super) fn take_answer(self, request: u32, outcome: Classification, crop: Vec<u8>) {
        self.photos.album.update(|album| album.answer(request, outcome, crop));
        self.ask_next();
    }

    /// Looks for the training images that are near a photo.
    pub fn compare(self, request: u32) {
        let mut crop = None;
        self.photos.album.update(|album| crop = album.compare(request));
        if let Some(crop) = crop {
            let crop = js_sys::Uint8Array::from(crop.as_slice());
            self.send_bytes(Command::Nearest { request }, crop);
        }
    }

    /// The engine is gone, and its network with it. Whether somebody who waited was told why.
    pub(super) fn lose_network(self, reason: Option<&Failure>) -> bool {
        let mut is_told = false;
        self.choice.update(|choice| {
            is_told = choice.asked.is_some() && reason.is_some();
            choice.give_up();
            if is_told {
                choice.failure = reason.cloned();
            }
        });
        let failure = reason.cloned().unwrap_or_else(no_network);
        self.photos.album.update(|album| {
            let were_open = album.refuse_open(&failure);
            is_told |= were_open && reason.is_some();
        });
        is_told
    }
}

fn no_network() -> Failure {
    Failure::new(
        t!("There is no trained network in this tab."),
        t!("Train one first, on the Train page, or open one from a file."),
    )
}

/// Why a file is not even read.
fn refusal(file: &File) -> Option<Failure> {
    let (name, kind, size_bytes) = (file.name(), file.type_(), file.size() as u64);
    // Some systems do not tell the type; then the engine finds out.
    if !kind.is_empty() && !TYPES.split(',').any(|known| known == kind) {
        let fault =
            t!("“{name}” is not a JPEG, PNG or WebP image (its type is {kind}).", name, kind);
        let remedy = t!("Choose another file, or save the picture as one of these.");
        return Some(Failure::new(fault, remedy));
    }
    (size_bytes > MAX_FILE_BYTES).then(|| {
        let size = words::bytes(size_bytes);
        Failure::new(
            t!("“{name}” has {size}, more than the 60 MB that are read.", name, size),
            t!("Scale the picture down; the network sees 32×32 pixels of it."),
        )
    })
}

/// The networks that the site offers.
async fn index() -> Result<Index, Failure> {
    let fault = |fault: String| {
        Failure::new(
            t!("The networks of this site cannot be offered: {fault}.", fault),
            t!("You can train one yourself or open one from a file; reload the page to try again."),
        )
    };
    let text = text(INDEX).await.map_err(fault)?;
    Index::parse(&text.unwrap_or_default()).map_err(|error| {
        fault(t!("{file} cannot be used, {error}", file = format!("{FOLDER}{INDEX}"), error))
    })
}

async fn card(entry: &Entry) -> Result<Card, Failure> {
    let fault = |fault: String| {
        Failure::new(
            t!("The card of “{title}” cannot be shown: {fault}.", title = entry.title, fault),
            t!("The network works without it; reload the page to try again."),
        )
    };
    let text = text(&entry.card).await.map_err(fault)?;
    let text = text
        .ok_or_else(|| fault(t!("there is no {file}", file = format!("{FOLDER}{}", entry.card))))?;
    Card::parse(&text).map_err(|error| fault(error.to_string()))
}

/// A text from the site's folder of networks; None where there is none.
async fn text(name: &str) -> Result<Option<String>, String> {
    let url = format!("{}{FOLDER}{name}", place::base_url());
    let unreachable = |_| t!("{url} could not be reached", url);
    let fetched = JsFuture::from(window().fetch_with_str(&url)).await.map_err(unreachable)?;
    let response = fetched.unchecked_into::<Response>();
    match response.status() {
        200..=299 => {}
        404 | 410 => return Ok(None),
        status => return Err(t!("the host answered HTTP {status} for {url}", status, url)),
    }
    let text = JsFuture::from(response.text().map_err(unreachable)?).await.map_err(unreachable)?;
    Ok(text.as_string())
}

//! Files that come in and go out: networks, checkpoints, data. What has no use for their bytes
//! here does not see them: they go from the browser to the engine and back as they are.

use std::time::Duration;

use js_sys::{Array, Uint8Array};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DragEvent, File, FileList, HtmlAnchorElement, Url};

use super::state::App;
use crate::experiment::files::{self, Offer};
use crate::experiment::held::Errand;
use crate::experiment::kept::Kept;
use crate::experiment::words;
use crate::protocol::{Command, Failure, FileKind};

/// Twice the largest checkpoint that this program writes; reading more could take down the tab.
const MAX_OPENED_BYTES: u64 = 1_500_000_000;
/// How long a download may take to begin.
const DOWNLOAD_PATIENCE: Duration = Duration::from_secs(60);

/// The files of an input or of a drop.
pub fn listed(files: Option<FileList>) -> Vec<File> {
    let Some(files) = files else {
        return Vec::new();
    };
    (0..files.length()).filter_map(|index| files.get(index)).collect()
}

/// Keeps the browser from leaving the page for a file that misses the place where it is wanted.
pub fn stay_when_dropped() {
    let stay = |event: DragEvent| {
        let transfer = event.data_transfer().filter(|_| !event.default_prevented());
        if let Some(transfer) =
            transfer.filter(|transfer| transfer.types().includes(&"Files".into(), 0))
        {
            event.prevent_default();
            transfer.set_drop_effect("none");
        }
    };
    // For as long as the page lives: nobody lets go of the handles.
    let _ = window_event_listener(ev::dragover, stay);
    let _ = window_event_listener(ev::drop, stay);
}

/// All bytes of a file, outside of this program's memory.
pub async fn read(file: &File) -> Result<Uint8Array, Failure> {
    match JsFuture::from(file.array_buffer()).await {
        Ok(buffer) => Ok(Uint8Array::new(&buffer)),
        Err(_) => Err(Failure::new(
            t!("“{name}” could not be read.", name = file.name()),
            t!("It may have been moved or changed, or be a folder; choose it again."),
        )),
    }
}

impl App {
    /// Asks for the network or for the whole state of the run.
    pub fn save(self, what: FileKind) {
        self.held.update(|held| held.ask(Errand::Saving(what)));
        self.send(Command::Save { what });
    }

    /// Gives the visitor a file that the engine has sent.
    pub(super) fn hand_out(self, what: FileKind, bytes: &Uint8Array) {
        let name = self.run.with_untracked(|run| {
            let experiment = run.experiment.clone().unwrap_or_default();
            let step = run.step_in_epoch().filter(|_| what == FileKind::Checkpoint);
            files::download_name(what, &experiment, run.epochs.len(), step)
        });
        if !download(&name, bytes) {
            let fault = t!("The browser does not take “{name}” as a download.", name);
            let failure = Failure::new(fault, t!("Free some memory or space, then save again."));
            self.held.update(|held| held.refuse(failure));
        }
    }

    /// Opens a file that should hold a network or a checkpoint.
    pub fn open(self, file: File) {
        let (name, size_bytes) = (file.name(), file.size() as u64);
        if let Some(failure) = untrack(|| self.busy()) {
            return self.held.update(|held| held.refuse(failure));
        }
        if size_bytes > MAX_OPENED_BYTES {
            let fault = t!("“{name}” has {size}.", name, size = words::bytes(size_bytes));
            let remedy =
                t!("Networks and checkpoints of this page are smaller; choose another file.");
            return self.held.update(|held| held.refuse(Failure::new(fault, remedy)));
        }
        self.held.update(|held| held.ask(Errand::Opening(name.clone())));
        spawn_local(async move {
            match read(&file).await {
                Ok(bytes) => self.send_bytes(Command::Open { name }, bytes),
                Err(failure) => self.held.update(|held| held.refuse(failure)),
            }
        });
    }

    /// Takes what was dropped where data are wanted: data files, or a network.
    pub fn take_files(self, given: Vec<File>) {
        let names: Vec<String> = given.iter().map(File::name).collect();
        let refusal = match (files::sort(&names), untrack(|| self.busy())) {
            (Err(failure), _) | (Ok(_), Some(failure)) => failure,
            (Ok(Offer::Data), None) => return self.keep(given),
            (Ok(Offer::Network), None) => {
                return given.into_iter().for_each(|file| self.open(file));
            }
        };
        self.kept.update(|kept| kept.refuse(refusal));
    }

    fn keep(self, files: Vec<File>) {
        self.kept.update(Kept::ask_to_keep);
        if let Some(client) = self.client() {
            client.send_files(Command::KeepData, files);
        }
    }

    /// Asks what data are kept.
    pub fn list_data(self) {
        self.send(Command::ListData);
    }

    /// Drops all kept data.
    pub fn clear_data(self) {
        self.kept.update(|kept| kept.failure = None);
        self.send(Command::ClearData);
    }

    /// Why no file can be taken now.
    fn busy(self) -> Option<Failure> {
        if self.is_active() {
            let remedy = t!("Stop it, or wait until it has ended.");
            return Some(Failure::new(t!("A run is under way."), remedy));
        }
        let is_keeping = self.kept.with(|kept| kept.keeping.is_some());
        is_keeping.then(|| {
            Failure::new(t!("Other files are being kept."), t!("Wait until that is done."))
        })
    }
}

/// Whether the browser took the bytes as a file to be saved.
pub(super) fn download(name: &str, bytes: &Uint8Array) -> bool {
    let blob = Blob::new_with_u8_array_sequence(&Array::of1(bytes));
    let Some(url) = blob.ok().and_then(|blob| Url::create_object_url_with_blob(&blob).ok()) else {
        return false;
    };
    let anchor = document().create_element("a").ok();
    if let Some(anchor) = anchor.and_then(|anchor| anchor.dyn_into::<HtmlAnchorElement>().ok()) {
        anchor.set_href(&url);
        anchor.set_download(name);
        anchor.click();
    }
    // The browser reads it after this; until then it stays in memory.
    set_timeout(move || drop(Url::revoke_object_url(&url)), DOWNLOAD_PATIENCE);
    true
}

//! `proden data`: the official CIFAR archives (<https://www.cs.toronto.edu/~kriz/cifar.html>),
//! fetched and unpacked where training and `cargo xtask serve --data` look for them.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use indicatif::ProgressBar;
use sha2::{Digest, Sha256};

use super::download::{Downloader, Patience, size_bytes};
use super::progress::bar;
use super::{Usage, complain, print};
use crate::data::archive::{Member, Piece, UnpackError, Unpacked, Unpacker};
use crate::experiment::Dataset;
use crate::experiment::words::bytes;

const OFFICIAL_HOST: &str = "https://www.cs.toronto.edu/~kriz/";

/// An archive of the official host.
struct Archive {
    dataset: Dataset,
    name: &'static str,
    sha256: &'static str,
}

const ARCHIVES: [Archive; 2] = [
    Archive {
        dataset: Dataset::Cifar10,
        name: "cifar-10-binary.tar.gz",
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    },
    Archive {
        dataset: Dataset::Cifar100,
        name: "cifar-100-binary.tar.gz",
        sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    },
];

/// An archive that is to be had no better by going on with its download.
#[derive(Debug, thiserror::Error)]
#[error("{name} cannot be used: {fault}. {}", fault.remedy())]
struct Unusable {
    name: &'static str,
    fault: Fault,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    #[error("{0} is not in it")]
    Missing(&'static str),
}

impl Fault {
    fn remedy(&self) -> String {
        match self {
            Self::Unpack(error) => error.remedy(),
            Self::Missing(_) => {
                "Check --base-url: it must hold the official archive, binary version.".to_owned()
            }
        }
    }
}

/// The arguments.
pub fn command() -> Command {
    let value = |name: &'static str, value_name: &'static str, default: &'static str| {
        Arg::new(name).long(name).value_name(value_name).default_value(default)
    };
    Command::new("data")
        .about("Fetch the CIFAR archives and unpack them; a broken download goes on where it broke off")
        .arg(
            value("dataset", "NAME", "cifar10")
                .value_parser(["cifar10", "cifar100", "all"])
                .help("Which images"),
        )
        .arg(
            value("out", "DIR", "data/")
                .value_parser(value_parser!(PathBuf))
                .help("Where cifar-10-batches-bin/ is to lie; made if it is not there"),
        )
        .arg(
            value("base-url", "URL", OFFICIAL_HOST)
                .help("The folder on a host that holds the archives"),
        )
        .arg(
            Arg::new("force")
                .long("force")
                .action(ArgAction::SetTrue)
                .help("Fetch what is there already"),
        )
        .arg(
            value("timeout", "SECS", "30")
                .value_parser(seconds)
                .help("How long the host may say nothing"),
        )
        .arg(
            value("retries", "N", "5")
                .value_parser(value_parser!(u32))
                .help("Attempts after one in which nothing came"),
        )
}

fn seconds(text: &str) -> Result<Duration, String> {
    let secs: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if !(0.01..=86_400.0).contains(&secs) {
        return Err("it is not from 0.01 to 86400".to_owned());
    }
    Ok(Duration::from_secs_f64(secs))
}

/// Fetches.
///
/// # Errors
/// When an archive cannot be had or is damaged.
pub fn main(matches: &ArgMatches) -> Result<()> {
    let text = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let base = text("base-url");
    if !["http://", "https://"].iter().any(|scheme| base.starts_with(scheme)) {
        return Err(anyhow!(Usage(format!(
            "--base-url {base} is no address. Give one such as {OFFICIAL_HOST}"
        ))));
    }
    let out = matches.get_one::<PathBuf>("out").context("--out is missing")?;
    let patience = Patience {
        silence: matches.get_one("timeout").copied().unwrap_or(Duration::from_secs(30)),
        retries: matches.get_one("retries").copied().unwrap_or_default(),
    };
    fs::create_dir_all(out).with_context(|| {
        format!("the folder {} cannot be made; give --out another one", out.display())
    })?;
    let downloader = Downloader::new(patience);
    let wanted = text("dataset");
    for archive in ARCHIVES.iter().filter(|it| ["all", it.dataset.name()].contains(&&*wanted)) {
        if !matches.get_flag("force") && archive.is_unpacked_in(out) {
            print(&format!("{} is in {} already", archive.dataset, out.display()))?;
            continue;
        }
        let url = format!("{}/{}", base.trim_end_matches('/'), archive.name);
        archive.fetch(&downloader, &url, out)?;
        print(&format!("{} is in {}", archive.dataset, out.display()))?;
    }
    Ok(())
}

impl Archive {
    /// The files of images in it.
    fn members(&self) -> impl Iterator<Item = Member> {
        let dataset = self.dataset;
        Member::all().filter(move |member| member.dataset == dataset && member.holds_images())
    }

    /// Files get their names once they are complete.
    fn is_unpacked_in(&self, out: &Path) -> bool {
        self.members().all(|member| size_bytes(&out.join(member.path)) > 0)
    }

    fn fetch(&self, downloader: &Downloader, url: &str, out: &Path) -> Result<()> {
        let part = out.join(format!("{}.part", self.name));
        let bar = bar("{msg} [{bar:30}] {bytes}/{total_bytes}  {bytes_per_sec}  {eta}");
        if size_bytes(&part) > 0 {
            complain(&format!("going on with {}", part.display()));
        }
        bar.set_message(format!("fetching {}", self.name));
        downloader.fetch(url, &part, &bar)?;
        bar.set_message(format!("unpacking {}", self.name));
        let unpacked = self.unpack(&part, out, &bar);
        if unpacked.as_ref().is_err_and(|error| error.is::<Unusable>()) {
            // A second attempt must not go on from here.
            fs::remove_file(&part).context("the useless download cannot be removed")?;
        }
        let (sha256, unpacked) = unpacked?;
        bar.finish_and_clear();
        if sha256 != self.sha256 {
            complain(&format!(
                "note: these are not the official files: {} ({}) has the SHA-256 {sha256}, and the official one {}",
                url,
                bytes(size_bytes(&part)),
                self.sha256
            ));
        }
        for note in unpacked.notes {
            complain(&format!("note: {note}"));
        }
        fs::remove_file(&part).context("the archive cannot be removed")
    }

    /// Unpacks the archive; gives its SHA-256 and what was in it.
    fn unpack(&self, part: &Path, out: &Path, bar: &ProgressBar) -> Result<(String, Unpacked)> {
        let fault = |fault| Unusable { name: self.name, fault };
        let mut archive =
            File::open(part).with_context(|| format!("{} cannot be read", part.display()))?;
        bar.set_length(size_bytes(part));
        bar.set_position(0);
        let (mut sha256, mut unpacker) = (Sha256::new(), Unpacker::new(self.name));
        let mut files = Files { out, open: None, partial: Vec::new() };
        let mut chunk = vec![0; 16 << 10];
        loop {
            let count = archive.read(&mut chunk).context("the archive cannot be read")?;
            if count == 0 {
                break;
            }
            sha256.update(&chunk[..count]);
            files.take(unpacker.push(&chunk[..count]).map_err(|error| fault(error.into()))?)?;
            bar.inc(count as u64);
        }
        let (pieces, unpacked) = unpacker.finish().map_err(|error| fault(error.into()))?;
        files.take(pieces)?;
        let has = |wanted: &Member| unpacked.members.iter().any(|(member, _)| member == wanted);
        if let Some(missing) = self.members().find(|member| !has(member)) {
            return Err(fault(Fault::Missing(missing.path)).into());
        }
        files.rename()?;
        let digest = sha256.finalize();
        Ok((digest.iter().map(|byte| format!("{byte:02x}")).collect(), unpacked))
    }
}

/// Files on their way to their names: they get them all at once, or never.
struct Files<'a> {
    out: &'a Path,
    open: Option<File>,
    /// What is written, and what it is to be called.
    partial: Vec<(PathBuf, PathBuf)>,
}

impl Files<'_> {
    fn take(&mut self, pieces: Vec<Piece>) -> Result<()> {
        pieces.into_iter().try_for_each(|piece| {
            self.piece(piece).with_context(|| {
                let out = self.out.display();
                format!("{out} cannot be written to; make room or give --out another folder")
            })
        })
    }

    fn piece(&mut self, piece: Piece) -> Result<()> {
        match (piece, &mut self.open) {
            (Piece::Begin(member), _) => {
                let path = self.out.join(member.path);
                fs::create_dir_all(path.parent().unwrap_or(self.out))?;
                let partial = path.with_added_extension("partial");
                self.open = Some(File::create(&partial)?);
                self.partial.push((partial, path));
            }
            (Piece::Data(bytes), Some(file)) => file.write_all(&bytes)?,
            (Piece::End, Some(file)) => {
                file.sync_all()?;
                self.open = None;
            }
            // The unpacker begins a file before it fills or ends one.
            (Piece::Data(_) | Piece::End, None) => {}
        }
        Ok(())
    }

    fn rename(mut self) -> Result<()> {
        for (partial, path) in self.partial.drain(..) {
            fs::rename(&partial, &path)
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Ok(())
    }
}

impl Drop for Files<'_> {
    fn drop(&mut self) {
        for (partial, _) in &self.partial {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(partial);
        }
    }
}

//! `vault export`: the whole installation in one file that a passphrase opens. The service may run meanwhile.

use std::{
    fs::File,
    io::{BufWriter, Read as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;

use super::manifest::{Beside, Manifest, PIECE, stays_below};
use crate::{
    cli::{
        arguments::{Common, Export},
        installation::{Installation, who},
        keys,
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    config::Config,
    vault::{BundleError, BundleWriter},
};

pub(super) fn run(common: &Common, arguments: &Export, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let target = &arguments.file;
    if target.exists() {
        return Err(Refusal::usage(format!("there is a file `{}` already", target.display()))
            .hint("choose another name: an export is never written over")
            .into());
    }
    let installation = Installation::open(common)?;
    let passphrase = keys::new_passphrase(
        "Passphrase of the export",
        arguments.bundle_passphrase_file.as_deref(),
        "--bundle-passphrase-file -",
        terminal,
    )?;
    let (config, ledger) = (&installation.config, &installation.ledger);
    // A copy of one moment, sealed as it is; it goes when this ends.
    let copy = tempfile::Builder::new().prefix("export-").tempfile_in(ledger.directory())?.into_temp_path();
    ledger.copy_to(&copy)?;

    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let not_written = |error: BundleError| not_written(target, error);
    let file = tempfile::NamedTempFile::new_in(folder).map_err(|error| not_written(error.into()))?;
    let mut bundle = BundleWriter::new(BufWriter::new(file), &passphrase).map_err(not_written)?;
    let (files, elsewhere) = named_files(config)?;
    let manifest = Manifest {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: Timestamp::now(),
        firm: config.firm.id,
        key: STANDARD.encode(bundle.wrap(ledger.data_key()).map_err(not_written)?),
        config: std::fs::read_to_string(&config.path)?,
        files,
        elsewhere,
        ledger: std::fs::metadata(&copy)?.len(),
    };
    bundle.piece(&serde_json::to_vec(&manifest)?).map_err(not_written)?;
    let mut ledger_file = File::open(&copy)?;
    let mut piece = Vec::with_capacity(PIECE);
    loop {
        piece.clear();
        ledger_file.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            break;
        }
        bundle.piece(&piece).map_err(not_written)?;
    }
    let written = bundle.finish().map_err(not_written)?;
    let file = written.into_inner().map_err(|error| not_written(error.into_error().into()))?;
    file.as_file().sync_all().map_err(|error| not_written(error.into()))?;
    file.persist_noclobber(target).map_err(|error| not_written(error.error.into()))?;

    ledger.audit(&who(), None, "the installation was exported under a passphrase", Timestamp::now())?;
    terminal.say(format_args!("wrote configuration, ledger and key into `{}`", target.display()));
    for path in &manifest.elsewhere {
        terminal.warn(format_args!("`{}` is not in it: it lies outside of the configuration's folder", path.display()));
    }
    terminal.say("whoever has it and its passphrase has everything: keep the two apart");
    terminal.say(format_args!("next, on the new machine: `pocketdocket vault import {}`", target.display()));
    Ok(Exit::Fine)
}

/// Files that the configuration names, beside it and elsewhere.
fn named_files(config: &Config) -> anyhow::Result<(Vec<Beside>, Vec<PathBuf>)> {
    let folder = config.path.parent().unwrap_or(Path::new(""));
    let (mut files, mut elsewhere) = (Vec::new(), Vec::new());
    for path in config.named_files() {
        match path.strip_prefix(folder) {
            Ok(beside) if stays_below(beside) => {
                let content = std::fs::read_to_string(&path).map_err(|error| {
                    Refusal::usage(format!("could not read `{}`, which the configuration names", path.display()))
                        .because(error)
                })?;
                files.push(Beside { path: beside.to_owned(), content });
            }
            _ => elsewhere.push(path),
        }
    }
    Ok((files, elsewhere))
}

fn not_written(target: &Path, error: BundleError) -> Refusal {
    Refusal::usage(format!("could not write the export `{}`", target.display()))
        .because(error)
        .hint("choose a folder that this account can write to, with room for the ledger")
}

//! `vault import`: an installation from an export, on a new machine. Never over an installation that is there. Stopped in the
//! middle it can be run again.

use std::{
    fs::{self, File},
    io::{BufReader, Write as _},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;

use super::manifest::{Manifest, stays_below};
use crate::{
    cli::{
        arguments::{Common, Import},
        init::write_new,
        installation::who,
        keys,
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    config::{Config, KeySettings, with_key},
    state::Ledger,
    vault::{BundleError, BundleReader, KeySource, Vault},
};

type Reader = BundleReader<BufReader<File>>;

pub(super) fn run(common: &Common, arguments: &Import, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let refused = |error: BundleError| unusable(&arguments.file, error);
    let file = File::open(&arguments.file).map_err(|error| refused(error.into()))?;
    let passphrase = match &arguments.bundle_passphrase_file {
        Some(file) => keys::from_file(file)?,
        None => terminal.ask_secret("Passphrase of the export", "--bundle-passphrase-file -")?,
    };
    let mut bundle = BundleReader::new(BufReader::new(file), &passphrase).map_err(refused)?;
    let first = bundle.piece().map_err(refused)?.ok_or_else(|| refused(BundleError::Truncated))?;
    let manifest: Manifest = serde_json::from_slice(&first).map_err(|_| {
        Refusal::usage(format!(
            "the export `{}` was made by a later version of Pocket Docket",
            arguments.file.display()
        ))
        .hint("install that version here, or a later one")
    })?;

    let path = &common.config;
    let text = match arguments.key {
        Some(key) => {
            let (key_file, key_name) = (arguments.place.key_file.clone(), arguments.place.key_name.clone());
            with_key(&manifest.config, &KeySettings { key, key_file, key_name })
        }
        None => manifest.config.clone(),
    };
    // What is there already and equal is what an import that was cut off has left.
    refuse_another(path, &text, &manifest)?;
    let config = Config::parse(path, &text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    for beside in &manifest.files {
        let target = folder.join(&beside.path);
        if !stays_below(&beside.path) || (target.exists() && fs::read_to_string(&target)? != beside.content) {
            return Err(Refusal::usage(format!("`{}` is here already, and another one", target.display()))
                .hint("import into an empty folder: `--config FOLDER/pocketdocket.toml`")
                .into());
        }
    }
    let source = config.firm.key_source();
    if !source.is_writable() {
        source.open(None)?;
    }
    if !folder.as_os_str().is_empty() {
        fs::create_dir_all(folder)?;
    }
    let copy = Ledger::place_for_copy(&config.firm.data)?;
    let restored = unpacked(&mut bundle, &copy, manifest.ledger, refused).and_then(|()| {
        let sealed = STANDARD.decode(&manifest.key).map_err(|_| refused(BundleError::Damaged { piece: 0 }))?;
        let data_key = bundle.unwrap(&sealed).map_err(refused)?;
        // The ledger gets its name last: until then a second run takes up what the first one left.
        Ledger::restore(&config.firm.data, &data_key, manifest.firm, || {
            let master = master_key(&source, common, terminal)?;
            for beside in &manifest.files {
                let target = folder.join(&beside.path);
                if let Some(above) = target.parent() {
                    fs::create_dir_all(above)?;
                }
                if !target.exists() {
                    write_new(&target, &beside.content)?;
                }
            }
            if !path.exists() {
                write_new(path, &text)?;
            }
            Ok::<_, anyhow::Error>(master)
        })
    });
    let ledger = restored.inspect_err(|_| {
        // Nothing half-made stays; if it does, the next import takes it away.
        let _ = fs::remove_file(&copy);
        let _ = fs::remove_dir(&config.firm.data);
    })?;
    ledger.audit(&who(), None, "the installation was imported from an export", Timestamp::now())?;
    say_what_is_there(&manifest, &config, &source, terminal);
    Ok(Exit::Fine)
}

/// The ledger of the export, whole, as a file.
fn unpacked(
    bundle: &mut Reader,
    copy: &Path,
    size: u64,
    refused: impl Fn(BundleError) -> Refusal,
) -> anyhow::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(copy)?;
    let mut written = 0;
    while let Some(piece) = bundle.piece().map_err(&refused)? {
        file.write_all(&piece)?;
        written += piece.len() as u64;
    }
    if written != size {
        return Err(refused(BundleError::Truncated).into());
    }
    file.sync_all()?;
    Ok(())
}

/// The key of this machine: one that lies there already, or a new one.
fn master_key(source: &KeySource, common: &Common, terminal: &mut Terminal) -> anyhow::Result<Vault> {
    if source.is_taken()? { Ok(keys::open(source, common)?.vault) } else { keys::draw(source, common, terminal) }
}

/// Refuses where another configuration lies already.
fn refuse_another(path: &Path, text: &str, manifest: &Manifest) -> anyhow::Result<()> {
    let Ok(there) = fs::read_to_string(path) else { return Ok(()) };
    if there == text {
        return Ok(());
    }
    let refusal = Refusal::usage(format!("there is a configuration file `{}` already", path.display()))
        .hint("import into an empty folder: `--config FOLDER/pocketdocket.toml`");
    Err(match Config::parse(path, &there) {
        Ok(other) if other.firm.id != manifest.firm => {
            refusal.because(format!("it is of the firm {}, the export of {}", other.firm.id, manifest.firm)).into()
        }
        _ => refusal.into(),
    })
}

fn say_what_is_there(manifest: &Manifest, config: &Config, source: &KeySource, terminal: &mut Terminal) {
    terminal.say(format_args!("wrote the configuration `{}`", config.path.display()));
    terminal.say(format_args!("the master key of this machine: {source}"));
    terminal.say(format_args!(
        "brought the ledger, as it was at {}, into `{}`",
        manifest.made_at,
        config.firm.data.display()
    ));
    for path in &manifest.elsewhere {
        terminal.warn(format_args!("bring `{}` here as well, or change the configuration", path.display()));
    }
    if let Some(database) = config.practice.database.as_ref().filter(|database| !database.exists()) {
        terminal.warn(format_args!("there is no database `{}` yet", database.display()));
    }
    terminal.say("the old machine must not sync any more: two would disturb each other");
    terminal.say("next: `pocketdocket check --online`, then `pocketdocket sync`");
}

fn unusable(file: &Path, error: BundleError) -> Refusal {
    let hint = match &error {
        BundleError::WrongPassphrase => "try again; nothing was changed",
        BundleError::NewerVersion { .. } => "install the version of Pocket Docket that made it, or a later one",
        BundleError::NotABundle => "name the file that `pocketdocket vault export FILE` wrote",
        BundleError::File(_) => "name a file that this account can read",
        _ => "bring the file again from where it was made, or make a new one there; nothing was changed",
    };
    Refusal::usage(format!("the export `{}` cannot be used", file.display())).because(error).hint(hint)
}

//! `vault rotate` and `vault move`: another master key. At every moment a key that is kept somewhere opens everything; the steps
//! are explained in `state::keys`.

use std::path::Path;

use jiff::Timestamp;
use secrecy::SecretString;

use crate::{
    cli::{
        arguments::{Common, MoveKey, Rotate},
        installation::{Installation, who},
        keys::{self, Opened},
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    config::{Config, KeySettings, with_key},
    engine::crash_point,
    state::{EngineLock, Ledger},
    vault::{KeyError, KeySource, Vault, replace_file},
};

/// An installation whose service does not run, and its key.
struct Work {
    installation: Installation,
    key: Opened,
    source: KeySource,
    _lock: EngineLock,
}

impl Work {
    fn begin(common: &Common) -> anyhow::Result<Self> {
        let (installation, key) = Installation::open_with_key(common)?;
        let lock = installation.ledger.lock_engine()?;
        let source = installation.config.firm.key_source();
        Ok(Self { installation, key, source, _lock: lock })
    }

    fn ledger(&self) -> &Ledger {
        &self.installation.ledger
    }

    /// From now on both keys open the ledger.
    fn accept_both(&self, next: &Vault) -> anyhow::Result<()> {
        self.ledger().change_keys(&self.key.vault, next, Timestamp::now())?;
        crash_point::pass("key-accepted");
        Ok(())
    }

    /// Looks whether the key is where it should be, and takes the other one away.
    fn accept_only(
        &self,
        next: &Vault,
        at: &KeySource,
        passphrase: Option<&SecretString>,
        event: &str,
    ) -> anyhow::Result<()> {
        if at.open(passphrase)? != *next {
            return Err(Refusal::needs_person(format!("the {at} does not hold the key that was put there"))
                .hint("the key that was in use before still opens everything; try again")
                .into());
        }
        let ledger = Ledger::open(&self.installation.config.firm.data, next)?;
        ledger.accept_only(next)?;
        crash_point::pass("key-alone");
        ledger.audit(&who(), None, event, Timestamp::now())?;
        Ok(())
    }
}

pub(super) fn rotate(common: &Common, arguments: &Rotate, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let work = Work::begin(common)?;
    if arguments.finish {
        return finish(&work, terminal);
    }
    let next = Vault::with_random_key();
    if !work.source.is_writable() {
        return in_two_steps(&work, &next, arguments.new_key.as_deref(), terminal);
    }
    let passphrase = match (&arguments.new_passphrase_file, work.source.needs_passphrase()) {
        (Some(file), true) => {
            Some(keys::new_passphrase("New passphrase", Some(file), "--new-passphrase-file -", terminal)?)
        }
        _ => work.key.passphrase.clone(),
    };
    work.accept_both(&next)?;
    work.source.replace(&next, passphrase.as_ref())?;
    crash_point::pass("key-kept");
    work.accept_only(&next, &work.source, passphrase.as_ref(), "a new master key; everything sealed anew")?;
    terminal.say(format_args!("drew a new master key, {}, and sealed everything anew", work.source));
    terminal.say("copies of the ledger from before open with the old key alone: keep both together, or make a new `pocketdocket vault export FILE`");
    Ok(Exit::Fine)
}

/// Where systemd gives the key, a person puts the new one there.
fn in_two_steps(work: &Work, next: &Vault, file: Option<&Path>, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let name = &work.installation.config.firm.key_name;
    let Some(file) = file else {
        return Err(Refusal::usage("systemd gives the master key, so this program cannot put a new one there")
            .hint("say where to write it with `--new-key FILE`, and make a credential of it")
            .into());
    };
    KeySource::File(file.to_owned()).put(next, None)?;
    work.accept_both(next)?;
    let ledger = Ledger::open(&work.installation.config.firm.data, &work.key.vault)?;
    ledger.audit(&who(), None, "a new master key beside the old one; everything sealed anew", Timestamp::now())?;
    terminal.say(format_args!(
        "wrote a new master key into `{}` and sealed everything anew; the old key is good too",
        file.display()
    ));
    terminal.say(format_args!(
        "next: `systemd-creds encrypt --name={name} '{}' /etc/credstore.encrypted/{name}`, then with the new credential \
         `pocketdocket vault rotate --finish`, then delete the file",
        file.display()
    ));
    Ok(Exit::Fine)
}

fn finish(work: &Work, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let taken_away = work.ledger().accept_only(&work.key.vault)?;
    if taken_away > 0 {
        let event = "master keys that were not in use were taken away";
        work.ledger().audit(&who(), None, event, Timestamp::now())?;
    }
    terminal.say(format_args!("{taken_away} other keys were taken away; {} alone opens the ledger", work.source));
    Ok(Exit::Fine)
}

pub(super) fn move_to(common: &Common, arguments: &MoveKey, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let work = Work::begin(common)?;
    let (path, place) = (&work.installation.config.path, &arguments.place);
    let settings =
        KeySettings { key: arguments.to, key_file: place.key_file.clone(), key_name: place.key_name.clone() };
    let old = std::fs::read_to_string(path)?;
    let text = with_key(&old, &settings);
    let planned = Config::parse(path, &text)?;
    let target = planned.firm.key_source();
    if target.kind() != arguments.to {
        return Err(Refusal::usage(format!(
            "`{}` is written in a way that this command does not change",
            path.display()
        ))
        .hint(format!(
            "the section [firm] must begin with a line `[firm]`; then it gets `{}`",
            settings.lines().join("`, `")
        ))
        .into());
    }
    if target == work.source {
        return Err(Refusal::usage(format!("the master key is there already: {target}"))
            .hint("`pocketdocket vault rotate` draws a new one")
            .into());
    }
    let passphrase = keys::new_passphrase_for(&target, common, terminal)?;
    let next = if target.is_taken()? {
        found_there(&work, &target, passphrase.as_ref())?
    } else {
        let next = Vault::with_random_key();
        work.accept_both(&next)?;
        target.put(&next, passphrase.as_ref())?;
        next
    };
    crash_point::pass("key-kept");
    if target.open(passphrase.as_ref())? != next {
        return Err(Refusal::needs_person(format!("the {target} does not hold the key that was put there")).into());
    }
    replace_file(path, text.as_bytes())
        .map_err(|error| Refusal::usage(format!("could not write `{}`", path.display())).because(error))?;
    crash_point::pass("key-told");
    work.accept_only(&next, &target, passphrase.as_ref(), &format!("the master key moved to: {target}"))?;
    terminal.say(format_args!("the master key is now: {target}; everything was sealed anew"));
    terminal.say(format_args!("changed [firm] in `{}`", path.display()));
    terminal.say(format_args!(
        "the old one, {}, opens nothing any more but older copies of the ledger: delete it when you do not need those",
        work.source
    ));
    Ok(Exit::Fine)
}

/// A key that lies there already: a credential, or what a move that was cut off has put there. Any other is somebody else's.
fn found_there(work: &Work, target: &KeySource, passphrase: Option<&SecretString>) -> anyhow::Result<Vault> {
    let next = target.open(passphrase)?;
    let accepted = work.ledger().key_slots(&next)?.iter().any(|slot| slot.is_this);
    if !accepted {
        match target {
            KeySource::Systemd(_) => {}
            KeySource::Keyring(account) => return Err(KeyError::KeyringTaken { account: account.clone() }.into()),
            KeySource::File(path) | KeySource::Dpapi(path) | KeySource::Passphrase(path) => {
                return Err(KeyError::Exists { path: path.clone() }.into());
            }
        }
        work.accept_both(&next)?;
    }
    Ok(next)
}

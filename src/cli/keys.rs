//! The master key as commands get it: from where the configuration says, and with a passphrase where it takes one.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
};

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::{arguments::Common, terminal::Terminal, trouble::Refusal};
use crate::vault::{KeySource, Vault, long_enough};

/// The longest line that is read as a passphrase, in bytes.
const LONGEST: u64 = 4096;

/// A key, and the passphrase that opened it.
pub(super) struct Opened {
    pub(super) vault: Vault,
    pub(super) passphrase: Option<SecretString>,
}

/// Fetches the key.
pub(super) fn open(source: &KeySource, common: &Common) -> anyhow::Result<Opened> {
    let passphrase = if source.needs_passphrase() {
        Some(match &common.passphrase_file {
            Some(file) => from_file(file)?,
            None => Terminal::standard().ask_secret("Passphrase of the master key", "--passphrase-file -")?,
        })
    } else {
        None
    };
    Ok(Opened { vault: source.open(passphrase.as_ref())?, passphrase })
}

/// Draws a new key and puts it where none is yet; asks for a new passphrase where that takes one.
pub(super) fn draw(source: &KeySource, common: &Common, terminal: &mut Terminal) -> anyhow::Result<Vault> {
    let passphrase = new_passphrase_for(source, common, terminal)?;
    Ok(source.draw(passphrase.as_ref())?)
}

/// The passphrase for a key that is to be put there, if it takes one.
pub(super) fn new_passphrase_for(
    source: &KeySource,
    common: &Common,
    terminal: &mut Terminal,
) -> anyhow::Result<Option<SecretString>> {
    source
        .needs_passphrase()
        .then(|| {
            new_passphrase(
                "New passphrase of the master key",
                common.passphrase_file.as_deref(),
                "--passphrase-file -",
                terminal,
            )
        })
        .transpose()
}

/// A new passphrase: from a file, or asked for twice.
pub(super) fn new_passphrase(
    question: &str,
    file: Option<&Path>,
    other_way: &str,
    terminal: &mut Terminal,
) -> anyhow::Result<SecretString> {
    let passphrase = match file {
        Some(file) => from_file(file)?,
        None => {
            let first = terminal.ask_secret(question, other_way)?;
            long_enough(&first)?;
            let again = terminal.ask_secret("The same again", other_way)?;
            if first.expose_secret() != again.expose_secret() {
                return Err(Refusal::usage("the two are not the same").hint("try again; nothing was done").into());
            }
            first
        }
    };
    long_enough(&passphrase)?;
    Ok(passphrase)
}

/// The first line of a file or a pipe; `-` is standard input.
pub(super) fn from_file(path: &Path) -> anyhow::Result<SecretString> {
    if path == Path::new("-") {
        return Terminal::standard().read_secret();
    }
    let unreadable = |error| {
        Refusal::usage(format!("could not read the passphrase from `{}`", path.display()))
            .because(error)
            .hint("name a file or a pipe with the passphrase in its first line, or `-` for standard input")
    };
    let file = File::open(path).map_err(unreadable)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = file.metadata().map_err(unreadable)?;
        if metadata.is_file() && metadata.mode() & 0o077 != 0 {
            return Err(Refusal::usage(format!(
                "others than its owner may read the passphrase in `{}`",
                path.display()
            ))
            .hint(format!("run `chmod 0600 '{}'`", path.display()))
            .into());
        }
    }
    let mut line = Zeroizing::new(String::new());
    BufReader::new(file.take(LONGEST)).read_line(&mut line).map_err(unreadable)?;
    let text = line.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        return Err(Refusal::usage(format!("`{}` holds no passphrase", path.display()))
            .hint("give it as the first line")
            .into());
    }
    Ok(SecretString::from(text.to_owned()))
}

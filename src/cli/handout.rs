//! `handout`: exact steps and values for the firm's Exchange technician.
//!
//! Each hand-out is one file, `templates/handout/METHOD.md`: Markdown with `{{slots}}` for the firm's own values. The
//! [`sheet`] makes both forms of it, Markdown and plain text, so nothing is written twice. Values come from the configuration,
//! the ledger and the command line; what is not known is a placeholder, and one list at the top names them all. A value in a block of
//! PowerShell is always a quoted text of its own, and in a block of T-SQL a name in brackets, whatever it holds.

mod powershell;
mod sheet;
mod slots;
mod values;

use std::{fs, io::Write as _, path::Path};

use clap::ValueEnum as _;
use jiff::Zoned;

use super::{
    arguments::{Common, Handout, HandoutMethod},
    show::table,
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use sheet::Sheet;
use values::Values;

pub(super) fn run(common: &Common, arguments: &Handout, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let Some(method) = arguments.method else { return list(terminal) };
    let values = Values::gather(common, arguments, method, terminal)?;
    let sheet = Sheet { source: source(method), values: &values, form: arguments.format };
    let made = format!("Made on {} by Pocket Docket {}.", Zoned::now().date(), env!("CARGO_PKG_VERSION"));
    let text = sheet.written(&made);
    match &arguments.output {
        None => terminal.bytes(text.as_bytes())?,
        Some(file) => {
            write(file, &text)?;
            terminal.say(format_args!("wrote `{}`", file.display()));
        }
    }
    let missing = sheet.to_fill_in().len();
    if missing > 0 {
        terminal.say(format_args!("{missing} of its values are to be filled in; its first list names them"));
    }
    Ok(Exit::Fine)
}

/// The text of a hand-out.
fn source(method: HandoutMethod) -> &'static str {
    match method {
        HandoutMethod::FixedAddress => include_str!("../../templates/handout/fixed-address.md"),
        HandoutMethod::Oauth => include_str!("../../templates/handout/oauth.md"),
        HandoutMethod::Certificate => include_str!("../../templates/handout/certificate.md"),
        HandoutMethod::Impersonation => include_str!("../../templates/handout/impersonation.md"),
        HandoutMethod::Basic => include_str!("../../templates/handout/basic.md"),
        HandoutMethod::Windows => include_str!("../../templates/handout/windows.md"),
        HandoutMethod::AppPassword => include_str!("../../templates/handout/app-password.md"),
        HandoutMethod::EwsAllowList => include_str!("../../templates/handout/ews-allow-list.md"),
        HandoutMethod::SqlServer => include_str!("../../templates/handout/sql-server.md"),
    }
}

fn list(terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let rows = HandoutMethod::value_variants().iter().filter_map(|method| {
        let shown = method.to_possible_value()?;
        let about = shown.get_help().map(ToString::to_string).unwrap_or_default();
        Some([shown.get_name().to_owned(), about])
    });
    terminal.line(table(["METHOD", "ABOUT"], rows))?;
    terminal.say("`pocketdocket handout METHOD` prints one; nothing of them is a secret");
    Ok(Exit::Fine)
}

/// What is there already is not written over.
fn write(file: &Path, text: &str) -> Result<(), Refusal> {
    let written = fs::OpenOptions::new().write(true).create_new(true).open(file);
    written.and_then(|mut new| new.write_all(text.as_bytes())).map_err(|error| {
        Refusal::usage(format!("could not write `{}`", file.display()))
            .because(error)
            .hint("name a file that does not exist yet, in a folder where you may write")
    })
}

#[cfg(test)]
mod tests;

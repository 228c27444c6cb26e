//! The reference of commands, of settings and of causes is made from the program, never by hand. `UPDATE_REFERENCE=1 cargo test --test it
//! reference` writes it anew.

use std::{fmt::Write as _, fs};

use clap::Command;
use pocketdocket::{cli, config, diagnosis::Cause};

use crate::repository;

#[test]
fn the_reference_of_commands_is_what_the_program_understands() {
    is_up_to_date("docs/reference/commands.md", &commands());
}

#[test]
fn the_reference_of_settings_is_what_the_sample_says() {
    is_up_to_date("docs/reference/settings.md", &settings());
}

#[test]
fn the_reference_of_causes_is_what_the_catalogue_says() {
    is_up_to_date("docs/reference/diagnosis.md", &diagnosis());
}

#[test]
fn every_trouble_of_text_messages_is_told_with_its_name() {
    let page = repository::root().join("docs/concepts/first-use-confirmation.md");
    let page = fs::read_to_string(page).expect("the concept is there");
    for trouble in pocketdocket::auth::text_messages::Trouble::ALL {
        let row = format!("| `{}` | {} |", trouble.word(), trouble.title());
        assert!(page.contains(&row), "the concept lacks: {row}");
    }
}

#[test]
fn the_command_line_is_sound() {
    cli::command().debug_assert();
}

fn is_up_to_date(path: &str, text: &str) {
    let file = repository::root().join(path);
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&file, text).expect("the reference can be written");
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == text,
        "`{path}` is out of date; write it with `UPDATE_REFERENCE=1 cargo test --test it reference`"
    );
}

fn commands() -> String {
    let mut text = String::from(
        "# Commands\n\n\
         Made from the program itself; a test keeps it true. Data goes to standard output, messages go to standard error.\n\n\
         ## Exit codes\n\n| Code | Means |\n| --- | --- |\n",
    );
    for (exit, meaning) in cli::Exit::ALL {
        let _ = writeln!(text, "| {} | {meaning} |", exit.code());
    }
    let mut command = cli::command().disable_help_subcommand(true);
    command.build();
    text.push_str("\n## Options of every command\n\n");
    options(&mut text, command.get_arguments().filter(|argument| argument.is_global_set()));
    for subcommand in command.get_subcommands() {
        describe(&mut text, subcommand, "pocketdocket");
    }
    text
}

fn describe(text: &mut String, command: &Command, above: &str) {
    let path = format!("{above} {}", command.get_name());
    if command.has_subcommands() {
        command.get_subcommands().for_each(|subcommand| describe(text, subcommand, &path));
        return;
    }
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let named = |argument: &clap::Arg| argument.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
    let positionals = command.get_positionals().fold(String::new(), |text, argument| text + " " + &named(argument));
    let _ = write!(text, "\n## {path}\n\n{about}.\n\n```text\n{path}{positionals} [OPTIONS]\n```\n\n");
    let own = || command.get_arguments().filter(|argument| !argument.is_global_set() && argument.get_id() != "help");
    if own().next().is_some() {
        options(text, own());
    } else {
        text.push_str("It has no options of its own.\n");
    }
}

fn options<'a>(text: &mut String, arguments: impl Iterator<Item = &'a clap::Arg>) {
    text.push_str("| Option | Means | Default |\n| --- | --- | --- |\n");
    for argument in arguments {
        let value = argument
            .get_action()
            .takes_values()
            .then(|| argument.get_value_names().map(|names| names.join(" ")))
            .flatten()
            .unwrap_or_default();
        let shown = match argument.get_long() {
            Some(long) => format!("--{long} {value}"),
            None => value,
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let variable =
            argument.get_env().map(|name| format!(" (variable `{}`)", name.to_string_lossy())).unwrap_or_default();
        let required = if argument.is_required_set() { "required" } else { "" };
        let usual: Vec<_> =
            argument.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
        let usual = if argument.get_action().takes_values() { usual.join(" ") } else { String::new() };
        let _ = writeln!(text, "| `{}` | {help}{variable} | {required}{usual} |", shown.trim());
    }
}

/// The sample's sections as tables: explanations, names and defaults.
fn settings() -> String {
    let mut text = String::from(
        "# Settings\n\n\
         Made from [the sample configuration](../../config/pocketdocket.sample.toml), which a test keeps equal to the defaults of \
         the program. A setting that is not known is refused. Relative paths are meant from the folder of the file. Secrets are \
         never settings.\n",
    );
    let mut explanation = String::new();
    for line in config::SAMPLE.lines() {
        if let Some(words) = line.strip_prefix("##") {
            if !explanation.is_empty() {
                explanation.push(' ');
            }
            explanation.push_str(words.trim());
        } else if let Some(section) = line.strip_prefix("#[").and_then(|rest| rest.strip_suffix(']')) {
            let _ = write!(text, "\n## [{section}]\n\n| Setting | Default | Means |\n| --- | --- | --- |\n");
            explanation.clear();
        } else if let Some((name, value)) = line.strip_prefix('#').and_then(|setting| setting.split_once(" = ")) {
            let required = explanation.strip_prefix("Required. ");
            let optional = explanation.strip_prefix("No default.").map(str::trim);
            let usual = match (required, optional) {
                (Some(_), _) => format!("required, such as `{value}`"),
                (_, Some(_)) => format!("none; such as `{value}`"),
                _ => format!("`{value}`"),
            };
            let means = required.or(optional).unwrap_or(&explanation);
            let _ = writeln!(text, "| `{name}` | {usual} | {means} |");
            explanation.clear();
        } else {
            // An explanation that no setting follows belongs to the section.
            if text.ends_with("| --- |\n") && !explanation.is_empty() {
                let _ = writeln!(text, "| | | {explanation} |");
            }
            explanation.clear();
        }
    }
    text
}

/// The catalogue of causes: one table to find a cause, and a section for each.
fn diagnosis() -> String {
    let mut text = String::from(
        "# Why a sign-in failed\n\n\
         Made from the program itself; a test keeps it true. `pocketdocket user check NAME` names one of these causes, with its \
         evidence; so do `status`, `user show` and alerts. `NAME` stands for the user, `ADDRESS` for the mailbox.\n\n\
         | Cause | Means | Who can fix it | Next try |\n| --- | --- | --- | --- |\n",
    );
    for cause in Cause::ALL {
        let entry = cause.entry();
        let _ = writeln!(
            text,
            "| [`{cause}`](#{cause}) | {} | {} | {} |",
            entry.title,
            entry.fixer.words(),
            entry.next_try.words()
        );
    }
    for cause in Cause::ALL {
        let entry = cause.entry();
        let _ = write!(text, "\n## {cause}\n\nMeans: {}.\n\nEvidence: {}.\n\n", entry.title, entry.evidence);
        let _ = write!(text, "Who can fix it: {}. What to do:\n\n", entry.fixer.words());
        for (number, step) in entry.steps.iter().enumerate() {
            let _ = writeln!(text, "{}. {step}", number + 1);
        }
        let _ = write!(text, "\nExpected time: {}. Next try: {}.\n", entry.time, entry.next_try.words());
        if let Some(link) = entry.reading {
            let _ = write!(text, "\nMore: <{link}>\n");
        }
    }
    text
}

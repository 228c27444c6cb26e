//! Every hand-out, in both forms, with plain and with hostile values.

use clap::ValueEnum as _;

use super::*;
use crate::cli::arguments::HandoutFormat;

/// What each hand-out says, in this order. A database server has a studio and a language of its own.
fn sections(method: HandoutMethod) -> [&'static str; 8] {
    let mut sections = SECTIONS;
    if method == HandoutMethod::SqlServer {
        sections[3..5].copy_from_slice(&["Steps in Management Studio", "Steps in T-SQL"]);
    }
    sections
}

const SECTIONS: [&str; 8] = [
    "For whom",
    "What it opens",
    "What it does not open",
    "Steps in the portal",
    "Steps in PowerShell",
    "How to check it",
    "How to undo it",
    "Sources",
];

/// Values that would do harm, if they could.
const HOSTILE: [&str; 8] = [
    "o'brien@kanzlei.example",
    "a\u{2019}; Remove-Mailbox *; \u{2018}b",
    "'); Remove-Mailbox *; ('",
    "$(Remove-Mailbox *)`\"$env:PATH",
    "``` `x` **bold** [click](https://evil.example) <script>alert(1)</script> | {{tenant}}",
    "x]; DROP DATABASE [y]]",
    "x\r\n```\nRemove-Mailbox *\u{3}\u{1b}[2J",
    "\u{202e}elpmaxe.live\u{200b}",
];

fn all() -> impl Iterator<Item = (HandoutMethod, HandoutFormat, &'static str)> {
    let methods = HandoutMethod::value_variants().iter().copied();
    methods.flat_map(|method| HandoutFormat::value_variants().iter().map(move |&form| (method, form, source(method))))
}

fn filled(value: &str) -> Values {
    let mut values = Values::of_the_program();
    for slot in slots::SLOTS.iter().filter(|slot| slot.unknown.is_some()) {
        values.put(slot.name, [value.to_owned(), value.to_owned()]);
    }
    values
}

fn written(source: &str, values: &Values, form: HandoutFormat) -> String {
    Sheet { source, values, form }.written("Made on 2026-11-28 by Pocket Docket.")
}

/// The blocks of PowerShell of a source or of what was written as Markdown.
fn blocks(text: &str) -> Vec<String> {
    text.split("\n```").skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_hand_out_has_its_sections_its_sources_and_the_date_of_its_facts() {
    for (method, _, source) in all() {
        let headings: Vec<_> = source.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let found: Vec<_> = headings.iter().filter(|heading| sections(method).contains(heading)).copied().collect();
        assert_eq!(found, sections(method), "{method:?}");
        assert!(source.starts_with("# ") && source.matches("\n# ").count() == 0, "{method:?} has one title");
        let (_, sources) = source.split_once("## Sources").expect("has them");
        let links = sources.matches("](https://learn.microsoft.com/").count();
        assert!(links > 0 && sources.contains("Facts as of ") && sources.trim_end().ends_with("2026."), "{method:?}");
        assert!(!source.contains("\n|"), "{method:?} has a table, which plain text has none of");
    }
}

#[test]
fn every_slot_is_known_and_stands_where_a_value_is_a_text_of_its_own() {
    let mut used = std::collections::BTreeSet::new();
    for (method, _, source) in all() {
        assert_eq!(source.lines().filter(|line| line.starts_with("```")).count() % 2, 0, "{method:?}");
        for (number, text) in source.split("```").enumerate() {
            let block = number % 2 == 1;
            let language = if method == HandoutMethod::SqlServer { "sql\n" } else { "powershell\n" };
            assert!(!block || text.starts_with(language), "{method:?} has a block of something else: {text}");
            for line in text.lines().filter(|line| line.contains("{{")) {
                let before: Vec<_> = line.split("{{").collect();
                for name in before.iter().skip(1).map(|rest| rest.split("}}").next().unwrap_or_default()) {
                    assert!(slots::slot(name).is_some(), "{method:?} has no slot `{name}`");
                    used.insert(name);
                }
                for end in 1..before.len() {
                    let so_far = before[..end].concat();
                    let marks = if block { vec!['\'', '"'] } else { vec!['`', '['] };
                    let open = |mark: &char| *mark != '[' && so_far.matches(*mark).count() % 2 == 1;
                    assert!(!marks.iter().any(open), "{method:?}: a value would stand inside something: {line}");
                }
            }
        }
    }
    let known: std::collections::BTreeSet<_> = slots::SLOTS.iter().map(|slot| slot.name).collect();
    assert_eq!(used, known, "left: slots that hand-outs have, right: slots that there are");
}

#[test]
fn what_is_not_known_is_a_placeholder_and_named_at_the_top() {
    let nothing = Values::of_the_program();
    for (method, form, source) in all() {
        let text = written(source, &nothing, form);
        let top = text.split("For whom").next().expect("a top");
        let sheet = Sheet { source, values: &nothing, form };
        assert!(!sheet.to_fill_in().is_empty(), "{method:?}");
        for slot in sheet.to_fill_in() {
            let placeholder = slot.unknown.as_ref().expect("is the firm's").placeholder;
            assert!(top.contains(placeholder), "{method:?} {form:?} does not name {placeholder} at the top");
            assert!(
                text.matches(placeholder).count() > 1,
                "{method:?} {form:?}: nothing stands where {placeholder} is"
            );
        }
        assert!(!text.contains("{{") && !top.contains("Filled in"), "{method:?} {form:?}");
        let all = written(source, &filled("x"), form);
        assert!(all.contains("Nothing: every value of the firm is filled in."), "{method:?} {form:?}");
        let left = slots::SLOTS
            .iter()
            .filter_map(|slot| Some(slot.unknown.as_ref()?.placeholder))
            .find(|one| all.contains(one));
        assert_eq!(left, None, "{method:?} {form:?}");
    }
}

/// The variables of a block, and those among them that it gives a value.
fn variables(block: &str) -> (std::collections::BTreeSet<&str>, std::collections::BTreeSet<&str>) {
    const BUILT_IN: [&str; 5] = ["_", "true", "false", "null", ""];
    let (mut used, mut given) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for line in block.lines() {
        for after in line.split('$').skip(1) {
            let end =
                after.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(after.len());
            let (name, rest) = after.split_at(end);
            if BUILT_IN.contains(&name) {
                continue;
            }
            used.insert(name);
            if rest.starts_with(" = ") || rest.starts_with(" in ") {
                given.insert(name);
            }
        }
    }
    (used, given)
}

#[test]
fn what_is_done_months_later_needs_nothing_of_the_first_session() {
    for method in HandoutMethod::value_variants() {
        let source = source(*method);
        let (_, undoing) = source.split_once("## How to undo it").expect("has it");
        // The certificate's says of one block that every session begins with it.
        let first = source.split("```powershell").find(|block| block.contains("$client = {{client_id}}"));
        let first = first.filter(|_| source.contains("Each session begins with this")).unwrap_or_default();
        let later = source.split("```powershell").skip(1).find(|block| block.contains("Update-MgIdentity"));
        for text in [Some(undoing), later].into_iter().flatten() {
            let given: std::collections::BTreeSet<_> =
                [variables(first).1, variables(text).1].into_iter().flatten().collect();
            let left: Vec<_> = variables(text).0.into_iter().filter(|name| !given.contains(name)).collect();
            assert!(left.is_empty(), "{method:?} uses {left:?}, which only the session of the first steps knows");
        }
    }
}

#[test]
fn a_hostile_value_adds_no_line_no_block_and_no_word_of_powershell() {
    for (method, _, source) in all() {
        let plain = blocks(&written(source, &filled("x"), HandoutFormat::Markdown));
        for value in HOSTILE {
            let values = filled(value);
            let text = written(source, &values, HandoutFormat::Markdown);
            let clean = values.known("tenant").expect("was put")[0].clone();
            let found = blocks(&text);
            assert_eq!(found.len(), plain.len(), "{method:?} with {value:?}");
            for (found, plain) in found.iter().zip(&plain) {
                // Everything but the quoted value is as it is with a plain one.
                let text = found.replace(&powershell::literal(&clean), "'x'");
                let text = text.replace(&crate::sources::quoted(&clean), "[x]");
                assert_eq!(text, *plain, "{method:?} with {value:?}");
            }
            for form in [HandoutFormat::Markdown, HandoutFormat::Text] {
                let text = written(source, &values, form);
                assert_eq!(
                    text.lines().count(),
                    written(source, &filled("x"), form).lines().count(),
                    "{method:?} {value:?}"
                );
                assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{method:?} with {value:?}");
                assert!(!text.contains(['\u{202e}', '\u{200b}']), "{method:?} with {value:?}");
            }
        }
    }
}

#[test]
fn a_hostile_value_is_shown_letter_by_letter_in_markdown() {
    use pulldown_cmark::{Event, Parser};
    for (method, _, source) in all() {
        for value in HOSTILE {
            let values = filled(value);
            let clean = values.known("tenant").expect("was put")[0].clone();
            let text = written(source, &values, HandoutFormat::Markdown);
            let mut shown = 0;
            for event in Parser::new(&text) {
                match event {
                    Event::Code(code) if *code == *clean => shown += 1,
                    Event::Html(html) | Event::InlineHtml(html) => panic!("{method:?} with {value:?} became {html}"),
                    Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) => {
                        assert!(!dest_url.contains("evil"), "{method:?} with {value:?} leads to {dest_url}");
                    }
                    _ => {}
                }
            }
            assert!(shown > 0, "{method:?}: {value:?} is not shown as it is");
        }
    }
}

#[test]
fn plain_text_has_the_same_words_and_steps_without_marks() {
    for method in HandoutMethod::value_variants() {
        let values = filled("x");
        let markdown = written(source(*method), &values, HandoutFormat::Markdown);
        let text = written(source(*method), &values, HandoutFormat::Text);
        let commands = |text: &str| -> Vec<String> {
            text.lines()
                .filter(|line| line.contains("-Mg") || line.contains("-Mailbox"))
                .map(|line| line.trim().to_owned())
                .collect()
        };
        assert_eq!(commands(&text).len(), commands(&markdown).len(), "{method:?}");
        for mark in ["```", "](", "## ", "**"] {
            assert!(!text.contains(mark), "{method:?} shows {mark}");
        }
        let words = |text: &str| -> String { text.chars().filter(|letter| letter.is_alphanumeric()).collect() };
        assert_eq!(words(&text), words(&markdown.replace("```powershell", "").replace("```sql", "")), "{method:?}");
    }
}

#[test]
fn each_way_asks_for_what_the_program_asks_for() {
    let values = Values::of_the_program();
    let text = written(source(HandoutMethod::Oauth), &values, HandoutFormat::Markdown);
    for permission in
        ["Calendars.ReadWrite", "Contacts.ReadWrite", "Tasks.ReadWrite", "MailboxSettings.ReadWrite", "User.Read"]
    {
        assert!(
            text.contains(&format!("`{permission}`")) && text.contains(&format!("    '{permission}'\n")),
            "{permission}"
        );
    }
    assert!(text.contains("`EWS.AccessAsUser.All`") && text.contains("`Calendars.ReadWrite.Shared`"));
    assert!(text.contains("    'offline_access'\n") && !text.contains("Mail.Read"));
}

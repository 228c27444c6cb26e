//! The house keeps its floors: dependencies point down only, and adapters know nothing of each other.
//!
//! The table of floors is the head of `src/lib.rs`; there is no other. Sources are read as tokens, so that a path in a string
//! or a comment is not taken for a dependency, and one inside a macro is.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::repository;

/// From this floor up rooms of one floor may use each other (never in a circle): composition and street doors.
const SOCIABLE: u32 = 7;

/// A file longer than this holds more than one thought.
const LONG: usize = 400;

/// Files that may be long, and why.
const MAY_BE_LONG: [(&str, &str); 1] = [("src/domain/zone/table.rs", "a table made from CLDR, one line per zone")];

/// One use of a room by another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: String,
    to: String,
    place: String,
}

#[test]
fn every_room_of_the_library_stands_in_the_table_of_floors() {
    let floors = floors();
    let declared: BTreeSet<String> = repository::text_of(Path::new("src/lib.rs"))
        .expect("lib.rs is text")
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned))
        .chain(["main".to_owned()])
        .collect();
    let known: BTreeSet<String> = floors.keys().cloned().collect();
    assert_eq!(declared, known, "left: modules of src/lib.rs (and main), right: rooms in the table of its head");
}

#[test]
fn the_architecture_shows_the_same_table() {
    let document = repository::text_of(Path::new("docs/architecture.md")).expect("the architecture is text");
    let table: Vec<String> =
        table().lines().map(|line| line.strip_prefix("//! ").unwrap_or_default().to_owned()).collect();
    let table = table.join("\n");
    assert!(document.contains(&table), "docs/architecture.md does not show the table of src/lib.rs:\n{table}");
}

#[test]
fn arrows_point_down_only() {
    let floors = floors();
    let trouble: Vec<String> = arrows()
        .into_iter()
        .filter_map(|arrow| judge(&floors, &arrow).map(|why| format!("{}: {why}", arrow.place)))
        .collect();
    assert!(trouble.is_empty(), "upward arrows:\n{}", trouble.join("\n"));
}

#[test]
fn rooms_of_one_floor_do_not_go_round_in_circles() {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for arrow in arrows() {
        if arrow.from != arrow.to {
            uses.entry(arrow.from).or_default().insert(arrow.to);
        }
    }
    // Take away rooms that use nothing that is left, until nothing changes: what remains is a circle.
    loop {
        let left: BTreeSet<String> = uses.keys().cloned().collect();
        let before = uses.len();
        uses.retain(|_, used| used.iter().any(|room| left.contains(room)));
        if uses.len() == before {
            break;
        }
    }
    assert!(uses.is_empty(), "these rooms use each other in a circle: {uses:?}");
}

#[test]
fn upward_arrows_and_tricks_are_noticed() {
    let floors = floors();
    for (file, text, refused) in [
        ("src/domain/key.rs", "use crate::ports::Failure;", true),
        ("src/ports/failure.rs", "use crate::domain::Kind;", false),
        ("src/exchange/transport.rs", "use crate::state::Ledger;", true),
        ("src/exchange/transport.rs", "use crate::{domain::Kind, auth};", true),
        ("src/exchange/ews/soap.rs", "use super::super::super::auth::password;", true),
        ("src/exchange/ews/soap.rs", "use super::{super::super::auth, calls};", true),
        ("src/exchange/ews/soap.rs", "use super::super::auth;", false),
        ("src/exchange.rs", "mod tests { use super::super::simulator::Simulator; }", true),
        ("src/plan/decide.rs", "fn now() { debug!(crate::engine::now()) }", true),
        ("src/plan/decide.rs", "// use crate::engine;\nconst TEXT: &str = \"crate::engine::now()\";", false),
        ("src/app.rs", "use crate::config::Config;", false),
        ("src/engine/tick.rs", "use crate::service::ready;", true),
        ("src/plan.rs", "use crate::*;", true),
        ("src/main.rs", "use pocketdocket::cli;", false),
    ] {
        let found = arrows_in(Path::new(file), text).iter().any(|arrow| judge(&floors, arrow).is_some());
        assert_eq!(found, refused, "{file}: {text}");
    }
}

#[test]
fn every_room_has_a_head_that_says_what_happens_in_it() {
    let mut trouble = Vec::new();
    for (path, text) in repository::sources() {
        let head = text.lines().take_while(|line| line.starts_with("//!")).count();
        let is_room = path.parent() == Some(Path::new("src"));
        if head < if is_room { 2 } else { usize::from(declared_public(&path)) } {
            trouble.push(format!("{}: {head} lines of head", path.display()));
        }
    }
    let small: [&str; 1] = ["src/main.rs"];
    trouble.retain(|line| !small.iter().any(|path| line.starts_with(path)));
    assert!(trouble.is_empty(), "rooms without a head that describes them:\n{}", trouble.join("\n"));
}

#[test]
fn a_file_is_one_thought() {
    let mut trouble = Vec::new();
    for (path, text) in repository::sources() {
        let name = path.to_string_lossy().replace('\\', "/");
        if name.ends_with("/tests.rs") || name.contains("/tests/") {
            continue;
        }
        let length = text.lines().take_while(|line| *line != "mod tests {").count();
        let excused = MAY_BE_LONG.iter().any(|(file, _)| *file == name);
        if length > LONG && !excused {
            trouble.push(format!("{name}: {length} lines"));
        } else if length <= LONG && excused {
            trouble.push(format!("{name}: {length} lines, and needs no excuse any more"));
        }
    }
    assert!(trouble.is_empty(), "more than {LONG} lines without the tests inside:\n{}", trouble.join("\n"));
}

/// The table in the head of `src/lib.rs`, as it stands there.
fn table() -> String {
    let text = repository::text_of(Path::new("src/lib.rs")).expect("lib.rs is text");
    let table = text.split("```text\n").nth(1).and_then(|rest| rest.split("//! ```").next());
    table.expect("the table of floors").to_owned()
}

/// Room -> floor, from the head of `src/lib.rs`: lines of `floor, rooms, description`, two or more spaces between; a line
/// without a number stays on the floor above it.
fn floors() -> BTreeMap<String, u32> {
    let table = table();
    let mut floors = BTreeMap::new();
    let mut floor = None;
    for line in table.lines() {
        let mut words: Vec<&str> =
            line.trim_start_matches("//!").split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        words.pop().expect("a line of the table ends with a description");
        for word in words {
            match word.parse() {
                Ok(number) => floor = Some(number),
                Err(_) => {
                    floors.insert(word.to_owned(), floor.expect("the first line of the table has a number"));
                }
            }
        }
    }
    assert!(floors.len() > 10, "the table of floors was not understood: {floors:?}");
    floors
}

/// What is wrong with an arrow, if anything.
fn judge(floors: &BTreeMap<String, u32>, arrow: &Arrow) -> Option<String> {
    let Arrow { from, to, .. } = arrow;
    if from == to {
        return None;
    }
    let Some(own) = floors.get(from) else { return Some(format!("`{from}` is not in the table of floors")) };
    let Some(other) = floors.get(to) else {
        return Some(format!("`{from}` uses `{to}` of the crate's root, which is no room"));
    };
    if other > own {
        Some(format!("`{from}` (floor {own}) uses `{to}` (floor {other})"))
    } else if other == own && *own < SOCIABLE {
        Some(format!("`{from}` uses `{to}`, its neighbour on floor {own}"))
    } else {
        None
    }
}

fn arrows() -> Vec<Arrow> {
    repository::sources()
        .iter()
        .filter(|(path, _)| path != Path::new("src/lib.rs"))
        .flat_map(|(path, text)| arrows_in(path, text))
        .collect()
}

/// The rooms that a file uses.
fn arrows_in(path: &Path, text: &str) -> Vec<Arrow> {
    let modules: Vec<String> = path
        .with_extension("")
        .components()
        .skip(1)
        .map(|component| component.as_os_str().to_string_lossy().into_owned())
        .collect();
    let from = modules.first().expect("a file in src").clone();
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut rooms = Vec::new();
    walk(tokens, modules.len(), &mut rooms);
    rooms
        .into_iter()
        .map(|(to, line)| Arrow { from: from.clone(), to, place: format!("{}:{line}", path.display()) })
        .collect()
}

/// Looks for paths that start at the crate's root or climb up to it. `depth` is how many modules deep the tokens stand.
fn walk(tokens: TokenStream, depth: usize, rooms: &mut Vec<(String, usize)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut position = 0;
    while let Some(token) = tokens.get(position) {
        let rest = tokens.get(position + 1..).unwrap_or_default();
        let continues = position > 0 && is_colon(tokens.get(position - 1));
        match token {
            TokenTree::Ident(word) if word == "mod" => {
                if let [TokenTree::Ident(_), TokenTree::Group(body), ..] = rest {
                    walk(body.stream(), depth + 1, rooms);
                    position += 2;
                }
            }
            TokenTree::Ident(word) if !continues && (word == "crate" || word == "pocketdocket") => {
                if let Some(path) = after_colons(rest) {
                    follow(path, 0, rooms);
                }
            }
            TokenTree::Ident(word) if !continues && word == "super" => {
                if let Some(path) = after_colons(rest) {
                    follow(path, depth.saturating_sub(1), rooms);
                }
            }
            TokenTree::Group(group) => walk(group.stream(), depth, rooms),
            _ => {}
        }
        position += 1;
    }
}

/// Follows a path that so far led to a module `depth` below the root, and notes the room that it enters from there.
fn follow(path: &[TokenTree], depth: usize, rooms: &mut Vec<(String, usize)>) {
    match path.first() {
        Some(TokenTree::Ident(word)) if word == "super" => {
            if let Some(rest) = after_colons(path.get(1..).unwrap_or_default()) {
                follow(rest, depth.saturating_sub(1), rooms);
            }
        }
        Some(TokenTree::Ident(word)) if depth == 0 => rooms.push((word.to_string(), word.span().start().line)),
        Some(TokenTree::Punct(star)) if depth == 0 => rooms.push((star.to_string(), star.span().start().line)),
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
            for part in tokens.split(|token| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ',')) {
                follow(part, depth, rooms);
            }
        }
        _ => {}
    }
}

fn after_colons(tokens: &[TokenTree]) -> Option<&[TokenTree]> {
    (is_colon(tokens.first()) && is_colon(tokens.get(1))).then(|| tokens.get(2..).unwrap_or_default())
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// Whether the module of this file is declared `pub mod` by its parent.
fn declared_public(path: &Path) -> bool {
    let Some(name) = path.file_stem() else { return false };
    let Some(parent) = path.parent().filter(|parent| *parent != Path::new("src")) else { return false };
    let declaration = format!("pub mod {};", name.to_string_lossy());
    repository::text_of(&parent.with_extension("rs"))
        .is_some_and(|text| text.lines().any(|line| line.trim() == declaration))
}

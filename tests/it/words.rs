//! What must not stand in a repository that strangers clone: paths of one machine, hosts of package registries, talk about
//! how it was made.

use crate::repository;

/// Words that are refused anywhere, in pieces so that this file does not contain them.
const REFUSED: [&[&str]; 17] = [
    &["/wor", "k/"],
    &["/roo", "t/"],
    &["/hom", "e/"],
    &["/far", "m/"],
    &["/tmp/", "wt"],
    &["/tmp/", "brief"],
    &["crates", ".io"],
    &["docs", ".rs/"],
    &["registry.", "npmjs"],
    &["pypi", ".org"],
    &["files.", "pythonhosted"],
    &["deb.", "debian"],
    &["this ", "session"],
    &["sub", "agent"],
    &["sub-", "agent"],
    &["clau", "de"],
    &["language ", "model"],
];

#[test]
fn nothing_tells_of_the_machine_or_the_making() {
    let refused: Vec<String> = REFUSED.iter().map(|pieces| pieces.concat()).collect();
    let mut trouble = Vec::new();
    for path in repository::files_below("") {
        // The lock file names its registry on every second line; cargo writes it, not we.
        if path.file_name().is_some_and(|name| name == "Cargo.lock") {
            continue;
        }
        let Some(text) = repository::text_of(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            let lower = line.to_lowercase();
            if let Some(word) = refused.iter().find(|word| lower.contains(word.as_str())) {
                trouble.push(format!("{}:{}: `{word}`", path.display(), number + 1));
            }
        }
    }
    assert!(trouble.is_empty(), "words that must not stand here:\n{}", trouble.join("\n"));
}

#[test]
fn no_merge_is_left_half_done() {
    let marks = [["<<<<", "<<< "], [">>>>", ">>> "]].map(|pieces| pieces.concat());
    let mut trouble = Vec::new();
    for path in repository::files_below("") {
        let Some(text) = repository::text_of(&path) else { continue };
        let marked = text.lines().enumerate().filter(|(_, line)| marks.iter().any(|mark| line.starts_with(mark)));
        trouble.extend(marked.map(|(number, _)| format!("{}:{}", path.display(), number + 1)));
    }
    assert!(trouble.is_empty(), "both sides of a merge stand here:\n{}", trouble.join("\n"));
}

#[test]
fn nothing_is_left_for_later_in_the_code() {
    let refused: Vec<String> = [["TO", "DO"], ["FIX", "ME"], ["todo", "!("], ["unimplemented", "!("]]
        .iter()
        .map(|pieces| pieces.concat())
        .collect();
    let mut trouble = Vec::new();
    for folder in ["src", "tests", "config", "service"] {
        if !repository::root().join(folder).exists() {
            continue;
        }
        for path in repository::files_below(folder) {
            let Some(text) = repository::text_of(&path) else { continue };
            for (number, line) in text.lines().enumerate() {
                if refused.iter().any(|word| line.contains(word)) {
                    trouble.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
                }
            }
        }
    }
    assert!(trouble.is_empty(), "left for later:\n{}", trouble.join("\n"));
}

#[test]
fn an_exception_to_a_lint_gives_its_reason() {
    let bare = ["#[all", "ow(", "#![all", "ow("];
    let bare = [format!("{}{}", bare[0], bare[1]), format!("{}{}", bare[2], bare[3])];
    let mut trouble = Vec::new();
    for (path, text) in repository::sources() {
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            let is_bare = bare.iter().any(|word| line.starts_with(word));
            let is_silent = line.starts_with("#[expect(") && line.ends_with(")]") && !line.contains("reason");
            if is_bare || is_silent {
                trouble.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert!(trouble.is_empty(), "say `#[expect(.., reason = \"..\")]`:\n{}", trouble.join("\n"));
}

//! The files of this repository, as the guard tests read them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that are made, not written.
const MADE: [&str; 5] = [".git", ".venv", "data", "__pycache__", "node_modules"];

/// Where `Cargo.toml` lies.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the repository, with its path from the root, sorted.
pub(crate) fn files_below(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.sort();
    found
}

/// The text of a file, or nothing if it is not text.
pub(crate) fn text_of(path: &Path) -> Option<String> {
    let bytes = fs::read(root().join(path)).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    String::from_utf8(bytes).ok()
}

/// The Rust files of `src` with their text.
pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    let files: Vec<_> = files_below("src")
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| text_of(&path).map(|text| (path, text)))
        .collect();
    assert!(files.len() > 30, "the sources were not found");
    files
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
    for entry in entries {
        let entry = entry.expect("a folder that can be listed has entries that can be read");
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // A build folder may have any name after `target` (`.gitignore` says the same). In a work tree `.git` is a file.
        if MADE.contains(&name.as_ref()) || name == "target" || name.starts_with("target-") {
            continue;
        }
        let kind = entry.file_type().expect("an entry has a type");
        if kind.is_dir() {
            collect(&entry.path(), found);
        } else if kind.is_file() {
            let path = entry.path();
            found.push(path.strip_prefix(root()).expect("below the root").to_path_buf());
        }
    }
}

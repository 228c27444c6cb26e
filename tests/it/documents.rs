//! The papers are true: links lead somewhere, and the commands that the README and the guides show work as shown.
//!
//! A block marked `console` shows commands after `$ ` (continued after `> `) and what they print. The comment before it says what
//! the test does with it:
//!
//! - `<!-- test: run -->`: each command is run, in one folder per document, and must succeed. What the block shows must be printed,
//!   line by line in this order; `…` stands for anything. `<!-- test: run, exits 1 -->` expects that exit code of the last one.
//! - `<!-- test: run instead: COMMAND -->`: this command in place of the one in the block, which waits for a person.
//! - `<!-- test: beside -->`: the command keeps running beside the following ones until the document ends.
//! - `<!-- test: not run: because .. -->`: with the reason.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read as _, Seek as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::repository;

/// The port that documents name for the simulator; the test puts a free one in its place.
const DOCUMENTED_PORT: &str = "8025";

/// How long a command may take.
const PATIENCE: Duration = Duration::from_mins(2);

#[test]
fn links_between_documents_lead_somewhere() {
    let documents = documents();
    let mut trouble = Vec::new();
    for path in &documents {
        for target in links(&text_of(path)) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let folder = path.parent().unwrap_or(Path::new(""));
            let place = if file.is_empty() { path.clone() } else { folder.join(file) };
            if !repository::root().join(&place).exists() {
                trouble.push(format!("{}: `{target}` does not exist", path.display()));
            } else if !anchor.is_empty() && !anchors(&text_of(&place)).contains(anchor) {
                trouble.push(format!("{}: `{target}` has no such heading", path.display()));
            }
        }
    }
    assert!(trouble.is_empty(), "links that lead nowhere:\n{}", trouble.join("\n"));
}

#[test]
fn every_document_can_be_found_from_the_readme() {
    let mut reached: BTreeSet<PathBuf> = BTreeSet::new();
    let mut next = vec![PathBuf::from("README.md")];
    while let Some(path) = next.pop() {
        if !reached.insert(path.clone()) {
            continue;
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        for target in links(&text_of(&path)) {
            let file = target.split('#').next().unwrap_or_default();
            if Path::new(file).extension().is_some_and(|extension| extension == "md") && !file.contains("://") {
                next.push(tidy(&folder.join(file)));
            }
        }
    }
    let lost: Vec<_> = documents()
        .into_iter()
        .filter(|path| path.starts_with("docs") || path.components().count() == 1)
        .filter(|path| !reached.contains(path))
        .collect();
    assert!(lost.is_empty(), "no link leads from the README to {lost:?}");
}

#[test]
fn decisions_have_numbers_of_their_own() {
    let mut numbers: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in repository::files_below("docs/decisions") {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some((number, _)) = name.split_once('-') {
            assert!(number.len() == 4 && number.parse::<u16>().is_ok(), "{name} begins with no number of four digits");
            if let Some(other) = numbers.insert(number.to_owned(), path.clone()) {
                panic!("{} and {} have the same number", path.display(), other.display());
            }
        }
    }
    assert!(numbers.len() > 5, "the decisions were not found");
}

#[test]
fn what_is_stored_where_names_every_table_and_what_of_it_is_sealed() {
    let migrations = repository::files_below("src/state")
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "sql"));
    let schema: String = migrations.map(|path| text_of(&path)).collect();
    let mut tables: BTreeMap<&str, bool> = BTreeMap::new();
    for table in schema.split("CREATE TABLE ").skip(1) {
        let name = table.split_whitespace().next().expect("a table has a name");
        let columns = table.split("STRICT").next().unwrap_or_default();
        tables.insert(name, columns.lines().any(|line| line.trim_start().starts_with("sealed ")));
    }
    let document = text_of(Path::new("docs/concepts/what-is-stored-where.md"));
    let mut told: BTreeMap<&str, bool> = BTreeMap::new();
    for row in document.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (names, rest) = row.split_once(" | ").expect("a table has columns");
        let sealed = rest.trim_end_matches(" |").ends_with("| yes");
        for name in names.split(',') {
            told.insert(name.trim().trim_matches('`'), sealed);
        }
    }
    assert!(tables.len() > 10, "the tables were not found");
    assert_eq!(tables, told, "left: tables of src/state/**/*.sql and whether they seal, right: what the document says");
}

#[test]
fn every_library_we_use_is_named_in_a_decision() {
    let manifest: toml::Table = text_of(Path::new("Cargo.toml")).parse().expect("the manifest is TOML");
    let mut tables = vec![&manifest["dependencies"], &manifest["dev-dependencies"]];
    tables.extend(manifest["target"].as_table().expect("a table").values().map(|target| &target["dependencies"]));
    let libraries = tables.into_iter().filter_map(toml::Value::as_table).flat_map(toml::Table::keys);
    let decisions: String = repository::files_below("docs/decisions").iter().map(|path| text_of(path)).collect();
    let unnamed: Vec<_> = libraries.filter(|name| !decisions.contains(&format!("`{name}`"))).collect();
    assert!(unnamed.is_empty(), "no decision in docs/decisions names {unnamed:?}");
}

#[test]
fn every_command_in_the_papers_says_whether_it_is_run() {
    let mut trouble = Vec::new();
    for path in documents() {
        trouble.extend(
            blocks(&text_of(&path))
                .iter()
                .filter_map(|block| block.as_ref().err().map(|why| format!("{}: {why}", path.display()))),
        );
    }
    assert!(trouble.is_empty(), "console blocks without a mark:\n{}", trouble.join("\n"));
}

#[test]
fn the_commands_in_the_papers_do_what_they_show() {
    let mut run = 0;
    for path in documents() {
        let blocks: Vec<Block> = blocks(&text_of(&path)).into_iter().flatten().collect();
        if blocks.iter().all(|block| block.mode == Mode::NotRun) {
            continue;
        }
        let mut walk = Walk::new(&path);
        for block in &blocks {
            run += walk.block(block);
        }
    }
    assert!(run > 0, "no command was found");
}

#[test]
fn marks_and_shown_output_are_understood() {
    let text = "<!-- test: run, exits 1 -->\n```console\n$ one \\\n> two\nsays …\n$ three\n```\n\n<!-- test: not run: long -->\n\n```console\n$ four\n```\n\n```console\n$ five\n```\n";
    let found = blocks(text);
    assert_eq!(found.len(), 3);
    let first = found[0].as_ref().expect("marked");
    assert_eq!(first.mode, Mode::Run { code: 1 });
    assert_eq!(first.steps.len(), 2);
    assert_eq!(
        (first.steps[0].command.as_str(), first.steps[0].shown.as_slice()),
        ("one \\\ntwo", &["says …".to_owned()][..])
    );
    assert_eq!(found[1].as_ref().expect("marked").mode, Mode::NotRun);
    assert!(found[2].is_err());
    assert!(matches("wrote … items to …", "wrote 12 items to weber") && matches("plain", "plain"));
    assert!(!matches("wrote … items", "wrote 12 items to weber") && !matches("plain", "plainly"));
}

#[test]
fn every_test_that_a_promise_names_exists() {
    let known: String = ["src", "tests"]
        .into_iter()
        .flat_map(repository::files_below)
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| repository::text_of(&path))
        .collect();
    let mut named = 0;
    for row in text_of("docs/reference/sign-in.md".as_ref()).lines().filter(|line| line.starts_with("| ")) {
        let tests = row.trim_end_matches([' ', '|']).rsplit('|').next().unwrap_or_default();
        for test in tests.split('`').skip(1).step_by(2) {
            assert!(known.contains(&format!("fn {test}(")), "nobody wrote the test `{test}`, which is to show: {row}");
            named += 1;
        }
    }
    assert!(named > 30, "{named} tests are named");
}

/// What to do with a block.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    Run { code: i32 },
    Instead(String),
    Beside,
    NotRun,
}

/// One command, and what the document shows of its output.
#[derive(Debug, Default)]
struct Step {
    command: String,
    shown: Vec<String>,
}

#[derive(Debug)]
struct Block {
    mode: Mode,
    steps: Vec<Step>,
}

/// The way through one document: a folder, a port, and what keeps running beside.
struct Walk {
    document: PathBuf,
    folder: tempfile::TempDir,
    port: String,
    beside: Vec<Child>,
}

impl Walk {
    fn new(document: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port().to_string();
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { document: document.to_path_buf(), folder, port, beside: Vec::new() }
    }

    /// Runs a block; how many commands that were.
    fn block(&mut self, block: &Block) -> usize {
        match &block.mode {
            Mode::NotRun => return 0,
            Mode::Instead(command) => {
                let shown = block.steps.iter().flat_map(|step| step.shown.clone()).collect();
                self.step(&Step { command: command.clone(), shown }, 0);
            }
            Mode::Beside => {
                for step in &block.steps {
                    // `exec`: what is killed at the end must be the program itself and not a shell around it.
                    let child = self
                        .command(&format!("exec {}", step.command))
                        .stdout(Stdio::null())
                        .stderr(Stdio::null())
                        .spawn();
                    self.beside.push(child.expect("bash starts"));
                    self.wait_for_the_port();
                }
            }
            Mode::Run { code } => {
                for (position, step) in block.steps.iter().enumerate() {
                    let last = position + 1 == block.steps.len();
                    self.step(step, if last { *code } else { 0 });
                }
            }
        }
        block.steps.len()
    }

    fn step(&self, step: &Step, expected: i32) {
        // Into a file, in the order of writing, and without a pipe that could fill up.
        let mut output = tempfile::tempfile().expect("a temporary file");
        let (one, other) = (output.try_clone().expect("a handle"), output.try_clone().expect("a handle"));
        let mut child = self.command(&step.command).stdout(one).stderr(other).spawn().expect("bash starts");
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("a child can be asked") {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                child.kill().expect("a child can be killed");
                child.wait().expect("and ends");
                panic!("{}: `{}` still runs after {PATIENCE:?}", self.document.display(), step.command);
            }
            thread::sleep(Duration::from_millis(20));
        };
        let mut printed = Vec::new();
        output.rewind().expect("a file rewinds");
        output.read_to_end(&mut printed).expect("a file can be read");
        let printed = String::from_utf8_lossy(&printed);
        let place = format!("{}: `{}`", self.document.display(), step.command);
        assert_eq!(status.code(), Some(expected), "{place} ended with this exit code and printed:\n{printed}");
        let mut lines = printed.lines();
        for shown in &step.shown {
            let shown = shown.replace(DOCUMENTED_PORT, &self.port);
            let found = lines.any(|line| matches(shown.trim(), line.trim()));
            assert!(found, "{place} does not print (here) `{shown}` but:\n{printed}");
        }
    }

    fn command(&self, text: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_pocketdocket"));
        let path = format!(
            "{}:{}:{}",
            program.parent().expect("a program lies in a folder").display(),
            repository::root().join("tests/guides").display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let mut command = Command::new("bash");
        command
            .args(["-euo", "pipefail", "-c", &text.replace(DOCUMENTED_PORT, &self.port)])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("NO_COLOR", "1")
            .env("COLUMNS", "200")
            .stdin(Stdio::null());
        command
    }

    fn wait_for_the_port(&self) {
        let begun = Instant::now();
        while TcpStream::connect(format!("127.0.0.1:{}", self.port)).is_err() {
            assert!(begun.elapsed() < PATIENCE, "{}: nothing listens on the documented port", self.document.display());
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        for child in &mut self.beside {
            // It may have ended by itself; there is nobody to tell.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The documents of this repository.
fn documents() -> Vec<PathBuf> {
    let documents: Vec<_> = repository::files_below("")
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    assert!(documents.len() > 10, "the documents were not found");
    documents
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(repository::root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn links(text: &str) -> Vec<String> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.into_string()),
            _ => None,
        })
        .collect()
}

/// The anchors of a document's headings: small letters, spaces as hyphens, other signs left out.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let title = heading.take().unwrap_or_default().to_lowercase();
                let kept = title.chars().filter(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_'));
                anchors.insert(kept.map(|sign| if sign == ' ' { '-' } else { sign }).collect());
            }
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            _ => {}
        }
    }
    anchors
}

/// The console blocks of a document; an error for one without a mark.
fn blocks(text: &str) -> Vec<Result<Block, String>> {
    let mut found = Vec::new();
    let mut mark: Option<Mode> = None;
    let mut console: Option<String> = None;
    for event in Parser::new(text) {
        match event {
            Event::Html(html) if console.is_none() => {
                if let Some(mode) = mode_of(&html) {
                    mark = Some(mode);
                }
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if &*info == "console" => {
                console = Some(String::new());
            }
            Event::Text(text) => {
                if let Some(console) = &mut console {
                    console.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some(content) = console.take() {
                    found.push(match mark.take() {
                        Some(mode) => Ok(Block { mode, steps: steps(&content) }),
                        None => Err(format!("no `<!-- test: .. -->` before\n{content}")),
                    });
                }
            }
            // A mark belongs to the block right after it.
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::List(_)) => mark = None,
            _ => {}
        }
    }
    found
}

fn mode_of(html: &str) -> Option<Mode> {
    let mark = html.trim().strip_prefix("<!-- test: ")?.strip_suffix(" -->")?;
    if mark == "beside" {
        Some(Mode::Beside)
    } else if mark.strip_prefix("not run: ").is_some_and(|reason| !reason.is_empty()) {
        Some(Mode::NotRun)
    } else if let Some(command) = mark.strip_prefix("run instead: ") {
        Some(Mode::Instead(command.to_owned()))
    } else if mark == "run" {
        Some(Mode::Run { code: 0 })
    } else {
        mark.strip_prefix("run, exits ").and_then(|code| code.parse().ok()).map(|code| Mode::Run { code })
    }
}

fn steps(content: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in content.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), shown: Vec::new() });
        } else if let Some(step) = steps.last_mut() {
            match line.strip_prefix("> ").or((line == ">").then_some("")) {
                Some(more) => {
                    step.command.push('\n');
                    step.command.push_str(more);
                }
                None if line.trim().is_empty() => {}
                None => step.shown.push(line.to_owned()),
            }
        }
    }
    steps
}

/// Whether a line is the one that is shown; `…` stands for anything.
fn matches(shown: &str, line: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// A path without `..`, as far as text can tell.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            std::path::Component::ParentDir => {
                tidy.pop();
            }
            std::path::Component::CurDir => {}
            other => tidy.push(other),
        }
    }
    tidy
}

//! Feeds every parser with changed examples for some seconds: `smoke SECONDS [PARSER]`.
//!
//! Not guided by coverage as libFuzzer is, but it needs nothing beside stable Rust. Each run starts from another number and
//! prints it; `POCKETDOCKET_FUZZ_START` repeats a run. An input that panics or takes too long is kept and its path printed.

use std::{
    env, fs,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    process::ExitCode,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use pocketdocket_fuzz::{PARSERS, Parser};
use rand::{Rng, RngExt as _, SeedableRng, rngs::StdRng, seq::IndexedRandom as _};

/// Longer than this for one input is a hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// Inputs grow to about this size.
const LARGE: usize = 64 * 1024;

/// What the first panic said.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

/// What parsers care about.
const PIECES: &[&[u8]] = &[
    b"<",
    b">",
    b"</",
    b"/>",
    b"&",
    b"&amp;",
    b"&#0;",
    b"&#x10FFFF;",
    b"&nbsp;",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"<?",
    b"\"",
    b"'",
    b"xmlns=",
    b"%",
    b"%2F",
    b"%zz",
    b"/",
    b"//",
    b"\0",
    b"\xff\xfe",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"\r\n",
    b"\t",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"1e308",
    b"NaN",
    b"T",
    b"Z",
    b"2026-02-30",
    b"9999-12-31T23:59:59Z",
    b"0000-00-00",
    b"+14:00",
    b"[[",
    b"]]",
    b"=",
    b"{",
    b"}",
    b"{{",
    b"null",
    b"true",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let seconds = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(5);
    let start = env::var("POCKETDOCKET_FUZZ_START").ok().and_then(|text| text.parse().ok());
    let start: u64 = start.unwrap_or_else(|| rand::rng().random());
    println!("start {start}, {seconds} seconds each");
    // Some parsers run in threads of their own: whoever panics leaves a note.
    panic::set_hook(Box::new(|panic| {
        PANIC.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| panic.to_string());
    }));
    let mut failed = false;
    for parser in PARSERS.iter().filter(|parser| arguments.get(1).is_none_or(|name| name == parser.name)) {
        failed |= !feed(parser, start, Duration::from_secs(seconds));
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Feeds one parser; false when it failed.
fn feed(parser: &Parser, start: u64, time: Duration) -> bool {
    let mut random = StdRng::seed_from_u64(start);
    let begun = Instant::now();
    let mut inputs = 0_u64;
    while begun.elapsed() < time {
        let input = input(parser, &mut random);
        let trouble = trouble(parser, &input);
        inputs += 1;
        if let Some(trouble) = trouble {
            let place = keep(parser, &smallest(parser, input));
            println!("{}: FAILED after {inputs} inputs: {trouble}\n  input: {}", parser.name, place.display());
            return false;
        }
    }
    println!("{}: {inputs} inputs, no panic", parser.name);
    true
}

/// What goes wrong with this input, if anything.
fn trouble(parser: &Parser, input: &[u8]) -> Option<String> {
    let begun = Instant::now();
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| (parser.feed)(input)));
    let panicked = PANIC.lock().unwrap_or_else(PoisonError::into_inner).take();
    panicked
        .or_else(|| outcome.is_err().then(|| "panic".to_owned()))
        .or_else(|| (begun.elapsed() > PATIENCE).then(|| format!("took {:?}", begun.elapsed())))
}

/// The input with everything taken away that the trouble does not need.
fn smallest(parser: &Parser, mut input: Vec<u8>) -> Vec<u8> {
    let begun = Instant::now();
    let mut length = input.len() / 2;
    while length > 0 && begun.elapsed() < 2 * PATIENCE {
        let mut start = 0;
        while start < input.len() {
            let end = (start + length).min(input.len());
            let shorter = [&input[..start], &input[end..]].concat();
            if trouble(parser, &shorter).is_some() {
                input = shorter;
            } else {
                start = end;
            }
        }
        length /= 2;
    }
    input
}

/// An example, changed; now and then just noise.
fn input(parser: &Parser, random: &mut StdRng) -> Vec<u8> {
    let mut bytes = match parser.seeds.choose(random) {
        Some(seed) if random.random_ratio(15, 16) => seed.to_vec(),
        _ => noise(random, 256),
    };
    for _ in 0..random.random_range(0..12) {
        change(&mut bytes, parser, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, parser: &Parser, random: &mut StdRng) {
    let place = random.random_range(0..=bytes.len());
    let end = (place + random.random_range(0..64)).min(bytes.len());
    match random.random_range(0..8) {
        0 => bytes.truncate(place),
        1 => drop(bytes.drain(place..end)),
        2 => {
            let piece = bytes[place..end].to_vec();
            insert(bytes, place, &piece);
        }
        3 => {
            if let Some(byte) = bytes.get_mut(place) {
                *byte ^= 1 << random.random_range(0..8);
            }
        }
        4 => {
            let noise = noise(random, 8);
            insert(bytes, place, &noise);
        }
        5 => {
            if let Some(other) = parser.seeds.choose(random) {
                let from = random.random_range(0..=other.len());
                bytes.truncate(place);
                insert(bytes, place, &other[from..]);
            }
        }
        6 => {
            let piece = bytes[place..end].repeat(random.random_range(1..200));
            insert(bytes, place, &piece);
        }
        _ => {
            if let Some(piece) = PIECES.choose(random) {
                insert(bytes, place, piece);
            }
        }
    }
}

fn insert(bytes: &mut Vec<u8>, place: usize, piece: &[u8]) {
    if bytes.len() + piece.len() <= LARGE {
        bytes.splice(place..place, piece.iter().copied());
    }
}

fn noise(random: &mut StdRng, longest: usize) -> Vec<u8> {
    let mut bytes = vec![0; random.random_range(0..longest)];
    random.fill_bytes(&mut bytes);
    bytes
}

fn keep(parser: &Parser, input: &[u8]) -> PathBuf {
    let place = env::temp_dir().join(format!("pocketdocket-fuzz-{}-{}", parser.name, std::process::id()));
    fs::write(&place, input).expect("a temporary folder can be written");
    place
}

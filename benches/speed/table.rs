//! Tables in Markdown, on standard output.

use std::time::Duration;

/// Prints a heading, the head of a table and its rows.
#[expect(clippy::print_stdout, reason = "the tables are what this program is for")]
pub(crate) fn print(title: &str, head: &[&str], rows: &[Vec<String>]) {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    println!("\n### {title}\n");
    println!("{}", line(&head.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>()));
    println!("{}", line(&head.iter().map(|_| "---".to_owned()).collect::<Vec<_>>()));
    for row in rows {
        println!("{}", line(row));
    }
}

/// 1234567 as `1,234,567`.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many of one there are for one of the other.
pub(crate) fn ratio(count: u64, of: u64) -> String {
    let tenths = (count * 20 / of.max(1)).div_ceil(2);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// CPU time per tick, in milliseconds.
pub(crate) fn milliseconds(time: Duration, ticks: u32) -> String {
    let each = time.as_secs_f64() * 1000.0 / f64::from(ticks.max(1));
    if each < 100.0 { format!("{each:.1} ms") } else { format!("{each:.0} ms") }
}

pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{} MB", number(bytes.div_ceil(1_000_000)))
}

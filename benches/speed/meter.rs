//! What this process used so far, as the kernel counts it: <https://man7.org/linux/man-pages/man5/proc.5.html>.

use std::{fs, time::Duration};

use anyhow::Context;

/// Fields 14 and 15 of `/proc/self/stat` count in hundredths of a second on every Linux (`USER_HZ`).
const TICK: Duration = Duration::from_millis(10);

/// CPU time of all threads, ended ones included; user and system together.
pub(crate) fn cpu() -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in brackets, and may hold anything.
    let (_, fields) = stat.rsplit_once(')').context("no name")?;
    let used: u32 = fields.split_whitespace().skip(11).take(2).map(|field| field.parse().unwrap_or(0)).sum();
    Ok(TICK * used)
}

/// The largest memory since the last [`reset_peak`], in bytes.
pub(crate) fn peak() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}

/// Counts the largest memory anew from here.
pub(crate) fn reset_peak() -> anyhow::Result<()> {
    fs::write("/proc/self/clear_refs", "5").context("reset VmHWM")
}

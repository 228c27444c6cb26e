//! A ledger that cannot be written: nothing is written to mailboxes then, somebody is told, and it goes on by itself afterwards.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::{
    office::{Office, shown},
    service::Service,
};

/// A disk of a few megabytes, mounted over a folder for as long as this lives.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Nothing where we may not mount.
    fn over(folder: &Path) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs"])
            .arg(folder)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then(|| Self(folder.to_owned()))
    }

    /// Leaves no byte free.
    fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).expect("a file");
        for size in [64 * 1024, 4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("removed");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn on_a_full_disk_nothing_is_written_to_mailboxes_and_somebody_is_told() {
    let office = Office::settled(3);
    let backup = office.back_up("backup");
    let Some(disk) = SmallDisk::over(&office.data()) else {
        eprintln!("skipped: only root may mount the small disk that this test fills");
        return;
    };
    for entry in std::fs::read_dir(&backup).expect("readable") {
        let entry = entry.expect("readable");
        std::fs::copy(entry.path(), office.data().join(entry.file_name())).expect("copied");
    }
    let mut service = Service::start(&office, "run.log");
    office.sql("UPDATE events SET place = 'Room 7'");
    service.wait_until("the first work", |_| office.is_as_the_practice_wants());
    disk.fill();
    service.wait_until("trouble", |service| service.log().contains("the ledger cannot be written"));
    office.sql("UPDATE events SET place = 'Room 8'");
    let writes = office.writes();
    let alive = || std::fs::read_to_string(office.path("alive")).expect("it was alive once");
    service.wait_until("an alert", |service| {
        service.log().lines().any(|line| line.contains("needs a person") && line.contains("ledger"))
    });
    let last_alive = alive();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(alive(), last_alive, "an outside monitor is told that all is well\n{}", service.log());
    assert_eq!(office.writes(), writes, "the mailbox was written although the ledger could not be\n{}", service.log());
    disk.empty();
    service.wait_until("work as before", |_| office.is_as_the_practice_wants());
    service.wait_until("the end of the alert", |service| service.log().contains("resolved"));
    service.wait_until("a sign of life", |_| alive() != last_alive);
    service.stop();
    office.assert_as_the_practice_wants("after a full disk");
    office.assert_quiet("after a full disk");
}

#[test]
fn a_disk_that_fails_at_any_commit_doubles_and_loses_nothing() {
    let office = Office::settled(3);
    let mut failed = 0;
    // The log of the ledger grows with every commit: each limit lets the next few through and refuses the rest.
    let limits = std::iter::successors(Some(48_u32), |limit| Some(limit + limit / 3)).take(16);
    for (round, kilobytes) in limits.enumerate() {
        office.work(round);
        let binary = assert_cmd::cargo::cargo_bin!("pocketdocket");
        let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec '{}' sync", binary.display());
        let output =
            Command::new("bash").args(["-c", &script]).current_dir(office.path("")).output().expect("there is a shell");
        if output.status.code() == Some(0) {
            break;
        }
        failed += 1;
        let said = shown(&output);
        assert!(output.status.code().is_some() && said.contains("the ledger cannot be written"), "{said}");
        office.sync();
        let when = format!("after the ledger could not grow beyond {kilobytes} kB");
        office.assert_as_the_practice_wants(&when);
        office.assert_quiet(&when);
    }
    assert!((3..16).contains(&failed), "{failed} of the limits were met");
}

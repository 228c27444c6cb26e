//! `undo` before it reaches a mailbox. What it does there is in the engine's tests, and the guide runs it from end to end.

use insta::assert_snapshot;

use super::Place;

#[test]
fn it_must_be_said_what_is_to_be_undone() {
    let place = Place::installed();
    let shown = place.run("undo --yes");
    assert!(shown.starts_with("exit code: 2") && shown.contains("--run <NUMBER>"), "{shown}");
    let shown = place.run("undo --run 1 --yes --dry-run");
    assert!(shown.starts_with("exit code: 2") && shown.contains("cannot be used with"), "{shown}");
}

#[test]
fn nothing_fits_is_said_with_where_to_look() {
    let place = Place::installed();
    assert_snapshot!(place.run("undo --run 7 --dry-run"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: nothing was written that fits
    hint: `pocketdocket history` shows what was written, with the number of each run
    ");
    place.command("user add weber --person HW --mailbox weber@kanzlei.example").assert().success();
    assert_snapshot!(place.run("undo --user weber --since 1d"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: nothing was ever written for `weber`
    hint: `pocketdocket user show weber` shows how far the link is
    ");
}

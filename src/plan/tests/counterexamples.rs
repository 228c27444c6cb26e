//! What was once wrong, by name.

use super::{
    properties::Step::{self, *},
    world::{Trouble, World, open, record, tight, with},
};
use crate::{
    domain::{Field, Kind, Place, Presence, RecordKey, Value},
    plan::{Action, Allowance, Class, FindingKind, HoldReason, OnDrift, Policy, Why},
};

fn after(policy: Policy, steps: &[Step]) -> World {
    let mut world = World::new(policy);
    for step in steps {
        world.play(step);
    }
    world
}

fn subjects(world: &World) -> Vec<String> {
    let there = world.items.values().filter(|item| item.place != Place::Deleted);
    there
        .map(|item| match item.fields.get(&Field::Subject) {
            Some(Value::Text(text)) => text.reveal().clone(),
            _ => String::new(),
        })
        .collect()
}

/// A new key format, query name or database id: deletes were held, creates were not, and everything was there twice.
#[test]
fn a_renamed_query_holds_creates_and_deletes_alike() {
    let filled: Vec<Step> = (0..5).map(|number| Upsert(number, 0)).chain([Sync]).collect();
    let mut world = after(tight(), &filled);
    world.play(&QueryIsRenamed);
    for _ in 0..3 {
        world.sync();
        world.hours += 25;
    }
    assert_eq!(world.items.len(), 5, "nothing is created while the deletes wait");
    let plan = world.plan();
    assert!(plan.operations.is_empty());
    assert!(plan.holds.iter().all(|hold| hold.operations.len() == 10));
    world.release();
    world.sync();
    let there = world.items.values().filter(|item| item.place != Place::Deleted);
    assert!(there.map(|item| &item.stamp).all(|stamp| stamp.as_ref().is_some_and(|key| key.query.0 == "tasks")));
    assert_eq!(subjects(&world).len(), 5);
}

/// Losing a fifth per tick took 200 items to 6 in 18 ticks.
#[test]
fn the_brake_cannot_be_walked_through_in_small_steps() {
    let mut policy = open();
    policy.budgets.insert(Class::Delete, Allowance { at_least: 10, percent: 10 });
    let mut world = World::new(policy);
    for number in 0..200 {
        world.upsert(number, 0);
    }
    world.sync();
    world.hours += 48;
    world.sync();
    world.hours += 48;
    for _ in 0..18 {
        let lost: Vec<RecordKey> = world.source.keys().take(world.source.len() / 5).cloned().collect();
        for key in lost {
            world.source.remove(&key);
        }
        world.sync();
    }
    assert_eq!(subjects(&world).len(), 200, "the first step alone is above the brake");
    for key in world.ledger.mirror.entries.keys().take(195).cloned().collect::<Vec<_>>() {
        let row = super::world::Row { record: record(0), unreadable: false, old: false, withdrawn: None };
        world.source.insert(key, row);
    }
    // Five at a time: twenty a day, and no more.
    for _ in 0..18 {
        let lost: Vec<RecordKey> = world.source.keys().take(5).cloned().collect();
        for key in lost {
            world.source.remove(&key);
        }
        world.sync();
    }
    assert_eq!(subjects(&world).len(), 180);
    assert!(world.plan().holds.iter().any(|hold| {
        matches!(hold.reason, HoldReason::Budget { class: Class::Delete, spent: 20, allowed: 20, .. })
    }));
}

/// A lost reply to a delete, then the record returns, policy `leave`: nothing on the phone for ever.
#[test]
fn a_record_that_returns_after_a_lost_reply_to_its_delete_is_written() {
    let policy = with(open(), OnDrift::Leave, OnDrift::Leave);
    let steps = [Upsert(1, 0), Sync, Remove(1), SyncWith(Trouble::ReplyLost(1)), Upsert(1, 0), Sync, Sync];
    let world = after(policy, &steps);
    assert_eq!(subjects(&world), ["subject 0"]);
}

/// The ledger is lost, then a record disappears: its item stayed for ever, and came back beside a third one.
#[test]
fn an_orphan_is_listed_and_taken_over_when_its_record_returns() {
    let mut world = after(open(), &[Upsert(1, 0), Upsert(2, 0), Sync, LoseLedger, Remove(1)]);
    world.ledger.first_write_released = true;
    world.sync();
    assert_eq!(subjects(&world).len(), 2);
    let plan = world.plan();
    let orphans = plan.holds.iter().find(|hold| hold.reason == HoldReason::Orphans).expect("a clean-up");
    assert!(matches!(orphans.operations.as_slice(), [delete] if delete.key == world.key(1)));
    let told: Vec<_> = plan.findings.iter().filter(|finding| finding.kind == FindingKind::Orphan).collect();
    assert!(matches!(told.as_slice(), [finding] if finding.key == world.key(1)));
    world.play(&Upsert(1, 4));
    world.sync();
    assert_eq!(subjects(&world), ["subject 4", "subject 0"]);
    world.play(&Remove(1));
    world.play(&LoseLedger);
    world.release();
    world.sync();
    world.release();
    world.sync();
    assert_eq!(subjects(&world).len(), 1, "an approved clean-up removes it");
}

/// Drift by change key alone: a field that the server drops made `restore` write for ever.
#[test]
fn a_field_that_the_server_drops_is_not_written_for_ever() {
    let mut world = after(open(), &[ServerDrops(true), Upsert(1, 0), Sync]);
    for _ in 0..3 {
        world.play(&ServerTouches(0));
        world.sync();
    }
    assert_eq!(world.writes, 1);
}

/// ... and so did a dismissed reminder.
#[test]
fn a_dismissed_reminder_is_left_dismissed() {
    let mut world = after(open(), &[Upsert(1, 0), Sync, UserDismisses(0), Sync, UserDismisses(0), Sync]);
    assert_eq!(world.writes, 1);
    world.play(&UserEdits(0));
    world.sync();
    assert_eq!(world.writes, 2);
    let Some(Action::Update { .. }) = world.plan().operations.first().map(|operation| &operation.action) else {
        return;
    };
    panic!("nothing is left to do");
}

/// Found when the sketch was made: the reply to a create is lost, the user edits the new item, and a recovery that trusted its own
/// intent would never write the record again.
#[test]
fn an_edit_after_a_lost_reply_is_overwritten() {
    let world = after(open(), &[Upsert(1, 0), SyncWith(Trouble::Crash(2)), UserEdits(0), Sync]);
    assert_eq!(subjects(&world), ["subject 0"]);
}

/// Found when the sketch was made: a copy made in Outlook carries our stamp.
#[test]
fn a_copy_made_by_the_user_survives_deletion_and_return_of_the_record() {
    let steps = [Upsert(1, 0), Sync, UserCopies(0), Sync, Remove(1), Sync, Upsert(1, 4), Sync];
    let world = after(open(), &steps);
    assert_eq!(subjects(&world), ["subject 0", "subject 4"]);
    assert_eq!(world.users_own.len(), 1);
    assert_eq!(world.ledger.mirror.foreign.len(), 1);
}

#[test]
fn an_empty_source_deletes_nothing() {
    let filled: Vec<Step> = (0..2).map(|number| Upsert(number, 0)).chain([Sync, SourceGoesBlank]).collect();
    let mut world = after(open(), &filled);
    let plan = world.plan();
    assert!(plan.operations.is_empty());
    assert!(matches!(plan.holds.as_slice(), [hold] if matches!(hold.reason, HoldReason::QueryEmpty { items: 2, .. })));
    world.sync();
    assert_eq!(subjects(&world).len(), 2);
}

#[test]
fn a_row_that_cannot_be_read_is_left_alone() {
    let mut world = after(open(), &[Upsert(1, 0), Upsert(2, 0), Sync, Unreadable(1), UserEdits(0)]);
    world.sync();
    assert_eq!(world.writes, 2);
    assert_eq!(subjects(&world).iter().filter(|subject| subject.starts_with("edited")).count(), 1);
}

/// Two items of an orphaned key came up for approval one after the other.
#[test]
fn all_items_of_an_orphaned_record_are_cleaned_up_together() {
    let mut world = after(open(), &[Upsert(1, 0), Sync, UserCopies(0), LoseLedger, Remove(1), UserCopies(0)]);
    world.release();
    let deletes = world.plan().operations;
    assert_eq!(deletes.len(), 3);
    world.sync();
    assert!(subjects(&world).is_empty());
}

/// A record that was withdrawn from one link and given by another was written in two renderings by turns.
#[test]
fn two_links_of_one_mailbox_that_show_a_record_differently_come_to_rest() {
    let mut world = after(open(), &[Upsert(4, 2), SecondLink(4, Some(0)), GrowsOld(4), Sync, Sync, Sync]);
    let before = world.writes;
    world.sync();
    assert_eq!(world.writes, before);
    world.play(&SecondLink(4, None));
    world.sync();
    assert_eq!(subjects(&world).len(), 1);
}

/// Nobody maintained the item when the user deleted it; that it lies in the window again is no reason to bring it back.
#[test]
fn what_was_deleted_while_frozen_comes_back_only_when_its_record_changes() {
    let steps = [Upsert(1, 0), Sync, GrowsOld(1), UserDeletes(0), Sync, Upsert(1, 0), Sync];
    let mut world = after(open(), &steps);
    assert_eq!(subjects(&world).len(), 0);
    world.play(&Upsert(1, 4));
    world.sync();
    assert_eq!(subjects(&world).len(), 1);
}

/// After a power cut the ledger may be a commit behind the mailbox.
#[test]
fn a_ledger_that_is_one_commit_behind_doubles_and_loses_nothing() {
    for steps in [
        vec![Upsert(1, 0), Sync],
        vec![Upsert(1, 0), Sync, Upsert(1, 4), Sync],
        vec![Upsert(1, 0), Sync, Upsert(1, 4), Sync, UserWritesOutside(0)],
    ] {
        let mut world = after(open(), &steps);
        let expected = world.source[&world.key(1)].record.clone();
        world.play(&RollBack);
        world.sync();
        world.sync();
        assert_eq!(subjects(&world), [expected.text(Field::Subject).expect("a subject")]);
        let entry = &world.ledger.mirror.entries[&world.key(1)];
        assert_eq!(entry.certain().expect("certain").record.as_ref(), &expected);
        assert!(world.plan().operations.is_empty());
    }
}

/// An old backup knows the items of yesterday: what it does not know is taken over, what it knows wrongly is read and owned.
#[test]
fn an_old_ledger_writes_nothing_that_is_already_there() {
    let steps = [Upsert(1, 0), Upsert(2, 0), Sync, Backup, Upsert(1, 4), Upsert(3, 0), Remove(2), Sync];
    let mut world = after(open(), &steps);
    let before = world.writes;
    world.play(&RestoreBackup);
    world.sync();
    assert_eq!(world.writes, before);
    assert_eq!(world.ledger.mirror.entries.len(), 2);
    assert!(world.plan().operations.is_empty());
}

#[test]
fn an_item_that_the_user_moved_is_followed_and_its_next_change_written_there() {
    let mut world = after(open(), &[Upsert(1, 0), Sync, UserMoves(0)]);
    let plan = world.plan();
    assert!(matches!(plan.operations.as_slice(), [own] if own.why == Why::Moved && own.class().is_none()));
    assert!(plan.findings.iter().any(|finding| finding.kind == FindingKind::Moved));
    world.sync();
    world.play(&Upsert(1, 4));
    world.sync();
    assert_eq!(subjects(&world), ["subject 4"]);
    assert!(world.items.values().all(|item| item.place == World::elsewhere()));
    world.play(&Remove(1));
    world.play(&UserMoves(0));
    world.release();
    world.sync();
    assert!(subjects(&world).is_empty());
}

#[test]
fn a_task_that_the_user_completed_stays_completed_until_the_office_says_something_new() {
    let mut world = after(open(), &[Upsert(1, 0), Sync, UserCompletes(0)]);
    let proposed = |world: &World| {
        let findings = world.plan().findings;
        findings
            .iter()
            .filter(|finding| {
                matches!(finding.kind, FindingKind::Proposed { field: Field::Status, overwritten: false, .. })
            })
            .count()
    };
    assert_eq!(proposed(&world), 1);
    world.sync();
    assert_eq!(proposed(&world), 0, "proposed once");
    // Another field changes: the status stays.
    world.play(&Upsert(1, 4));
    world.sync();
    let status = |world: &World| world.items.values().next().and_then(|item| item.fields.get(&Field::Status).cloned());
    let completed = Some(Value::Status(crate::domain::TaskStatus::Completed));
    assert_eq!(subjects(&world), ["subject 4"]);
    assert_eq!(status(&world), completed);
    // The office completes it, and opens it again.
    world.play(&Upsert(1, 3));
    world.sync();
    world.play(&Upsert(1, 0));
    world.sync();
    assert_ne!(status(&world), completed);
}

#[test]
fn a_deletion_by_the_user_is_undone_twice_and_then_listed() {
    let mut world = after(Policy { max_restores: 2, ..open() }, &[Upsert(1, 0), Sync]);
    for _ in 0..4 {
        world.play(&UserDeletes(0));
        world.sync();
    }
    assert!(subjects(&world).is_empty());
    assert_eq!(world.writes, 3);
    let told =
        |world: &World| world.plan().findings.iter().any(|finding| finding.kind == FindingKind::RestoresExhausted);
    assert!(told(&world), "listed as long as it is so");
    world.play(&Upsert(1, 4));
    world.sync();
    assert_eq!(subjects(&world), ["subject 4"], "it comes back when the record changes");
    assert!(!told(&world));
}

#[test]
fn an_edit_by_the_user_is_undone_twice_and_then_listed() {
    let mut world = after(Policy { max_restores: 2, ..open() }, &[Upsert(1, 0), Sync]);
    for _ in 0..4 {
        world.play(&UserEdits(0));
        world.sync();
    }
    assert_eq!(world.writes, 3);
    assert!(subjects(&world)[0].starts_with("edited"));
    assert!(world.plan().findings.iter().any(|finding| finding.kind == FindingKind::RestoresExhausted));
    world.play(&Upsert(1, 4));
    world.sync();
    assert_eq!(subjects(&world), ["subject 4"]);
}

#[test]
fn a_respected_deletion_comes_back_only_when_the_record_changes() {
    let policy = with(open(), OnDrift::Restore, OnDrift::Leave);
    let mut world = after(policy, &[Upsert(1, 0), Sync, UserDeletesForGood(0), Sync, Sync, ServerTouches(0), Sync]);
    assert!(subjects(&world).is_empty());
    assert_eq!(world.ledger.mirror.entries[&world.key(1)].presence, Presence::DeletedByUser);
    world.play(&Upsert(1, 4));
    world.sync();
    assert_eq!(subjects(&world), ["subject 4"]);
    assert_eq!(world.ledger.mirror.entries[&world.key(1)].presence, Presence::Kept);
}

#[test]
fn what_the_user_fetches_back_from_deleted_items_is_ours_again() {
    let policy = with(open(), OnDrift::Restore, OnDrift::Leave);
    let mut world = after(policy, &[Upsert(1, 0), Sync, UserDeletes(0), Sync, UserFetchesBack, Sync]);
    assert_eq!(world.ledger.mirror.entries[&world.key(1)].presence, Presence::Kept);
    world.play(&Upsert(1, 4));
    world.sync();
    assert_eq!(subjects(&world), ["subject 4"]);
}

/// A number that fell out of the practice system while the answer to an earlier change was lost.
#[test]
fn null_clears_what_an_unanswered_write_may_have_written() {
    let steps = [Upsert(1, 0), Sync, Upsert(1, 2), SyncWith(Trouble::ReplyLost(1)), Upsert(1, 0), Sync];
    let world = after(open(), &steps);
    let item = world.items.values().next().expect("there");
    assert_eq!(item.fields.get(&Field::DueDate), None);
}

#[test]
fn null_clears_nothing_that_the_user_wrote() {
    let world = after(open(), &[Upsert(1, 0), Sync, UserSetsOwnFields(0), Upsert(1, 4), Sync]);
    let item = world.items.values().next().expect("there");
    assert!(item.fields.contains_key(&Field::StartDate));
    assert_eq!(
        item.fields.get(&Field::Categories),
        Some(&Value::Categories(["group 0".to_owned(), "my own".to_owned()].into()))
    );
}

#[test]
fn a_field_that_is_not_selected_any_more_keeps_its_last_value() {
    let mut world = after(open(), &[Upsert(1, 0), Sync, Upsert(1, 1), Sync]);
    let body =
        |world: &World| world.items.values().next().map(|item| World::body_text(item).to_owned()).unwrap_or_default();
    assert!(body(&world).contains("notes 0"), "{}", body(&world));
    world.play(&UserDeletesForGood(0));
    world.sync();
    assert!(body(&world).contains("notes 0"), "also when the item is made again");
    world.play(&Upsert(1, 3));
    world.sync();
    assert!(!body(&world).contains("notes"), "NULL takes the block out");
}

#[test]
fn after_the_loss_of_the_ledger_nothing_is_written_before_a_person_agrees_and_nothing_twice() {
    let mut world = after(open(), &[Upsert(1, 0), Upsert(2, 0), Sync, LoseLedger, Upsert(2, 4)]);
    let before = world.writes;
    world.sync();
    assert_eq!(world.writes, before);
    assert!(world.ledger.mirror.entries.is_empty());
    assert!(world.plan().holds.iter().any(|hold| hold.reason == HoldReason::FirstWrite && hold.kind == Kind::Task));
    world.release();
    world.sync();
    assert_eq!(world.writes, before + 1, "only what changed is written");
    assert_eq!(subjects(&world), ["subject 0", "subject 4"]);
    assert_eq!(world.ledger.mirror.entries.len(), 2);
}

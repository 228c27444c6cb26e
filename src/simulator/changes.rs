//! What changed in a folder since a position in the mailbox's sequence: what both faces tell a program that syncs.

use super::{folder::Folder, item::Item, mailbox::Mailbox};

/// One thing that happened.
pub(super) enum Change<'m> {
    /// It came into the folder.
    Create(&'m Item),
    /// It was written.
    Update(&'m Item),
    /// The item with this id left.
    Delete(&'m str),
}

/// What changed after a position, in order, and where each change stands: one more than `most`, if there is more.
pub(super) fn changes<'m>(
    mailbox: &'m Mailbox,
    folder: &'m Folder,
    since: Option<u64>,
    most: usize,
) -> Vec<(u64, Change<'m>)> {
    let from = since.map_or(0, |since| since + 1);
    let mut live =
        folder.live.range(from..).filter_map(|(at, number)| Some((*at, mailbox.items.get(number)?))).peekable();
    let mut gone = folder
        .gone
        .range(from..)
        // What came and went between two looks was never seen.
        .filter(|(_, (_, arrived))| since.is_some_and(|since| *arrived <= since))
        .peekable();
    let mut found = Vec::new();
    while found.len() <= most {
        let first = match (live.peek(), gone.peek()) {
            (Some((at, _)), Some((left, _))) if at < *left => live.next(),
            (Some(_), None) => live.next(),
            (_, Some(_)) => {
                found.extend(gone.next().map(|(at, (id, _))| (*at, Change::Delete(id))));
                continue;
            }
            (None, None) => break,
        };
        found.extend(first.map(|(at, item)| {
            let known = since.is_some_and(|since| item.arrived <= since);
            (at, if known { Change::Update(item) } else { Change::Create(item) })
        }));
    }
    found
}

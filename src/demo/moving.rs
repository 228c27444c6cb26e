//! One user moves from EWS to Microsoft Graph, while the others go on: the same steps as `user move`.

use jiff::Timestamp;
use secrecy::SecretString;

use super::{
    Demo, DemoError,
    people::{BY, signs_in},
};
use crate::{
    ports::Protocol,
    state::{Move, MoveStage, UserDetails, UserName},
};

/// Who moves, and what they sign in with at the provider.
pub(super) struct Mover {
    pub(super) name: UserName,
    pub(super) password: SecretString,
}

/// Moves; in sentences.
pub(super) async fn move_one(demo: &Demo, say: &mut dyn FnMut(&str)) -> Result<(), DemoError> {
    let Some(Mover { name, password }) = &demo.mover else { return Ok(()) };
    let ledger = &demo.app.ledger;
    let refused = |why: String| DemoError::NotMoved(name.to_string(), why);
    let user = ledger.user(name)?;
    let door = Move::door_name(name).ok_or_else(|| refused("its name is too long".to_owned()))?;
    let details = UserDetails { protocol: Protocol::Graph, url: None, ..user.details };
    ledger.begin_move(name, &door, &details, BY, Timestamp::now())?;
    signs_in(demo, &door, password).await?;
    say(&format!(
        "{name}: signed in for Microsoft Graph too; the sync goes on over EWS until everything is found there"
    ));

    let before = made_and_removed(demo, &details.address)?;
    ledger.ask_move(name, false, BY, Timestamp::now())?;
    demo.tick().await?;
    let moved = ledger.move_of(name)?.ok_or_else(|| refused("the move is gone".to_owned()))?;
    if moved.stage != MoveStage::Moved {
        return Err(refused(moved.trouble.unwrap_or_else(|| "the engine did not switch".to_owned())));
    }
    let after = made_and_removed(demo, &details.address)?;
    let found = moved.found.unwrap_or_default();
    let (mut items, mut by_stamp) = (0, 0);
    for counts in found.kinds.values() {
        (items, by_stamp) = (items + counts.items, by_stamp + counts.by_stamp);
    }
    say(&format!(
        "{name}: moved to Microsoft Graph: {items} items found again, {by_stamp} of them by their stamp; {} made anew, {} removed",
        after.0 - before.0,
        after.1 - before.1
    ));
    Ok(())
}

/// How many items were made and removed in a mailbox, counted by the server.
fn made_and_removed(demo: &Demo, address: &str) -> Result<(u64, u64), DemoError> {
    let items = demo.exchange.mailbox(address)?.counts.items;
    let count = |operation: &str| items.get(operation).copied().unwrap_or_default();
    Ok((count("CreateItem"), count("DeleteItem") + count("MoveItem")))
}

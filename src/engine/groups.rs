//! Which operations go out together, and in which order.

use crate::{
    domain::Kind,
    plan::{Action, Operation},
};

/// What one batch shares: operations of one kind of record and one kind of action, so that they fit one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Request {
    Create,
    Update,
    Delete,
}

/// The request that an action needs; `None` for what touches the ledger alone.
pub(super) fn request(action: &Action) -> Option<Request> {
    match action {
        Action::Create { .. } | Action::GiveBack { .. } => Some(Request::Create),
        Action::Update { .. } | Action::Adopt { .. } | Action::HandBack { .. } => Some(Request::Update),
        Action::Delete { .. } => Some(Request::Delete),
        Action::Own { .. } | Action::Respect | Action::Forget => None,
    }
}

/// Groups of operations that fit one request, in the plan's order: what is urgent first, and within that events and tasks
/// before contacts.
pub(super) fn grouped(operations: Vec<Operation>, now: jiff::Timestamp, urgent_hours: u32) -> Vec<Vec<Operation>> {
    let horizon = now + jiff::SignedDuration::from_hours(urgent_hours.into());
    let mut groups: Vec<((bool, Kind, Request), Vec<Operation>)> = Vec::new();
    for operation in operations {
        let Some(request) = request(&operation.action) else { continue };
        let urgent = operation.due.is_some_and(|due| due <= horizon && due >= now);
        let name = (urgent, operation.key.kind, request);
        match groups.iter_mut().find(|(group, _)| *group == name) {
            Some((_, group)) => group.push(operation),
            None => groups.push((name, vec![operation])),
        }
    }
    groups.sort_by_key(|((urgent, ..), _)| !urgent);
    groups.into_iter().map(|(_, group)| group).collect()
}

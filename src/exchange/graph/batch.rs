//! Many requests in one: twenty in a chain, in which each waits for the one before it, or four side by side.
//!
//! Outlook takes four requests at a time for one mailbox, and counts each part of a batch. A chain is one at a time; when a link
//! of it fails, the rest comes back undone (424) and is asked again.
//! <https://learn.microsoft.com/graph/json-batching>

use std::collections::HashMap;

use http::StatusCode;
use serde_json::{Value as Json, json};

use super::{answer, ask::Ask};
use crate::ports::{Failure, FailureKind};

/// The most parts of one batch.
pub(super) const LONGEST_CHAIN: usize = 20;
/// The most requests that a mailbox takes at a time.
pub(super) const SIDE_BY_SIDE: usize = 4;

/// What became of one part.
#[derive(Debug)]
pub(super) enum Part {
    /// Its entity; null if it has none.
    Done(Json),
    /// It was refused.
    Refused(Failure),
    /// It was not tried, because one before it failed.
    NotTried,
}

/// The body of the request.
pub(super) fn request<'a>(parts: impl IntoIterator<Item = &'a Ask>, in_a_chain: bool) -> Json {
    let parts = parts.into_iter().enumerate().map(|(place, ask)| {
        let before = place.checked_sub(1).filter(|_| in_a_chain).map(|before| before.to_string());
        ask.part(&place.to_string(), before.as_deref())
    });
    json!({ "requests": parts.collect::<Vec<_>>() })
}

/// What became of each part, in the order of the request.
pub(super) fn read(doing: &str, answer: &Json, parts: usize) -> Vec<Part> {
    let answers = answer.get("responses").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let by_id: HashMap<&str, &Json> =
        answers.iter().filter_map(|answer| Some((answer.get("id")?.as_str()?, answer))).collect();
    let part = |place: usize| match by_id.get(place.to_string().as_str()) {
        Some(answer) => read_part(doing, answer),
        None => Part::Refused(
            Failure::new(FailureKind::Malformed, doing).because("the answer to one part of the batch is missing"),
        ),
    };
    (0..parts).map(part).collect()
}

fn read_part(doing: &str, part: &Json) -> Part {
    let status = part.get("status").and_then(Json::as_u64).and_then(|status| u16::try_from(status).ok());
    let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) else {
        let failure = Failure::new(FailureKind::Malformed, doing);
        return Part::Refused(failure.because("one part of the answer has no status"));
    };
    let body = part.get("body");
    if status.is_success() {
        return Part::Done(body.cloned().unwrap_or_default());
    }
    if status == StatusCode::FAILED_DEPENDENCY {
        return Part::NotTried;
    }
    let headers = part.get("headers").and_then(Json::as_object).into_iter().flatten();
    let asked =
        headers.filter(|(name, _)| name.eq_ignore_ascii_case("retry-after")).find_map(|(_, value)| match value {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            _ => None,
        });
    Part::Refused(answer::trouble(doing, status, asked.as_deref(), body))
}

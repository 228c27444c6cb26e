//! Requests against Microsoft's schema and by eye; answers of every shape; records there and back.

mod answers;
mod requests;
mod round_trip;
mod schema;

use std::{collections::BTreeSet, path::PathBuf};

use http::{HeaderMap, StatusCode};
use proptest::{collection, prelude::*};

use super::{
    codec::Codec,
    property::{Extended, Path, Property},
    soap::{Caller, EwsCall, ServerVersion},
};
use crate::{
    domain::{
        Body, BodyFormat, ChangeKey, Field, Importance, ItemId, ItemRef, Kind, Personal, PostalAddress, Record,
        Reminder, Sensitivity, ShowAs, Span, TaskStatus, Value,
    },
    exchange::{
        Call,
        any::{any_text, body, change, item, new_item, plain_text, record, reference, stamp, value},
    },
    ports::{Failure, ItemChange, NewItem},
};

fn codec() -> Codec {
    Codec::new("Europe/Zurich")
}

fn text(call: &impl EwsCall) -> String {
    String::from_utf8(call.request(&Caller::default())).unwrap()
}

fn answer<C: EwsCall>(call: &C, inside: &str) -> Result<C::Response, Failure> {
    let envelope = format!(
        r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">{inside}</s:Body></s:Envelope>"#
    );
    call.parse(StatusCode::OK, &HeaderMap::new(), envelope.as_bytes())
}

/// Where a field of a kind is kept: the paths of its properties.
pub(in crate::exchange) fn places(kind: Kind, field: Field, value: &Value) -> Vec<String> {
    let set = codec().set(ServerVersion::default(), kind, &[(field, value)].into());
    let place = |property: &Property| match property.path {
        Path::Field(uri) => uri.to_owned(),
        Path::Indexed(uri, key) => format!("{uri}#{key}"),
        Path::Extended(Extended::Named(name)) => format!("our property {name}"),
        Path::Extended(Extended::Tagged(tag)) => format!("property {tag}"),
    };
    set.iter().map(place).collect()
}

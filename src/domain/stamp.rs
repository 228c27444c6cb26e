use std::{fmt, str::FromStr};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::{Kind, RecordKey};

/// Everything in the last part of a stamp that is not plainly printable is percent-encoded; so is what would make two stamps
/// equal on servers that compare without case (the value is always compared here, case and all).
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'/').add(b'"').add(b'<').add(b'>').add(b'&');

/// 128 random bits drawn by `init`: says whose stamps these are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct FirmId(pub [u8; 16]);

impl fmt::Display for FirmId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for FirmId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FirmId({self})")
    }
}

impl From<FirmId> for String {
    fn from(id: FirmId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for FirmId {
    type Error = StampError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for FirmId {
    type Err = StampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || StampError(text.to_owned());
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(error());
        }
        let mut id = [0; 16];
        for (place, byte) in id.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).map_err(|_| error())?;
        }
        Ok(Self(id))
    }
}

/// Our mark on an item: `v1/<firm id>/<kind>/<query>/<record, percent-encoded>`, kept in one named property that EWS and
/// Graph can both read and search.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// The firm that wrote the item.
    pub firm: FirmId,
    /// The record it was written for.
    pub key: RecordKey,
}

impl fmt::Display for Stamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let query = utf8_percent_encode(&self.key.query.0, ESCAPED);
        let record = utf8_percent_encode(&self.key.record, ESCAPED);
        write!(formatter, "v1/{}/{}/{query}/{record}", self.firm, self.key.kind)
    }
}

impl FromStr for Stamp {
    type Err = StampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || StampError(text.to_owned());
        let parts: Vec<&str> = text.split('/').collect();
        let ["v1", firm, kind, query, record] = parts[..] else { return Err(error()) };
        let decoded = |part: &str| percent_decode_str(part).decode_utf8().map(String::from).map_err(|_| error());
        let kind: Kind = kind.parse().map_err(|_| error())?;
        let stamp = Self { firm: firm.parse()?, key: RecordKey::new(kind, decoded(query)?, decoded(record)?) };
        if stamp.key.query.0.is_empty() || stamp.key.record.is_empty() { Err(error()) } else { Ok(stamp) }
    }
}

/// The text is not a stamp of ours (or one of a later version).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a stamp this version understands")]
pub struct StampError(pub String);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_stamp_reads_back(firm: [u8; 16], query in "[a-z/% é]{1,12}", record in "\\PC{1,40}") {
            let stamp = Stamp { firm: FirmId(firm), key: RecordKey::new(Kind::Task, query, record) };
            prop_assert_eq!(stamp.to_string().parse(), Ok(stamp));
        }

        #[test]
        fn arbitrary_text_is_refused_without_panic(text in "\\PC{0,80}") {
            let _ = text.parse::<Stamp>();
            let _ = text.parse::<FirmId>();
        }
    }
}

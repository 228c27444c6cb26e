use serde::{Deserialize, Serialize};

/// One postal address, in the parts that Exchange keeps. An empty part is an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PostalAddress {
    /// Street and number; may have several lines.
    pub street: String,
    /// Town.
    pub city: String,
    /// State or canton.
    pub state: String,
    /// Postal code.
    pub postal_code: String,
    /// Country or region, by name.
    pub country: String,
}

impl PostalAddress {
    /// True when no part says anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

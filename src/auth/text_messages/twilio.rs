//! Twilio's form: a message is posted to the account's list of messages, and asked after by its identifier.
//! <https://www.twilio.com/docs/messaging/api/message-resource>

use serde::Deserialize;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::{Delivery, Settings, Trouble};

/// What a gateway answers about a message, as far as we look: never the message itself.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) sid: String,
    status: String,
    #[serde(default)]
    error_code: Option<u32>,
}

/// What it answers when it refuses. Its `message` may repeat the number, so it is not read.
#[derive(Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) code: u32,
}

impl Message {
    /// Whether it is one of which can be asked again: what comes back goes into an address.
    pub(super) fn has_usable_id(&self) -> bool {
        (2..=64).contains(&self.sid.len())
            && self.sid.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
    }

    /// How far it is.
    pub(super) fn delivery(&self) -> Delivery {
        match self.status.as_str() {
            "delivered" | "read" => Delivery::Delivered,
            "undelivered" | "failed" | "canceled" => {
                let code = self.error_code;
                Delivery::Failed { trouble: code.map_or(Trouble::Refused, Trouble::of_code), code }
            }
            "sent" => Delivery::Sent,
            _ => Delivery::Waiting,
        }
    }
}

/// The account's list of messages, or one of them.
pub(super) fn address(settings: &Settings, message: Option<&str>) -> Option<Url> {
    let mut url: Url = settings.url.parse().ok()?;
    let last = message.map_or_else(|| "Messages.json".to_owned(), |sid| format!("{sid}.json"));
    let account = settings.account.as_deref()?;
    let mut path = url.path_segments_mut().ok()?;
    path.pop_if_empty().extend(["2010-04-01", "Accounts", account]);
    if message.is_some() {
        path.push("Messages");
    }
    path.push(&last);
    drop(path);
    Some(url)
}

/// The form that posts a message.
pub(super) fn form(settings: &Settings, number: &str, text: &str) -> Zeroizing<Vec<u8>> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("To", number);
    match (&settings.service, &settings.from) {
        (Some(service), _) => form.append_pair("MessagingServiceSid", service),
        (None, Some(from)) => form.append_pair("From", from),
        (None, None) => &mut form,
    };
    form.append_pair("Body", text);
    Zeroizing::new(form.finish().into_bytes())
}

//! A gateway of text messages, and the phones that they arrive at.
//!
//! It speaks Twilio's form for one account, and is as strict as the real one: who signs in wrongly, leaves a field out, sends as
//! somebody else or to what is no number is refused with Twilio's own number of the error. A message is queued, then sent, then
//! delivered, one step further each time that somebody asks after it. Nothing leaves this machine.
//! <https://www.twilio.com/docs/messaging/api/message-resource>

mod gateway;
mod page;

use std::sync::{Arc, Mutex};

use axum::Router;
use serde::Serialize;

use super::{PASSWORD, lock, world::World};

/// The gateway's account.
pub const TEXT_ACCOUNT: &str = "AC7c1f0a94b2d84e6f9a3c5d7e8f102938";
/// An API key of the account.
pub const TEXT_API_KEY: &str = "SK2b8e4d6f1a3c5079b8d6e4f2a1c3e507";
/// The account's secret, and the API key's.
pub const TEXT_SECRET: &str = PASSWORD;
/// The account's only number.
pub const TEXT_SENDER: &str = "+4915550006000";
/// The account's only messaging service.
pub const TEXT_SERVICE: &str = "MG9d2c4b6a8f0e1d3c5b7a9f8e6d4c2b1a";

/// A text message, as the phone shows it and the gateway tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TextMessage {
    /// The gateway's identifier.
    pub sid: String,
    /// Where it goes.
    pub to: String,
    /// Who sends it: a number or the messaging service.
    pub from: String,
    /// What it says.
    pub body: String,
    /// How far it is: `queued`, `sent`, `delivered`, `undelivered`, `failed`.
    pub status: String,
    /// Why it did not arrive, by the gateway's number.
    pub error_code: Option<u32>,
}

impl TextMessage {
    /// Whether the phone shows it.
    pub fn arrived(&self) -> bool {
        self.error_code.is_none()
    }
}

/// All that was sent.
#[derive(Debug, Default)]
pub(super) struct Texts(Mutex<Vec<TextMessage>>);

impl Texts {
    pub(super) fn all(&self) -> Vec<TextMessage> {
        lock(&self.0).clone()
    }

    fn add(&self, message: TextMessage) {
        lock(&self.0).push(message);
    }

    /// One message, a step further than before.
    fn looked_at(&self, sid: &str) -> Option<TextMessage> {
        let mut messages = lock(&self.0);
        let message = messages.iter_mut().find(|message| message.sid == sid)?;
        let further = match (message.status.as_str(), message.error_code) {
            ("queued", Some(30002)) => "failed",
            ("queued", Some(_)) => "undelivered",
            ("queued", None) => "sent",
            ("sent", None) => "delivered",
            (same, _) => same,
        };
        message.status = further.to_owned();
        Some(message.clone())
    }
}

pub(super) fn router(world: Arc<World>) -> Router {
    gateway::router(Arc::clone(&world)).merge(page::router(world))
}

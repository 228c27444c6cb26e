//! The phones that text messages arrive at, as a page.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{Router, extract::State, response::Response, routing::get};

use super::TextMessage;
use crate::simulator::{page, world::World};

pub(super) fn router(world: Arc<World>) -> Router {
    Router::new().route("/texts", get(shown)).with_state(world)
}

#[derive(Template)]
#[template(path = "simulator/texts.html")]
struct Phones {
    phones: Vec<Phone>,
}

/// One phone, with what it shows, the newest first.
struct Phone {
    number: String,
    messages: Vec<TextMessage>,
}

async fn shown(State(world): State<Arc<World>>) -> Response {
    let mut arrived = world.texts.all();
    arrived.retain(TextMessage::arrived);
    arrived.reverse();
    let numbers: BTreeSet<String> = arrived.iter().map(|message| message.to.clone()).collect();
    let phone = |number: String| {
        let messages = arrived.iter().filter(|message| message.to == number).cloned().collect();
        Phone { number, messages }
    };
    page::html(&Phones { phones: numbers.into_iter().map(phone).collect() })
}

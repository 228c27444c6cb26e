//! Telling somebody: a file whose age an outside monitor watches, and one webhook that hears what is wrong and what is well again.
//!
//! What is wrong is derived anew at every tick; only changes are sent. A message that could not be delivered is sent again at
//! the next tick, together with what came since.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::AlertSettings;
use crate::ports::{Failure, FailureKind};

/// Something that needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Who is affected: a user's name, or `practice database`, or `ledger`.
    pub subject: String,
    /// What happened and why.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
}

#[derive(Debug, Default, Serialize)]
struct Message<'a> {
    raised: Vec<&'a Alert>,
    resolved: Vec<&'a Alert>,
}

/// What was told so far.
#[derive(Debug)]
pub(super) struct Alerts {
    settings: AlertSettings,
    client: Option<reqwest::Client>,
    told: BTreeMap<String, Alert>,
}

impl Alerts {
    pub(super) fn new(settings: AlertSettings) -> Result<Self, Failure> {
        let client = settings
            .webhook
            .as_ref()
            .map(|_| {
                reqwest::Client::builder()
                    .timeout(Duration::from_secs(20))
                    .redirect(reqwest::redirect::Policy::none())
                    .build()
                    .map_err(|error| Failure::new(FailureKind::Setting, "prepare the webhook").because(error))
            })
            .transpose()?;
        Ok(Self { settings, client, told: BTreeMap::new() })
    }

    /// The tick is over and the process is well.
    pub(super) fn alive(&self, now: Timestamp) {
        let Some(path) = &self.settings.dead_man_file else { return };
        if let Err(error) = std::fs::write(path, format!("{now}\n")) {
            tracing::warn!(path = %path.display(), %error, "the dead-man file cannot be written");
        }
    }

    /// This is what needs a person now.
    pub(super) async fn tell(&mut self, current: Vec<Alert>) {
        let current: BTreeMap<String, Alert> =
            current.into_iter().map(|alert| (format!("{}\n{}", alert.subject, alert.cause), alert)).collect();
        let message = Message {
            raised: current.iter().filter(|(name, _)| !self.told.contains_key(*name)).map(|(_, alert)| alert).collect(),
            resolved: self
                .told
                .iter()
                .filter(|(name, _)| !current.contains_key(*name))
                .map(|(_, alert)| alert)
                .collect(),
        };
        if message.raised.is_empty() && message.resolved.is_empty() {
            return;
        }
        for alert in &message.raised {
            tracing::error!(subject = %alert.subject, cause = %alert.cause, remedy = %alert.remedy, "needs a person");
        }
        for alert in &message.resolved {
            tracing::info!(subject = %alert.subject, cause = %alert.cause, "resolved");
        }
        if let (Some(client), Some(webhook)) = (&self.client, &self.settings.webhook) {
            let body = serde_json::to_vec(&message).unwrap_or_default();
            let sent = client
                .post(webhook.url().clone())
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .body(body)
                .send()
                .await
                .and_then(reqwest::Response::error_for_status);
            if let Err(error) = sent {
                // Without the address: people put tokens into webhook addresses.
                tracing::warn!(error = %error.without_url(), "the webhook did not take the message; it is sent again");
                return;
            }
        }
        self.told = current;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::{Router, http::StatusCode, routing::post};

    use super::*;
    use crate::engine::Webhook;

    type Heard = Arc<Mutex<(Vec<serde_json::Value>, u32)>>;

    /// A webhook that refuses the first `refusals` messages and keeps the others.
    async fn webhook(refusals: u32) -> (Alerts, Heard) {
        let heard: Heard = Arc::new(Mutex::new((Vec::new(), refusals)));
        let ears = Arc::clone(&heard);
        let router = Router::new().route(
            "/hook",
            post(move |body: String| async move {
                let mut heard = ears.lock().expect("not poisoned");
                if heard.1 > 0 {
                    heard.1 -= 1;
                    return StatusCode::SERVICE_UNAVAILABLE;
                }
                heard.0.push(serde_json::from_str(&body).expect("JSON"));
                StatusCode::OK
            }),
        );
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/hook", socket.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(socket, router).await });
        let settings =
            AlertSettings { webhook: Some(Webhook::new(&address).expect("loopback")), ..AlertSettings::default() };
        (Alerts::new(settings).expect("good settings"), heard)
    }

    fn alert(subject: &str) -> Alert {
        Alert { subject: subject.to_owned(), cause: "refused".to_owned(), remedy: "call".to_owned() }
    }

    fn subjects(message: &serde_json::Value, what: &str) -> Vec<String> {
        let list = message[what].as_array().expect("a list");
        list.iter().filter_map(|alert| alert["subject"].as_str().map(str::to_owned)).collect()
    }

    #[tokio::test]
    async fn the_webhook_hears_what_is_new_and_what_is_over_and_nothing_twice() {
        let (mut alerts, heard) = webhook(0).await;
        alerts.tell(vec![alert("weber")]).await;
        alerts.tell(vec![alert("weber")]).await;
        alerts.tell(vec![alert("weber"), alert("kaya")]).await;
        alerts.tell(vec![alert("kaya")]).await;
        let messages = heard.lock().expect("not poisoned").0.clone();
        let told: Vec<_> =
            messages.iter().map(|message| (subjects(message, "raised"), subjects(message, "resolved"))).collect();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(told, [(names(&["weber"]), vec![]), (names(&["kaya"]), vec![]), (vec![], names(&["weber"]))]);
    }

    #[tokio::test]
    async fn what_could_not_be_delivered_is_sent_again_with_what_came_since() {
        let (mut alerts, heard) = webhook(1).await;
        alerts.tell(vec![alert("weber")]).await;
        alerts.tell(vec![alert("weber"), alert("kaya")]).await;
        let messages = heard.lock().expect("not poisoned").0.clone();
        assert_eq!(messages.iter().map(|message| subjects(message, "raised").len()).collect::<Vec<_>>(), [2]);
    }
}

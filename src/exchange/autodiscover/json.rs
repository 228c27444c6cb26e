//! The second version of autodiscover: one GET without a sign-in, answered in JSON.
//!
//! The address and the form of the answer are those that Microsoft's own tests use:
//! <https://learn.microsoft.com/microsoftteams/troubleshoot/exchange-integration/teams-exchange-interaction-issue>

use http::StatusCode;
use serde::Deserialize;
use url::Url;

use super::told::{Told, other};
use crate::exchange::transport::Reply;

/// Where to ask for a mailbox, below a base address.
pub(super) fn question(base: &Url, mailbox: &str) -> Url {
    let mut url = super::below(base, "autodiscover/autodiscover.json");
    url.query_pairs_mut()
        .clear()
        .append_pair("Email", mailbox)
        .append_pair("Protocol", "EWS")
        .append_pair("RedirectCount", "1");
    url
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    protocol: String,
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refusal {
    error_code: String,
}

/// What an answer says.
pub(super) fn read(reply: &Reply) -> Told {
    if reply.status == StatusCode::OK {
        return match serde_json::from_slice::<Answer>(&reply.body) {
            Ok(answer) if answer.protocol.eq_ignore_ascii_case("EWS") => match answer.url.parse() {
                Ok(url) => Told::At(url),
                Err(_) => Told::nothing("it names a web service whose address is no URL"),
            },
            Ok(_) => Told::nothing("it names the service of another protocol than EWS"),
            Err(_) => other(reply),
        };
    }
    // What the code is says more than the status; it is never shown, because anything could stand in it.
    let code = serde_json::from_slice::<Refusal>(&reply.body).map(|refusal| refusal.error_code.to_ascii_lowercase());
    match (code.as_deref(), reply.status.is_client_error()) {
        (Ok(code), true) if code.contains("notfound") => Told::nothing("it knows no such mailbox"),
        (Ok(code), true) if code.contains("protocol") => Told::nothing("it does not offer EWS for this mailbox"),
        _ => other(reply),
    }
}

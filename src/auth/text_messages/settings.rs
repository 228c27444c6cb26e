use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::Template;
use crate::ports::{Failure, FailureKind, web};

/// The gateway of text messages. Section `[text_messages]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Address of a gateway that speaks Twilio's form, up to what comes before `/2010-04-01`.
    pub url: String,
    /// The account's identifier there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Who signs in there: an API key's identifier. The account itself if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// The sender: a number of the account's, or a name that the gateway allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The messaging service that chooses the sender instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// A PEM file with authorities to trust besides those of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// How many messages the firm sends within 24 hours at most.
    pub per_day: u32,
    /// How long an answer may take.
    pub time_out_seconds: u64,
    /// A gateway that speaks another form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: "https://api.twilio.com".to_owned(),
            account: None,
            login: None,
            from: None,
            service: None,
            ca_file: None,
            per_day: 50,
            time_out_seconds: 20,
            template: None,
        }
    }
}

impl Settings {
    /// The first setting that cannot be meant, and why.
    pub fn wrong(&self) -> Option<(&'static str, String)> {
        let url = match self.url.parse::<Url>() {
            Ok(url) => url,
            Err(error) => return Some(("text_messages.url", format!("`{}` is no URL: {error}", self.url))),
        };
        if web::check_url(&url).is_err() {
            return Some(("text_messages.url", "it must be HTTPS, except on this very machine".to_owned()));
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Some(("text_messages.url", "leave out what is not host and path".to_owned()));
        }
        let is_id = |id: &str| {
            (2..=64).contains(&id.len())
                && id.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
        };
        for (setting, id) in [("text_messages.account", &self.account), ("text_messages.service", &self.service)] {
            if let Some(id) = id.as_deref().filter(|id| !is_id(id)) {
                return Some((setting, format!("`{id}` is no identifier: it has letters, digits and hyphens")));
            }
        }
        if self.login.as_ref().is_some_and(|login| login.contains(':') || login.contains(char::is_control)) {
            return Some(("text_messages.login", "a login has no colon".to_owned()));
        }
        if !(1..=10_000).contains(&self.per_day) {
            return Some(("text_messages.per_day", format!("{} is not between 1 and 10000", self.per_day)));
        }
        if !(1..=120).contains(&self.time_out_seconds) {
            return Some((
                "text_messages.time_out_seconds",
                format!("{} is not between 1 and 120", self.time_out_seconds),
            ));
        }
        self.template.as_ref().and_then(Template::wrong)
    }

    /// Whether anything of a gateway is configured.
    pub fn is_set(&self) -> bool {
        self.account.is_some() || self.template.is_some()
    }

    /// Whether the settings suffice to send.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] that says what is missing.
    pub fn ready(&self) -> Result<(), Failure> {
        let missing = |why: &str, hint: &str| {
            Err(Failure::new(FailureKind::Setting, "send a text message").because(why.to_owned()).hint(hint.to_owned()))
        };
        if self.template.is_some() && self.account.is_some() {
            return missing(
                "there is an `account`, and a [text_messages.template] too",
                "the gateway speaks one form: leave `account` out, or the template",
            );
        }
        if self.template.is_some() {
            return Ok(());
        }
        if self.from.is_some() && self.service.is_some() {
            return missing(
                "there are `from` and `service`",
                "one of them sends: leave the other one out of `[text_messages]`",
            );
        }
        if self.account.is_none() {
            return missing(
                "no gateway of text messages is configured",
                "name the gateway in `[text_messages]`: docs/reference/settings.md; then `pocketdocket text-messages secret`",
            );
        }
        if self.from.is_none() && self.service.is_none() {
            return missing(
                "the gateway is not told who sends",
                "set `from` (a number of the account's) or `service` in `[text_messages]`",
            );
        }
        Ok(())
    }

    /// Where it sends to and as whom, for `check`.
    pub fn described(&self) -> String {
        let host =
            |url: &str| Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        match &self.template {
            Some(template) => format!("by a template, through {}", host(&template.url)),
            None => format!("in Twilio's form, through {}", host(&self.url)),
        }
    }
}

//! The envelope around every call, and what an answer means before its call looks at it.

use std::{fmt, str::FromStr, time::Duration};

use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};

use super::response_code::{self, Level};
use crate::{
    exchange::Call,
    ports::{Failure, FailureKind},
    xml::{self, Element, Writer, XmlError},
};

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const MESSAGES: &str = "http://schemas.microsoft.com/exchange/services/2006/messages";
const TYPES: &str = "http://schemas.microsoft.com/exchange/services/2006/types";

/// The schema a request asks for: the oldest that has what we need fits every server from it on.
/// <https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-schema-versions-in-exchange>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ServerVersion {
    /// Exchange 2010 SP1: the first with `StartTimeZone` that is still met.
    #[serde(rename = "Exchange2010_SP1")]
    Exchange2010Sp1,
    /// Exchange 2010 SP2 and SP3.
    #[serde(rename = "Exchange2010_SP2")]
    Exchange2010Sp2,
    /// Exchange 2013.
    #[serde(rename = "Exchange2013")]
    Exchange2013,
    /// Exchange 2013 SP1 up to Exchange SE.
    #[default]
    #[serde(rename = "Exchange2013_SP1")]
    Exchange2013Sp1,
}

impl ServerVersion {
    /// All, newest first: the order in which they are tried.
    pub const ALL: [Self; 4] =
        [Self::Exchange2013Sp1, Self::Exchange2013, Self::Exchange2010Sp2, Self::Exchange2010Sp1];

    /// The word of the protocol.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exchange2010Sp1 => "Exchange2010_SP1",
            Self::Exchange2010Sp2 => "Exchange2010_SP2",
            Self::Exchange2013 => "Exchange2013",
            Self::Exchange2013Sp1 => "Exchange2013_SP1",
        }
    }

    /// The next older one.
    pub fn older(self) -> Option<Self> {
        Self::ALL.into_iter().find(|version| *version < self)
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

impl FromStr for ServerVersion {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|version| version.word() == word)
            .ok_or_else(|| format!("there is no EWS schema `{word}`"))
    }
}

/// What every request says besides its call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The schema to be spoken.
    pub version: ServerVersion,
    /// Whom a service account acts as.
    pub acting_as: Option<String>,
}

/// A call of EWS: what is inside the envelope.
pub trait EwsCall {
    /// Name of the operation; its answer is called the same with `Response`.
    const NAME: &'static str;
    /// Whether it changes the mailbox: a refusal then concerns the records in it.
    const WRITES: bool = false;
    /// What a good answer says.
    type Response;

    /// For messages: `create 12 events`.
    fn doing(&self) -> String;

    /// Writes the operation's element.
    fn write(&self, writer: &mut Writer, version: ServerVersion);

    /// Reads the answer's element.
    fn read(&self, answer: &Element) -> Result<Self::Response, Failure>;
}

impl<T: EwsCall> Call for T {
    const NAME: &'static str = T::NAME;
    type Response = T::Response;
    type Caller = Caller;

    fn request(&self, caller: &Caller) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
        writer.element("s:Envelope", &[("xmlns:s", SOAP), ("xmlns:m", MESSAGES), ("xmlns:t", TYPES)], |writer| {
            writer.element("s:Header", &[], |writer| {
                writer.empty("t:RequestServerVersion", &[("Version", caller.version.word())]);
                if let Some(mailbox) = &caller.acting_as {
                    writer.element("t:ExchangeImpersonation", &[], |writer| {
                        writer.element("t:ConnectingSID", &[], |writer| {
                            writer.text("t:PrimarySmtpAddress", mailbox);
                        });
                    });
                }
                // Answers then come in UTC, and the days of tasks do not shift by the zone of the server.
                writer.element("t:TimeZoneContext", &[], |writer| {
                    writer.empty("t:TimeZoneDefinition", &[("Id", "UTC")]);
                });
            });
            writer.element("s:Body", &[], |writer| self.write(writer, caller.version));
        });
        writer.into_string().into_bytes()
    }

    /// The body is read before the status is judged: some servers send faults with 200, Exchange sends them with 500.
    fn parse(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Self::Response, Failure> {
        let doing = self.doing();
        let root = match xml::parse(body) {
            Ok(root) => root,
            Err(error) => return Err(no_soap(&doing, T::WRITES, status, headers, Some(error))),
        };
        let Some(inside) = root.child("Body").filter(|_| root.name() == "Envelope") else {
            return Err(no_soap(&doing, T::WRITES, status, headers, None));
        };
        if let Some(fault) = inside.child("Fault") {
            return Err(read_fault(&doing, T::WRITES, headers, fault));
        }
        let expected = format!("{}Response", T::NAME);
        match inside.child(&expected) {
            Some(answer) => self.read(answer),
            None => Err(Failure::new(FailureKind::Malformed, doing)
                .because(format!("the answer (HTTP {status}) holds no `{expected}`"))),
        }
    }
}

/// The build in the header of an answer: `15.2.1544.4`.
pub(super) fn server_version(body: &[u8]) -> Option<String> {
    let root = xml::parse(body).ok()?;
    let info = root.child("Header")?.child("ServerVersionInfo")?;
    let numbers = ["MajorVersion", "MinorVersion", "MajorBuildNumber", "MinorBuildNumber"];
    let build: Vec<&str> = numbers.iter().map_while(|name| info.attribute(name)).collect();
    // It is a server's text and goes into messages: digits, and not many.
    let sane = |part: &&str| !part.is_empty() && part.len() <= 6 && part.bytes().all(|byte| byte.is_ascii_digit());
    (!build.is_empty() && build.iter().all(sane)).then(|| build.join("."))
}

/// The response messages of an answer, whatever they are called.
pub(super) fn response_messages(answer: &Element) -> &[Element] {
    answer.child("ResponseMessages").map_or(&[], Element::children)
}

/// Whether a response message is bad news, and which.
pub(super) fn message_failure(doing: &str, message: &Element) -> Option<Failure> {
    let code = message.text_of("ResponseCode").map(str::trim).filter(|code| !code.is_empty());
    let is_error = message.attribute("ResponseClass") == Some("Error");
    if !is_error && code.is_none_or(|code| code == "NoError") {
        return None;
    }
    let said = message.text_of("MessageText");
    Some(response_code::failure(doing, code.unwrap_or("Error"), said, message.child("MessageXml"), Level::Item))
}

/// The one response message of a call that asks for one thing.
pub(super) fn only_message<'a>(doing: &str, answer: &'a Element) -> Result<&'a Element, Failure> {
    match response_messages(answer) {
        [message] => message_failure(doing, message).map_or(Ok(message), Err),
        messages => Err(Failure::new(FailureKind::Malformed, doing)
            .because(format!("the answer holds {} response messages instead of 1", messages.len()))),
    }
}

/// What became of each item of a batch, in order. If their number is not the number of items, nobody can say which is which,
/// and nothing is assigned: a wrong guess would put one client's item under another's key.
pub(super) fn outcomes<T>(
    doing: &str,
    answer: &Element,
    expected: usize,
    read: impl Fn(&Element) -> Result<T, Failure>,
) -> Result<Vec<Result<T, Failure>>, Failure> {
    let messages = response_messages(answer);
    if messages.len() != expected {
        return Err(Failure::new(FailureKind::Malformed, doing)
            .because(format!("the answer holds {} results for {expected} items", messages.len())));
    }
    Ok(messages.iter().map(|message| message_failure(doing, message).map_or_else(|| read(message), Err)).collect())
}

fn read_fault(doing: &str, writes: bool, headers: &HeaderMap, fault: &Element) -> Failure {
    let detail = fault.child("detail");
    let text = |element: &Element| Some(element.text().trim().to_owned()).filter(|text| !text.is_empty());
    let code = detail
        .and_then(|detail| detail.find("ResponseCode"))
        .and_then(text)
        .or_else(|| fault.child("faultcode").and_then(text))
        .unwrap_or_else(|| "Fault".to_owned());
    // `a:ErrorServerBusy`, `SOAP:ErrorServerBusy` and `ErrorServerBusy` are all met.
    let code = code.rsplit(':').next().unwrap_or_default();
    let said = detail.and_then(|detail| detail.find("Message")).or_else(|| fault.child("faultstring"));
    let details = detail.and_then(|detail| detail.find("MessageXml"));
    let mut failure = response_code::failure(doing, code, said.map(Element::text), details, Level::Fault { writes });
    if failure.kind == FailureKind::Throttled && failure.retry_after.is_none() {
        failure.retry_after = retry_after(headers);
    }
    failure
}

/// Judges an answer that is no SOAP by its status.
fn no_soap(doing: &str, writes: bool, status: StatusCode, headers: &HeaderMap, error: Option<XmlError>) -> Failure {
    let location =
        headers.get(header::LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
    let because = |kind, text: &str| Failure::new(kind, doing).because(format!("HTTP {status}{text}"));
    match status.as_u16() {
        200..=299 => {
            let failure = match error {
                Some(error @ XmlError::Truncated(_)) => Failure::new(FailureKind::Transient, doing).because(error),
                Some(error @ XmlError::TooMuch(_)) => Failure::new(FailureKind::TooMuch, doing).because(error),
                Some(error) => Failure::new(FailureKind::Malformed, doing).because(error),
                None => because(FailureKind::Malformed, ", but no SOAP envelope"),
            };
            failure.hint("if this stays so, look whether a proxy or another page answers at that address")
        }
        300..=399 if location.as_deref().is_some_and(|to| to.contains("genericerrorpage")) => {
            because(FailureKind::Transient, " to the server's error page")
        }
        300..=399 => because(FailureKind::Setting, ": the server sends us elsewhere, and a password must not follow")
            .hint("set the final address of the EWS service as `url` in section `[exchange]`"),
        400 if writes => because(FailureKind::BatchRefused, " without a reason"),
        401 => because(FailureKind::Unauthorized, ""),
        403 => because(FailureKind::Forbidden, ": EWS refuses this account although the sign-in was accepted").hint(
            "ask the Exchange administrator, in this order: is EWS enabled for the organisation and this program allowed, for the \
             mailbox (`Get-CASMailbox`), is the licence without EWS, does a block list name our User-Agent?",
        ),
        404 | 405 | 410 => because(FailureKind::Setting, ": there is no EWS service at this address")
            .hint("check `url` in section `[exchange]`; it usually ends with `/EWS/Exchange.asmx`"),
        413 => because(FailureKind::TooMuch, ""),
        429 | 503 => {
            let mut failure = because(FailureKind::Throttled, "");
            failure.retry_after = retry_after(headers);
            failure
        }
        456 => because(FailureKind::Forbidden, ": a policy interrupts the sign-in")
            .hint("ask the administrator which sign-in policy applies to this account"),
        408 | 500..=599 => because(FailureKind::Transient, ""),
        _ => because(FailureKind::Malformed, ""),
    }
}

/// `Retry-After` in seconds, or as a date, which is compared with the server's own `Date` and never with our clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let moment = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let (until, now) = (moment(text)?, moment(headers.get(header::DATE)?.to_str().ok()?)?);
    Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
}

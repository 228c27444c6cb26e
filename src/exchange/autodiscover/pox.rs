//! The first version of autodiscover: "plain old XML", posted. Exchange Server answers it to those who sign in.
//! <https://learn.microsoft.com/exchange/client-developer/web-service-reference/pox-autodiscover-web-service-reference-for-exchange>

use http::StatusCode;
use url::Url;

use super::told::{Told, other};
use crate::{
    exchange::transport::Reply,
    xml::{self, Element, Writer},
};

const REQUEST: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// Where to ask, below a base address.
pub(super) fn address(base: &Url) -> Url {
    super::below(base, "autodiscover/autodiscover.xml")
}

/// The question for a mailbox.
pub(super) fn question(mailbox: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.element("Autodiscover", &[("xmlns", REQUEST)], |writer| {
        writer.element("Request", &[], |writer| {
            writer.text("EMailAddress", mailbox);
            writer.text("AcceptableResponseSchema", RESPONSE);
        });
    });
    writer.into_string().into_bytes()
}

/// What an answer says.
pub(super) fn read(reply: &Reply) -> Told {
    if reply.status != StatusCode::OK {
        return other(reply);
    }
    let Ok(document) = xml::parse(&reply.body) else { return other(reply) };
    let Some(response) = document.child("Response").filter(|_| document.name() == "Autodiscover") else {
        return other(reply);
    };
    if let Some(error) = response.child("Error") {
        return refused(error);
    }
    let Some(account) = response.child("Account") else { return Told::nothing("it says nothing of an account") };
    let said = |name: &str| account.text_of(name).map(str::trim).filter(|text| !text.is_empty());
    match said("Action").unwrap_or_default().to_ascii_lowercase().as_str() {
        "redirectaddr" => match said("RedirectAddr").filter(|address| is_address(address)) {
            Some(address) => Told::Readdressed(address.to_owned()),
            None => Told::nothing("it sends us to another e-mail address that is none"),
        },
        "redirecturl" => match said("RedirectUrl") {
            Some(url) => Told::Elsewhere(url.to_owned()),
            None => Told::nothing("it sends us elsewhere, and does not say where to"),
        },
        _ => service(account),
    }
}

/// <https://learn.microsoft.com/exchange/client-developer/web-service-reference/errorcode-pox>
fn refused(error: &Element) -> Told {
    match error.text_of("ErrorCode").map(str::trim) {
        Some("500") => Told::nothing("it knows no such mailbox"),
        Some("600") => Told::nothing("it says that it does not understand the request"),
        Some("601" | "602") => Told::nothing("it cannot tell for this e-mail address"),
        _ => Told::Nothing { why: "it reports an error of its own".to_owned(), passes: true },
    }
}

/// The EWS service of an account: the one for the outside first. `ASUrl` is the older name of the same.
/// <https://learn.microsoft.com/exchange/client-developer/web-service-reference/protocol-pox>
fn service(account: &Element) -> Told {
    let of_type = |wanted: &str| {
        let mut known = account.children_named("Protocol");
        known.find(|one| one.text_of("Type").is_some_and(|name| name.trim().eq_ignore_ascii_case(wanted)))
    };
    let named = |protocol: &Element| {
        let text = protocol.text_of("EwsUrl").or_else(|| protocol.text_of("ASUrl"))?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    let found = ["EXPR", "EXCH"].into_iter().find_map(|wanted| of_type(wanted).and_then(named));
    match found.map(|text| text.parse()) {
        Some(Ok(url)) => Told::At(url),
        Some(Err(_)) => Told::nothing("it names a web service whose address is no URL"),
        None => Told::nothing("it offers no Exchange Web Services for this mailbox"),
    }
}

/// An e-mail address that may be asked for: it becomes part of the addresses that we ask.
fn is_address(text: &str) -> bool {
    let fits = |(local, host): (&str, &str)| {
        !local.is_empty()
            && matches!(url::Host::parse(host), Ok(url::Host::Domain(domain)) if domain.eq_ignore_ascii_case(host))
    };
    text.len() <= 320
        && text.rsplit_once('@').is_some_and(fits)
        && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}

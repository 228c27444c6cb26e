//! Any other gateway: one request with number and text in it, and what its answer looks like when it is a good one.
//!
//! Number and text are put in where the template has `{number}` and `{text}`, in values alone and escaped as the place wants it: a
//! body is taken apart into its values first and put together again, so that what is put in cannot become anything but a value.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::{domain::MobileNumber, ports::web};

const NUMBER: &str = "{number}";
const TEXT: &str = "{text}";
const SECRET: &str = "{secret}";

/// How a gateway wants to be asked. Section `[text_messages.template]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Where the request goes. `{number}` and `{text}` may stand after the host.
    pub url: String,
    /// By which method.
    #[serde(default)]
    pub method: Method,
    /// Headers as they are written, `Name: value`. `{secret}` stands for the gateway's secret.
    #[serde(default)]
    pub headers: Vec<String>,
    /// What is sent, with `{number}`, `{text}` and, if the gateway wants it there, `{secret}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// What the body is.
    #[serde(default)]
    pub body_format: BodyFormat,
    /// The statuses of good answers.
    #[serde(default = "usual_statuses")]
    pub success: Vec<u16>,
    /// Where in an answer in JSON the outcome stands, such as `/messages/0/status`; the status alone counts if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What must stand there; anything but nothing, `false` or an empty text if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A method of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// With a body, usually.
    #[default]
    Post,
    /// With a body.
    Put,
    /// Without a body.
    Get,
}

/// What a body is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BodyFormat {
    /// `application/x-www-form-urlencoded`.
    #[default]
    Form,
    /// `application/json`.
    Json,
}

fn usual_statuses() -> Vec<u16> {
    vec![200, 201, 202]
}

/// A request that is ready to be sent.
pub(super) struct Request {
    pub(super) method: http::Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// What is put in.
struct Values<'a> {
    number: &'a str,
    text: &'a str,
    secret: &'a str,
}

impl Values<'_> {
    /// Puts everything in at once: what is put in is not looked at again.
    fn put_into(&self, template: &str, escape: impl Fn(&str) -> String) -> Zeroizing<String> {
        let mut filled = Zeroizing::new(String::new());
        let mut rest = template;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let known = [(NUMBER, self.number), (TEXT, self.text), (SECRET, self.secret)];
            match known.into_iter().find(|(name, _)| from.starts_with(name)) {
                Some((name, value)) => {
                    filled.push_str(&escape(value));
                    rest = &from[name.len()..];
                }
                None => {
                    filled.push('{');
                    rest = &from[1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }
}

impl Template {
    /// The first setting that cannot be meant, and why.
    pub(super) fn wrong(&self) -> Option<(&'static str, String)> {
        let somewhere = |placeholder: &str| {
            self.url.contains(placeholder) || self.body.as_ref().is_some_and(|body| body.contains(placeholder))
        };
        if self.url.contains(SECRET) {
            return Some((
                "text_messages.template.url",
                "a secret in an address is read by everybody in between; put it into a header or the body".to_owned(),
            ));
        }
        let trial = |number, text| Values { number, text, secret: "s" };
        let origin = |values: Values<'_>| {
            Url::parse(&values.put_into(&self.url, for_url)).map(|url| (web::check_url(&url).is_ok(), url))
        };
        match (origin(trial("1", "a")), origin(trial("22", "b.example"))) {
            (Ok((true, one)), Ok((true, other))) => {
                if one.origin() != other.origin() || !one.username().is_empty() {
                    return Some(("text_messages.template.url", "number and text stand after the host".to_owned()));
                }
            }
            _ => {
                return Some((
                    "text_messages.template.url",
                    "it must be HTTPS, except on this very machine".to_owned(),
                ));
            }
        }
        if !somewhere(NUMBER) || !somewhere(TEXT) {
            return Some((
                "text_messages.template.body",
                "`{number}` and `{text}` stand nowhere in it or in the address".to_owned(),
            ));
        }
        if self.method == Method::Get && self.body.is_some() {
            return Some(("text_messages.template.body", "a GET has no body".to_owned()));
        }
        if self.filled_body(&trial("+1", "\"\\\n&=")).is_none() {
            return Some(("text_messages.template.body", "it is no JSON, although `body_format` says so".to_owned()));
        }
        for line in &self.headers {
            if Self::header(line, &trial("1", "a")).is_none() {
                return Some(("text_messages.template.headers", "a header is written as `Name: value`".to_owned()));
            }
            let name = line.split(':').next().unwrap_or_default().trim();
            if name.eq_ignore_ascii_case("authorization") && !line.contains(SECRET) {
                return Some((
                    "text_messages.template.headers",
                    "the secret does not belong here: write `{secret}` in its place and give it with `pocketdocket text-messages secret`"
                        .to_owned(),
                ));
            }
        }
        if self.success.is_empty() || self.success.iter().any(|status| !(200..300).contains(status)) {
            return Some(("text_messages.template.success", "these are statuses between 200 and 299".to_owned()));
        }
        if self.pointer.as_ref().is_some_and(|pointer| !pointer.starts_with('/')) {
            return Some((
                "text_messages.template.pointer",
                "a JSON pointer begins with a slash, like `/status`".to_owned(),
            ));
        }
        None
    }

    /// The request that sends this text to this number. `None` if the secret cannot be said in a header.
    pub(super) fn request(
        &self,
        login: Option<&str>,
        secret: &SecretString,
        number: &MobileNumber,
        text: &SecretString,
    ) -> Option<Request> {
        let values = Values { number: number.e164(), text: text.expose_secret(), secret: secret.expose_secret() };
        let url = Url::parse(&values.put_into(&self.url, for_url)).ok()?;
        let mut headers = Vec::new();
        for line in &self.headers {
            headers.push(Self::header(line, &values)?);
        }
        if let Some(login) = login {
            headers.push((header::AUTHORIZATION, basic(login, secret)?));
        }
        let body = self.filled_body(&values)?;
        if self.body.is_some() {
            let kind = match self.body_format {
                BodyFormat::Form => "application/x-www-form-urlencoded",
                BodyFormat::Json => "application/json",
            };
            headers.push((header::CONTENT_TYPE, HeaderValue::from_static(kind)));
        }
        let method = match self.method {
            Method::Post => http::Method::POST,
            Method::Put => http::Method::PUT,
            Method::Get => http::Method::GET,
        };
        Some(Request { method, url, headers, body })
    }

    /// Whether a good answer in JSON says that the message was taken.
    pub(super) fn is_success(&self, answer: &[u8]) -> bool {
        let Some(pointer) = &self.pointer else { return true };
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return false };
        let found = answer.pointer(pointer);
        match &self.value {
            Some(wanted) => found.is_some_and(|found| match found {
                Value::String(text) => text == wanted,
                other => wanted == &other.to_string(),
            }),
            None => !matches!(found, None | Some(Value::Null | Value::Bool(false))) && found != Some(&Value::from("")),
        }
    }

    /// One header; only a secret can be put in.
    fn header(line: &str, values: &Values<'_>) -> Option<(HeaderName, HeaderValue)> {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        let only_secret = Values { number: NUMBER, text: TEXT, secret: values.secret };
        let value = only_secret.put_into(value.trim(), str::to_owned);
        let mut value = HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        Some((name, value))
    }

    fn filled_body(&self, values: &Values<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let Some(body) = &self.body else { return Some(Zeroizing::default()) };
        let plain = |text: &str| values.put_into(text, str::to_owned);
        match self.body_format {
            BodyFormat::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, value) in form_urlencoded::parse(body.as_bytes()) {
                    form.append_pair(&name, &plain(&value));
                }
                Some(Zeroizing::new(form.finish().into_bytes()))
            }
            BodyFormat::Json => {
                let mut json: Value = serde_json::from_str(body).ok()?;
                fill(&mut json, &|text| plain(text).as_str().to_owned());
                serde_json::to_vec(&json).ok().map(Zeroizing::new)
            }
        }
    }
}

/// Everything but letters and digits: whatever is put in stays within its place of the address.
fn for_url(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

fn fill(json: &mut Value, with: &impl Fn(&str) -> String) {
    match json {
        Value::String(text) => *text = with(text),
        Value::Array(values) => values.iter_mut().for_each(|value| fill(value, with)),
        Value::Object(values) => values.values_mut().for_each(|value| fill(value, with)),
        _ => {}
    }
}

/// Who signs in, and with what, as a header.
pub(super) fn basic(login: &str, secret: &SecretString) -> Option<HeaderValue> {
    let pair = Zeroizing::new(format!("{login}:{}", secret.expose_secret()));
    let encoded = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&encoded).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn template(url: &str, body: Option<&str>, body_format: BodyFormat) -> Template {
        Template {
            url: url.to_owned(),
            method: if body.is_some() { Method::Post } else { Method::Get },
            headers: vec!["X-Key: {secret}".to_owned()],
            body: body.map(str::to_owned),
            body_format,
            success: usual_statuses(),
            pointer: None,
            value: None,
        }
    }

    fn request(template: &Template, text: &str) -> Request {
        let number: MobileNumber = "+491701234567".parse().expect("a number");
        let request = template.request(None, &"planted".into(), &number, &text.to_owned().into());
        request.expect("can be said")
    }

    proptest! {
        #[test]
        fn a_text_stays_one_value_wherever_it_is_put(text in "\\PC{0,40}|[\"\\\\{}&=+%#?/:;\r\n a-z]{0,40}|.*[{]number[}].*") {
            let json = template("https://sms.example/send", Some("{\"to\": [\"{number}\"], \"text\": \"({text})\"}"), BodyFormat::Json);
            let body: Value = serde_json::from_slice(&request(&json, &text).body).expect("JSON");
            prop_assert_eq!(body, serde_json::json!({"to": ["+491701234567"], "text": format!("({text})")}));

            let form = template("https://sms.example/send", Some("to={number}&text={text}&flash=0"), BodyFormat::Form);
            let body = request(&form, &text).body;
            let pairs: Vec<(String, String)> =
                form_urlencoded::parse(&body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            let wanted = [("to", "+491701234567"), ("text", &text), ("flash", "0")].map(|(name, value)| (name.to_owned(), value.to_owned()));
            prop_assert_eq!(pairs, wanted);

            let url = template("https://sms.example/{number}/send?text={text}&to={number}#x", None, BodyFormat::Form);
            let url = request(&url, &text).url;
            prop_assert_eq!((url.host_str(), url.path()), (Some("sms.example"), "/%2B491701234567/send"));
            let pairs: Vec<(String, String)> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            prop_assert_eq!(pairs, [("text".to_owned(), text), ("to".to_owned(), "+491701234567".to_owned())]);
        }
    }

    #[test]
    fn a_template_that_cannot_be_meant_is_refused() {
        let good = template("https://sms.example/send", Some("to={number}&text={text}"), BodyFormat::Form);
        assert_eq!(good.wrong(), None);
        let with = |change: &dyn Fn(&mut Template)| {
            let mut changed = good.clone();
            change(&mut changed);
            changed.wrong().map(|(setting, _)| setting.trim_start_matches("text_messages.template."))
        };
        assert_eq!(with(&|it| it.url = "http://sms.example/send".to_owned()), Some("url"));
        assert_eq!(with(&|it| it.url = "https://{number}.sms.example/".to_owned()), Some("url"));
        assert_eq!(with(&|it| it.url = "https://{text}/".to_owned()), Some("url"));
        assert_eq!(with(&|it| it.url = "https://sms.example/?key={secret}".to_owned()), Some("url"));
        assert_eq!(with(&|it| it.body = Some("to={number}".to_owned())), Some("body"));
        assert_eq!(with(&|it| it.body_format = BodyFormat::Json), Some("body"));
        assert_eq!(with(&|it| it.method = Method::Get), Some("body"));
        assert_eq!(with(&|it| it.headers = vec!["Authorization: Bearer planted".to_owned()]), Some("headers"));
        assert_eq!(with(&|it| it.headers = vec!["nonsense".to_owned()]), Some("headers"));
        assert_eq!(with(&|it| it.success = vec![302]), Some("success"));
        assert_eq!(with(&|it| it.pointer = Some("status".to_owned())), Some("pointer"));
    }

    #[test]
    fn what_a_good_answer_looks_like_is_for_the_template_to_say() {
        let mut template = template("https://sms.example/?to={number}&text={text}", None, BodyFormat::Form);
        assert!(template.is_success(b"whatever"));
        template.pointer = Some("/messages/0/status".to_owned());
        let says = |template: &Template, answer: &str| template.is_success(answer.as_bytes());
        assert!(says(&template, r#"{"messages":[{"status":"0"}]}"#));
        for bad in ["", "{}", r#"{"messages":[]}"#, r#"{"messages":[{"status":false}]}"#, "[[[["] {
            assert!(!says(&template, bad), "{bad}");
        }
        template.value = Some("0".to_owned());
        assert!(
            says(&template, r#"{"messages":[{"status":"0"}]}"#) && says(&template, r#"{"messages":[{"status":0}]}"#)
        );
        assert!(!says(&template, r#"{"messages":[{"status":"4"}]}"#));
    }
}

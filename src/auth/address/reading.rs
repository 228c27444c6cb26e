//! The address in an answer: the whole of a plain text, or a place in JSON.

use std::{collections::BTreeSet, net::IpAddr};

use serde_json::Value;

use crate::diagnosis::address::{Nature, nature, normalised};

/// So deep is JSON looked into where nobody said where the address is.
const DEPTH: usize = 4;

/// The public address that an answer holds, or why it holds none, in our own words.
pub(super) fn read(body: &[u8], field: Option<&str>) -> Result<IpAddr, &'static str> {
    let text = std::str::from_utf8(body).map_err(|_| "its answer is no text")?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let address = match (field, text.parse::<IpAddr>()) {
        (None, Ok(address)) => address,
        (field, _) => {
            let json: Value = serde_json::from_str(text).map_err(|_| match field {
                Some(_) => "its answer is no JSON",
                None => "its answer is neither an address nor JSON",
            })?;
            match field {
                Some(field) => {
                    let told = json.pointer(field).ok_or("its answer has nothing at `field`")?;
                    of(told).ok_or("what stands at `field` is no address")?
                }
                None => found(&json)?,
            }
        }
    };
    let address = normalised(address);
    match nature(address) {
        Nature::Special(_) => Err("it told an address that nobody on the internet has"),
        Nature::Public | Nature::Documentation => Ok(address),
    }
}

fn of(value: &Value) -> Option<IpAddr> {
    value.as_str()?.trim().parse().ok()
}

/// The only address anywhere in it.
fn found(json: &Value) -> Result<IpAddr, &'static str> {
    let mut addresses = BTreeSet::new();
    collect(json, DEPTH, &mut addresses);
    match (addresses.pop_first(), addresses.is_empty()) {
        (None, _) => Err("its JSON holds no address"),
        (Some(address), true) => Ok(address),
        (Some(_), false) => Err("its JSON holds several addresses: say which with `field`"),
    }
}

fn collect(json: &Value, depth: usize, into: &mut BTreeSet<IpAddr>) {
    into.extend(of(json).map(normalised));
    if depth == 0 {
        return;
    }
    match json {
        Value::Array(values) => values.iter().for_each(|value| collect(value, depth - 1, into)),
        Value::Object(values) => values.values().for_each(|value| collect(value, depth - 1, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(body: &str, field: Option<&str>) -> Result<String, &'static str> {
        read(body.as_bytes(), field).map(|address| address.to_string())
    }

    #[test]
    fn an_address_stands_alone_or_in_json() {
        for (body, field) in [
            ("203.0.113.7", None),
            ("203.0.113.7\r\n", None),
            ("::ffff:203.0.113.7\n", None),
            ("\"203.0.113.7\"", None),
            ("{\"ip\":\"203.0.113.7\"}", None),
            ("{\"status\":\"ok\",\"client\":{\"addr\":\"203.0.113.7\",\"port\":4711}}", None),
            ("{\"ip\":\"203.0.113.7\",\"gateway\":\"198.51.100.1\"}", Some("/ip")),
            ("{\"clients\":[{\"ip\":\"203.0.113.7\"}]}", Some("/clients/0/ip")),
        ] {
            assert_eq!(told(body, field), Ok("203.0.113.7".to_owned()), "{body}");
        }
        assert_eq!(told("2001:db8::7", None), Ok("2001:db8::7".to_owned()));
    }

    #[test]
    fn anything_else_is_no_answer() {
        for (body, field) in [
            ("", None),
            ("<html>203.0.113.7</html>", None),
            ("203.0.113.7, 10.0.0.1", None),
            ("203.0.113.7:4711", None),
            ("{\"ip\":\"203.0.113.7\",\"gateway\":\"198.51.100.1\"}", None),
            ("{\"ip\":null}", None),
            ("{\"ip\":[]}", Some("/ip")),
            ("{\"ip\":\"203.0.113.7\"}", Some("/address")),
            ("203.0.113.7", Some("/ip")),
            ("10.0.0.1", None),
            ("127.0.0.1", None),
            ("::1", None),
            ("::ffff:192.168.1.1", None),
            ("{\"ip\":\"100.64.0.1\"}", None),
            ("0.0.0.0", None),
        ] {
            assert!(told(body, field).is_err(), "{body}");
        }
        assert!(read(&[0xff, 0xfe, 0x31], None).is_err());
    }

    proptest! {
        #[test]
        fn whatever_comes_is_an_address_of_somebody_or_none(
            body in proptest::collection::vec(any::<u8>(), 0..200), field in proptest::option::of("(/[a-z0-9]{0,3}){0,3}"),
        ) {
            if let Ok(address) = read(&body, field.as_deref()) {
                prop_assert!(!matches!(nature(address), Nature::Special(_)));
            }
        }
    }
}

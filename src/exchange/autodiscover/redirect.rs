//! Where an answer may send us, and which services it may name.

use url::Url;

use crate::ports::web::{check_url, is_loopback};

/// No address that is meant is longer.
const LONGEST: usize = 2_048;

/// The address to ask next, where `from` sends us to `location`.
///
/// # Errors
/// In words, when nobody should go there.
pub(super) fn next(from: &Url, location: &str) -> Result<Url, String> {
    if location.len() > LONGEST {
        return Err("it sends us to an address that is too long".to_owned());
    }
    let mut url = from.join(location).map_err(|_| "it sends us to an address that is no URL".to_owned())?;
    url.set_fragment(None);
    may_name(from, &url).map_err(|why| format!("it sends us to `{}`: {why}", host(&url)))?;
    Ok(url)
}

/// Whether a server may name this address.
///
/// # Errors
/// In words, when it must not be used.
pub(super) fn may_name(from: &Url, url: &Url) -> Result<(), String> {
    if is_loopback(url) && !is_loopback(from) {
        // What runs on this machine is nobody else's business.
        return Err("that is this very machine".to_owned());
    }
    let downgraded = from.scheme() == "https" && url.scheme() != "https";
    if downgraded || check_url(url).is_err() {
        return Err("that is not encrypted; only `https://` is taken".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address holds a login".to_owned());
    }
    if url.as_str().len() > LONGEST {
        return Err("the address is too long".to_owned());
    }
    Ok(())
}

/// For messages. A parsed host has no character that could do harm there.
pub(super) fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

//! The three messages of NTLM, as far as HTTP needs them: we write the first and the third and read the second.
//! <https://learn.microsoft.com/openspecs/windows_protocols/ms-nlmp/b38c36ed-2804-4868-a9ff-8dd3182128e4>
//!
//! Nothing but the sign-in is asked for: no signing or sealing of what follows, so no exchanged key either. The integrity code
//! covers all three messages.

use super::keys::{self, LENGTH, utf_16};

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

const UNICODE: u32 = 0x0000_0001;
const REQUEST_TARGET: u32 = 0x0000_0004;
const NTLM: u32 = 0x0000_0200;
const ALWAYS_SIGN: u32 = 0x0000_8000;
const EXTENDED_SECURITY: u32 = 0x0008_0000;
const TARGET_INFO: u32 = 0x0080_0000;
const OURS: u32 = UNICODE | REQUEST_TARGET | NTLM | ALWAYS_SIGN | EXTENDED_SECURITY;

/// What a pair of the server's and of our list says.
const END: u16 = 0;
const FLAGS: u16 = 6;
const TIME: u16 = 7;
const TARGET: u16 = 9;
const BINDINGS: u16 = 10;
/// In [`FLAGS`]: the third message has an integrity code.
const HAS_CODE: u32 = 2;

/// In front of what the third message carries: fields, flags, an empty version, the code.
const HEAD: usize = 88;
const CODE: usize = HEAD - LENGTH;

/// Whom a domain controller's log names as the machine that a sign-in came from.
const WORKSTATION: &str = "POCKETDOCKET";

/// The server's message is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its challenge is not one of NTLM: {0}")]
pub(super) struct NotAChallenge(&'static str);

/// The first message.
pub(super) fn negotiate() -> Vec<u8> {
    let mut message = SIGNATURE.to_vec();
    message.extend(1_u32.to_le_bytes());
    message.extend(OURS.to_le_bytes());
    // Neither domain nor workstation yet.
    message.extend([0; 16]);
    message
}

/// The second message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    whole: Vec<u8>,
    flags: u32,
    nonce: [u8; 8],
    pairs: Vec<(u16, Vec<u8>)>,
}

impl Challenge {
    /// Reads one.
    pub(super) fn parse(whole: &[u8]) -> Result<Self, NotAChallenge> {
        const SHORT: NotAChallenge = NotAChallenge("it is too short");
        if whole.get(..8) != Some(SIGNATURE) || number(whole, 8) != Some(2) {
            return Err(NotAChallenge("it says that it is another message"));
        }
        let flags = number(whole, 20).ok_or(SHORT)?;
        if flags & UNICODE == 0 || flags & NTLM == 0 {
            return Err(NotAChallenge("it speaks an older dialect"));
        }
        let nonce = whole.get(24..32).and_then(|nonce| nonce.try_into().ok()).ok_or(SHORT)?;
        let listed = if flags & TARGET_INFO == 0 { &[][..] } else { field(whole, 40).ok_or(SHORT)? };
        Ok(Self { whole: whole.to_vec(), flags, nonce, pairs: pairs(listed).ok_or(SHORT)? })
    }

    /// When the server says it is, in tenths of a microsecond since 1601.
    fn time(&self) -> Option<[u8; 8]> {
        self.pair(TIME)?.try_into().ok()
    }

    fn pair(&self, id: u16) -> Option<&[u8]> {
        self.pairs.iter().find(|(known, _)| *known == id).map(|(_, value)| value.as_slice())
    }
}

/// Who signs in.
pub(super) struct Identity<'a> {
    pub(super) user: &'a str,
    pub(super) domain: &'a str,
    /// See [`keys::password_key`].
    pub(super) key: &'a [u8; LENGTH],
}

/// Where to, and over which channel.
pub(super) struct Place<'a> {
    /// The service: `HTTP/mail.kanzlei.example`.
    pub(super) target: &'a str,
    /// See [`super::binding`]; none without TLS.
    pub(super) bindings: Option<[u8; 16]>,
}

/// What is different each time.
pub(super) struct Occasion {
    /// As the server writes it, for one that does not say its own.
    pub(super) time: [u8; 8],
    pub(super) nonce: [u8; 8],
}

/// The third message, for the first two.
pub(super) fn authenticate(
    negotiate: &[u8],
    challenge: &Challenge,
    identity: &Identity<'_>,
    place: &Place<'_>,
    occasion: &Occasion,
) -> Vec<u8> {
    let client = client_part(challenge, place, occasion);
    let (response, session_key) = response(identity.key, challenge.nonce, &client);
    let flags = (OURS | TARGET_INFO) & challenge.flags;
    let mut message = SIGNATURE.to_vec();
    message.extend(3_u32.to_le_bytes());
    // Of the older response no more than its length: nobody looks at it beside the newer one.
    let carried =
        [vec![0; 24], response, utf_16(identity.domain), utf_16(identity.user), utf_16(WORKSTATION), Vec::new()];
    let mut at = HEAD;
    for value in &carried {
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        message.extend(length.to_le_bytes());
        message.extend(length.to_le_bytes());
        message.extend(u32::try_from(at).unwrap_or(u32::MAX).to_le_bytes());
        at += value.len();
    }
    message.extend(flags.to_le_bytes());
    message.resize(HEAD, 0);
    message.extend(carried.iter().flatten());
    let code = keys::digest(&session_key, &[negotiate, &challenge.whole, &message]);
    message[CODE..HEAD].copy_from_slice(&code);
    message
}

/// What we add to the server's challenge: time, our own nonce, and the list with the channel in it.
fn client_part(challenge: &Challenge, place: &Place<'_>, occasion: &Occasion) -> Vec<u8> {
    let flags = challenge.pair(FLAGS).and_then(|flags| flags.try_into().ok()).map_or(0, u32::from_le_bytes);
    let mut list: Vec<(u16, Vec<u8>)> = challenge
        .pairs
        .iter()
        .filter(|(id, _)| ![FLAGS, TARGET, BINDINGS].contains(id))
        .map(|(id, value)| (*id, value.clone()))
        .collect();
    list.push((FLAGS, (flags | HAS_CODE).to_le_bytes().to_vec()));
    list.push((BINDINGS, place.bindings.unwrap_or_default().to_vec()));
    list.push((TARGET, utf_16(place.target)));
    list.push((END, Vec::new()));
    temporary(challenge.time().unwrap_or(occasion.time), occasion.nonce, &list)
}

/// `temp` of MS-NLMP 3.3.2.
fn temporary(time: [u8; 8], nonce: [u8; 8], list: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut part = vec![1, 1, 0, 0, 0, 0, 0, 0];
    part.extend(time);
    part.extend(nonce);
    part.extend([0; 4]);
    for (id, value) in list {
        part.extend(id.to_le_bytes());
        part.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes());
        part.extend(value);
    }
    part.extend([0; 4]);
    part
}

/// The response, and the key of the session that follows from it.
fn response(key: &[u8; LENGTH], nonce: [u8; 8], client: &[u8]) -> (Vec<u8>, [u8; LENGTH]) {
    let proof = keys::digest(key, &[&nonce, client]);
    let session_key = keys::digest(key, &[&proof]);
    (proof.into_iter().chain(client.iter().copied()).collect(), session_key)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// What length and offset at this place point to.
fn field(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?));
    let from = usize::try_from(number(bytes, at.checked_add(4)?)?).ok()?;
    bytes.get(from..from.checked_add(length)?)
}

fn pairs(mut list: &[u8]) -> Option<Vec<(u16, Vec<u8>)>> {
    let mut pairs = Vec::new();
    while !list.is_empty() {
        let (head, rest) = list.split_at_checked(4)?;
        let id = u16::from_le_bytes(head.get(..2)?.try_into().ok()?);
        let length = u16::from_le_bytes(head.get(2..)?.try_into().ok()?);
        if id == END {
            break;
        }
        let (value, rest) = rest.split_at_checked(length.into())?;
        pairs.push((id, value.to_vec()));
        list = rest;
    }
    Some(pairs)
}

#[cfg(test)]
mod tests;

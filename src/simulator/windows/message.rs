//! The messages: the first is recognised, the second written, the third read.

use jiff::Timestamp;

const SIGNATURE: &[u8] = b"NTLMSSP\0";
/// Unicode, target, NTLM, always sign, a domain's server, extended security, target information, version.
const FLAGS: u32 = 0x0289_8205;
/// Windows Server 2019 (10.0, build 17763). Some clients leave the place of the version out, and with it move the integrity code, if
/// a server tells none; every Windows tells one.
const VERSION: [u8; 8] = [10, 0, 0x63, 0x45, 0, 0, 0, 15];
/// What a client without NTLMv2 lacks.
const UNICODE_AND_EXTENDED_SECURITY: u32 = 0x0008_0001;
/// From 1601 to 1970, in seconds.
const EPOCH: i64 = 11_644_473_600;
const DOMAIN: &str = "KANZLEI";
const SERVER: &str = "EXCHANGE";

pub(super) fn is_first(message: &[u8]) -> bool {
    let wants = word(message, 12).unwrap_or_default();
    kind(message) == Some(1) && wants & UNICODE_AND_EXTENDED_SECURITY == UNICODE_AND_EXTENDED_SECURITY
}

pub(super) fn second(nonce: [u8; 8], now: Timestamp) -> Vec<u8> {
    let time = (now.as_second().saturating_add(EPOCH)).saturating_mul(10_000_000);
    let pairs: [(u16, Vec<u8>); 4] =
        [(2, utf_16(DOMAIN)), (1, utf_16(SERVER)), (7, time.to_le_bytes().to_vec()), (0, Vec::new())];
    let mut list = Vec::new();
    for (id, value) in pairs {
        list.extend(id.to_le_bytes());
        list.extend(short(value.len()).to_le_bytes());
        list.extend(value);
    }
    let target = utf_16(DOMAIN);
    let mut message = SIGNATURE.to_vec();
    message.extend(2_u32.to_le_bytes());
    message.extend(place(target.len(), 56));
    message.extend(FLAGS.to_le_bytes());
    message.extend(nonce);
    message.extend([0; 8]);
    message.extend(place(list.len(), 56 + target.len()));
    message.extend(VERSION);
    message.extend(target);
    message.extend(list);
    message
}

/// The third message.
#[derive(Debug)]
pub(super) struct Third {
    pub(super) domain: String,
    pub(super) user: String,
    /// The first part of its response.
    pub(super) proof: [u8; 16],
    /// The rest of it, which the proof covers.
    pub(super) covered: Vec<u8>,
    pairs: Vec<(u16, Vec<u8>)>,
}

impl Third {
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        if kind(message)? != 3 {
            return None;
        }
        let (proof, covered) = part(message, 20)?.split_at_checked(16)?;
        // Version 1 of the response, twice; then nothing, time, nonce and nothing: the list begins behind them.
        if covered.get(..8)? != [1, 1, 0, 0, 0, 0, 0, 0] {
            return None;
        }
        Some(Self {
            domain: text(part(message, 28)?)?,
            user: text(part(message, 36)?)?,
            proof: proof.try_into().ok()?,
            covered: covered.to_vec(),
            pairs: pairs(covered.get(28..)?)?,
        })
    }

    /// Who signs in, as people write it.
    pub(super) fn login(&self) -> String {
        if self.domain.is_empty() { self.user.clone() } else { format!("{}\\{}", self.domain, self.user) }
    }

    /// The channel that it is bound to, as far as it says.
    pub(super) fn bindings(&self) -> Option<[u8; 16]> {
        self.pair(10)?.try_into().ok()
    }

    /// Whether it says that it has an integrity code.
    pub(super) fn has_code(&self) -> bool {
        let flags = self.pair(6).and_then(|flags| Some(u32::from_le_bytes(flags.try_into().ok()?)));
        flags.is_some_and(|flags| flags & 2 != 0)
    }

    fn pair(&self, wanted: u16) -> Option<&[u8]> {
        self.pairs.iter().find(|(id, _)| *id == wanted).map(|(_, value)| value.as_slice())
    }
}

fn pairs(mut list: &[u8]) -> Option<Vec<(u16, Vec<u8>)>> {
    let mut found = Vec::new();
    loop {
        let (id, length) = (half(list, 0)?, usize::from(half(list, 2)?));
        if id == 0 {
            return Some(found);
        }
        found.push((id, list.get(4..4 + length)?.to_vec()));
        list = list.get(4 + length..)?;
    }
}

fn kind(message: &[u8]) -> Option<u32> {
    word(message, 8).filter(|_| message.starts_with(SIGNATURE))
}

fn part(message: &[u8], at: usize) -> Option<&[u8]> {
    let from = usize::try_from(word(message, at + 4)?).ok()?;
    message.get(from..from.checked_add(half(message, at)?.into())?)
}

fn place(length: usize, at: usize) -> [u8; 8] {
    let (length, at) = (short(length).to_le_bytes(), u32::try_from(at).unwrap_or(u32::MAX).to_le_bytes());
    [length[0], length[1], length[0], length[1], at[0], at[1], at[2], at[3]]
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

pub(super) fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn text(bytes: &[u8]) -> Option<String> {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])).collect();
    String::from_utf16(&units).ok()
}

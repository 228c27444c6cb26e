//! The examples of MS-NLMP, section 4.2.4, which Microsoft publishes for this purpose, and what no server may do to us.
//! <https://learn.microsoft.com/openspecs/windows_protocols/ms-nlmp/b38c36ed-2804-4868-a9ff-8dd3182128e4>

use proptest::prelude::*;

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The challenge of the examples.
fn example() -> Vec<u8> {
    hex("4e544c4d53535000 02000000 0c000c0038000000 33828ae2 0123456789abcdef 0000000000000000 2400240044000000
         06007017 0000000f 530065007200760065007200
         02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000")
}

#[test]
fn the_published_example_of_ntlmv2_is_met() {
    let challenge = Challenge::parse(&example()).unwrap();
    assert_eq!(challenge.nonce.as_slice(), hex("0123456789abcdef"));
    assert_eq!(challenge.pairs, [(2, utf_16("Domain")), (1, utf_16("Server"))]);

    let key = keys::password_key("User", "Domain", "Password");
    assert_eq!(key.as_slice(), hex("0c868a403bfd7a93a3001ef22ef02e3f"), "NTOWFv2");

    let list: Vec<(u16, Vec<u8>)> = challenge.pairs.iter().cloned().chain([(END, Vec::new())]).collect();
    let part = temporary([0; 8], [0xaa; 8], &list);
    let (response, session_key) = response(&key, challenge.nonce, &part);
    assert_eq!(response[..16], hex("68cd0ab851e51c96aabc927bebef6a1c"), "NTProofStr");
    assert_eq!(session_key.as_slice(), hex("8de40ccadbc14a82f15cb0ad0de95ca3"), "SessionBaseKey");
}

fn signed(challenge: &Challenge, bindings: Option<[u8; 16]>) -> Vec<u8> {
    let key = keys::password_key("User", "Domain", "Password");
    let identity = Identity { user: "User", domain: "Domain", key: &key };
    let place = Place { target: "HTTP/server.example", bindings };
    authenticate(&negotiate(), challenge, &identity, &place, &Occasion { time: [1; 8], nonce: [2; 8] })
}

/// The pairs in a third message.
fn sent(message: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let response = field(message, 20).unwrap();
    pairs(&response[LENGTH + 28..response.len() - 4]).unwrap()
}

#[test]
fn the_third_message_names_channel_service_and_code() {
    let challenge = Challenge::parse(&example()).unwrap();
    let message = signed(&challenge, Some([7; 16]));
    let list = sent(&message);
    let value = |id: u16| list.iter().find(|(known, _)| *known == id).map(|(_, value)| value.clone());
    assert_eq!(value(BINDINGS), Some(vec![7; 16]));
    assert_eq!(value(TARGET), Some(utf_16("HTTP/server.example")));
    assert_eq!(value(FLAGS), Some(HAS_CODE.to_le_bytes().to_vec()));
    assert_eq!(field(&message, 28), Some(utf_16("Domain").as_slice()));
    assert_eq!(field(&message, 36), Some(utf_16("User").as_slice()));
    assert_ne!(message[CODE..HEAD], [0; 16]);
    assert_ne!(message, signed(&challenge, None), "the channel is part of what is proved");
}

#[test]
fn the_servers_own_time_and_flags_are_kept_and_ours_are_not_believed_from_it() {
    let mut challenge = Challenge::parse(&example()).unwrap();
    challenge.pairs.extend([
        (TIME, vec![9; 8]),
        (FLAGS, 1_u32.to_le_bytes().to_vec()),
        (BINDINGS, vec![9; 16]),
        (TARGET, utf_16("HTTP/evil.example")),
    ]);
    let message = signed(&challenge, None);
    assert_eq!(field(&message, 20).unwrap()[LENGTH + 8..LENGTH + 16], [9; 8], "its time");
    let list = sent(&message);
    let values =
        |id: u16| list.iter().filter(|(known, _)| *known == id).map(|(_, value)| value.clone()).collect::<Vec<_>>();
    assert_eq!(values(FLAGS), [3_u32.to_le_bytes().to_vec()]);
    assert_eq!(values(BINDINGS), [vec![0; 16]]);
    assert_eq!(values(TARGET), [utf_16("HTTP/server.example")]);
}

#[test]
fn what_is_no_challenge_is_refused() {
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("our own first message", negotiate()),
        ("one cut off", example()[..40].to_vec()),
        ("one without Unicode", {
            let mut bytes = example();
            bytes[20] = 0;
            bytes
        }),
        ("one that points behind its end", {
            let mut bytes = example();
            bytes[44..48].fill(0xff);
            bytes
        }),
    ] {
        assert!(Challenge::parse(&bytes).is_err(), "{what}");
    }
}

proptest! {
    #[test]
    fn no_server_brings_us_down(mut bytes in prop::collection::vec(any::<u8>(), 0..200), begins in any::<bool>()) {
        if begins {
            let example = example();
            let head = example.len().min(bytes.len()).min(24);
            bytes[..head].copy_from_slice(&example[..head]);
        }
        if let Ok(challenge) = Challenge::parse(&bytes) {
            prop_assert!(signed(&challenge, None).len() > HEAD);
        }
    }
}

use proptest::prelude::*;

use super::*;

fn passphrase() -> SecretString {
    SecretString::from("correct horse battery")
}

fn bundle(pieces: &[&[u8]]) -> Vec<u8> {
    let mut writer = BundleWriter::new(Vec::new(), &passphrase()).expect("memory");
    for piece in pieces {
        writer.piece(piece).expect("memory");
    }
    writer.finish().expect("memory")
}

fn read(bytes: &[u8], passphrase: &SecretString) -> Result<Vec<Vec<u8>>, BundleError> {
    let mut reader = BundleReader::new(bytes, passphrase)?;
    let mut pieces = Vec::new();
    while let Some(piece) = reader.piece()? {
        pieces.push(piece.to_vec());
    }
    Ok(pieces)
}

#[test]
fn what_was_written_is_read() {
    let bytes = bundle(&[b"first", b"", b"third"]);
    let pieces = read(&bytes, &passphrase()).expect("is whole");
    assert_eq!(pieces, [&b"first"[..], b"", b"third"]);
    assert!(!bytes.windows(5).any(|window| window == b"first"));
}

#[test]
fn a_key_is_wrapped_for_its_bundle_alone() {
    let key = Vault::with_random_key();
    let writer = BundleWriter::new(Vec::new(), &passphrase()).expect("memory");
    let wrapped = writer.wrap(&key).expect("short");
    let bytes = writer.finish().expect("memory");
    assert!(
        BundleReader::new(&*bytes, &passphrase()).expect("a head").unwrap(&wrapped).is_ok_and(|opened| opened == key)
    );
    let other = bundle(&[]);
    assert!(BundleReader::new(&*other, &passphrase()).expect("a head").unwrap(&wrapped).is_err());
}

#[test]
fn each_way_to_be_wrong_has_its_name() {
    let bytes = bundle(&[b"first", b"second"]);
    let wrong = SecretString::from("another passphrase");
    assert!(matches!(read(&bytes, &wrong), Err(BundleError::WrongPassphrase)));
    assert!(matches!(read(b"PK\x03\x04 something else", &passphrase()), Err(BundleError::NotABundle)));
    assert!(matches!(read(b"", &passphrase()), Err(BundleError::NotABundle)));
    let mut later = bytes.clone();
    later[7] = 2;
    assert!(matches!(read(&later, &passphrase()), Err(BundleError::NewerVersion { found: 2 })));
    let mut costly = bytes.clone();
    costly[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(read(&costly, &passphrase()), Err(BundleError::Damaged { .. })));
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(matches!(read(&longer, &passphrase()), Err(BundleError::Damaged { .. })));
}

#[test]
fn pieces_cannot_be_exchanged_or_left_out() {
    let bytes = bundle(&[b"aaaa", b"bbbb", b"cccc"]);
    let piece = 4 + 4 + 41;
    let (head, first) = (&bytes[..HEAD], &bytes[HEAD..HEAD + piece]);
    let (second, rest) = (&bytes[HEAD + piece..HEAD + 2 * piece], &bytes[HEAD + 2 * piece..]);
    let exchanged = [head, second, first, rest].concat();
    assert!(read(&exchanged, &passphrase()).is_err());
    let left_out = [head, first, rest].concat();
    assert!(matches!(read(&left_out, &passphrase()), Err(BundleError::Damaged { piece: 1 })));
}

proptest! {
    // Each case derives a key.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_bundle_that_is_cut_off_anywhere_is_not_taken_for_whole(place: prop::sample::Index) {
        let bytes = bundle(&[b"first", b"second"]);
        let read = read(&bytes[..place.index(bytes.len())], &passphrase());
        prop_assert!(matches!(read, Err(BundleError::Truncated | BundleError::NotABundle)));
    }

    #[test]
    fn a_changed_byte_is_noticed(place: prop::sample::Index, bit in 0..8_u8) {
        let mut bytes = bundle(&[b"first", b"second"]);
        // The costs are bound too, but a changed cost may take a while to try.
        let place = 20 + place.index(bytes.len() - 20);
        bytes[place] ^= 1 << bit;
        prop_assert!(read(&bytes, &passphrase()).is_err());
    }
}

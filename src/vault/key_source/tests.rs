use super::*;

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("master.key");
    (folder, path)
}

fn words(text: &str) -> SecretString {
    SecretString::from(text)
}

#[test]
fn a_created_key_opens_what_it_sealed_after_a_restart() {
    let (_folder, path) = place();
    let source = KeySource::File(path);
    let sealed = source.draw(None).expect("new").seal("x", b"text").expect("short");
    assert_eq!(source.open(None).expect("there").open("x", &sealed).expect("same key").as_slice(), b"text");
}

#[test]
fn a_key_file_is_never_written_over_unless_it_is_replaced_on_purpose() {
    let (_folder, path) = place();
    let source = KeySource::File(path.clone());
    let first = source.draw(None).expect("new");
    assert!(matches!(source.draw(None), Err(KeyError::Exists { .. })));
    assert_eq!(source.open(None).expect("there"), first);
    let second = Vault::with_random_key();
    // What a crash left of an earlier replacement is in nobody's way.
    std::fs::write(path.with_file_name("master.key.new"), b"half").expect("ours");
    source.replace(&second, None).expect("replaced");
    assert_eq!(source.open(None).expect("there"), second);
    assert_eq!(
        std::fs::read_dir(path.parent().expect("a folder")).expect("ours").count(),
        1,
        "nothing is left beside it"
    );
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = place();
    for source in [KeySource::File(path.clone()), KeySource::Passphrase(path.clone())] {
        let passphrase = words("correct horse battery");
        source.draw(Some(&passphrase)).expect("new");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("ours");
        let error = source.open(Some(&passphrase)).expect_err("too open");
        assert!(matches!(error, KeyError::TooOpen { mode: 0o640, .. }), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("chmod 0600")));
        std::fs::remove_file(&path).expect("ours");
    }
}

#[test]
fn a_file_that_is_no_key_is_refused() {
    let (_folder, path) = place();
    let source = KeySource::File(path.clone());
    assert!(matches!(source.open(None), Err(KeyError::Missing { .. })));
    source.draw(None).expect("new");
    for size in [0, 31, 33] {
        std::fs::write(&path, vec![7; size]).expect("ours");
        assert!(matches!(source.open(None), Err(KeyError::NotAKey { .. })), "{size} bytes");
    }
}

#[test]
fn a_passphrase_opens_its_file_and_another_one_does_not() {
    let (_folder, path) = place();
    let source = KeySource::Passphrase(path.clone());
    let (right, wrong) = (words("correct horse battery"), words("correct horse batteries"));
    let key = source.draw(Some(&right)).expect("new");
    assert_eq!(source.open(Some(&right)).expect("opens"), key);
    assert!(matches!(source.open(Some(&wrong)), Err(KeyError::WrongPassphrase { .. })));
    assert!(matches!(source.open(None), Err(KeyError::NoPassphrase)));
    let text = std::fs::read_to_string(&path).expect("text");
    assert!(text.contains("\"memory_kib\": 65536") && text.contains("\"salt\""), "{text}");
    assert!(!text.contains("horse"));
}

#[test]
fn a_wrapped_key_that_is_damaged_or_of_a_later_version_is_named() {
    let (_folder, path) = place();
    let source = KeySource::Passphrase(path.clone());
    let passphrase = words("correct horse battery");
    source.draw(Some(&passphrase)).expect("new");
    let text = std::fs::read_to_string(&path).expect("text");
    let opened = |text: &str| {
        std::fs::write(&path, text).expect("ours");
        source.open(Some(&passphrase))
    };
    assert!(matches!(opened("nothing of ours"), Err(KeyError::NotWrapped { .. })));
    assert!(matches!(
        opened(&text.replace("\"format\": 1", "\"format\": 2")),
        Err(KeyError::LaterFormat { format: 2, .. })
    ));
    // Costs that would take all memory are not tried.
    assert!(matches!(opened(&text.replace("65536", "4294967295")), Err(KeyError::NotWrapped { .. })));
    assert!(matches!(opened(&text[..text.len() / 2]), Err(KeyError::NotWrapped { .. })));
}

#[test]
fn a_short_passphrase_is_refused() {
    assert!(matches!(long_enough(&words("Sommer2026!")), Err(KeyError::ShortPassphrase { shortest: 12 })));
    assert!(long_enough(&words("öffne dich!!")).is_ok(), "letters count, not bytes");
}

#[test]
fn a_credential_stays_in_its_folder_and_cannot_be_written() {
    for name in ["", ".", "..", "../master.key", "/etc/passwd", "a\\b"] {
        let error = KeySource::Systemd(name.to_owned()).open(None).expect_err("no name of a credential");
        assert!(matches!(error, KeyError::CredentialName { .. } | KeyError::NoCredential { .. }), "{name}: {error}");
    }
    let source = KeySource::Systemd("key".to_owned());
    assert!(matches!(source.put(&Vault::with_random_key(), None), Err(KeyError::ReadOnly { .. })));
}

#[cfg(not(windows))]
#[test]
fn dpapi_says_that_it_is_a_part_of_windows() {
    let (_folder, path) = place();
    let error = KeySource::Dpapi(path.clone()).draw(None).expect_err("not here");
    assert!(matches!(error, KeyError::NotHere { kind: KeyKind::Dpapi, .. }), "{error}");
    assert!(!path.exists());
}

#[cfg(windows)]
#[test]
fn dpapi_opens_on_this_machine_what_it_sealed_here() {
    let (_folder, path) = place();
    let source = KeySource::Dpapi(path.clone());
    let key = source.draw(None).expect("new");
    assert_eq!(source.open(None).expect("opens"), key);
    let mut bytes = std::fs::read(&path).expect("ours");
    assert!(!bytes.windows(32).any(|window| window == key.key()), "the key does not lie there as it is");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).expect("ours");
    assert!(matches!(source.open(None), Err(KeyError::Dpapi { .. })));
}

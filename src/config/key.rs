//! Saying in a configuration where the master key lies, and leaving the rest of it as people wrote it.

use std::path::PathBuf;

use crate::vault::KeyKind;

/// The settings of `[firm]` about the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySettings {
    /// Where it comes from.
    pub key: KeyKind,
    /// Its file, as it is to be written; where nothing is said, each sort has a name of its own.
    pub key_file: Option<PathBuf>,
    /// Its name; where nothing is said, the default.
    pub key_name: Option<String>,
}

/// The text with these settings in the place of those it has.
pub fn with_key(text: &str, settings: &KeySettings) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut in_firm = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with('[') {
            in_firm = trimmed == "[firm]";
            lines.push(line.to_owned());
            if in_firm {
                lines.extend(settings.lines());
            }
            continue;
        }
        let name = trimmed.split_once('=').map(|(name, _)| name.trim());
        if in_firm && matches!(name, Some("key" | "key_file" | "key_name")) {
            continue;
        }
        lines.push(line.to_owned());
    }
    lines.join("\n") + "\n"
}

impl KeySettings {
    /// As they stand in the configuration.
    pub fn lines(&self) -> Vec<String> {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut lines = vec![format!("key = \"{}\"", self.key)];
        let usual = match self.key {
            KeyKind::File => Some("master.key"),
            KeyKind::Passphrase => Some("master.passphrase"),
            KeyKind::Dpapi => Some("master.dpapi"),
            KeyKind::Systemd | KeyKind::Keyring => None,
        };
        if let Some(usual) = usual {
            let file = self.key_file.as_ref().map_or(usual.into(), |file| file.to_string_lossy());
            lines.push(format!("key_file = {}", quoted(&file)));
        } else if let Some(name) = &self.key_name {
            lines.push(format!("key_name = {}", quoted(name)));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_about_the_key_are_changed() {
        let text = "# ours\n[firm]\n# the id\nid = \"x\"\nkey_file = \"master.key\"\n\n[practice]\nkey = \"stays\"\n";
        let settings = KeySettings { key: KeyKind::Passphrase, key_file: None, key_name: None };
        assert_eq!(
            with_key(text, &settings),
            "# ours\n[firm]\nkey = \"passphrase\"\nkey_file = \"master.passphrase\"\n# the id\nid = \"x\"\n\n[practice]\nkey = \
             \"stays\"\n"
        );
        let named = KeySettings { key: KeyKind::Keyring, key_file: None, key_name: Some("a\"b".to_owned()) };
        let changed = with_key(text, &named);
        assert!(changed.contains("key = \"keyring\"\nkey_name = 'a\"b'\n"), "{changed}");
        assert_eq!(with_key(&changed, &settings), with_key(text, &settings), "and again");
    }
}

use std::path::Path;

use crate::domain::FirmId;

/// Every setting with its default and an explanation, each line a comment.
pub const SAMPLE: &str = include_str!("../../config/pocketdocket.sample.toml");

/// What `init` writes: the settings without a default. Whatever is typed is quoted as TOML wants it.
pub fn written(firm: FirmId, mapping: &str, database: &Path, source_zone: &str, office_zone: &str) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    format!(
        "# Pocket Docket's configuration. Everything else has a default: see config/pocketdocket.sample.toml or\n\
         # docs/reference/settings.md. Secrets do not belong here.\n\
         \n\
         [firm]\n\
         # A part of the mark on every item we write. Keep it for the life of the firm.\n\
         id = {firm}\n\
         data = \"data\"\n\
         key_file = \"master.key\"\n\
         \n\
         [practice]\n\
         mapping = {mapping}\n\
         database = {database}\n\
         source_zone = {source_zone}\n\
         \n\
         [sync]\n\
         schedule = \"*/2 * * * *\"\n\
         \n\
         [scope]\n\
         office_zone = {office_zone}\n",
        firm = quoted(&firm.to_string()),
        mapping = quoted(mapping),
        database = quoted(&database.to_string_lossy()),
        source_zone = quoted(source_zone),
        office_zone = quoted(office_zone),
    )
}

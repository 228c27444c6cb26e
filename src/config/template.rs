use crate::{domain::FirmId, sources};

/// Every setting with its default and an explanation, each line a comment.
pub const SAMPLE: &str = include_str!("../../config/pocketdocket.sample.toml");

/// What `init` writes: the settings without a default. Whatever is typed is quoted as TOML wants it.
pub fn written(firm: FirmId, practice: &sources::Settings, office_zone: &str) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let database = practice
        .database
        .as_ref()
        .map_or_else(String::new, |database| format!("database = {}\n", quoted(&database.to_string_lossy())));
    // Settings of our own making can always be written.
    let server = practice.server.as_ref().and_then(|server| toml::to_string(server).ok());
    let server = server.map_or_else(String::new, |server| {
        format!("\n# The password is given with `pocketdocket practice password`.\n[practice.server]\n{server}")
    });
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
         {database}\
         source_zone = {source_zone}\n\
         {server}\
         \n\
         [sync]\n\
         schedule = \"*/2 * * * *\"\n\
         \n\
         [scope]\n\
         office_zone = {office_zone}\n",
        firm = quoted(&firm.to_string()),
        mapping = quoted(&practice.mapping),
        source_zone = quoted(practice.source_zone.name()),
        office_zone = quoted(office_zone),
    )
}

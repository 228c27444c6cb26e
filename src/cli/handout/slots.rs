//! The slots that a hand-out may have: what stands there, and what is to be looked up where it is not known.

/// A place for a value.
#[derive(Debug)]
pub(super) struct Slot {
    /// As in `{{name}}`.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) what: &'static str,
    /// What stands there while nobody knows it; nothing for what the program itself always knows.
    pub(super) unknown: Option<Unknown>,
    /// Whether there may be several: in PowerShell it is a list then.
    pub(super) many: bool,
}

/// A value that the firm has, and that somebody may have to look up.
#[derive(Debug)]
pub(super) struct Unknown {
    /// What stands in its place.
    pub(super) placeholder: &'static str,
    /// Where it is found.
    pub(super) found: &'static str,
}

const fn firm(name: &'static str, what: &'static str, placeholder: &'static str, found: &'static str) -> Slot {
    Slot { name, what, unknown: Some(Unknown { placeholder, found }), many: false }
}

const fn several(slot: Slot) -> Slot {
    Slot { many: true, ..slot }
}

const fn ours(name: &'static str, what: &'static str) -> Slot {
    Slot { name, what, unknown: None, many: false }
}

/// Every slot, in the order in which they are listed.
pub(super) const SLOTS: [Slot; 17] = [
    firm("server", "the server that Pocket Docket runs on", "<SERVER>", "its name in the firm's network"),
    firm(
        "tenant",
        "the Microsoft 365 tenant",
        "<TENANT ID>",
        "Entra admin center, *Overview*, *Tenant ID*; it is `tenant` in section `[sign_in]` of the configuration, or `--tenant` of a service account with a certificate",
    ),
    firm(
        "client_id",
        "the app registration",
        "<CLIENT ID>",
        "Entra admin center, *App registrations*, the app, *Application (client) ID*; it is `client_id` in section `[sign_in]`, or `--client-id` of a service account with a certificate",
    ),
    several(firm(
        "addresses",
        "the public addresses of this server's requests",
        "<PUBLIC ADDRESS>/32",
        "`pocketdocket address show` on the server tells it, and `pocketdocket address allow` enters it; `--address` fills it in",
    )),
    firm(
        "account",
        "the service account",
        "<SERVICE ACCOUNT>",
        "its login; `pocketdocket service-account add` enters it, and `--account` chooses or names it",
    ),
    several(firm(
        "mailboxes",
        "the mailboxes",
        "<MAILBOX>",
        "the addresses of the users who sign in this way; `pocketdocket user add` enters them, or `--mailbox` fills them in",
    )),
    firm(
        "outside",
        "a mailbox that must stay closed",
        "<ANOTHER MAILBOX>",
        "any of the firm's that is not among the mailboxes of the program: it is tried that it is refused",
    ),
    firm(
        "service",
        "Exchange Web Services",
        "<https://mail.example/EWS/Exchange.asmx>",
        "the address of the server's Exchange Web Services; it is `url` in section `[exchange]`",
    ),
    firm(
        "practice_server",
        "the SQL Server of the practice system",
        "<DATABASE SERVER>",
        "its name, with the instance; it is `host` in section `[practice.server]` of the configuration",
    ),
    firm(
        "practice_database",
        "the database of the practice system",
        "<DATABASE>",
        "Management Studio lists the databases; it is `database` in section `[practice.server]`",
    ),
    firm(
        "practice_account",
        "the login that reads it",
        "<LOGIN>",
        "a new one, for nothing else; it is `user` in section `[practice.server]`",
    ),
    several(ours("graph_permissions", "permissions at Microsoft Graph")),
    several(ours("shared_permissions", "permissions at Microsoft Graph, for others' mailboxes")),
    several(ours("ews_permissions", "permissions at Exchange Web Services")),
    several(ours("sign_in_permissions", "permissions of every sign-in")),
    ours("location", "the named location"),
    ours("user_agent", "the User-Agent of the program's requests"),
];

/// The slot of this name.
pub(super) fn slot(name: &str) -> Option<&'static Slot> {
    SLOTS.iter().find(|slot| slot.name == name)
}

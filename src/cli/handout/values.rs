//! What is known of the firm, for a hand-out.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    app::of_app,
    auth::oauth::Audience,
    cli::{
        address,
        arguments::{Common, Handout, HandoutMethod},
        installation::Installation,
        terminal::Terminal,
    },
    diagnosis::is_exchange_online,
    ports::{Protocol, web::USER_AGENT},
    state::{AuthMethod, ServiceAccount, User},
};

/// The values that are known, by the name of their slot. Each is free of what could change how the rest reads.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<&'static str, Vec<String>>);

impl Values {
    /// Gathers what the command line, the configuration and the ledger say. Without a configuration there is only the command line:
    /// a hand-out may be wanted before anything is set up.
    pub(super) fn gather(
        common: &Common,
        arguments: &Handout,
        method: HandoutMethod,
        terminal: &mut Terminal,
    ) -> anyhow::Result<Self> {
        let mut values = Self::of_the_program();
        let networks = address::read(&arguments.addresses)?;
        for warning in networks.iter().flat_map(|entered| &entered.warnings) {
            terminal.warn(warning);
        }
        values.put("server", server());
        values.put("account", arguments.account.clone());
        if common.config.exists() {
            values.of_the_firm(&Installation::open(common)?, method, arguments.account.as_deref(), terminal)?;
        } else {
            terminal.warn(format_args!("there is no `{}`: nothing of the firm is filled in", common.config.display()));
        }
        values.put("addresses", networks.iter().map(|entered| entered.network.to_string()));
        values.put("mailboxes", arguments.mailboxes.clone());
        for (name, known) in &values.0 {
            if known.iter().any(|value| value.contains(char::REPLACEMENT_CHARACTER)) {
                terminal.warn(format_args!("`{name}` holds characters that nobody sees; they are shown as \u{fffd}"));
            }
        }
        Ok(values)
    }

    /// What is so for every firm.
    pub(super) fn of_the_program() -> Self {
        let mut values = Self::default();
        let owned = |names: &'static [&'static str]| names.iter().map(|&name| name.to_owned());
        values.put("graph_permissions", owned(Audience::Graph.permissions()));
        values.put("shared_permissions", owned(Audience::GraphOfOthers.permissions()));
        values.put("ews_permissions", owned(Audience::Ews.permissions()));
        values.put("sign_in_permissions", owned(&Audience::OF_EVERY_SIGN_IN));
        values.put("user_agent", [USER_AGENT.to_owned()]);
        values.put("location", ["Pocket Docket server".to_owned()]);
        values
    }

    /// `account`: the name or the login of a service account; nothing if there is one at most.
    fn of_the_firm(
        &mut self,
        installation: &Installation,
        method: HandoutMethod,
        said: Option<&str>,
        terminal: &mut Terminal,
    ) -> anyhow::Result<()> {
        let Installation { config, ledger } = installation;
        let now = Timestamp::now();
        if let Some(practice) = &config.practice.server {
            self.put("practice_server", [practice.host.clone()]);
            self.put("practice_database", [practice.database.clone()]);
            self.put("practice_account", [practice.user.clone()]);
        }
        self.put("tenant", config.sign_in.tenant.clone());
        // The app that users sign in with is another one.
        let users_app = config.sign_in.client_id.clone().filter(|_| method != HandoutMethod::Certificate);
        self.put("client_id", users_app);
        let users: Vec<_> = ledger.users()?.into_iter().filter(|user| concerns(method, installation, user)).collect();
        let seen = ledger.public_addresses()?.into_iter().filter_map(|known| known.counting(now));
        self.put("addresses", seen.map(|address| ipnet::IpNet::from(address).to_string()));
        let account = chosen(ledger.service_accounts()?, method, said);
        if let (None, Some(said), true) = (&account, said, is_of_one_for_many(method)) {
            terminal.warn(format_args!(
                "no service account `{said}` is entered {}",
                if method == HandoutMethod::Certificate {
                    "that signs in by certificate: nothing of it is filled in"
                } else {
                    "for this: it is taken for the login of one"
                }
            ));
        }
        if let Some(account) = account.as_ref().filter(|account| is_app(account)) {
            self.put("tenant", of_app(&config.sign_in, &account.details).tenant);
            self.put("client_id", [account.details.login.clone()]);
            self.put("outside", ledger.outside(&account.name)?.map(|outside| outside.address.clone()));
        } else if let Some(account) = &account {
            self.put("account", [account.details.login.clone()]);
            let standings = ledger.address_standings(now)?;
            if let Some(list) = standings.into_iter().find(|one| one.account == account.name).map(|one| one.list) {
                self.put("addresses", list.networks.iter().map(ToString::to_string));
                self.put("location", list.location);
            }
        }
        let through = |user: &&User| match &account {
            Some(account) if is_of_one_for_many(method) => user.details.service_account.as_ref() == Some(&account.name),
            _ => true,
        };
        self.put("mailboxes", users.iter().filter(through).map(|user| user.details.address.clone()));
        let one_for_all = config.exchange.url.clone().filter(|url| !url.contains('{'));
        self.put("service", users.iter().find_map(|user| user.details.url.clone()).or(one_for_all));
        Ok(())
    }

    /// Keeps what is known; nothing stays as it was.
    pub(super) fn put(&mut self, name: &'static str, values: impl IntoIterator<Item = String>) {
        let values: Vec<String> =
            values.into_iter().filter(|value| !value.is_empty()).map(|value| harmless(&value)).collect();
        if !values.is_empty() {
            self.0.insert(name, values);
        }
    }

    /// What is known for this slot, if anything.
    pub(super) fn known(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

/// Whether a hand-out speaks of this user's mailbox.
fn concerns(method: HandoutMethod, installation: &Installation, user: &User) -> bool {
    let details = &user.details;
    let online = || details.protocol == Protocol::Graph || is_exchange_online(&installation.host_of(user));
    // Another way into a mailbox that is moved is no mailbox of its own.
    user.door_of.is_none()
        && match method {
            HandoutMethod::Oauth => details.method == AuthMethod::OAuth && details.service_account.is_none(),
            HandoutMethod::AppPassword => details.method == AuthMethod::Password && details.service_account.is_none(),
            HandoutMethod::Basic => details.method == AuthMethod::Password,
            HandoutMethod::Windows => details.method == AuthMethod::Windows,
            HandoutMethod::EwsAllowList => details.protocol == Protocol::Ews && online(),
            HandoutMethod::FixedAddress | HandoutMethod::Impersonation | HandoutMethod::Certificate => {
                details.service_account.is_some()
            }
            // Of a database, and of no mailbox.
            HandoutMethod::SqlServer => false,
        }
}

/// Whether a hand-out speaks of one account for many users.
fn is_of_one_for_many(method: HandoutMethod) -> bool {
    matches!(method, HandoutMethod::FixedAddress | HandoutMethod::Impersonation | HandoutMethod::Certificate)
}

/// Whether it is an app, which signs in by itself.
fn is_app(account: &ServiceAccount) -> bool {
    account.details.method == AuthMethod::Certificate
}

/// The service account that was said, or the only one, among those that the hand-out speaks of.
fn chosen(accounts: Vec<ServiceAccount>, method: HandoutMethod, said: Option<&str>) -> Option<ServiceAccount> {
    let speaks_of_apps = method == HandoutMethod::Certificate;
    let accounts: Vec<_> = accounts.into_iter().filter(|account| is_app(account) == speaks_of_apps).collect();
    let is_only = accounts.len() == 1;
    let is_it = |account: &ServiceAccount| match said {
        Some(said) => account.name.as_str() == said || account.details.login.eq_ignore_ascii_case(said),
        None => is_only,
    };
    accounts.into_iter().find(is_it)
}

/// The name of this machine, as far as it says.
fn server() -> Option<String> {
    let said =
        std::env::var("COMPUTERNAME").ok().or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok())?;
    Some(said.trim().to_owned())
}

/// Without what a terminal would obey, and what reads otherwise than it is: control characters, and invisible ones that turn the
/// direction of writing or have no width.
fn harmless(value: &str) -> String {
    let bad = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    value.chars().map(|letter| if bad(letter) { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}

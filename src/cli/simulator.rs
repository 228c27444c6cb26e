//! `simulator`: an Exchange of our own on loopback, in this process, until it is told to stop.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;

use super::{
    arguments::{SimulatedSignIn, Simulator as Arguments},
    terminal::Terminal,
    trouble::Exit,
};
use crate::{
    service::Signals,
    simulator::{
        App, CLIENT_ID, Lockout, OnlyFrom, OuterAddress, PASSWORD, RefreshReuse, Settings, Simulator, TENANT,
        TokenRules,
    },
};

pub(super) fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let sign_in = &arguments.sign_in;
    let reuse = if sign_in.no_refresh_reuse { RefreshReuse::RevokesFamily } else { RefreshReuse::Allowed };
    let mut settings = Settings {
        port: arguments.port,
        state: arguments.state.clone(),
        faults: arguments.faults.clone(),
        refuse_chunked: arguments.refuse_chunked,
        https: sign_in.https,
        ca_file: sign_in.ca_file_out.clone(),
        offer: sign_in.offer,
        extended_protection: sign_in.extended_protection,
        apps: apps(sign_in),
        resources: sign_in.resources.clone(),
        tokens: TokenRules { reuse, ..TokenRules::default() },
        lockout: sign_in.lock_after.map(|after| Lockout { after, seconds: sign_in.lock_seconds }),
        outer: outer(&sign_in.addresses),
        only_from: only_from(&sign_in.only_from),
        ..Settings::default()
    };
    if arguments.lenient {
        settings = settings.lenient();
    }
    for address in &arguments.mailboxes {
        settings = settings.with_mailbox(address);
    }
    if let Some(file) = &arguments.mailboxes_file {
        settings = settings.with_mailboxes_file(file)?;
    }
    let clients: Vec<String> = settings.apps.iter().map(|app| app.client_id.clone()).collect();
    super::runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let running = Simulator::start(settings).await?;
        terminal.line(format_args!("ews    {}", running.ews_url()))?;
        terminal.line(format_args!("graph  {}", running.graph_url()))?;
        if sign_in.https || sign_in.offer.takes_tokens() {
            terminal.line(format_args!("authority  {}", running.authority_url()))?;
            terminal.line(format_args!("tenant     {TENANT}"))?;
            for client in clients {
                terminal.line(format_args!("client     {client}"))?;
            }
        }
        for address in running.mailboxes() {
            terminal.line(format_args!("phone  {}", running.phone_url(&address)))?;
        }
        terminal.say(format_args!("mailboxes without a password of their own take `{PASSWORD}`; Ctrl-C stops it"));
        signals.next().await;
        running.shutdown().await;
        Ok(Exit::Fine)
    })
}

/// From where the outer world sees us come.
fn outer(addresses: &[IpAddr]) -> OuterAddress {
    if addresses.is_empty() {
        return OuterAddress::default();
    }
    addresses.iter().fold(OuterAddress { v4: None, v6: None }, |outer, address| match address {
        IpAddr::V4(v4) => OuterAddress { v4: Some(*v4), ..outer },
        IpAddr::V6(v6) => OuterAddress { v6: Some(*v6), ..outer },
    })
}

/// Who may sign in from where, each once.
fn only_from(rules: &[(String, IpNet)]) -> Vec<OnlyFrom> {
    let mut by_login: BTreeMap<&str, Vec<IpNet>> = BTreeMap::new();
    for (login, network) in rules {
        by_login.entry(login).or_default().push(*network);
    }
    by_login.into_iter().map(|(login, networks)| OnlyFrom { login: login.to_owned(), networks }).collect()
}

/// The programs that may sign people in.
fn apps(sign_in: &SimulatedSignIn) -> Vec<App> {
    let clients = match sign_in.clients.as_slice() {
        [] => vec![CLIENT_ID.to_owned()],
        clients => clients.to_vec(),
    };
    let app = |client: String| {
        let mut app = App::new(&client);
        app.redirects.extend(sign_in.redirects.iter().cloned());
        app
    };
    clients.into_iter().map(app).collect()
}

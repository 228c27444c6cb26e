//! `simulator`: an Exchange of our own on loopback, in this process, until it is told to stop.

use super::{
    arguments::{SimulatedSignIn, Simulator as Arguments},
    terminal::Terminal,
    trouble::Exit,
};
use crate::{
    service::Signals,
    simulator::{App, CLIENT_ID, Lockout, PASSWORD, RefreshReuse, Settings, Simulator, TENANT, TokenRules},
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
        terminal.line(format_args!("texts  {}", running.text_gateway_url()))?;
        for address in running.mailboxes() {
            terminal.line(format_args!("phone  {}", running.phone_url(&address)))?;
        }
        terminal.say(format_args!("mailboxes without a password of their own take `{PASSWORD}`; Ctrl-C stops it"));
        signals.next().await;
        running.shutdown().await;
        Ok(Exit::Fine)
    })
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

//! `simulator`: an Exchange of our own on loopback, in this process, until it is told to stop.

use super::{arguments::Simulator as Arguments, terminal::Terminal, trouble::Exit};
use crate::{
    service::Signals,
    simulator::{PASSWORD, Settings, Simulator},
};

pub(super) fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let mut settings = Settings {
        port: arguments.port,
        state: arguments.state.clone(),
        faults: arguments.faults.clone(),
        refuse_chunked: arguments.refuse_chunked,
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
    super::runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let running = Simulator::start(settings).await?;
        terminal.line(format_args!("ews    {}", running.ews_url()))?;
        for address in running.mailboxes() {
            terminal.line(format_args!("phone  {}", running.phone_url(&address)))?;
        }
        terminal.say(format_args!("mailboxes without a password of their own take `{PASSWORD}`; Ctrl-C stops it"));
        signals.next().await;
        running.shutdown().await;
        Ok(Exit::Fine)
    })
}

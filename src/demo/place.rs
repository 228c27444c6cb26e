//! Service accounts may sign in from one address only: that of this machine, as the echo services of the demo's outer world see it.

use ipnet::IpNet;
use jiff::Timestamp;

use super::{Demo, DemoError, people::BY};
use crate::{
    app::Addresses,
    diagnosis::address::{Family, Heard, hear},
    simulator::OnlyFrom,
    state::AuthMethod,
};

pub(super) async fn allow_accounts(demo: &Demo, say: &mut dyn FnMut(&str)) -> Result<(), DemoError> {
    let (ledger, now) = (&demo.app.ledger, Timestamp::now());
    // An app is known by its certificate, wherever it comes from.
    let mut accounts = ledger.service_accounts()?;
    accounts.retain(|account| account.details.method != AuthMethod::Certificate);
    if accounts.is_empty() {
        return Ok(());
    }
    let asked = Addresses::new(&demo.app.config.address, ledger.clone())?.ask(now).await?;
    let Heard::Agreed { address, by } = hear(Family::V4, &asked.answers) else { return Ok(()) };
    let network = IpNet::from(address);
    for account in accounts {
        demo.exchange.allow_only_from(OnlyFrom { login: account.details.login.clone(), networks: vec![network] });
        ledger.allow_networks(&account.name, &[network], Some("the sample firm"), BY, now)?;
        say(&format!(
            "service account {}: may sign in from {network} only, where {} echo services see this machine come from",
            account.name,
            by.len()
        ));
    }
    Ok(())
}

use ipnet::IpNet;
use jiff::Timestamp;

use crate::{
    cli::{
        arguments::{AllowNetworks, RemoveNetworks},
        installation::{Installation, who},
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    diagnosis::address::{Entered, NetworkError, read_network},
    state::{AccountName, AccountStanding},
};

pub(super) fn run(
    installation: &Installation,
    wanted: &AllowNetworks,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let entered = read(&wanted.networks)?;
    let location = wanted.location.as_deref().map(str::trim);
    if location.is_some_and(|location| location.contains(char::is_control)) {
        return Err(Refusal::usage("that is no name of a place").hint("`--location` takes it in one line").into());
    }
    let networks: Vec<IpNet> = entered.iter().map(|one| one.network).collect();
    let (ledger, account, now) = (&installation.ledger, &wanted.account, Timestamp::now());
    ledger.allow_networks(account, &networks, location, &who(), now)?;
    for warning in entered.iter().flat_map(|one| &one.warnings) {
        terminal.warn(warning);
    }
    after(installation, account, terminal)
}

pub(super) fn remove(
    installation: &Installation,
    wanted: &RemoveNetworks,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let networks: Vec<IpNet> = wanted.networks.iter().map(|text| network(text)).collect::<Result<_, _>>()?;
    let account = &wanted.account;
    let strange = installation.ledger.remove_networks(account, &networks, &who(), Timestamp::now())?;
    if let Some(strange) = strange.first() {
        let list = standing(installation, account)?.map(|standing| standing.list.words());
        let list = list.map_or_else(|| "it has no list".to_owned(), |list| format!("it is allowed from {list}"));
        return Err(Refusal::usage(format!("`{strange}` is not on the list of service account `{account}`"))
            .because(list)
            .hint("write the networks as they stand there; nothing was taken off")
            .into());
    }
    after(installation, account, terminal)
}

/// Says what the list is now, and how that stands to where we come from.
fn after(installation: &Installation, account: &AccountName, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let Some(standing) = standing(installation, account)? else {
        terminal
            .say(format_args!("service account `{account}` has no list any more: nobody watches from where it comes"));
        return Ok(Exit::Fine);
    };
    terminal.say(format_args!("service account `{account}` is allowed from {}", standing.list.words()));
    if let (Some(cause), Some(remedy)) = (standing.sentence(), standing.remedy()) {
        terminal.warn(cause);
        terminal.say(format_args!("next: {remedy}"));
    } else if installation.config.address.echo.is_empty() {
        terminal.warn("no echo services are set, so nobody watches whether this machine comes from there");
        terminal.say("next: name two or more as `echo` in section `[address]`, then `pocketdocket address show`");
    } else {
        terminal.say("next: `pocketdocket address show` shows whether this machine comes from there");
    }
    Ok(Exit::Fine)
}

fn standing(installation: &Installation, account: &AccountName) -> anyhow::Result<Option<AccountStanding>> {
    let standings = installation.ledger.address_standings(Timestamp::now())?;
    Ok(standings.into_iter().find(|standing| standing.account == *account))
}

/// Networks as a person wrote them.
pub(in crate::cli) fn read(texts: &[String]) -> anyhow::Result<Vec<Entered>> {
    texts.iter().map(|text| read_network(text).map_err(|error| refusal(error).into())).collect()
}

/// A network as it stands on a list: of one that is on it nothing more has to be said.
fn network(text: &str) -> anyhow::Result<IpNet> {
    match read_network(text) {
        Ok(entered) => Ok(entered.network),
        Err(error) => Err(refusal(error).into()),
    }
}

fn refusal(error: NetworkError) -> Refusal {
    let hint = match error {
        NetworkError::NoNetwork(_) => {
            "write an address (`203.0.113.7`) or a network (`203.0.113.0/29`, `2001:db8:1::/56`)"
        }
        NetworkError::Everybody(_) | NetworkError::TooWide(_) => {
            "allow the firm's own addresses alone: the provider's contract says which they are, `pocketdocket address show` which is used now"
        }
        NetworkError::Special { .. } => {
            "the server sees this machine's public address, not the one inside the firm: `pocketdocket address show` shows it"
        }
    };
    Refusal::usage("the network was not entered").because(error).hint(hint)
}

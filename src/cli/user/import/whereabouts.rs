//! How the mailboxes of new users are reached, where neither the list nor the configuration says it.

use futures_util::{StreamExt as _, stream};

use super::draft::Drafts;
use crate::cli::installation::Installation;

/// So many are asked about at the same time.
const AT_ONCE: usize = 8;

/// Asks autodiscover for every row that leaves it open. A list that has troubles already is not asked about.
pub(super) fn find(installation: &Installation, drafts: &mut Drafts<'_>) -> anyhow::Result<()> {
    let settings = &installation.config.exchange;
    if settings.url.is_some() || settings.autodiscover.is_empty() || !drafts.troubles.is_empty() {
        return Ok(());
    }
    let open = drafts.done.iter().enumerate().filter(|(_, one)| one.is_to_be_found());
    let open: Vec<(usize, String)> = open.map(|(place, one)| (place, one.details.address.clone())).collect();
    if open.is_empty() {
        return Ok(());
    }
    let mailboxes = &installation.app()?.mailboxes;
    let asking = stream::iter(open)
        .map(|(place, address)| async move { (place, mailboxes.discover(&address).await) })
        .buffered(AT_ONCE)
        .collect::<Vec<_>>();
    for (place, found) in crate::cli::runtime()?.block_on(asking) {
        drafts.found(place, found);
    }
    Ok(())
}

//! Colours of categories: a name that the mailbox has no colour for gets one, once. What its user chose stays.

use std::collections::BTreeSet;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::GraphMailbox;
use crate::{
    domain::Value,
    exchange::graph::{ask::Ask, entity::text},
    ports::{Failure, FailureKind},
};

/// Outlook has so many colours.
const COLOURS: u8 = 25;

impl GraphMailbox {
    /// Sees to it that the categories in these values have a colour. A mailbox that refuses that has grey ones.
    pub(super) async fn colour(&self, values: impl Iterator<Item = &Value>) {
        let names: BTreeSet<&String> = values
            .filter_map(|value| match value {
                Value::Categories(names) => Some(names),
                _ => None,
            })
            .flatten()
            .filter(|name| !name.is_empty())
            .collect();
        if names.is_empty() {
            return;
        }
        if let Err(failure) = self.colour_names(&names).await {
            // Not again for each batch: it is tried anew when the mailbox is opened anew.
            self.learned().coloured.get_or_insert_default().extend(names.into_iter().map(|name| name.to_lowercase()));
            tracing::warn!(cause = %failure.chain(), "categories get no colour in this mailbox");
        }
    }

    async fn colour_names(&self, names: &BTreeSet<&String>) -> Result<(), Failure> {
        let doing = "give categories a colour";
        let path = self.path("outlook/masterCategories");
        let known = self.learned().coloured.clone();
        let known = match known {
            Some(known) => known,
            None => {
                let page = self.pages(doing, Ask::list(path.clone())).await?;
                let known: BTreeSet<String> = page
                    .entities
                    .iter()
                    .filter_map(|entity| text(entity, "displayName"))
                    .map(str::to_lowercase)
                    .collect();
                self.learned().coloured = Some(known.clone());
                known
            }
        };
        for name in names.iter().filter(|name| !known.contains(&name.to_lowercase())) {
            let body = json!({ "displayName": name, "color": format!("preset{}", colour_of(name)) });
            match self.ask(doing, &Ask::post(path.clone(), body)).await {
                Ok(_) => {}
                // Somebody was faster.
                Err(failure) if failure.kind == FailureKind::Conflict => {}
                Err(failure) => return Err(failure),
            }
            self.learned().coloured.get_or_insert_default().insert(name.to_lowercase());
        }
        Ok(())
    }
}

/// The same name gets the same colour with everybody.
fn colour_of(name: &str) -> u8 {
    Sha256::digest(name.to_lowercase())[0] % COLOURS
}

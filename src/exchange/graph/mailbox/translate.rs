//! Ids of EWS become ids of Graph, and back. Graph alone knows both: EWS converts no id that survives moves.
//! <https://learn.microsoft.com/graph/api/user-translateexchangeids>

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::GraphMailbox;
use crate::{
    domain::{ItemId, Kind},
    exchange::graph::{
        ask::Ask,
        codec::{list_and_task, task_id},
        entity::text,
    },
    ports::{Failure, FailureKind, Protocol},
};

/// The most ids of one request.
const AT_MOST: usize = 1000;

const EWS: &str = "ewsId";
const LASTING: &str = "restImmutableEntryId";
const PLAIN: &str = "restId";

impl GraphMailbox {
    /// To Do does not say which of the two sorts of ids its tasks have: both are asked for.
    pub(super) async fn translated(
        &self,
        kind: Kind,
        items: &[ItemId],
        into: Protocol,
    ) -> Result<BTreeMap<ItemId, Vec<ItemId>>, Failure> {
        let ours: &[&str] = if kind == Kind::Task { &[LASTING, PLAIN] } else { &[LASTING] };
        let mut found: BTreeMap<ItemId, Vec<ItemId>> = BTreeMap::new();
        for ids in items.chunks(AT_MOST) {
            for sort in ours {
                let (from, to) = match into {
                    Protocol::Graph => (EWS, *sort),
                    Protocol::Ews => (*sort, EWS),
                };
                for (id, translated) in self.translate_some(kind, ids, from, to).await? {
                    found.entry(id).or_default().push(translated);
                }
            }
        }
        Ok(found)
    }

    async fn translate_some(
        &self,
        kind: Kind,
        ids: &[ItemId],
        from: &str,
        to: &str,
    ) -> Result<Vec<(ItemId, ItemId)>, Failure> {
        let doing = format!("translate {} ids", ids.len());
        let bare: BTreeMap<&str, &ItemId> =
            ids.iter().map(|id| (list_and_task(id).map_or(id.0.as_str(), |(_, task)| task), id)).collect();
        let inputs: Vec<&str> = bare.keys().copied().collect();
        let body = json!({ "inputIds": inputs, "sourceIdType": from, "targetIdType": to });
        let answer = match self.ask(&doing, &Ask::post(self.path("translateExchangeIds"), body)).await {
            // Without the right to it, or where the service has no such deed, ids are simply not known.
            Err(failure)
                if matches!(failure.kind, FailureKind::Forbidden | FailureKind::Rejected | FailureKind::NotFound) =>
            {
                tracing::info!(mailbox = self.address.mailbox, cause = %failure.chain(), "ids are not translated here");
                return Ok(Vec::new());
            }
            other => other?,
        };
        let home = self.learned().homes.get(&kind).cloned();
        let pairs = answer.get("value").and_then(Json::as_array).into_iter().flatten().filter_map(|one| {
            let (source, target) = (text(one, "sourceId")?, text(one, "targetId")?);
            let id = match (&home, to == EWS, kind) {
                (Some(list), false, Kind::Task) => task_id(list, target),
                _ => ItemId(target.to_owned()),
            };
            Some(((*bare.get(source)?).clone(), id))
        });
        Ok(pairs.collect())
    }
}

//! What a plan only tells: for which records, and which of it the office is to hear.

use std::collections::BTreeSet;

use crate::{
    domain::RecordKey,
    plan::{Finding, FindingKind},
    state::Proposal,
};

/// Which records were found to be odd.
pub(super) fn keys_of(findings: &[Finding]) -> BTreeSet<RecordKey> {
    findings.iter().map(|finding| finding.key.clone()).collect()
}

/// What users changed, for the office.
pub(super) fn proposals(findings: &[Finding]) -> Vec<Proposal> {
    findings
        .iter()
        .filter_map(|finding| match &finding.kind {
            FindingKind::Proposed { field, before, after, overwritten } => Some(Proposal {
                key: finding.key.clone(),
                field: *field,
                before: before.clone(),
                after: after.clone(),
                overwritten: *overwritten,
            }),
            _ => None,
        })
        .collect()
}

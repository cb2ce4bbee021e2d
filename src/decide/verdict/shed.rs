//! Whether shedding load did what was expected of it: more is served well. What was turned away may be counted as bad or not at
//! all, so neither the share of the bad nor the load says anything; the good events a second do.

use crate::api::enforcement_status::{ActionRecord, Verdict};

use super::Sight;

/// So many times the good events a second: it helped.
const ROSE: f64 = 1.25;
/// This part of them or less: it turned away what could have been served.
const FELL: f64 = 0.75;

/// More is served well.
pub(super) fn turned(record: &ActionRecord, sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    let standing = sight.shed.and_then(|shed| shed.standing.as_ref()).filter(|standing| standing.action == record.id);
    if standing.is_some_and(|standing| standing.theirs) {
        return due.then(|| (Verdict::Inconclusive, "somebody else set the key meanwhile".to_owned()));
    }
    if sight.recovered(record) {
        return Some((Verdict::Effective, "no objective burns any more".to_owned()));
    }
    if !due {
        return None;
    }
    if standing.is_none() {
        return Some((Verdict::Inconclusive, "the switch was turned back meanwhile".to_owned()));
    }
    let served =
        sight.health.endangered.iter().find_map(|objective| sight.course(objective).around(record.intended_at.0));
    let Some((before, after)) = served.filter(|_| sight.fresh) else {
        return Some((Verdict::Inconclusive, "how much was served before or after is unknown".to_owned()));
    };
    let words = format!("{:.1} events/s are good where {:.1} were before", after.good(), before.good());
    let verdict = if after.good() >= ROSE * before.good() && after.good() > 0.0 {
        Verdict::Effective
    } else if after.good() <= FELL * before.good() {
        Verdict::Harmful
    } else {
        Verdict::Ineffective
    };
    Some((verdict, words))
}

/// The key is its owner's again.
pub(super) fn back(sight: Sight<'_>) -> (Verdict, String) {
    if sight.shed.is_some_and(|shed| shed.standing.is_some()) {
        (Verdict::Inconclusive, "it was turned again".to_owned())
    } else {
        (Verdict::Effective, "the key is its owner's".to_owned())
    }
}

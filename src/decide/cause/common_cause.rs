//! Common cause: many services begin to burn together, so what ails them lies outside of each: the network, the cluster, a
//! dependency, or the measuring itself. Whoever then repairs each of them makes it worse for all.
//!
//! The rule of the node controller, which evicts nobody while most of a zone is lost: a share and a number, both.

use crate::api::diagnosis::{CauseKind, Evidence, Subject};
use crate::decide::situation::fleet::{FEWEST, SHARE_PERCENT};

use super::{Answer, Cause, Look, Remedy};

pub(super) fn ask(look: &Look<'_>) -> Answer {
    let fleet = look.facts.situation.fleet;
    let (together, all) = (fleet.burning_together(), fleet.services);
    if !fleet.burns_as_one() {
        return Err(match together {
            0 | 1 => format!("of {all} services no other began to burn within five minutes of this one"),
            _ => format!(
                "{together} of {all} services began to burn within five minutes, which is less than {FEWEST} or than \
                 {SHARE_PERCENT} %"
            ),
        });
    }
    let evidence = Evidence {
        subject: Subject::Services,
        name: "burning together".to_owned(),
        bad: together.to_string(),
        total: all.to_string(),
        share: String::new(),
        z: String::new(),
    };
    Ok(Cause {
        kind: CauseKind::CommonCause,
        message: format!(
            "{together} of {all} services began to burn within five minutes: look at what they share (network, nodes, a \
             dependency, the metrics store), not at this one; nothing is taken away and nothing added"
        ),
        remedy: Remedy::KeepFloor,
        evidence: vec![evidence],
        would_change: format!("fewer than {FEWEST} services, or less than {SHARE_PERCENT} % of them, burn together"),
    })
}

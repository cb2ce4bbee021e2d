//! The lease: of several replicas of the operator one acts.

use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::Hold;

pub(super) fn held(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    hold(facts.situation.leader)
}

pub(super) fn hold(leader: bool) -> Option<Hold> {
    (!leader).then(|| Hold::new("NotLeader", "another replica of the operator holds the lease and acts"))
}

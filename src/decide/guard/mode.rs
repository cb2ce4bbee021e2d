//! The mode: both the agreement and the cluster must say `Enforce`.

use crate::api::enforcement::Mode;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::Hold;

pub(super) fn allows(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let situation = facts.situation;
    if situation.ceiling < Mode::Enforce {
        let message = format!(
            "the operator runs with the ceiling {:?} and changes nothing in this cluster; its flag --enforcement lifts it",
            situation.ceiling
        );
        return Some(Hold::new("ModeCeiling", message));
    }
    (situation.enforcement.mode < Mode::Enforce).then(|| {
        let message =
            format!("enforcement.mode is {:?}; set Enforce to let the operator act", situation.enforcement.mode);
        Hold::new("ModeNotEnforce", message)
    })
}

//! The load: what is done ahead of it rests on samples that are recent, complete and in no doubt, and asks for no more than it
//! needs. Once an objective is in danger, the ladder goes on alone.

use crate::decide::danger::health::Danger;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::decide::verb::ahead;

use super::Hold;

pub(super) fn known(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    if !step.is_ahead() {
        return None;
    }
    if facts.health.danger > Danger::None {
        return Some(Hold::new(
            "InDanger",
            "an objective is in danger, and nothing is done ahead of the load meanwhile",
        ));
    }
    let to = step.floor()?.to;
    match ahead::known(facts) {
        Some(Ok(known)) if to <= known.pods => None,
        Some(Ok(known)) => {
            let message = format!("the load that is expected needs {} pods, and no {to}", known.pods);
            Some(Hold::new("LoadNeedsLess", message))
        }
        Some(Err(why)) => Some(Hold::new("LoadUnknown", format!("nothing is added ahead of the load, as {why}"))),
        None => Some(Hold::new("LoadNotFollowed", "enforcement.capacity.mode lets no floor follow the load")),
    }
}

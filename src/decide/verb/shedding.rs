//! Turning requests away through a switch that the service reads, and turning it back.
//!
//! 1. Only against a storm of attempts, which is told only when replicas did not help; only where `enforcement.shed` names the
//!    switch, and by itself only where it says `automatic`. Otherwise a person is told how.
//! 2. The key gets its value, and the annotation beside it says what stood there.
//! 3. It is turned back when it did not help or did harm, when all has been safe for `releaseAfter`, when its time is over,
//!    when the agreement allows it no more, and when somebody else has set the key: then it stays as they set it.
//!
//! Proposes only; whether it may be done is for the guards to say.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{Verb, Verdict};
use crate::api::shed::{Shed, StandingShed};
use crate::decide::danger::episode;
use crate::decide::danger::evidence::Snapshot;
use crate::decide::guard::{self, Hold};
use crate::decide::held::shed_state;
use crate::decide::plan::{Change, Plan, Proposed, ShedChange, ShedWrite, Step, step_id};
use crate::decide::situation::AgreementIdentity;
use crate::decide::situation::facts::Facts;
use crate::sense::workload::{ShedRecord, Switch, SwitchState};

use super::release::Restoration;

/// What turns the switch.
///
/// # Errors
/// Why it is not turned, in words.
pub fn propose(facts: &Facts<'_>, shed: &Shed) -> Result<Plan<Proposed>, Hold> {
    let Shed { config_map, key, value, .. } = shed;
    if let Some(standing) = facts.shed.as_ref().and_then(|shed| shed.standing.as_ref()) {
        // Where it has a reason to be turned back, and is not, the API server refuses that.
        if let Some(hold) = stop(facts).and_then(|plan| guard::refused(&plan, facts)) {
            return Err(hold);
        }
        let end = ends(facts, standing);
        let message =
            format!("it is turned back when all is safe again, or if it does not help, and before {end} anyway");
        return Err(Hold::new("Shedding", message).until(end));
    }
    if !shed.automatic {
        let message = format!(
            "enforcement.shed.automatic is left out, so the switch is for a person to turn: `kubectl patch configmap \
             {config_map} -n {} --type merge -p '{}'`",
            facts.situation.agreement.namespace,
            serde_json::json!({"data": {key: value}})
        );
        return Err(Hold::new("ShedByHand", message));
    }
    let state = match facts.situation.switch {
        Switch::Read(state) => state,
        Switch::Gone => {
            let message = format!("enforcement.shed.configMap: there is no ConfigMap {config_map}; create it");
            return Err(Hold::new("NoSwitch", message));
        }
        Switch::Forbidden(why) => {
            let message = format!("enforcement.shed.configMap: {why}; the chart grants it with rbac.shed=true");
            return Err(Hold::new("SwitchUnreadable", message));
        }
        Switch::Unreadable(why) => {
            return Err(Hold::new("SwitchUnreadable", format!("enforcement.shed.configMap: {why}")));
        }
        Switch::NotAsked => return Err(Hold::new("SwitchUnreadable", "the switch was not read")),
    };
    Ok(turn(facts, shed, state))
}

fn turn(facts: &Facts<'_>, shed: &Shed, state: &SwitchState) -> Plan<Proposed> {
    let agreement = facts.situation.agreement;
    let id = step_id(agreement, Verb::Shed, &state.target, facts.situation.assessment.measured_through);
    let record = ShedRecord {
        agreement: agreement.name.clone(),
        action: id.clone(),
        at: Time(facts.now()),
        key: shed.key.clone(),
        before: state.value.clone(),
        value: shed.value.clone(),
    };
    let step = Step {
        id,
        verb: Verb::Shed,
        target: state.target.clone(),
        resource_version: state.resource_version.clone(),
        change: Change::Shed(ShedChange {
            key: shed.key.clone(),
            from: state.value.clone(),
            write: ShedWrite::Turn(record),
        }),
        reason: format!(
            "{} in danger by attempts that pile up, and replicas did not help",
            facts.health.endangered.join(", ")
        ),
        hypothesis: "clearly more events a second are good than before".to_owned(),
        deadline: facts.judged_at(false),
        before: Snapshot::of(&facts.health, facts.workload.ready_pods()),
    };
    Plan::propose(&agreement.namespace, step)
}

/// What turns back a switch that has no reason to stand as it does any more. `None`: it has, or is not turned.
#[must_use]
pub fn stop(facts: &Facts<'_>) -> Option<Plan<Proposed>> {
    let standing = facts.shed.as_ref()?.standing.as_ref()?;
    let state = facts.situation.switch.state()?;
    let reason = reason(facts, standing)?;
    let situation = facts.situation;
    let before = Snapshot::of(&facts.health, facts.workload.ready_pods());
    let slot = situation.assessment.measured_through;
    Some(turning_back(situation.agreement, state, standing, slot, facts.judged_at(false), reason, before))
}

fn reason(facts: &Facts<'_>, standing: &StandingShed) -> Option<String> {
    let enforcement = facts.situation.enforcement;
    let named = enforcement.shed.as_ref().filter(|shed| shed.automatic && enforcement.mode == Mode::Enforce);
    let verdict = facts.actions.iter().find(|record| record.id == standing.action).and_then(|record| record.verdict);
    let safe = facts.episode.as_ref().and_then(|episode| episode::safe_for(episode, facts.now()));
    let end = ends(facts, standing);
    if standing.theirs {
        Some("somebody else has set the key; it stays as they set it".to_owned())
    } else if named.is_none() {
        Some("the agreement does not let the operator shed load any more".to_owned())
    } else if named.is_some_and(|shed| shed.config_map != standing.target.name || shed.key != standing.key) {
        Some("enforcement.shed names another switch now".to_owned())
    } else if verdict == Some(Verdict::Harmful) {
        Some("it did harm".to_owned())
    } else if verdict == Some(Verdict::Ineffective) {
        Some("it did not help".to_owned())
    } else if facts.now() >= end {
        Some(format!("its time (enforcement.shed.ttl) was over at {end}"))
    } else if safe.is_some_and(|safe| safe >= facts.timing.release_after) {
        Some(format!("safe for {:#}", facts.timing.release_after))
    } else {
        None
    }
}

/// When it is turned back at the latest.
fn ends(facts: &Facts<'_>, standing: &StandingShed) -> Timestamp {
    over_at(standing, facts.timing.shed_ttl)
}

/// When a switch that is turned for so long is turned back at the latest.
#[must_use]
pub fn over_at(standing: &StandingShed, ttl: SignedDuration) -> Timestamp {
    standing.since.0.saturating_add(ttl).unwrap_or(Timestamp::MAX)
}

/// The plan that gives the key back to its owner, and removes the annotation.
fn turning_back(
    agreement: &AgreementIdentity,
    state: &SwitchState,
    standing: &StandingShed,
    slot: Timestamp,
    deadline: Timestamp,
    reason: String,
    before: Snapshot,
) -> Plan<Proposed> {
    let write = if standing.theirs { ShedWrite::Leave } else { ShedWrite::Back(standing.before.clone()) };
    let step = Step {
        id: step_id(agreement, Verb::StopShedding, &state.target, slot),
        verb: Verb::StopShedding,
        target: state.target.clone(),
        resource_version: state.resource_version.clone(),
        change: Change::Shed(ShedChange { key: standing.key.clone(), from: state.value.clone(), write }),
        reason,
        hypothesis: "the key is its owner's again".to_owned(),
        deadline,
        before,
    };
    Plan::propose(&agreement.namespace, step)
}

/// What remains to be done about a switch, read again, for an agreement that holds it no more.
#[must_use]
pub fn release(agreement: &AgreementIdentity, switch: &Switch, leader: bool, now: Timestamp) -> Restoration {
    let shed = shed_state::reconcile(None, switch, &[], &agreement.name, now);
    let standing = shed.and_then(|shed| shed.standing);
    let Some((state, standing)) = switch.state().zip(standing) else { return Restoration::Nothing };
    let reason = "the agreement does not hold it any more".to_owned();
    let slot = standing.since.0;
    let plan = turning_back(agreement, state, &standing, slot, now, reason, Snapshot::default());
    match guard::admit_restoration(plan, leader) {
        Ok(plan) => Restoration::Act(plan),
        Err(hold) => Restoration::Hold(hold),
    }
}

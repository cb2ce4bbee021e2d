//! The API's words in a reader's words.

use num_rational::BigRational;

use crate::api::agreement_status::{DetectedBy, State, Violation};
use crate::api::credit_status::CreditState;
use crate::api::credits::CreditForm;
use crate::api::diagnosis_record::NamedCause;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};
use crate::api::measurement::Method;
use crate::api::metrics_source::IncreaseForm;
use crate::api::statement::{FinalReason, ObjectiveStatement, StatementSpec, UnknownCounted};
use crate::evaluate::exact::{PERCENT_PLACES, decimal, decimal_text, ten_to, whole};
use crate::evaluate::methods::words::unit;

use super::Issued;
use super::figure::{counted, grouped, percent};
use super::instant::{Clock, day, length};
use super::legible::legible;

/// The state of an objective or an agreement.
#[must_use]
pub fn state(state: State) -> &'static str {
    match state {
        State::Fulfilled => "Fulfilled",
        State::NotDetermined => "Not determined",
        State::NotCovered => "Not covered",
        State::AtRisk => "At risk",
        State::Violated => "Violated",
    }
}

/// The life of a credit.
#[must_use]
pub fn credit_state(state: CreditState) -> &'static str {
    match state {
        CreditState::Accruing => "Accruing",
        CreditState::Determined => "Determined",
        CreditState::Claimed => "Claimed",
        CreditState::Granted => "Granted",
        CreditState::Settled => "Settled",
        CreditState::Expired => "Expired",
        CreditState::Voided => "Voided",
    }
}

/// What a state of a credit means.
#[must_use]
pub fn credit_state_meaning(state: CreditState) -> &'static str {
    match state {
        CreditState::Accruing => "the period runs, and the figure may still change",
        CreditState::Determined => "the period is closed, and the figure stands",
        CreditState::Claimed => "the customer claimed it in time",
        CreditState::Granted => "the provider owes it",
        CreditState::Settled => "it was paid, or set off",
        CreditState::Expired => "something that had to be done in time was not, and nothing is owed any more",
        CreditState::Voided => "it was rejected, or a newer statement took its place before it was granted",
    }
}

/// What a credit is given as.
#[must_use]
pub fn credit_form(form: CreditForm) -> &'static str {
    match form {
        CreditForm::Credit => "Set off against the next invoice",
        CreditForm::Voucher => "A voucher for further purchases",
        CreditForm::Refund => "Paid back",
    }
}

/// The text of the agreement that was in force: `generation 2, as amended from 1 Jul 2026 on`; empty: as it was written.
#[must_use]
pub fn in_force(statement: &StatementSpec) -> String {
    let generation = (statement.generation != 0).then(|| format!("generation {}", statement.generation));
    let amended = (!statement.amendment.is_empty())
        .then(|| format!("as amended from {} on", day(&legible(&statement.amendment))));
    generation.into_iter().chain(amended).collect::<Vec<_>>().join(", ")
}

/// That it is the last statement, and why; empty: it is not.
#[must_use]
pub fn last(statement: &StatementSpec, clock: &Clock) -> String {
    let told = statement.last.as_ref().map(|last| match last.reason {
        FinalReason::AgreementDeleted => {
            format!("The last statement: the agreement was deleted at {}", clock.long(last.at.0))
        }
    });
    told.unwrap_or_default()
}

/// Why something was asked to be excluded.
#[must_use]
pub fn exclusion_reason(reason: ExclusionReason) -> &'static str {
    match reason {
        ExclusionReason::Maintenance => "Maintenance",
        ExclusionReason::ForceMajeure => "Force majeure",
        ExclusionReason::CustomerCaused => "Caused by the customer",
        ExclusionReason::ThirdParty => "Caused by a third party",
        ExclusionReason::Suspension => "Suspension",
        ExclusionReason::Agreed => "Agreed",
    }
}

/// The same with the name of the rule, where it has one.
#[must_use]
pub fn exclusion_rule(reason: ExclusionReason, name: &str) -> String {
    let reason = exclusion_reason(reason);
    if name.is_empty() { reason.to_owned() } else { format!("{reason} ({})", legible(name)) }
}

/// What an exclusion did to the account.
#[must_use]
pub fn exclusion_effect(effect: Option<ExclusionEffect>) -> &'static str {
    match effect {
        Some(ExclusionEffect::Exclude) => "Left out",
        Some(ExclusionEffect::CountAsGood) => "Counted as good",
        None => "Refused",
    }
}

/// Who noticed a violation first.
fn detected_by(who: DetectedBy) -> &'static str {
    match who {
        DetectedBy::Provider => "noticed first by the provider",
        DetectedBy::Customer => "noticed first by the customer",
    }
}

/// Who noticed a violation first, and when the customer did; empty: nobody said.
#[must_use]
pub fn noticed(violation: &Violation, clock: &Clock) -> String {
    let who = violation.detected_by.map(detected_by).unwrap_or_default();
    match &violation.detected_at {
        Some(at) if !who.is_empty() => format!("{who}, {}", clock.long(at.0)),
        _ => who.to_owned(),
    }
}

/// What a counting method does; the name itself where this version does not know it.
#[must_use]
pub fn method(name: &str) -> &str {
    match name {
        "Events" => "Events: the good events of all slots over all their events; every request weighs the same",
        "MeanOfSlots" => "MeanOfSlots: one less the mean of the error rates; every slot weighs the same",
        "BadMinutes" => "BadMinutes: time that was not bad over all time",
        "Pooled" => "Pooled: time that was not bad over all time, of several resources",
        "Value" => "Value: values that kept their limit over all values",
        other => other,
    }
}

/// What an attainment is a share of, after its fraction.
#[must_use]
pub fn share_of(method: &str) -> &'static str {
    match method {
        "Events" => "of the events were good",
        "MeanOfSlots" => "is one less the mean of the error rates",
        "BadMinutes" | "Pooled" => "of the time was not bad",
        "Value" => "of the values kept their limit",
        _ => "was attained",
    }
}

/// How much an unknown slot is taken to hold where a counting method assumes it; empty where its length says it.
#[must_use]
pub fn weight_of_unknown(method: &str) -> &'static str {
    match method {
        "Events" => ", each with as many events as a known one has in the mean",
        "Value" => ", each with one value",
        _ => "",
    }
}

/// Why the promise does not cover an objective; empty: it does.
#[must_use]
pub fn not_covered(objective: &ObjectiveStatement) -> String {
    if objective.covered {
        return String::new();
    }
    format!("Not covered by the promise: {}.", legible(&objective.not_covered_because))
}

/// The attainment as the parties' own reports round it; empty: the agreement names no places.
#[must_use]
pub fn reported(objective: &ObjectiveStatement) -> String {
    if objective.displayed.is_empty() {
        return String::new();
    }
    format!("Reports round it to {}; no verdict rests on that.", percent(&legible(&objective.displayed)))
}

/// What was counted where that is no events: `2 591 400 of 2 592 000 seconds good`.
#[must_use]
pub fn units(objective: &ObjectiveStatement) -> String {
    let number = |text: &str| grouped(&legible(text));
    let counted = &objective.counted;
    match counted.unit.as_str() {
        "" | "events" => String::new(),
        unit => {
            let more = if is_good_cut(objective) { "…" } else { "" };
            format!("{}{more} of {} {} good", number(&counted.good), number(&counted.total), legible(unit))
        }
    }
}

/// Whether the good units have more digits than are told, where nothing unknown was counted with them.
fn is_good_cut(objective: &ObjectiveStatement) -> bool {
    let total = decimal(&objective.counted.total).ok();
    let share: Option<BigRational> = objective.attainment_ratio.parse().ok();
    let Some((total, share)) = total.zip(share) else { return false };
    let unknown = objective.counted.unknown.as_ref();
    let units = |text: fn(&UnknownCounted) -> Option<&String>| {
        unknown.and_then(|unknown| decimal(text(unknown)?).ok()).unwrap_or_default()
    };
    let (more, bad) = (units(|unknown| Some(&unknown.total)), units(|unknown| Some(&unknown.bad)));
    let good = share * (total + &more) - more + bad - units(|unknown| unknown.gained.as_ref());
    decimal_text(&good, PERCENT_PLACES).trim_end_matches('0').trim_end_matches('.') == objective.counted.good
        && !(good * whole(ten_to(PERCENT_PLACES))).is_integer()
}

/// What an action did.
#[must_use]
pub fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::FreezeScaleDown => "Freeze scale-down",
        Verb::RaiseFloor => "Raise the floor",
        Verb::LowerFloor => "Lower the floor",
        Verb::Restore => "Restore the baseline",
        Verb::ScaleDown => "Let replicas go",
        Verb::SetTarget => "Set the CPU target",
        Verb::RestoreTarget => "Put back the CPU target",
        Verb::PauseRollout => "Pause the rollout",
        Verb::RollBack => "Undo the revision",
        Verb::ReleaseRollout => "Give the rollout back",
        Verb::Surge => "Add a replica before an eviction",
        Verb::Reschedule => "Evict a pod",
        Verb::AvoidNode => "Keep new pods off a node",
        Verb::ReleaseNode => "Let a node take pods again",
        Verb::Shed => "Turn requests away",
        Verb::StopShedding => "Turn no more requests away",
        Verb::Resize => "Raise the CPU limit of a pod",
        Verb::RestoreSize => "Give a pod the size of its template",
    }
}

/// A cause as a violation tells it: `OutlierPod: Pod web-1`.
#[must_use]
pub fn cause(named: &NamedCause) -> String {
    let suspects = named.suspects.iter().map(|suspect| format!("{:?} {}", suspect.subject, legible(&suspect.name)));
    let suspects = suspects.collect::<Vec<_>>().join(", ");
    let colon = if suspects.is_empty() { "" } else { ": " };
    format!("{:?}{colon}{suspects}", named.cause)
}

/// What became of a cause that was told.
#[must_use]
pub fn cause_ended(named: &NamedCause, clock: &Clock) -> String {
    match (&named.until, named.gave_way_to) {
        (None, _) => "told to the end".to_owned(),
        (Some(until), None) => format!("until {}, when the danger was over", clock.long(until.0)),
        (Some(until), Some(next)) => format!("until {}, then {next:?}", clock.long(until.0)),
    }
}

/// What was done against a violation: `Raise the floor 3 → 6, effective`. What the statement does not list any more, by
/// its id.
#[must_use]
pub fn done_against(statement: &StatementSpec, violation: &Violation) -> Vec<String> {
    let told = |id: &String| match statement.actions.iter().find(|action| action.id == *id) {
        Some(action) => {
            let done = [verb(action.verb).to_owned(), change(action)];
            let done = done.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
            format!("{done}, {}", action_outcome(action).to_lowercase())
        }
        None => legible(id).into_owned(),
    };
    violation.actions.iter().map(told).collect()
}

/// How many actions a statement does not list. `None`: it lists all.
#[must_use]
pub fn actions_left_out(statement: &StatementSpec) -> Option<String> {
    let count = statement.actions_omitted;
    (count > 0).then(|| format!("{} not listed.", counted(count, "earlier act is", "earlier acts are")))
}

/// How many causes of violations a statement does not know any more. `None`: none.
#[must_use]
pub fn causes_left_out(statement: &StatementSpec) -> Option<String> {
    let count = statement.causes_omitted;
    let told = || {
        let causes = counted(count, "cause", "causes");
        format!("{causes} found earlier had no room in the ledger: of violations of that time none may be told.")
    };
    (count > 0).then(told)
}

/// What an action changed: `3 → 6`.
#[must_use]
pub fn change(action: &ActionRecord) -> String {
    action.change().replace("->", "→")
}

/// What became of an action.
#[must_use]
pub fn action_outcome(action: &ActionRecord) -> &'static str {
    match (action.phase, action.verdict) {
        (ActionPhase::Intended, _) => "Intended, not known to be done",
        (ActionPhase::Refused, _) => "Refused; nothing changed",
        (_, Some(Verdict::Effective)) => "Effective",
        (_, Some(Verdict::Ineffective)) => "Ineffective",
        (_, Some(Verdict::Harmful)) => "Harmful",
        (_, Some(Verdict::Inconclusive)) => "Inconclusive",
        (ActionPhase::Done, None) => "Done, not judged",
        (ActionPhase::Unknown, None) => "Not known whether it was done",
    }
}

/// How long a violation lasted. A dash for values: they are late at an instant, and by how much is another length.
#[must_use]
pub fn lasted(statement: &StatementSpec, violation: &Violation) -> String {
    let objective = statement.objectives.iter().find(|objective| objective.name == violation.objective);
    if objective.is_some_and(|objective| objective.counted.unit == unit(Method::Value)) {
        return "–".to_owned();
    }
    length(violation.start.0, violation.end.as_ref().map_or(statement.period.end.0, |end| end.0))
}

/// How the increases of a statement were counted: of a store, or by whoever wrote the file.
#[must_use]
pub fn counted_by(issued: &Issued) -> &'static str {
    // A source without an address is a file.
    if issued.computed && !issued.statement.evidence.source.contains("://") {
        return "As the file gives them";
    }
    increase(issued.statement.evidence.increase)
}

/// By which text of the agreement something was reckoned.
#[must_use]
pub fn as_agreed(generation: i64) -> String {
    // Generations count from 1; a manifest that was in no cluster has none.
    if generation == 0 { "as agreed".to_owned() } else { format!("as agreed in generation {generation}") }
}

/// How increases were counted.
#[must_use]
pub fn increase(form: IncreaseForm) -> &'static str {
    match form {
        IncreaseForm::Anchored => "Anchored: by the store, exact at the edges of every slot",
        IncreaseForm::Native => "Native: by the store's own increase, exact at the edges of every slot",
        IncreaseForm::Raw => "Raw: from the raw samples, exact",
        IncreaseForm::Extrapolated => "Extrapolated: by the store's own increase, an estimate",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::example::issued;
    use super::*;

    #[test]
    fn a_file_is_no_store() {
        let mut issued = issued();
        assert!(counted_by(&issued).starts_with("Anchored"));
        issued.computed = true;
        assert!(counted_by(&issued).starts_with("Anchored"));
        issued.statement.evidence.source = "measurements.yaml".to_owned();
        assert_eq!(counted_by(&issued), "As the file gives them");
        (issued.statement.generation, issued.statement.amendment) = (0, "2026-07-01".to_owned());
        assert_eq!(in_force(&issued.statement), "as amended from 1 Jul 2026 on");
    }

    #[test]
    fn a_late_value_has_no_length() {
        let mut statement = issued().statement;
        let violation = statement.violations.first().unwrap().clone();
        assert_eq!(lasted(&statement, &violation).replace('\u{a0}', " "), "19 h 10 min");
        statement.objectives.iter_mut().for_each(|objective| "values".clone_into(&mut objective.counted.unit));
        assert_eq!(lasted(&statement, &violation), "–");
    }
}

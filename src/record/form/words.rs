//! The API's words in a reader's words.

use crate::api::agreement_status::{DetectedBy, State, Violation};
use crate::api::credit_status::{CreditState, CreditStatus};
use crate::api::credits::CreditForm;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};
use crate::api::measurement::Method;
use crate::api::metrics_source::IncreaseForm;
use crate::api::statement::StatementSpec;
use crate::evaluate::methods::words::unit;

use super::Issued;
use super::figure::{counted, money, signed};
use super::instant::{day, length};
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

/// The outcome of the period in a sentence or two.
#[must_use]
pub fn outcome(statement: &StatementSpec) -> String {
    let all = statement.objectives.len();
    let of = |state| statement.objectives.iter().filter(|o| o.state == state).count();
    let (missed, open) = (of(State::Violated), of(State::NotDetermined));
    let mut parts = Vec::new();
    if statement.state == State::NotCovered {
        parts.push("The promise does not cover this instance, so that there is no verdict.".to_owned());
        return parts.join(" ");
    }
    if missed > 0 {
        let was = if missed == 1 { "was" } else { "were" };
        parts.push(format!("{missed} of {} {was} missed.", counted(all, "objective", "objectives")));
    } else if open == 0 {
        parts.push(if all == 1 {
            "The objective was kept.".to_owned()
        } else {
            format!("All {all} objectives were kept.")
        });
    }
    if open > 0 {
        let could = counted(open, "objective", "objectives");
        parts.push(format!("For {could} too little is known for a verdict; no credit is granted or denied on that."));
    }
    parts.push(statement.credits.as_ref().map_or_else(|| "The agreement grants no credits.".to_owned(), owed));
    parts.join(" ")
}

/// What is owed, in a sentence or two.
fn owed(credits: &CreditStatus) -> String {
    let money = credits.amounts.iter().filter(|a| a.issued);
    let money: Vec<_> = money.map(|a| money_of(&a.amount, &a.currency)).collect();
    let money = (!money.is_empty()).then(|| format!("a credit of {}", listed(&money)));
    let days = (credits.service_days > 0).then(|| counted(credits.service_days, "day of service", "days of service"));
    let usage = credits.daily_usage.as_ref().map(|usage| money_of(&usage.amount, &usage.unit));
    let hours = (credits.free_hours_total > 0).then(|| counted(credits.free_hours_total, "free hour", "free hours"));
    let right = credits.termination_right.then(|| "the right to end the agreement".to_owned());
    let parts: Vec<String> = [money, days, usage, hours, right].into_iter().flatten().collect();
    let withheld = credits.amounts.iter().find(|amount| !amount.not_issued.is_empty());
    let mut told = match (credits.state, parts.as_slice(), withheld) {
        (_, [], Some(amount)) => format!("No credit is issued: {}.", legible(&amount.not_issued)),
        (_, [], None) => "No credit is due.".to_owned(),
        (CreditState::Expired | CreditState::Voided, ..) => {
            format!("No credit is due: {}.", credit_state_meaning(credits.state))
        }
        (CreditState::Settled, parts, _) => format!("Settled: {}.", listed(parts)),
        (_, parts, _) => format!("Due: {}.", listed(parts)),
    };
    if let Some(reward) = credits.reward.as_ref().filter(|reward| !is_nothing(&reward.amount)) {
        let amount = money_of(&reward.amount, &reward.currency);
        told = format!("{told} A reward of {amount} is owed the other way.");
    }
    told
}

/// What a later revision takes the place of, and what that changes. `None`: it is the first.
#[must_use]
pub fn revision(statement: &StatementSpec) -> Option<String> {
    let other = statement.supersedes.as_deref();
    let which = match (other, statement.revision) {
        (Some(other), revision) => format!("Revision {revision} takes the place of {}.", legible(other)),
        (None, 2..) => format!("Revision {} takes the place of the earlier ones.", statement.revision),
        (None, _) => return None,
    };
    let Some(adjustment) = &statement.adjustment else { return Some(which) };
    let money = adjustment.amounts.iter().filter(|change| !is_nothing(&change.amount));
    let mut changes: Vec<_> =
        money.map(|c| format!("{}\u{a0}{}", signed(&legible(&c.amount)), legible(&c.currency))).collect();
    if adjustment.service_days != 0 {
        let days = signed(&adjustment.service_days.to_string());
        let noun = if adjustment.service_days.abs() == 1 { "day" } else { "days" };
        changes.push(format!("{days} {noun} of service"));
    }
    let mut more = |amount: &str, unit: &str| {
        if !is_nothing(amount) {
            changes.push(format!("{} {unit}", signed(&legible(amount))));
        }
    };
    more(&adjustment.daily_usage, "of daily usage");
    more(&adjustment.reward, "of the reward");
    Some(if changes.is_empty() {
        format!("{which} It grants the same.")
    } else {
        format!("{which} Adjustment against what that one granted: {}.", listed(&changes))
    })
}

fn money_of(amount: &str, currency: &str) -> String {
    money(&legible(amount), &legible(currency))
}

/// `a`, `a and b`, `a, b and c`.
fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Whether an amount is zero.
fn is_nothing(amount: &str) -> bool {
    amount.chars().all(|c| matches!(c, '0' | '.' | '-'))
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
#[must_use]
pub fn detected_by(who: DetectedBy) -> &'static str {
    match who {
        DetectedBy::Provider => "noticed first by the provider",
        DetectedBy::Customer => "noticed first by the customer",
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

/// What an action did.
#[must_use]
pub fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::FreezeScaleDown => "Freeze scale-down",
        Verb::RaiseFloor => "Raise the floor",
        Verb::LowerFloor => "Lower the floor",
        Verb::Restore => "Restore the baseline",
        Verb::PauseRollout => "Pause the rollout",
        Verb::RollBack => "Undo the revision",
        Verb::ReleaseRollout => "Give the rollout back",
    }
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
    use super::super::example::{issued, revised};
    use super::*;
    use crate::api::credit_status::{Adjustment, AdjustmentAmount, CreditAmount};

    #[test]
    fn the_outcome_is_told_with_what_is_owed() {
        let mut statement = issued().statement;
        let told = |statement: &StatementSpec| outcome(statement).replace('\u{a0}', " ");
        assert_eq!(told(&statement), "1 of 2 objectives was missed. Due: a credit of 400.00 EUR.");
        statement.objectives.iter_mut().for_each(|o| o.state = State::Fulfilled);
        *statement.credits.as_mut().unwrap() = CreditStatus::default();
        assert_eq!(told(&statement), "All 2 objectives were kept. No credit is due.");
        statement.objectives.iter_mut().for_each(|o| o.state = State::NotDetermined);
        assert!(told(&statement).starts_with("For 2 objectives too little is known"));
        statement.objectives.truncate(1);
        statement.objectives.iter_mut().for_each(|o| o.state = State::Fulfilled);
        statement.credits = None;
        assert_eq!(told(&statement), "The objective was kept. The agreement grants no credits.");
    }

    #[test]
    fn everything_that_is_owed_is_in_the_outcome() {
        let plain = |statement: &StatementSpec| outcome(statement).replace(['\u{a0}', '\u{202f}'], " ");
        let mut statement = revised().statement;
        let due = "Due: a credit of 2 400.00 EUR and 80.00 USD, 3 days of service, 12.500000 GB, 4 free hours and the right \
                   to end the agreement. A reward of 133.33 EUR is owed the other way.";
        assert!(plain(&statement).ends_with(due), "{}", plain(&statement));
        let credits = statement.credits.as_mut().unwrap();
        credits.state = CreditState::Expired;
        assert!(plain(&statement).contains("No credit is due: something that had to be done in time was not"));
        *statement.credits.as_mut().unwrap() = CreditStatus {
            amounts: vec![CreditAmount { not_issued: "1 EUR is not more than 2 EUR".to_owned(), ..Default::default() }],
            ..CreditStatus::default()
        };
        assert!(plain(&statement).ends_with("No credit is issued: 1 EUR is not more than 2 EUR."));
    }

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

    #[test]
    fn a_revision_says_what_it_changes() {
        let mut statement = issued().statement;
        let told = |statement: &StatementSpec| revision(statement).map(|told| told.replace('\u{a0}', " "));
        assert_eq!(told(&statement), None);
        statement.revision = 2;
        assert_eq!(told(&statement).unwrap(), "Revision 2 takes the place of the earlier ones.");
        statement.supersedes = Some("checkout-r1".to_owned());
        let amount =
            |amount: &str, currency: &str| AdjustmentAmount { amount: amount.into(), currency: currency.into() };
        let amounts = vec![amount("-100.00", "EUR"), amount("0.00", "USD")];
        statement.adjustment = Some(Adjustment { amounts, service_days: 1, ..Adjustment::default() });
        let place = "Revision 2 takes the place of checkout-r1.";
        let changes = "Adjustment against what that one granted: −100.00 EUR and +1 day of service.";
        assert_eq!(told(&statement).unwrap(), format!("{place} {changes}"));
        let (daily_usage, reward) = ("2.500000".to_owned(), "-3.00".to_owned());
        statement.adjustment = Some(Adjustment { daily_usage, reward, ..Adjustment::default() });
        assert!(told(&statement).unwrap().ends_with("granted: +2.500000 of daily usage and −3.00 of the reward."));
        statement.adjustment = Some(Adjustment { amounts: vec![amount("0.00", "EUR")], ..Adjustment::default() });
        assert_eq!(told(&statement).unwrap(), format!("{place} It grants the same."));
    }
}

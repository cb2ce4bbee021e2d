//! The API's words in a reader's words.

use crate::api::agreement_status::State;
use crate::api::credit_status::CreditState;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::api::metrics_source::IncreaseForm;
use crate::api::statement::StatementSpec;

use super::credit::granted;
use super::figure::counted;

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
    parts.push(match &statement.credits {
        None => "The agreement grants no credits.".to_owned(),
        Some(credits) => match granted(credits).join(", ").as_str() {
            "" => "No credit is due.".to_owned(),
            all => format!("A credit of {all} is due."),
        },
    });
    parts.join(" ")
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

/// What an action did.
#[must_use]
pub fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::FreezeScaleDown => "Freeze scale-down",
        Verb::RaiseFloor => "Raise the floor",
        Verb::LowerFloor => "Lower the floor",
        Verb::Restore => "Restore the baseline",
    }
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
    fn the_outcome_is_told_with_what_is_owed() {
        let mut statement = issued().statement;
        let told = |statement: &StatementSpec| outcome(statement).replace('\u{a0}', " ");
        assert_eq!(told(&statement), "1 of 2 objectives was missed. A credit of 400.00 EUR is due.");
        statement.objectives.iter_mut().for_each(|o| o.state = State::Fulfilled);
        statement.credits.as_mut().unwrap().amounts.clear();
        assert_eq!(told(&statement), "All 2 objectives were kept. No credit is due.");
        statement.objectives.iter_mut().for_each(|o| o.state = State::NotDetermined);
        assert!(told(&statement).starts_with("For 2 objectives too little is known"));
        statement.objectives.truncate(1);
        statement.objectives.iter_mut().for_each(|o| o.state = State::Fulfilled);
        statement.credits = None;
        assert_eq!(told(&statement), "The objective was kept. The agreement grants no credits.");
    }
}

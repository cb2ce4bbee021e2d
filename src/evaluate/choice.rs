//! The customer's choice: which of several credits is granted, where that is theirs to say.
//!
//! It is made with a claim on the credit, and the first one that counts stands. It counts while the credit is open: made
//! after a deadline that forfeited the credit, or after the credit was settled or rejected, it changes nothing.

use k8s_openapi::jiff::Timestamp;

use crate::api::credit_status::CreditState;
use crate::api::credits::{Combine, Credits};

use super::credit_balance::{Issue, balance};

/// A choice as somebody made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice<'a> {
    /// From when on it counts.
    pub at: Timestamp,
    /// The objective whose tier is chosen, or the remedy.
    pub name: &'a str,
}

/// Why something cannot be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOffered {
    /// The credits are combined by a rule.
    #[error("spec.credits.combine is not CustomersChoice; there is nothing to choose")]
    NothingToChoose,
    /// There is no such credit.
    #[error("{0:?} is neither an objective with tiers nor a remedy")]
    Unknown(String),
}

/// Whether the customer may choose this by the terms of a period.
///
/// # Errors
/// Why they may not.
pub fn offered(credits: Option<&Credits>, name: &str) -> Result<(), NotOffered> {
    let Some(credits) = credits.filter(|credits| credits.combine == Combine::CustomersChoice) else {
        return Err(NotOffered::NothingToChoose);
    };
    let tiers = credits.tiers.iter().map(|tier| &tier.objective);
    if tiers.chain(credits.remedies.iter().map(|remedy| &remedy.name)).any(|offer| offer == name) {
        Ok(())
    } else {
        Err(NotOffered::Unknown(name.to_owned()))
    }
}

/// The choice that counts at `now`: of what is offered, the first one that was made while the credit was open. `credit`: the
/// statements of the period and what happened to it; empty while the period is not settled.
#[must_use]
pub fn chosen<'a>(
    credits: Option<&Credits>,
    made: impl IntoIterator<Item = Choice<'a>>,
    credit: &[Issue<'_>],
    now: Timestamp,
) -> Option<Choice<'a>> {
    let is_open = |at: Timestamp| {
        balance(credit, at).is_none_or(|found| {
            !matches!(found.life.state, CreditState::Settled | CreditState::Expired | CreditState::Voided)
        })
    };
    let counts = |choice: &Choice<'_>| choice.at <= now && offered(credits, choice.name).is_ok() && is_open(choice.at);
    made.into_iter().filter(counts).min_by_key(|choice| choice.at)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use k8s_openapi::jiff::civil::date;
    use serde_json::json;

    use super::super::credit_life::{Act, CLAIM, Course, CreditEvent, NamedDeadline};
    use super::super::deadline::Due;
    use super::super::example::at;
    use super::super::owed::Owed;
    use super::*;
    use crate::api::settlement::GrantMode;

    const NOW: &str = "2026-06-30T00:00:00Z";

    fn credits(combine: &str) -> Credits {
        serde_json::from_value(json!({
            "fee": {"amount": "1000.00", "currency": "EUR"},
            "tiers": [{"objective": "availability", "below": "99.9", "percentOfFee": "25"}],
            "remedies": [{"name": "fixed", "objective": "latency", "perIncident": {"amount": "100.00"}}],
            "combine": combine,
        }))
        .unwrap()
    }

    fn choices<'a>(made: &[(&str, &'a str)]) -> Vec<Choice<'a>> {
        made.iter().map(|(when, name)| Choice { at: at(when), name }).collect()
    }

    #[test]
    fn an_objective_with_tiers_or_a_remedy_can_be_chosen_where_it_is_the_customers_choice() {
        let theirs = credits("CustomersChoice");
        for name in ["availability", "fixed"] {
            assert_eq!(offered(Some(&theirs), name), Ok(()));
        }
        assert_eq!(offered(Some(&theirs), "latency"), Err(NotOffered::Unknown("latency".to_owned())));
        assert_eq!(offered(Some(&credits("Highest")), "fixed"), Err(NotOffered::NothingToChoose));
        assert_eq!(offered(None, "fixed"), Err(NotOffered::NothingToChoose));
    }

    #[test]
    fn the_first_that_is_offered_stands() {
        let theirs = credits("CustomersChoice");
        let of = |made: &[(&str, &'static str)]| {
            chosen(Some(&theirs), choices(made), &[], at(NOW)).map(|choice| choice.name)
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("2026-05-02T00:00:00Z", "availability"), ("2026-05-01T00:00:00Z", "fixed")]), Some("fixed"));
        assert_eq!(of(&[("2026-05-01T00:00:00Z", "typo"), ("2026-05-02T00:00:00Z", "fixed")]), Some("fixed"));
        assert_eq!(of(&[(NOW, "fixed")]), Some("fixed"), "made just now");
        assert_eq!(of(&[("2026-06-30T00:00:01Z", "fixed")]), None, "not made yet");
    }

    #[test]
    fn it_counts_only_while_the_credit_is_open() {
        let due = Due { day: date(2026, 5, 31), at: at("2026-06-01T00:00:00Z"), inclusive: false };
        let course = Course {
            determined_at: Some(at("2026-05-01T00:00:00Z")),
            grants: true,
            mode: GrantMode::OnClaim,
            claims_open: None,
            deadlines: vec![NamedDeadline { name: CLAIM.to_owned(), due }],
        };
        let theirs = credits("CustomersChoice");
        let event = |when: &str, what: Act| CreditEvent { at: at(when), what };
        let claim = || event("2026-05-10T00:00:00Z", Act::Done(CLAIM.to_owned()));
        let approved = || event("2026-05-20T00:00:00Z", Act::Approved);
        let paid = || event("2026-06-10T00:00:00Z", Act::Paid);
        let rejected = || event("2026-05-20T00:00:00Z", Act::Rejected(String::new()));
        for (events, when, counts) in [
            (vec![], "2026-05-31T23:59:59Z", true),
            (vec![], "2026-06-01T00:00:00Z", false),
            (vec![claim()], "2026-06-02T00:00:00Z", true),
            (vec![claim(), approved()], "2026-06-02T00:00:00Z", true),
            (vec![claim(), approved(), paid()], "2026-06-09T00:00:00Z", true),
            (vec![claim(), approved(), paid()], "2026-06-10T00:00:00Z", false),
            (vec![claim(), rejected()], "2026-06-02T00:00:00Z", false),
            (vec![claim()], "2026-04-20T00:00:00Z", true),
        ] {
            let issue = Issue { course: &course, owed: &Owed::default(), known: at(NOW), events };
            let found = chosen(Some(&theirs), choices(&[(when, "fixed")]), std::slice::from_ref(&issue), at(NOW));
            assert_eq!(found.is_some(), counts, "{:?} {when}", issue.events);
        }
    }
}

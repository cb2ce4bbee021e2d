//! What is owed by volumes and deliveries: people report them, and the operator has nobody who does.

use super::{Code, Lint, Severity};
use crate::api::agreement::AgreementSpec;
use crate::api::credits::Credits;
use crate::api::remedy::RewardBasis;

/// The remedies and rewards that the operator settles with nothing, by the agreement and by each of its amendments.
pub(super) fn owed(spec: &AgreementSpec) -> Vec<Lint> {
    let amended = spec.amendments.iter().enumerate();
    let amended = amended.filter_map(|(i, a)| Some((format!("spec.amendments[{i}].credits"), a.credits.as_ref()?)));
    let first = spec.credits.as_ref().map(|credits| ("spec.credits".to_owned(), credits));
    first.into_iter().chain(amended).flat_map(|(field, credits)| in_table(&field, credits)).collect()
}

fn in_table(field: &str, credits: &Credits) -> Vec<Lint> {
    let remark = |field: String, what: &str| Lint {
        code: Code::OwedByHearsay,
        severity: Severity::Warning,
        field,
        message: format!(
            "no metrics source tells {what}: the operator's statements have nothing of it, and only `guarantor settle` \
             reckons it, from a measurements file"
        ),
        at: None,
    };
    let late = credits.remedies.iter().enumerate().filter(|(_, remedy)| remedy.per_day_late.is_some());
    let late = late.map(|(index, _)| {
        remark(format!("{field}.remedies[{index}].perDayLate"), "when a delivery was due and when it was made")
    });
    let volume = credits.rewards.as_ref().filter(|rewards| rewards.basis == RewardBasis::Volume);
    let volume = volume.map(|_| remark(format!("{field}.rewards.basis"), "what was turned over in a period"));
    late.chain(volume).collect()
}

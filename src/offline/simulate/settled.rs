//! A way of scaling, settled period after period.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::judged::{Counted, Judged};
use super::owed::{Account, together};
use super::periods::Part;
use super::promised::Promised;
use super::report::{ObjectiveReport, PeriodReport};
use crate::api::credit_status::CreditState;
use crate::evaluate::credit::{at_stake, shown};
use crate::evaluate::exact::{percent_text, ratio_text};
use crate::offline::settle::fault::Fault;

/// Settles the periods in order, and says what is owed for all of them together. `counted`: the requests that each is judged by,
/// for each objective.
///
/// # Errors
/// Names the field of the credit table that can not be worked with.
pub fn settled(
    promised: &Promised,
    parts: &[Part],
    counted: &[Vec<Counted>],
) -> Result<(Vec<PeriodReport>, Option<String>), Fault> {
    let mut account = Account::new(promised);
    let (mut periods, mut all) = (Vec::new(), Vec::new());
    for (part, counted) in parts.iter().zip(counted) {
        let attained: Vec<_> = counted.iter().map(Counted::attainment).collect();
        let credits = account.settle(part, &attained).map_err(|e| Fault::new(e.field, e.message))?;
        let objectives: Vec<_> =
            promised.judged.iter().zip(counted).map(|(judged, counted)| of(judged, *counted)).collect();
        let kept = objectives.iter().filter_map(|objective| objective.kept).reduce(|all, one| all && one);
        periods.push(PeriodReport {
            start: Time(part.period.start),
            end: Time(part.period.end),
            whole: part.is_whole,
            objectives,
            kept,
            owed: credits.as_ref().map(at_stake),
            credits: credits.as_ref().map(|credits| shown(credits, CreditState::Accruing)),
        });
        all.extend(credits);
    }
    Ok((periods, together(&all)))
}

fn of(judged: &Judged, counted: Counted) -> ObjectiveReport {
    let attainment = counted.attainment();
    ObjectiveReport {
        name: judged.name.clone(),
        good: counted.good,
        total: counted.total,
        attainment_percent: attainment.as_ref().map(percent_text).unwrap_or_default(),
        attainment_ratio: attainment.as_ref().map(ratio_text).unwrap_or_default(),
        kept: attainment.as_ref().map(|attainment| *attainment >= judged.target),
    }
}

/// What the figures of what is owed are, in words. `is_dated`: the load says when it was.
#[must_use]
pub fn owed_is(parts: &[Part], is_dated: bool) -> String {
    let in_part = parts.iter().filter(|part| !part.is_whole).count();
    match (parts.len(), in_part) {
        (0 | 1, 1..) => "for one period, if the whole period went like this".to_owned(),
        (0 | 1, 0) => "for one period, all of which was played".to_owned(),
        (all, in_part) => {
            let from = if is_dated { "" } else { ", the first of which is taken to begin with the load" };
            let as_if = match in_part {
                0 => String::new(),
                1 => "; one was played in part, and is settled as if all of it went like that".to_owned(),
                some => format!("; {some} were played in part, and are settled as if all of each went like that"),
            };
            format!("for all {all} periods{from}{as_if}")
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;

//! What became of the unknown slots of an objective, so that the attainment can be reckoned from what was counted.

use num_rational::BigRational;
use num_traits::Signed;

use crate::api::agreement::{MissingData, TreatAs};
use crate::api::agreement_status::State;
use crate::api::statement::{ObjectiveStatement, UnknownCounted};
use crate::evaluate::exact::{PERCENT_PLACES, decimal, decimal_text, divide, whole};

use super::figure::{exact_number, grouped, percent};
use super::legible::legible;

/// How they count, and what rests on them; empty: every slot is known.
#[must_use]
pub fn unknown(objective: &ObjectiveStatement, rule: &MissingData) -> String {
    if objective.slots.unknown == 0 {
        return String::new();
    }
    let noun = if objective.slots.unknown == 1 { "slot is unknown" } else { "slots are unknown" };
    let slots = format!("{} {noun}", grouped(&objective.slots.unknown.to_string()));
    let treated = match rule.treat_as {
        TreatAs::Exclude => ", and counted for nobody.".to_owned(),
        TreatAs::Good => format!(", and counted as good{}.", added(objective).unwrap_or_default()),
        TreatAs::Bad => format!(", and counted as bad{}.", added(objective).unwrap_or_default()),
    };
    format!("{slots}{treated}{}", bounded(objective, rule).unwrap_or_default())
}

/// What they add to what is known, and the sums that the attainment is the quotient of.
fn added(objective: &ObjectiveStatement) -> Option<String> {
    let known = &objective.counted;
    let UnknownCounted { total, bad, gained } = known.unknown.as_ref()?;
    let number = |text: &str| decimal(text).ok();
    let more = mean_traffic(objective, total).or_else(|| number(total))?;
    let bad = if bad == total { more.clone() } else { number(bad)? };
    let all = number(&known.total)? + &more;
    let gained = gained.as_deref().map_or(Some(BigRational::default()), number)?;
    let summed: BigRational = number(&known.good)? + &more - &bad + &gained;
    // The good ones are stated cut; the attainment tells the rest of their digits.
    let exact = objective.attainment_ratio.parse::<BigRational>().ok().map(|share| share * &all);
    let good = exact.filter(|exact| plain(exact) == plain(&summed)).unwrap_or(summed);
    let (unit, each) = match known.unit.as_str() {
        "slots" => ("rates", String::new()),
        "events" => {
            let known = grouped(&known_slots(objective).to_string());
            ("events", format!(" (as many for each as the {known} known ones have in the mean)"))
        }
        unit => (unit, String::new()),
    };
    // Stretches of which a part is unknown have a rate already, which that part makes higher or lower.
    let parts = match (&bad - &more, &gained) {
        (lost, _) if known.unit == "slots" && lost.is_positive() => Some((lost, "worse")),
        (_, gained) if gained.is_positive() => Some((gained.clone(), "better")),
        _ => None,
    };
    let bad = if parts.is_some() { bad.min(more.clone()) } else { bad };
    let parts = parts
        .map(|(by, how)| format!(", and the rates of stretches that are known in part {} {how}", exact_number(&by)));
    let parts = parts.unwrap_or_default();
    let [more, bad, good, all] = [more, bad, good, all].map(|number| exact_number(&number));
    let unit = if more == "1" { unit.trim_end_matches('s') } else { unit };
    let told = format!(": {more} {unit} more{each}, {bad} of them bad{parts}, so that {good} of {all} are good");
    Some(legible(&told).into_owned())
}

fn known_slots(objective: &ObjectiveStatement) -> i64 {
    let slots = &objective.slots;
    slots.measured.saturating_add(slots.no_traffic).saturating_add(slots.not_deployed)
}

/// How many events the unknown slots are taken to hold, exactly. `None`: it is not what was cut, or they are no events.
fn mean_traffic(objective: &ObjectiveStatement, stated: &str) -> Option<BigRational> {
    if objective.counted.unit != "events" {
        return None;
    }
    let events = decimal(&objective.counted.total).ok()? * whole(objective.slots.unknown);
    let more = divide(&events, &whole(known_slots(objective)))?;
    (plain(&more) == stated).then_some(more)
}

fn plain(number: &BigRational) -> String {
    let text = decimal_text(number, PERCENT_PLACES);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Where less is known than was agreed, what the verdict and the credit rest on.
fn bounded(objective: &ObjectiveStatement, rule: &MissingData) -> Option<String> {
    let minimum = rule.minimum_coverage.as_str();
    if decimal(&objective.coverage).ok()? >= decimal(minimum).ok()? {
        return None;
    }
    let less = format!(" Less than {} is known", percent(&legible(minimum)));
    if objective.state == State::NotDetermined {
        return Some(format!("{less}, and the rest could change the verdict: there is none."));
    }
    let [worst, best] = &objective.attainment_bounds;
    let [worst, best] = [worst, best].map(|bound| percent(&legible(bound)));
    Some(format!(
        "{less}, and the verdict is the same whatever the rest was: {worst} if all of it was bad, on which a reward rests, \
         {best} if all of it was good, on which a credit rests."
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::super::example::issued;
    use super::*;
    use crate::api::statement::CountedUnits;

    fn told(unit: &str, unknown: [&str; 2], treat_as: TreatAs, coverage: &str) -> String {
        told_with(unit, unknown, None, treat_as, coverage)
    }

    fn told_with(unit: &str, unknown: [&str; 2], gained: Option<&str>, treat_as: TreatAs, coverage: &str) -> String {
        let mut objective = issued().statement.objectives[0].clone();
        let gained = gained.map(str::to_owned);
        let [total, bad] = unknown.map(str::to_owned);
        objective.counted = CountedUnits {
            unit: unit.to_owned(),
            good: "8917196".to_owned(),
            total: "8931000".to_owned(),
            unknown: (!total.is_empty()).then_some(UnknownCounted { total, bad, gained }),
        };
        objective.coverage = coverage.to_owned();
        let rule = MissingData { treat_as, minimum_coverage: "90".into() };
        super::unknown(&objective, &rule).replace(['\u{a0}', '\u{202f}'], " ")
    }

    #[test]
    fn what_the_unknown_adds_gives_the_quotient() {
        assert_eq!(told("events", [""; 2], TreatAs::Exclude, "99"), "5 slots are unknown, and counted for nobody.");
        assert_eq!(
            told("events", ["5000", "5000"], TreatAs::Bad, "99"),
            "5 slots are unknown, and counted as bad: 5 000 events more (as many for each as the 8 935 known ones have in the \
             mean), 5 000 of them bad, so that 8 917 196 of 8 936 000 \
             are good."
        );
        assert_eq!(
            told("seconds", ["300.5", "0"], TreatAs::Good, "99"),
            "5 slots are unknown, and counted as good: 300.5 seconds more, 0 of them bad, so that 8 917 496.5 of \
             8 931 300.5 are good."
        );
    }

    #[test]
    fn rates_that_are_known_in_part_get_worse_or_better() {
        assert_eq!(
            told("slots", ["3", "23"], TreatAs::Bad, "99"),
            "5 slots are unknown, and counted as bad: 3 rates more, 3 of them bad, and the rates of stretches that are known in \
             part 20 worse, so that 8 917 176 of 8 931 003 are good."
        );
        assert_eq!(
            told_with("slots", ["0", "0"], Some("20.5"), TreatAs::Good, "99"),
            "5 slots are unknown, and counted as good: 0 rates more, 0 of them bad, and the rates of stretches that are known \
             in part 20.5 better, so that 8 917 216.5 of 8 931 000 are good."
        );
    }

    #[test]
    fn too_little_that_is_known_tells_what_the_verdict_rests_on() {
        let told = told("events", [""; 2], TreatAs::Exclude, "89.999999");
        let bounds = "99.789595 % if all of it was bad, on which a reward rests, 99.845523 % if all of it was good, on which a \
                      credit rests.";
        assert!(told.contains("Less than 90 % is known") && told.ends_with(bounds), "{told}");
    }
}

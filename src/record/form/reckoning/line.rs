//! One line: a tier or a remedy, what it comes to, and whether it is granted.

use crate::api::credit_status::{CreditLine, LineAmount};
use crate::api::statement::StatementSpec;
use crate::evaluate::exact::ratio_text;
use crate::record::form::figure::{counted, cut_money, cut_percent, percent, stated_money};
use crate::record::form::legible::legible;

use super::course::Course;

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// The objective.
    pub objective: String,
    /// What was attained of it; empty where a line before says it, or where the statement has no such objective.
    pub attained: String,
    /// The tier with its bounds, or the remedy.
    pub rule: String,
    /// How it is reckoned; empty for a tier, whose bounds say it.
    pub reckoning: String,
    /// What the rule grants, in the rule's own unit.
    pub grant: String,
    /// How it comes to that, step by step; empty: there is nothing to reckon.
    pub steps: Vec<String>,
    /// What that is in money, for each currency.
    pub money: Vec<LineMoney>,
    /// Whether it is granted.
    pub granted: bool,
    /// Why it is not; empty where it is.
    pub not_granted: String,
}

/// A line in one currency.
#[derive(Clone, Debug)]
pub struct LineMoney {
    /// By itself.
    pub by_itself: String,
    /// After combination and caps.
    pub granted: String,
}

impl Line {
    pub(super) fn new(line: &CreditLine, course: &Course, statement: &StatementSpec) -> Self {
        let objective = statement.objectives.iter().find(|o| o.name == line.objective);
        let is_tier = !line.below.is_empty() || !line.at_most.is_empty();
        Self {
            objective: legible(&line.objective).into_owned(),
            attained: objective.map(|o| cut_percent(&legible(&o.attainment), &o.attainment_ratio)).unwrap_or_default(),
            rule: rule(line),
            reckoning: if is_tier { String::new() } else { legible(&line.reckoning).into_owned() },
            grant: grant(line, course),
            steps: course.steps.clone(),
            money: line.amounts.iter().map(|amount| LineMoney::new(amount, course)).collect(),
            granted: line.granted,
            not_granted: legible(&line.not_granted).into_owned(),
        }
    }

    /// What became of it, in a word or two.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        if self.granted { "Granted" } else { "Not granted" }
    }
}

impl LineMoney {
    fn new(amount: &LineAmount, course: &Course) -> Self {
        let currency = legible(&amount.currency);
        Self {
            by_itself: stated_money(&legible(&amount.by_itself), course.amount(&amount.currency), &currency),
            granted: cut_money(&legible(&amount.granted), &amount.exact, &currency),
        }
    }
}

fn rule(line: &CreditLine) -> String {
    if !line.remedy.is_empty() {
        return format!("Remedy {}", legible(&line.remedy));
    }
    // The bounds in words hold the lower one as well, where the tier has one.
    let bounds = match (line.reckoning.as_str(), line.below.as_str(), line.at_most.as_str()) {
        ("", "", "") => return "No tier and no remedy".to_owned(),
        ("", "", at_most) => format!("at most {at_most}"),
        ("", below, _) => format!("below {below}"),
        (reckoning, ..) => reckoning.to_owned(),
    };
    // Where too little is known, the words go on with what it could have come to.
    let (bounds, beyond) = bounds.find(" for certain").map_or((bounds.as_str(), ""), |at| bounds.split_at(at));
    format!("Tier {}{}", percent(&legible(bounds)), legible(beyond))
}

fn grant(line: &CreditLine, course: &Course) -> String {
    if !line.percent_of_fee.is_empty() {
        let exact = course.share.as_ref().map(ratio_text).unwrap_or_default();
        format!("{} of the fee", cut_percent(&legible(&line.percent_of_fee), &exact))
    } else if line.service_days != 0 {
        counted(line.service_days, "day of service", "days of service")
    } else if !line.multiple_of_daily_usage.is_empty() {
        format!("{} × the daily usage", legible(&line.multiple_of_daily_usage))
    } else if !line.amounts.is_empty() {
        "An amount".to_owned()
    } else if line.granted {
        "Beside the money".to_owned()
    } else {
        "–".to_owned()
    }
}

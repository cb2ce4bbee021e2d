//! Credits in a reader's words: what a line is, what it comes to, and what is granted in all.

use crate::api::credit_status::{CreditAmount, CreditLine, CreditStatus};

use super::figure::{counted, money, percent};
use super::legible::legible;

/// Why a line is there: the tier's bounds, or the remedy with its reckoning.
#[must_use]
pub fn rule(line: &CreditLine) -> String {
    let reckoning = legible(&line.reckoning);
    if !line.remedy.is_empty() {
        return format!("{}: {reckoning}", legible(&line.remedy));
    }
    match (line.below.as_str(), line.at_most.as_str()) {
        ("", "") => "–".to_owned(),
        // A lower bound stands in the reckoning only.
        _ if reckoning.contains(" and ") => reckoning.into_owned(),
        (below, "") => format!("below {}", percent(&legible(below))),
        (_, at_most) => format!("at most {}", percent(&legible(at_most))),
    }
}

/// What a line comes to by itself; empty where it comes to nothing that could be combined.
#[must_use]
pub fn grant(line: &CreditLine) -> String {
    if !line.percent_of_fee.is_empty() {
        return percent(&legible(&line.percent_of_fee));
    }
    if line.service_days > 0 {
        return days(line.service_days);
    }
    if !line.multiple_of_daily_usage.is_empty() {
        return format!("{} × a day's usage", legible(&line.multiple_of_daily_usage));
    }
    let amounts = line.amounts.iter().map(|a| money(short(&legible(&a.by_itself)), &legible(&a.currency)));
    amounts.collect::<Vec<_>>().join(", ")
}

/// Whether the line is granted, or why not.
#[must_use]
pub fn outcome(line: &CreditLine) -> String {
    match (line.granted, line.not_granted.as_str()) {
        (true, _) => "granted".to_owned(),
        (false, "") => "not granted".to_owned(),
        (false, why) => format!("not granted: {}", legible(why)),
    }
}

/// Everything that is granted, each with its unit. Empty: nothing is.
#[must_use]
pub fn granted(credits: &CreditStatus) -> Vec<String> {
    let issued = credits.amounts.iter().filter(|amount| amount.issued).map(amount);
    let usage = credits.daily_usage.iter().map(|usage| money(&legible(&usage.amount), &legible(&usage.unit)));
    let mut all: Vec<String> = issued.chain(usage).collect();
    if credits.service_days > 0 {
        all.push(days(credits.service_days));
    }
    if let Some(hours) = usize::try_from(credits.free_hours_total).ok().filter(|hours| *hours > 0) {
        all.push(counted(hours, "free hour", "free hours"));
    }
    if credits.termination_right {
        all.push("the right to end the agreement".to_owned());
    }
    all
}

/// An amount with its currency.
#[must_use]
pub fn amount(amount: &CreditAmount) -> String {
    money(&legible(&amount.amount), &legible(&amount.currency))
}

fn days(days: i64) -> String {
    counted(usize::try_from(days).unwrap_or_default(), "day of service", "days of service")
}

/// A decimal without the zeros at its end.
#[must_use]
pub fn short(decimal: &str) -> &str {
    if decimal.contains('.') { decimal.trim_end_matches('0').trim_end_matches('.') } else { decimal }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::example::issued;
    use super::*;
    use crate::api::credit_status::{LineAmount, UsageCredit};

    fn line() -> CreditLine {
        CreditLine { objective: "availability".to_owned(), ..CreditLine::default() }
    }

    fn plain(text: &str) -> String {
        text.replace(['\u{a0}', '\u{202f}'], " ")
    }

    #[test]
    fn a_line_tells_its_rule_and_what_it_comes_to() {
        let amount = |by_itself: &str| LineAmount {
            currency: "CNY".to_owned(),
            by_itself: by_itself.to_owned(),
            ..LineAmount::default()
        };
        let cases = [
            (CreditLine { below: "99.9".into(), percent_of_fee: "10".into(), ..line() }, "below 99.9 %", "10 %"),
            (CreditLine { at_most: "99".into(), service_days: 3, ..line() }, "at most 99 %", "3 days of service"),
            (
                CreditLine {
                    at_most: "99.9".into(),
                    reckoning: "at most 99.9 and above 99.0".into(),
                    multiple_of_daily_usage: "2".into(),
                    ..line()
                },
                "at most 99.9 and above 99.0",
                "2 × a day's usage",
            ),
            (
                CreditLine {
                    remedy: "each".into(),
                    reckoning: "3 violations at 1000.00 CNY".into(),
                    amounts: vec![amount("3000.000000")],
                    ..line()
                },
                "each: 3 violations at 1000.00 CNY",
                "3 000 CNY",
            ),
            (line(), "–", ""),
        ];
        for (line, told, comes_to) in cases {
            assert_eq!((plain(&rule(&line)).as_str(), plain(&grant(&line)).as_str()), (told, comes_to));
        }
    }

    #[test]
    fn a_line_that_is_not_granted_says_why() {
        assert_eq!(outcome(&CreditLine { granted: true, ..line() }), "granted");
        assert_eq!(outcome(&line()), "not granted");
        let why = CreditLine { not_granted: "only the highest is".to_owned(), ..line() };
        assert_eq!(outcome(&why), "not granted: only the highest is");
    }

    #[test]
    fn everything_that_is_granted_is_told_with_its_unit() {
        let mut credits = issued().statement.credits.unwrap();
        let told = |credits: &CreditStatus| plain(&granted(credits).join(", "));
        assert_eq!(told(&credits), "400.00 EUR");
        credits.service_days = 1;
        credits.free_hours_total = 2;
        credits.termination_right = true;
        let unit = "credits".to_owned();
        credits.daily_usage =
            Some(UsageCredit { unit, multiple: "3".into(), amount: "360".into(), exact: "360/1".into() });
        let all = "400.00 EUR, 360 credits, 1 day of service, 2 free hours, the right to end the agreement";
        assert_eq!(told(&credits), all);
        credits.amounts.iter_mut().for_each(|amount| amount.issued = false);
        assert!(!told(&credits).contains("EUR"), "what is not issued is not granted");
    }
}

//! Which days are working days, where something is counted in them.

use crate::api::remedy::DayCount;
use crate::api::settlement::BusinessCalendar;
use crate::api::terms::AgreedTerms;
use crate::record::form::instant::day;

/// Whether anything of the terms is counted in working days.
pub(super) fn counts(terms: &AgreedTerms) -> bool {
    let settlement = &terms.settlement;
    let mut deadlines = settlement.deadlines.iter().chain(&settlement.claims_open);
    let mut rules = terms.exclusions.rules.iter();
    let mut remedies = terms.credits.iter().flat_map(|credits| &credits.remedies);
    deadlines.any(|deadline| deadline.working_days.is_some())
        || settlement.payment.as_ref().is_some_and(|p| p.within_working_days.is_some() || p.on_working_days)
        || remedies.any(|r| r.per_day_late.as_ref().is_some_and(|rule| rule.days == DayCount::Working))
        || rules.any(|rule| {
            let force_majeure = rule.force_majeure.as_ref();
            rule.minimum_notice_working_days.is_some()
                || force_majeure.is_some_and(|rule| rule.proof_within_working_days.is_some())
        })
}

/// The calendar. All its days, because what is reckoned by them may lie anywhere in it.
pub(super) fn working_days(calendar: &BusinessCalendar) -> String {
    let week = calendar.days_off.iter().map(|day| format!("{day:?}")).collect::<Vec<_>>().join(" and ");
    let listed = |days: &[String]| days.iter().map(|text| day(text)).collect::<Vec<_>>().join(", ");
    let week = if week.is_empty() { "every day".to_owned() } else { format!("every day but {week}") };
    let holidays = (!calendar.holidays.is_empty()).then(|| format!("not {}", listed(&calendar.holidays)));
    let worked = (!calendar.working_days.is_empty()).then(|| format!("and {}", listed(&calendar.working_days)));
    std::iter::once(week).chain(holidays).chain(worked).collect::<Vec<_>>().join("; ")
}

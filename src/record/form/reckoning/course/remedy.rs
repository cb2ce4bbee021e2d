//! The line of a remedy. How often, or for how much of the period, is found by what the statement says that it comes to.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One;

use crate::api::credit_status::CreditLine;
use crate::api::remedy::Remedy;
use crate::api::statement::StatementSpec;
use crate::evaluate::credit::{BaseFee, Portion};
use crate::evaluate::exact::{amount, decimal, divide, ratio_text, round_half_up, whole};
use crate::record::form::figure::{cut_percent, exact_money, exact_number, fraction};
use crate::record::form::reckoning::ground::Ground;

use super::{Course, is_stated, late, stated};

/// The way from a remedy to its line. Hours and the right to end the agreement are no money: how they come about is the
/// line's own reckoning.
pub(super) fn course(remedy: &Remedy, line: &CreditLine, statement: &StatementSpec, ground: &Ground) -> Course {
    let course = if let Some(rule) = &remedy.proportional {
        decimal(rule.multiple.as_str()).ok().and_then(|multiple| proportional(&multiple, line, statement, ground))
    } else if let Some(rule) = &remedy.per_incident {
        amount(&rule.amount).ok().and_then(|each| per_incident(&each, line, ground))
    } else if let Some(rule) = &remedy.multiple_of_fee {
        decimal(rule.multiple.as_str()).ok().and_then(|multiple| multiple_of_fee(&multiple, line, ground))
    } else if let Some(rule) = &remedy.per_day_late {
        late::course(rule, line, ground)
    } else {
        None
    };
    course.unwrap_or_default()
}

/// The fee for the share that was lost: what the attainment leaves or, where too little is known, what is lost for certain,
/// which the line's own reckoning tells.
fn proportional(
    multiple: &BigRational,
    line: &CreditLine,
    statement: &StatementSpec,
    ground: &Ground,
) -> Option<Course> {
    let fee = &ground.tariff.fee;
    let objective = statement.objectives.iter().find(|objective| objective.name == line.objective)?;
    let attained: Option<BigRational> = objective.attainment_ratio.parse().ok();
    let told = line.reckoning.split(' ').filter(|word| word.contains('/')).find_map(|word| word.parse().ok());
    let is_it = |lost: &BigRational| is_stated(line, fee, &(lost * multiple * &fee.amount));
    let by_attainment = attained.map(|attained| BigRational::one() - attained).filter(is_it);
    let lost = by_attainment.clone().or(told.filter(is_it))?;
    let share = fraction(&ratio_text(&lost));
    let portion = Portion { share: &lost * multiple, ..Portion::default() };
    let mut course = Course::of_portion(&portion, line, ground, |fee, comes_to| {
        let fee = exact_money(&fee.amount, &fee.currency);
        format!("{} × {share} × {fee} = {comes_to}", exact_number(multiple))
    });
    let lost = match by_attainment {
        Some(_) => {
            let attained = cut_percent(&objective.attainment, &objective.attainment_ratio);
            format!("100\u{a0}% less {attained} is {share}, which was lost")
        }
        None => format!("{share} was lost for certain, also if all that is unknown was good"),
    };
    course.steps.insert(0, lost);
    Some(course)
}

fn per_incident(each: &BigRational, line: &CreditLine, ground: &Ground) -> Option<Course> {
    let count = times(line, &ground.tariff.fee, each)?;
    let portion = Portion { amount: each * whole(count.clone()), ..Portion::default() };
    let course = Course::of_portion(&portion, line, ground, |fee, comes_to| {
        format!("{} × {} = {comes_to}", violations(&count), exact_money(each, &fee.currency))
    });
    Some(Course { share: None, ..course })
}

fn multiple_of_fee(multiple: &BigRational, line: &CreditLine, ground: &Ground) -> Option<Course> {
    let first = &ground.tariff.fee;
    let count = times(line, first, &(multiple * ground.of_all_parts(first)))?;
    let share = divide(&(multiple * whole(count.clone())), &ground.tariff.charged.part())?;
    let portion = Portion { share, ..Portion::default() };
    Some(Course::of_portion(&portion, line, ground, |fee, comes_to| {
        let base = exact_money(&ground.of_all_parts(fee), &fee.currency);
        format!("{} × {} × {base} = {comes_to}", violations(&count), exact_number(multiple))
    }))
}

/// How many times `each` goes into what a line comes to. `None`: no whole number of times.
fn times(line: &CreditLine, fee: &BaseFee, each: &BigRational) -> Option<BigInt> {
    let comes_to = decimal(&stated(line, fee)?.by_itself).ok()?;
    let count = round_half_up(&divide(&comes_to, each)?);
    is_stated(line, fee, &(each * whole(count.clone()))).then_some(count)
}

fn violations(count: &BigInt) -> String {
    if count.is_one() { "1 violation".to_owned() } else { format!("{count} violations") }
}

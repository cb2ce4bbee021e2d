//! From a fee as it was agreed to that of the period.

use num_traits::One;

use crate::api::credits::Fee;
use crate::evaluate::credit::{BaseFee, Charged};
use crate::record::form::figure::{counted, exact_money, fraction, money};

/// The way, behind the name of the fee; empty: the period is charged what was agreed.
pub(super) fn course(agreed: &Fee, fee: &BaseFee, charged: &Charged) -> String {
    let seconds = |part: i64, of: i64| fraction(&format!("{part}/{of}"));
    let prepaid = agreed.prepaid_months.map(|prepaid| {
        let paid = money(agreed.amount.as_str(), &agreed.currency);
        let (prepaid, months) = (counted(prepaid, "month", "months"), charged.months);
        let whole = exact_money(&fee.whole, &fee.currency);
        format!(" {paid} paid for {prepaid}, of which the period has {months}: {whole}.")
    });
    let cut_short = (!charged.in_force().is_one()).then(|| {
        let share = seconds(charged.in_force_seconds, charged.whole_seconds);
        let how = if agreed.prorated { "charged by that share" } else { "charged in full" };
        format!(" The agreement is in force for {share} seconds of the whole period, which is {how}.")
    });
    let part = (!charged.part().is_one()).then(|| {
        let share = seconds(charged.period_seconds, charged.in_force_seconds);
        format!(" An amendment splits it; this part has {share} seconds, and that share of the fee.")
    });
    [prepaid, cut_short, part].into_iter().flatten().collect()
}

//! By when something has to be done.

use crate::api::settlement::{Anchor, Deadline};
use crate::record::form::figure::counted;

/// What has to be done, and by when.
pub(super) fn deadline(deadline: &Deadline) -> String {
    format!("{} {}", deadline.name, by(deadline, "within", "by"))
}

/// From when on claims are taken.
pub(super) fn opening(deadline: &Deadline) -> String {
    format!("a claim is taken {} on", by(deadline, "from", "from"))
}

fn by(deadline: &Deadline, length: &str, end: &str) -> String {
    let after = match deadline.after {
        Anchor::Incident => "the incident began",
        Anchor::Awareness => "the customer became aware of it (taken to be when it began, where nobody said)",
        Anchor::PeriodEnd => "the last day of the period",
        Anchor::Statement => "the statement was determined",
    };
    if let Some(periods) = deadline.periods {
        let of = match deadline.after {
            Anchor::PeriodEnd => "that is settled".to_owned(),
            _ => format!("in which {after}"),
        };
        return match periods {
            0 => format!("{end} the end of the period {of}"),
            n => format!("{end} the end of the {} after the one {of}", counted(n, "period", "periods")),
        };
    }
    let lengths = [
        deadline.within.as_ref().map(ToString::to_string),
        deadline.days.map(|n| counted(n, "day", "days")),
        deadline.working_days.map(|n| counted(n, "working day", "working days")),
        deadline.months.map(|n| counted(n, "month", "months")),
    ];
    let rule = if deadline.months.is_none() {
        ""
    } else if deadline.after == Anchor::PeriodEnd {
        ", reckoned from the first moment of the next day: to the end of the day before the one of the same number, or of \
         the month's last day where it has no such day"
    } else {
        ", to the end of the day of the same number, or of the month's last day where it has no such day"
    };
    format!("{length} {} after {after}{rule}", lengths.into_iter().flatten().collect::<Vec<_>>().join(" and "))
}

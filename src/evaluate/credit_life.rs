//! The life of a credit: from the period that accrues it to its payment, or to the deadline that forfeits it.
//!
//! ```text
//!   Accruing -> Determined -> Claimed -> Granted -> Settled
//!                   |            |
//!                   +------------+--> Expired (a deadline was missed), Voided (rejected, or superseded)
//! ```
//!
//! Takes what is known (when the statement was issued, the deadlines, what was done and when) and gives the state at an
//! instant; it remembers nothing, so that the same facts always give the same state. Where credits are granted
//! automatically, the statement grants them. Where they are claimed, every deadline must be kept: missing one forfeits
//! the credit, unless it was granted before. A newer statement takes the place of a credit that is not granted yet; one
//! that is stands, and the newer statement carries the difference ([`super::restatement`]), of which
//! [`super::credit_balance`] says what is due and what was paid too much.

use k8s_openapi::jiff::Timestamp;

use crate::api::credit_status::CreditState;
use crate::api::settlement::GrantMode;

use super::deadline::Due;

/// The act by which a credit is claimed; other deadlines have acts of their own names.
pub const CLAIM: &str = "claim";

/// What decides about a credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// When its statement was issued. `None`: not yet.
    pub determined_at: Option<Timestamp>,
    /// Whether the statement grants anything.
    pub grants: bool,
    /// Whether it has to be claimed.
    pub mode: GrantMode,
    /// From when a claim is taken. `None`: at once.
    pub claims_open: Option<Timestamp>,
    /// What has to be done by when, where it has to be claimed.
    pub deadlines: Vec<NamedDeadline>,
}

/// A deadline by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedDeadline {
    /// What has to be done.
    pub name: String,
    /// By when.
    pub due: Due,
}

/// Something that happened to a credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Act,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The customer did what a deadline of this name asks for; [`CLAIM`] is the claim.
    Done(String),
    /// The provider took the claim.
    Approved,
    /// The provider turned the claim down, for this reason.
    Rejected(String),
    /// It was paid.
    Paid,
    /// It was set off in this settlement.
    SetOff(String),
    /// The statement of this name took the place of its own.
    Superseded(String),
}

/// Where a credit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    /// Its state.
    pub state: CreditState,
    /// Since when. `None`: the period runs.
    pub since: Option<Timestamp>,
    /// Why, in words.
    pub reason: String,
}

impl Life {
    fn new(state: CreditState, since: Timestamp, reason: impl Into<String>) -> Self {
        Self { state, since: Some(since), reason: reason.into() }
    }
}

/// What comes next in time: an event, or a deadline that passes unkept. Of one instant, what is too late by then comes
/// first, and what is still in time by then comes last.
enum Happening<'a> {
    Missed(&'a NamedDeadline),
    Event(&'a CreditEvent),
}

/// Where a credit stands at `now`, by what happened up to then.
#[must_use]
pub fn life(course: &Course, events: &[CreditEvent], now: Timestamp) -> Life {
    let Some(determined) = course.determined_at.filter(|at| *at <= now) else {
        return Life { state: CreditState::Accruing, since: None, reason: "the period is not settled yet".to_owned() };
    };
    if !course.grants {
        return Life::new(CreditState::Determined, determined, "nothing is granted");
    }
    let start = match course.mode {
        GrantMode::Automatic => Life::new(CreditState::Granted, determined, "granted with the statement"),
        GrantMode::OnClaim => Life::new(CreditState::Determined, determined, "waits for a claim"),
    };
    happenings(course, events, now).iter().fold(start, |life, happening| match happening {
        Happening::Missed(deadline) => missed(life, deadline, determined),
        Happening::Event(event) => followed(life, event, course, determined),
    })
}

/// What has to be done next for the credit to be granted: of what was not done, the deadline that ends first.
#[must_use]
pub fn next_deadline<'a>(course: &'a Course, events: &[CreditEvent]) -> Option<&'a NamedDeadline> {
    course.deadlines.iter().filter(|deadline| !is_kept(deadline, course, events)).min_by_key(|deadline| deadline.due.at)
}

/// What happened up to an instant, in the order of time.
fn happenings<'a>(course: &'a Course, events: &'a [CreditEvent], now: Timestamp) -> Vec<Happening<'a>> {
    // The customer may act before there is a statement; what the provider decides cannot take effect before it.
    let takes_effect = |event: &CreditEvent| match event.what {
        Act::Done(_) => event.at,
        _ => course.determined_at.map_or(event.at, |determined| event.at.max(determined)),
    };
    let mut ordered: Vec<(Timestamp, u8, Happening<'a>)> =
        events.iter().filter(|e| e.at <= now).map(|e| (takes_effect(e), 1, Happening::Event(e))).collect();
    for deadline in &course.deadlines {
        let Due { at, inclusive, .. } = deadline.due;
        let is_over = if inclusive { at < now } else { at <= now };
        if is_over && !is_kept(deadline, course, events) {
            ordered.push((at, if inclusive { 2 } else { 0 }, Happening::Missed(deadline)));
        }
    }
    ordered.sort_by_key(|(at, order, _)| (*at, *order));
    ordered.into_iter().map(|(.., happening)| happening).collect()
}

fn is_kept(deadline: &NamedDeadline, course: &Course, events: &[CreditEvent]) -> bool {
    events.iter().any(|event| match &event.what {
        Act::Done(name) => *name == deadline.name && deadline.due.is_kept(event.at) && !is_too_early(event, course),
        _ => false,
    })
}

/// A claim before claims are taken is none.
fn is_too_early(event: &CreditEvent, course: &Course) -> bool {
    matches!(&event.what, Act::Done(name) if name == CLAIM) && course.claims_open.is_some_and(|open| event.at < open)
}

fn missed(life: Life, deadline: &NamedDeadline, determined: Timestamp) -> Life {
    if !matches!(life.state, CreditState::Determined | CreditState::Claimed) {
        return life;
    }
    let reason = format!("{:?} was not done by {}, which forfeits the credit", deadline.name, deadline.due.day);
    Life::new(CreditState::Expired, deadline.due.at.max(determined), reason)
}

fn followed(life: Life, event: &CreditEvent, course: &Course, determined: Timestamp) -> Life {
    use CreditState::{Claimed, Determined, Granted, Settled, Voided};
    let at = event.at.max(determined);
    match (life.state, &event.what) {
        (Determined, Act::Done(name)) if name == CLAIM => {
            if is_too_early(event, course) {
                return Life { reason: "waits for a claim; the one made was too early".to_owned(), ..life };
            }
            Life::new(Claimed, at, "claimed in time")
        }
        (Claimed, Act::Approved) => Life::new(Granted, at, "the claim was approved"),
        (Claimed, Act::Rejected(why)) => Life::new(Voided, at, format!("the claim was rejected: {why}")),
        (Determined | Claimed, Act::Superseded(by)) => Life::new(Voided, at, format!("superseded by {by}")),
        (Granted, Act::Superseded(by)) => {
            Life { reason: format!("{}; {by} carries the difference", life.reason), ..life }
        }
        (Granted, Act::Paid) => Life::new(Settled, at, "paid"),
        (Granted, Act::SetOff(settlement)) => Life::new(Settled, at, format!("set off in {settlement}")),
        _ => life,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;

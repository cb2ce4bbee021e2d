//! The balance of a period's credit over all statements of the period: where it stands, what of it is due since when, and
//! what was paid too much.
//!
//! A payment settles what was granted when it was made: all that the statement grants that stood then. A newer statement
//! that grants more makes the difference due, from its own day on; what was due before keeps its day. One that grants less
//! takes back first what fell due last, and then what was paid: an overpayment, which is set off against the next
//! settlement ([`super::payment`]). What is granted stays granted, so that nobody has to claim it anew.
//!
//! Days of service are not paid. The statement that stands tells them, and the term counts them ([`super::term`]).

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::credit_status::CreditState;

use super::credit_life::{Act, Course, CreditEvent, Life, life};
use super::owed::Owed;

/// A statement of the period, as far as its credit goes.
#[derive(Clone, Debug)]
pub struct Issue<'a> {
    /// What its credit has to go through.
    pub course: &'a Course,
    /// What it comes to.
    pub owed: &'a Owed,
    /// When it took the place of the one before. Of the first one of a period it does not matter.
    pub known: Timestamp,
    /// What happened to its credit. What was rejected or paid before it was known is not among it.
    pub events: Vec<CreditEvent>,
}

/// A part of a credit that is due, or was paid too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// How much.
    pub owed: Owed,
    /// Since when: when it was granted, or a statement took it back.
    pub since: Timestamp,
}

/// Where a credit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Its life.
    pub life: Life,
    /// What is granted and not paid, in the order in which it was granted.
    pub due: Vec<Part>,
    /// What was paid beyond what is owed by now. `None`: nothing.
    pub overpaid: Option<Part>,
}

impl Balance {
    /// Whether it is granted, be it paid or not.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        matches!(self.life.state, CreditState::Granted | CreditState::Settled)
    }
}

/// Where the credit of a period stands at `now`, by its statements in their order. `None`: there is none.
#[must_use]
pub fn balance(issues: &[Issue<'_>], now: Timestamp) -> Option<Balance> {
    let (first, later) = issues.split_first()?;
    let end = |index: usize| {
        let next = issues.get(index + 1).filter(|next| next.known <= now)?;
        next.known.checked_sub(SignedDuration::from_nanos(1)).ok()
    };
    let mut account = Account::opened(first, end(0).unwrap_or(now));
    let known = later.iter().take_while(|issue| issue.known <= now).enumerate();
    for (index, issue) in known {
        account.carry_on(issue, end(index + 1).unwrap_or(now));
    }
    Some(account.balance)
}

/// The balance while the statements go by.
struct Account<'a> {
    balance: Balance,
    /// What was granted. `None`: nothing was so far.
    granted: Option<&'a Owed>,
    /// Why it was granted.
    grounds: String,
    /// Whether anything was paid.
    paid: bool,
}

impl<'a> Account<'a> {
    /// With the statement before which nothing was granted, until an instant.
    fn opened(issue: &Issue<'a>, until: Timestamp) -> Self {
        let life = life(issue.course, &issue.events, until);
        let is_granted = matches!(life.state, CreditState::Granted | CreditState::Settled);
        let granted = is_granted.then_some(issue.owed);
        let paid = life.state == CreditState::Settled;
        let since = life.since.filter(|_| life.state == CreditState::Granted && !issue.owed.is_nothing());
        let due = since.map(|since| Part { owed: issue.owed.clone(), since }).into_iter().collect();
        let grounds = life.reason.clone();
        Self { balance: Balance { life, due, overpaid: None }, granted, grounds, paid }
    }

    /// With a statement that takes the place of another one, until an instant.
    fn carry_on(&mut self, issue: &Issue<'a>, until: Timestamp) {
        let Some(granted) = self.granted.replace(issue.owed) else {
            *self = Self::opened(issue, until);
            return;
        };
        let since = issue.course.determined_at.unwrap_or(issue.known);
        let (more, less) = issue.owed.against(granted);
        self.owe(more, since);
        self.take_back(less, since);
        let is_open =
            !self.balance.due.is_empty() || self.balance.overpaid.is_some() || (issue.course.grants && !self.paid);
        let payments = issue.events.iter().filter(|event| event.at <= until && is_payment(&event.what));
        match payments.min_by_key(|event| event.at).filter(|_| is_open) {
            Some(payment) => self.pay(payment),
            None => self.tell(issue.course.grants, since),
        }
    }

    /// More is granted: what was paid too much counts towards it.
    fn owe(&mut self, more: Owed, since: Timestamp) {
        let Some(overpaid) = self.balance.overpaid.take() else { return self.fall_due(more, since) };
        let (due, left) = more.against(&overpaid.owed);
        self.overpay(&left, overpaid.since);
        self.fall_due(due, since);
    }

    /// Less is granted: what fell due last is taken back first.
    fn take_back(&mut self, mut less: Owed, since: Timestamp) {
        for part in self.balance.due.iter_mut().rev() {
            (part.owed, less) = part.owed.against(&less);
        }
        self.balance.due.retain(|part| !part.owed.is_nothing());
        self.overpay(&less, since);
    }

    fn fall_due(&mut self, owed: Owed, since: Timestamp) {
        if !owed.is_nothing() {
            self.balance.due.push(Part { owed, since });
        }
    }

    fn overpay(&mut self, owed: &Owed, since: Timestamp) {
        if owed.is_nothing() {
            return;
        }
        let before = self.balance.overpaid.take().map(|before| before.owed).unwrap_or_default();
        self.balance.overpaid = Some(Part { owed: before.and(owed), since });
    }

    fn pay(&mut self, payment: &CreditEvent) {
        let reason = match &payment.what {
            Act::SetOff(settlement) => format!("set off in {settlement}"),
            _ => "paid".to_owned(),
        };
        self.balance = Balance { life: at(CreditState::Settled, payment.at, reason), due: Vec::new(), overpaid: None };
        self.paid = true;
    }

    /// Says where it stands after a newer statement, which nobody paid so far.
    fn tell(&mut self, grants: bool, since: Timestamp) {
        use CreditState::{Determined, Granted, Settled};
        let Balance { life, due, overpaid } = &mut self.balance;
        let open = due.iter().fold(Owed::default(), |sum, part| sum.and(&part.owed));
        *life = match (overpaid, self.paid) {
            (None, false) if grants => at(Granted, since, self.grounds.clone()),
            (None, false) => at(Determined, since, "nothing is granted"),
            (None, true) if open.is_nothing() => return,
            (None, true) => at(Granted, since, format!("{} beside what was paid", open.words())),
            (Some(over), _) if open.is_nothing() => {
                at(Settled, since, format!("paid, and {} more than is owed by now", over.owed.words()))
            }
            (Some(over), _) => {
                let (open, over) = (open.words(), over.owed.words());
                at(Granted, since, format!("{open} beside what was paid, of which {over} are more than is owed by now"))
            }
        };
    }
}

fn is_payment(act: &Act) -> bool {
    matches!(act, Act::Paid | Act::SetOff(_))
}

fn at(state: CreditState, since: Timestamp, reason: impl Into<String>) -> Life {
    Life { state, since: Some(since), reason: reason.into() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;

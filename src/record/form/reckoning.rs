//! A credit told from its lines to its amounts, in the order of the calculation: what the page and the terminal lay out.
//!
//! Every amount is one that the statement holds. What is said in words beside it says which rule stands between it and
//! the figure before, and the steps of a line are reckoned from the statement's own terms, as whoever reads it would.

mod amount;
mod beside;
mod course;
mod facts;
mod fee;
mod ground;
mod limit;
mod line;
mod reward;

pub use amount::{Amount, Step, minor_unit};
pub use beside::Beside;
pub use facts::Fact;
pub use line::{Line, LineMoney};
pub use reward::Reward;

use crate::api::credit_status::{CreditDeadline, CreditLine, CreditStatus};
use crate::api::statement::StatementSpec;

use super::instant::{Clock, day};
use super::legible::legible;
use super::words;
use amount::Told;
use course::Course;
use ground::Ground;

/// The whole way of one credit.
#[derive(Clone, Debug, Default)]
pub struct Reckoning {
    /// Every tier and remedy that applies, and every objective that neither grants nor denies.
    pub lines: Vec<Line>,
    /// How the lines become one amount, for each currency.
    pub amounts: Vec<Amount>,
    /// What is granted and is no money of a fee.
    pub beside: Vec<Beside>,
    /// What it rests on beside the measurements.
    pub facts: Vec<Fact>,
    /// What is owed the other way.
    pub reward: Option<Reward>,
    /// What has to be done by when.
    pub deadlines: Vec<Due>,
    /// The state of the credit.
    pub life: Life,
}

/// In which state a credit is.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// The state in one word.
    pub state: &'static str,
    /// What that means.
    pub meaning: &'static str,
    /// Since when; empty: not known.
    pub since: String,
    /// Why; empty: nobody said.
    pub reason: String,
    /// What it is given as.
    pub form: &'static str,
    /// From when on a claim is taken; empty: at once, or none is needed.
    pub claims_open: String,
}

/// Something that has to be done in time.
#[derive(Clone, Debug)]
pub struct Due {
    /// What.
    pub name: String,
    /// The last day on which it is in time.
    pub last_day: String,
    /// When the time for it is over, with the condition under which that is so.
    pub by: String,
}

impl Reckoning {
    /// The reckoning of a statement's credits.
    #[must_use]
    pub fn new(credits: &CreditStatus, statement: &StatementSpec, clock: &Clock) -> Self {
        let ground = Ground::of(statement);
        let ground = ground.as_ref();
        let course = |line: &CreditLine| ground.map(|ground| Course::of(line, statement, ground)).unwrap_or_default();
        let courses: Vec<Course> = credits.lines.iter().map(course).collect();
        let told = Told { ground, courses: &courses };
        Self {
            lines: lines(credits, &courses, statement),
            amounts: amount::amounts(statement, credits, &told),
            beside: beside::beside(credits, ground, clock),
            facts: facts::facts(&credits.facts),
            reward: credits.reward.as_ref().map(|reward| Reward::new(reward, ground)),
            deadlines: credits.deadlines.iter().map(|due| Due::new(due, clock)).collect(),
            life: Life {
                state: words::credit_state(credits.state),
                meaning: words::credit_state_meaning(credits.state),
                since: credits.since.as_ref().map(|since| clock.long(since.0)).unwrap_or_default(),
                reason: legible(&credits.reason).into_owned(),
                form: words::credit_form(credits.form),
                claims_open: credits.claims_open.as_ref().map(|open| clock.long(open.0)).unwrap_or_default(),
            },
        }
    }

    /// Whether a line or an amount says anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.beside.is_empty()
    }
}

/// The lines; what was attained of an objective stands in its first one.
fn lines(credits: &CreditStatus, courses: &[Course], statement: &StatementSpec) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::with_capacity(credits.lines.len());
    for (line, course) in credits.lines.iter().zip(courses) {
        let mut next = Line::new(line, course, statement);
        if lines.iter().any(|line| line.objective == next.objective) {
            next.attained.clear();
        }
        lines.push(next);
    }
    lines
}

impl Due {
    fn new(deadline: &CreditDeadline, clock: &Clock) -> Self {
        Self {
            name: legible(&deadline.name).into_owned(),
            last_day: day(&legible(&deadline.last_day)),
            by: if deadline.if_noticed_at_once {
                format!("{}, if it was noticed at once; noticed later, it is over later", clock.long(deadline.by.0))
            } else {
                clock.long(deadline.by.0)
            },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::needless_pass_by_value)]
mod tests;

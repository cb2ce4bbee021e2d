//! What the statement is about, and its verdict.

use crate::api::agreement::Party;
use crate::api::statement::StatementSpec;
use crate::record::form::instant::{Clock, length};
use crate::record::form::legible::{is_object_name, legible};
use crate::record::form::{Issued, outcome, words};

/// The head of the page.
pub(super) struct Heading {
    /// The statement's number.
    pub number: String,
    /// The same for the foot of every sheet of paper; only what cannot end a string of a style sheet.
    pub foot: String,
    pub service: String,
    pub title: String,
    pub revision: i32,
    pub issued: String,
    pub state: &'static str,
    /// The class that colours the verdict.
    pub class: &'static str,
    pub outcome: String,
    pub provider: Option<Name>,
    pub customer: Option<Name>,
    pub agreement: String,
    pub uid: String,
    pub namespace: String,
    /// The text of it that was in force.
    pub in_force: String,
    pub from: String,
    pub until: String,
    pub zone: String,
    pub length: String,
    /// The time that is judged; empty where it is the period.
    pub judged: String,
    /// Why the account ends with the period; empty where it does not.
    pub last: String,
}

/// A party.
pub(super) struct Name {
    pub name: String,
    pub account: String,
}

impl Heading {
    pub(super) fn new(issued: &Issued, clock: &Clock) -> Self {
        let statement = &issued.statement;
        let period = &statement.period;
        let parties = statement.parties.as_ref();
        Self {
            number: legible(&issued.name).into_owned(),
            foot: foot(&issued.name),
            service: legible(&statement.service).into_owned(),
            title: clock.title(period),
            revision: statement.revision,
            issued: issued.at.map(|at| clock.long(at)).unwrap_or_default(),
            state: words::state(statement.state),
            class: super::objectives::class(statement.state),
            outcome: outcome::outcome(statement),
            provider: parties.map(|p| name(&p.provider)),
            customer: parties.map(|p| name(&p.customer)),
            agreement: legible(&statement.agreement.name).into_owned(),
            uid: legible(&statement.agreement.uid).into_owned(),
            namespace: legible(&issued.namespace).into_owned(),
            in_force: words::in_force(statement),
            from: clock.long(period.start.0),
            until: clock.long(period.end.0),
            zone: legible(&period.time_zone).into_owned(),
            length: length(period.start.0, period.end.0),
            judged: judged(statement, clock),
            last: words::last(statement, clock),
        }
    }
}

/// The trailing days that are judged at the end of the period.
fn judged(statement: &StatementSpec, clock: &Clock) -> String {
    let told = statement.judged.as_ref().map(|judged| {
        format!("Judged are the days from {} until {}", clock.long(judged.start.0), clock.long(judged.end.0))
    });
    told.unwrap_or_default()
}

/// The number for the foot of a sheet, where there is room for one line.
fn foot(name: &str) -> String {
    const ROOM: usize = 72;
    let shown: String = if is_object_name(name) { name.chars().take(ROOM).collect() } else { String::new() };
    if shown.len() < name.len() && !shown.is_empty() { shown + "…" } else { shown }
}

fn name(party: &Party) -> Name {
    let account = party.account.as_deref().unwrap_or_default();
    Name { name: legible(&party.name).into_owned(), account: legible(account).into_owned() }
}

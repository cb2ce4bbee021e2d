//! The statement as one page of HTML to print: no script, no font, no image from anywhere else.
//!
//! One struct a section, filled in here and laid out by the template of the same name in `page/`; the credits are told by
//! [`super::reckoning`], exclusions by [`super::exclusions`], what was agreed by [`super::terms`]. A new section is such a pair, a field of [`Page`] and an `include` in `page.html`, at the place
//! where it shall stand. The templates escape
//! everything they are given (by their ending, `.html`); nothing is exempt.

mod actions;
mod evidence;
mod heading;
mod objectives;
mod proof;
mod strip;
mod violations;

use askama::Template;

use super::{ALTERED, COMPUTED, Issued, outcome, words};
use actions::Action;
use evidence::Evidence;
use heading::Heading;
use objectives::Objective;
use proof::Proof;
use violations::Violations;

use super::exclusions::Exclusions;
use super::instant::Clock;
use super::reckoning::Reckoning;
use super::terms::{Term, terms};

#[derive(Template)]
#[template(path = "record/form/page/page.html")]
struct Page {
    /// Why nothing on the page can be relied on.
    warning: Option<&'static str>,
    /// Whether nobody has issued it.
    computed: bool,
    /// What a later revision changes.
    revision: Option<String>,
    heading: Heading,
    objectives: Vec<Objective>,
    credits: Option<Reckoning>,
    violations: Violations,
    exclusions: Exclusions,
    actions: Vec<Action>,
    actions_left_out: Option<String>,
    causes_left_out: Option<String>,
    terms: Vec<Term>,
    evidence: Evidence,
    proof: Proof,
}

/// The page.
///
/// # Errors
/// A template fails, which none does on text.
pub fn html(issued: &Issued) -> Result<String, askama::Error> {
    let statement = &issued.statement;
    let clock = Clock::of(&statement.period);
    let page = Page {
        warning: (!issued.intact).then_some(ALTERED),
        computed: issued.computed,
        revision: outcome::revision(statement),
        heading: Heading::new(issued, &clock),
        objectives: statement.objectives.iter().map(|o| Objective::new(o, statement)).collect(),
        credits: statement.credits.as_ref().map(|credits| Reckoning::new(credits, statement, &clock)),
        violations: Violations::new(statement, &clock),
        exclusions: Exclusions::new(statement, &clock),
        actions: statement.actions.iter().map(|action| Action::new(action, &clock)).collect(),
        actions_left_out: words::actions_left_out(statement),
        causes_left_out: words::causes_left_out(statement),
        terms: terms(statement),
        evidence: Evidence::new(issued),
        proof: Proof::new(issued),
    };
    page.render()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;

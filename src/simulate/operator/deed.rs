//! What the operator did and found, for whoever reads a run.

use crate::api::diagnosis::CauseKind;
use crate::api::enforcement_status::Verb;

/// Something that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Deed {
    /// When, in seconds.
    pub at: f64,
    /// What.
    pub verb: Verb,
    /// To what, by its name.
    pub target: String,
    /// What changed, and why, in words.
    pub words: String,
}

/// What was found at a look at a danger.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// When, in seconds.
    pub at: f64,
    /// The cause.
    pub cause: CauseKind,
    /// What was done or why not, as one word.
    pub reason: String,
    /// The same in words.
    pub words: String,
    /// What was ruled out before, and why.
    pub ruled_out: Vec<(CauseKind, String)>,
}

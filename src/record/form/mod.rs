//! The forms of a statement: a page to print, tables for a terminal, sheets for a spreadsheet.
//!
//! Takes a statement as it was issued; gives text. A form shows what was issued, and has no account of its own: between two
//! figures of a statement it tells the product or the sum by its terms, as whoever reads it would reckon. Every text that somebody could choose goes through [`legible`] first.
//!
//! A field that statements gain is shown in up to three places: [`page`] (a section of the page), [`terminal`] (a table)
//! and [`sheet`] (a column, or rows of their own).

pub mod exclusions;
pub mod figure;
pub mod instant;
pub mod legible;
pub mod outcome;
pub mod page;
pub mod reckoning;
pub mod sheet;
pub mod terminal;
pub mod terms;
pub mod unknown;
pub mod verification;
pub mod words;

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::too_many_lines)]
mod example;

use k8s_openapi::jiff::Timestamp;

use crate::api::statement::StatementSpec;

/// A statement as it was issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The object's name. Empty: not known.
    pub name: String,
    /// Its namespace. Empty: not known.
    pub namespace: String,
    /// When it was issued, where that is known: it is no part of what the digest covers.
    pub at: Option<Timestamp>,
    /// What it says.
    pub statement: StatementSpec,
    /// Whether it was only computed, from files or a store, and no operator has issued it.
    pub computed: bool,
    /// Whether its digest is that of its content. Where it is not, every form says so first.
    pub intact: bool,
}

/// What a form says first of an account that nobody has issued.
pub const COMPUTED: &str = "Computed by `guarantor settle` by the same rules as the operator's. Nobody has issued it.";

/// What a form says below the causes of violations.
pub const OBSERVED: &str = "Causes are what the operator found while the violation went on, and no part of the figures. Of \
                            a violation that is not listed here nothing was found.";

/// What a form says first when the digest is not that of the content.
pub const ALTERED: &str = "This is not what was issued: the digest is not that of the content. Do not rely on any \
                           figure below before `guarantor statement verify` has shown what was changed.";

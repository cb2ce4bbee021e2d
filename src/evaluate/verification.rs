//! Verification: whether a statement says what follows from its ledger and from the terms it tells.
//!
//! Takes a statement's content as somebody holds it and the ledgers it names; computes everything again and lists what
//! differs, field by field. It works on the JSON as it was read, so that a field this version does not know is not
//! overlooked. Where the agreement is presented too, everything is computed by that, so that the terms are compared with
//! what was agreed; and what was excluded, or follows from the statements before, where these are. What none of them tells
//! is taken as stated and listed as such: a digest protects it against accidents, not
//! against somebody who makes a new digest.

mod beside;
mod difference;
mod looking_back;
mod recomputation;

pub use beside::{Beside, NotCompared, Previous};
pub use difference::{Difference, FieldPath, differences};

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

use crate::api::agreement::AgreementSpec;
use crate::api::ledger::LedgerSpec;

use super::canonical_json::NotCanonical;
use super::statement::{StatementError, content_digest};
use super::stored_ledger;
use recomputation::{AMENDABLE, Recomputed, recompute};

/// What is presented for verification.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The statement's object name, where it is known: it tells the revision.
    pub name: Option<&'a str>,
    /// The statement's `spec`.
    pub content: &'a Value,
    /// The ledger's object name, where it is known.
    pub ledger_name: Option<&'a str>,
    /// The ledger.
    pub ledger: &'a LedgerSpec,
    /// The ledgers of earlier periods that the statement names, by their names and in its order.
    pub earlier: &'a [(String, LedgerSpec)],
    /// The agreement, with which the terms are compared. `None`: they are taken as stated.
    pub agreement: Option<Terms<'a>>,
    /// What else it rests on.
    pub beside: Beside<'a>,
}

/// The agreement as it is presented.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// What was agreed.
    pub spec: &'a AgreementSpec,
    /// Its generation. `None`: a manifest that does not come from a cluster, taken as the one that was in force.
    pub generation: Option<i64>,
    /// When it was created, with which it came into force where `spec.validity` says nothing else. `None`: it is not known.
    pub created: Option<Timestamp>,
}

/// What the statement was computed again from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The agreement in the generation that the statement names.
    Agreement,
    /// An agreement that does not tell its generation.
    Undated,
    /// An agreement of another generation: it was edited in between, or the statement names a wrong one.
    Edited {
        /// The generation of the agreement that was presented.
        presented: i64,
    },
    /// The terms that the statement tells.
    Statement,
}

/// A digest beside the one that was computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestCheck {
    /// The digest the statement names; empty when it names none.
    pub stated: String,
    /// The digest of what was presented. An error: it has none, so that no statement can have been signed over it.
    pub computed: Result<String, NotCanonical>,
}

impl DigestCheck {
    fn new(stated: Option<&Value>, computed: Result<String, NotCanonical>) -> Self {
        Self { stated: stated.and_then(Value::as_str).unwrap_or_default().to_owned(), computed }
    }

    /// Whether both are the same.
    #[must_use]
    pub fn matches(&self) -> bool {
        self.computed.as_ref().is_ok_and(|computed| *computed == self.stated)
    }
}

/// What was computed again, beside the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Contradictions.
    pub differences: Vec<Difference>,
    /// Differences in fields that may be edited while an agreement is in force, after it was: no contradiction, and no
    /// confirmation.
    pub amended: Vec<Difference>,
    /// Fields that were taken from the statement, because nothing that was presented tells them.
    pub taken_as_stated: Vec<FieldPath>,
    /// What the statement says was applied, and not compared, since nobody presented what it follows from.
    pub not_compared: Vec<NotCompared>,
    /// The digest is not that of the statement's content, but of what was computed: `differences` lists exactly what
    /// was changed after the digest was made.
    pub restores_the_digest: bool,
}

/// The outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The digest over the content.
    pub content: DigestCheck,
    /// The digest over the ledger.
    pub ledger: DigestCheck,
    /// What it was computed from.
    pub basis: Basis,
    /// The statement beside what was computed. An error: the ledger or the terms can not be worked with.
    pub comparison: Result<Comparison, StatementError>,
}

/// The outcome in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything that can be computed is as stated.
    Verified,
    /// Nothing contradicts the statement, but the agreement was edited since where it may be.
    PartlyVerified,
    /// Something contradicts the statement.
    Contradicted,
    /// Nothing contradicts the statement, and it could not be computed.
    NotComputed,
}

impl Verification {
    /// The outcome in one word.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let intact = self.content.matches() && self.ledger.matches();
        match &self.comparison {
            _ if !intact => Verdict::Contradicted,
            Err(_) => Verdict::NotComputed,
            Ok(found) if !found.differences.is_empty() => Verdict::Contradicted,
            Ok(found) if !found.amended.is_empty() => Verdict::PartlyVerified,
            Ok(_) => Verdict::Verified,
        }
    }
}

/// Verifies a statement.
#[must_use]
pub fn verify(presented: &Presented<'_>) -> Verification {
    let content = presented.content;
    let stated = |path: &[&str]| FieldPath::of(path).find(content);
    Verification {
        content: DigestCheck::new(stated(&["digest"]), content_digest(content)),
        ledger: DigestCheck::new(
            stated(&["evidence", "ledgerDigest"]),
            Ok(stored_ledger::digest(&presented.ledger.objectives)),
        ),
        basis: basis(presented),
        comparison: compare(presented),
    }
}

fn basis(presented: &Presented<'_>) -> Basis {
    let Some(terms) = presented.agreement else { return Basis::Statement };
    let stated = presented.content.get("generation").and_then(Value::as_i64);
    match terms.generation {
        None => Basis::Undated,
        Some(generation) if stated == Some(generation) => Basis::Agreement,
        Some(presented) => Basis::Edited { presented },
    }
}

fn compare(presented: &Presented<'_>) -> Result<Comparison, StatementError> {
    let digest = FieldPath::of(&["digest"]);
    let edited = matches!(basis(presented), Basis::Edited { .. });
    let Recomputed { content: mut computed, taken_as_stated, not_compared } = recompute(presented)?;
    // The digest comes last: it depends on what else is taken as stated.
    digest.put(&mut computed, presented.content.get("digest"));
    let (amended, mut differences): (Vec<_>, Vec<_>) = differences(presented.content, &computed)
        .into_iter()
        .partition(|found| edited && AMENDABLE.iter().any(|fields| FieldPath::of(fields).covers(&found.path)));
    for Difference { path, stated, .. } in &amended {
        path.put(&mut computed, stated.as_ref());
    }
    let restored = content_digest(&computed)?;
    let stated = presented.content.get("digest");
    let restores_the_digest = stated.and_then(Value::as_str) == Some(&restored);
    if !restores_the_digest {
        differences.push(Difference { path: digest, stated: stated.cloned(), computed: Some(restored.into()) });
    }
    Ok(Comparison { differences, amended, taken_as_stated, not_compared, restores_the_digest })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;

//! Where the figures come from.

use crate::record::form::legible::legible;
use crate::record::form::{Issued, words};

/// The evidence.
pub(super) struct Evidence {
    pub source: String,
    pub increase: &'static str,
    pub ledger: String,
    pub ledger_digest: String,
    /// Name and digest of the ledgers of earlier periods.
    pub earlier: Vec<(String, String)>,
    pub digest: String,
    pub operator: String,
    pub time_zone_database: String,
    pub queries: Vec<Queries>,
}

/// What was asked for one objective.
pub(super) struct Queries {
    pub objective: String,
    pub list: Vec<String>,
}

impl Evidence {
    pub(super) fn new(issued: &Issued) -> Self {
        let statement = &issued.statement;
        let text = |text: &str| legible(text).into_owned();
        let evidence = &statement.evidence;
        Self {
            source: text(evidence.source.trim()),
            increase: words::counted_by(issued),
            ledger: text(&evidence.ledger),
            ledger_digest: text(&evidence.ledger_digest),
            earlier: evidence.earlier.iter().map(|earlier| (text(&earlier.name), text(&earlier.digest))).collect(),
            digest: text(&statement.digest),
            operator: text(&evidence.operator),
            time_zone_database: text(&evidence.time_zone_database),
            queries: statement
                .objectives
                .iter()
                .map(|o| Queries { objective: text(&o.name), list: o.queries.iter().map(|q| text(q)).collect() })
                .collect(),
        }
    }
}

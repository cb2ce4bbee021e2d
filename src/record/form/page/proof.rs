//! How a reader checks the statement without trusting the page.

use crate::record::form::Issued;
use crate::record::form::legible::is_object_name;

/// The names that stand in the commands.
pub(super) struct Proof {
    pub namespace: String,
    pub statement: String,
    pub ledger: String,
    /// Those of earlier periods, each with the file it is saved in.
    pub earlier: Vec<(String, String)>,
    pub agreement: String,
}

impl Proof {
    pub(super) fn new(issued: &Issued) -> Self {
        let statement = &issued.statement;
        Self {
            namespace: word(&issued.namespace, "NAMESPACE"),
            statement: word(&issued.name, "STATEMENT"),
            ledger: word(&statement.evidence.ledger, "LEDGER"),
            earlier: statement
                .evidence
                .earlier
                .iter()
                .enumerate()
                .map(|(index, earlier)| (word(&earlier.name, "LEDGER"), format!("earlier-{}.yaml", index + 1)))
                .collect(),
            agreement: word(&statement.agreement.name, "AGREEMENT"),
        }
    }
}

/// A name as it can be typed; its place where it is none: a command copied from paper must do nothing else.
fn word(name: &str, place: &str) -> String {
    if is_object_name(name) { name.to_owned() } else { place.to_owned() }
}

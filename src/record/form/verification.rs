//! The outcome of a verification, in words.

use serde_json::Value;

use crate::evaluate::verification::{
    Basis, Comparison, Difference, DigestCheck, FieldPath, NotCompared, Verdict, Verification,
};

use super::figure::counted;
use super::legible::legible;
use super::terminal::{place, table};

/// Differences that are listed. More say no more: another ledger, or another statement.
const MOST_DIFFERENCES: usize = 50;
/// Characters of a value that are shown.
const MOST_CHARACTERS: usize = 160;

/// What was verified.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The statement's namespace. Empty: not known.
    pub namespace: &'a str,
    /// The statement's name. Empty: not known.
    pub name: &'a str,
    /// The ledger's name. Empty: not known.
    pub ledger: &'a str,
    /// The statement's `spec`.
    pub content: &'a Value,
}

/// The outcome.
#[must_use]
pub fn text(subject: &Subject<'_>, verification: &Verification) -> String {
    let mut parts = vec![
        format!(
            "Statement {}",
            place(subject.namespace, if subject.name.is_empty() { "without a name" } else { subject.name })
        ),
        checks(subject, verification),
    ];
    if let Ok(found) = &verification.comparison {
        parts.extend(contradictions(subject, verification, found));
        parts.extend(amendments(found));
        parts.extend(taken_as_stated(&found.taken_as_stated));
        parts.extend(found.not_compared.iter().map(|what| not_compared(*what).to_owned()));
    }
    parts.extend(advice(verification.basis, subject));
    parts.push(verdict(verification));
    parts.join("\n\n") + "\n"
}

fn checks(subject: &Subject<'_>, verification: &Verification) -> String {
    let line =
        |good: bool, what: &str, told: &str| format!("  {:<9}{what:<9}{told}", if good { "ok" } else { "FAILED" });
    let ledger =
        if subject.ledger.is_empty() { "the ledger".to_owned() } else { format!("ledger {}", legible(subject.ledger)) };
    let figures = match &verification.comparison {
        Err(error) => {
            line(false, "figures", &format!("they can not be computed again: {}", legible(&error.to_string())))
        }
        Ok(found) => {
            let from = match verification.basis {
                Basis::Statement => "from the ledger and the terms of the statement",
                Basis::Agreement | Basis::Undated | Basis::Edited { .. } => "from the ledger and the agreement",
            };
            let count = found.differences.len();
            let outcome = match count {
                0 => "nothing differs".to_owned(),
                1 => "1 field differs".to_owned(),
                _ => format!("{count} fields differ"),
            };
            line(count == 0, "figures", &format!("computed again {from}: {outcome}"))
        }
    };
    [
        line(verification.content.matches(), "content", &digest(&verification.content, "the content")),
        line(verification.ledger.matches(), "ledger", &digest(&verification.ledger, &ledger)),
        figures,
    ]
    .join("\n")
}

fn digest(check: &DigestCheck, what: &str) -> String {
    let stated = if check.stated.is_empty() { "(none)".to_owned() } else { legible(&check.stated).into_owned() };
    match &check.computed {
        Ok(_) if check.matches() => format!("the digest is that of {what}: {stated}"),
        Ok(computed) => format!("the digest is {stated}, but that of {what} is {computed}"),
        Err(error) => format!("{what} can have no digest: {}", legible(&error.to_string())),
    }
}

fn contradictions(subject: &Subject<'_>, verification: &Verification, found: &Comparison) -> Option<String> {
    let how = match (verification.content.matches(), found.restores_the_digest, found.differences.as_slice()) {
        (true, _, []) => return None,
        (true, ..) => "The content is under its digest, and yet contradicts what it should follow from:",
        (false, true, _) => {
            "With what was computed the digest is right again: exactly these fields were changed after it was made."
        }
        // Everything computed is as stated: the change is where only the statement speaks, or the digest itself.
        (false, false, [only]) if only.path == FieldPath::of(&["digest"]) => {
            "Everything that can be computed is as stated: what was changed is the digest itself, or one of the fields \
             that are taken as stated, below."
        }
        (false, false, _) => "These fields differ; fields that are taken as stated may have been changed as well.",
    };
    let version = env!("CARGO_PKG_VERSION");
    let made_by =
        FieldPath::of(&["evidence", "operator"]).find(subject.content).and_then(Value::as_str).unwrap_or_default();
    let other = if made_by == version || made_by.is_empty() || found.differences.is_empty() {
        String::new()
    } else {
        format!(
            "\nThe statement was made by Guarantor {}, and this is {version}, which may state more or fewer fields: \
             verify it with that version as well.",
            legible(made_by)
        )
    };
    Some(format!("{how}\n{}{other}", differing(&found.differences, "COMPUTED")))
}

fn amendments(found: &Comparison) -> Option<String> {
    let count = found.amended.len();
    let were = if count == 1 { "This field differs" } else { "These fields differ" };
    (count > 0).then(|| {
        format!(
            "{were} from the agreement as it is now. That contradicts nothing, as they may be edited while it is in \
             force; it confirms nothing either:\n{}",
            differing(&found.amended, "NOW")
        )
    })
}

fn differing(differences: &[Difference], other: &str) -> String {
    if differences.is_empty() {
        return String::new();
    }
    let mut table = table(&["FIELD", "STATED", other]);
    for Difference { path, stated, computed } in differences.iter().take(MOST_DIFFERENCES) {
        table.add_row(vec![field(path), shown(stated.as_ref()), shown(computed.as_ref())]);
    }
    let more = differences.len().saturating_sub(MOST_DIFFERENCES);
    let omitted = if more > 0 {
        format!("\n{} not listed", counted(more, "more difference is", "more differences are"))
    } else {
        String::new()
    };
    format!("{table}{omitted}")
}

fn field(path: &FieldPath) -> String {
    legible(&format!("spec.{path}")).into_owned()
}

fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => return "(nothing)".to_owned(),
        Some(Value::String(text)) if text.is_empty() => return "\"\"".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let cut: String = text.chars().take(MOST_CHARACTERS).collect();
    let mark = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{mark}", legible(&cut))
}

fn taken_as_stated(fields: &[FieldPath]) -> Option<String> {
    let list: Vec<String> = fields.iter().map(field).collect();
    (!list.is_empty())
        .then(|| format!("Taken as stated, as nothing that was presented tells it:\n  {}", list.join("\n  ")))
}

fn not_compared(what: NotCompared) -> &'static str {
    match what {
        NotCompared::Exclusions => {
            "Not compared: what was excluded, or should have been. Whether it follows from what was asked, --exclusions \
             tells: give it all exclusions of the agreement."
        }
        NotCompared::Previous => {
            "Not compared: what the credits rest on of earlier periods. Whether that is so, --previous tells: give it all \
             statements of the agreement that were issued before."
        }
        NotCompared::Years => {
            "Not compared: what the credits rest on of earlier periods, although --previous was given. A cap begins anew with \
             each year of the agreement, and when it came into force neither spec.validity nor the creation of an agreement \
             tells: give --agreement as the cluster has it."
        }
        NotCompared::Granted => {
            "Not compared: whether the credit of the statement whose place this one takes was granted by then, which its \
             claims tell. What it changes was compared for both, and is right for one of them."
        }
    }
}

fn advice(basis: Basis, subject: &Subject<'_>) -> Option<String> {
    let stated = subject.content.get("generation").map(ToString::to_string).unwrap_or_default();
    match basis {
        Basis::Agreement => None,
        Basis::Undated => Some(
            "The agreement that was given does not tell its generation, so it is taken as the one that was in force."
                .to_owned(),
        ),
        Basis::Edited { presented } => Some(format!(
            "The statement names generation {} of the agreement, and what was given is generation {presented}. To verify \
             all of it, take the manifest that was in force when the period closed from version control, and give it \
             with --agreement: without metadata.generation it is taken as the right one.",
            legible(&stated)
        )),
        Basis::Statement => Some(
            "The terms are those that the statement tells. Whether they were agreed, --agreement tells: give it the \
             manifest that was in force, for example from version control."
                .to_owned(),
        ),
    }
}

fn verdict(verification: &Verification) -> String {
    match verification.verdict() {
        Verdict::Verified if verification.basis == Basis::Statement => {
            "Verified: the statement is what follows from its ledger and the terms it tells."
        }
        Verdict::Verified => "Verified: the statement is what follows from its ledger and its agreement.",
        Verdict::PartlyVerified => {
            "Partly verified: nothing contradicts the statement, but not all of it could be compared."
        }
        Verdict::Contradicted => "NOT VERIFIED: the statement is contradicted.",
        Verdict::NotComputed => "Not verified: nothing contradicts the statement, but it could not be computed again.",
    }
    .to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::evaluate::statement::StatementError;

    fn told(content: &Value, verification: &Verification) -> String {
        let subject = Subject { namespace: "shop", name: "checkout-r1", ledger: "checkout", content };
        text(&subject, verification)
    }

    fn verification(differences: Vec<Difference>) -> Verification {
        let check = |stated: &str| DigestCheck { stated: stated.to_owned(), computed: Ok("abc".to_owned()) };
        Verification {
            content: check("abc"),
            ledger: check("abc"),
            basis: Basis::Agreement,
            comparison: Ok(Comparison {
                differences,
                amended: Vec::new(),
                taken_as_stated: vec![FieldPath::of(&["evidence", "operator"])],
                not_compared: vec![NotCompared::Previous],
                restores_the_digest: true,
            }),
        }
    }

    fn difference(field: &str, stated: Value) -> Difference {
        Difference { path: FieldPath::of(&[field]), stated: Some(stated), computed: None }
    }

    #[test]
    fn a_verified_statement_says_what_was_taken_on_trust() {
        let text = told(&json!({}), &verification(Vec::new()));
        assert!(text.contains("  ok       content  the digest is that of the content: abc"), "{text}");
        assert!(text.contains("Taken as stated") && text.contains("spec.evidence.operator"), "{text}");
        assert!(text.contains("--previous tells") && !text.contains("--exclusions"), "{text}");
        assert!(
            text.ends_with("Verified: the statement is what follows from its ledger and its agreement.\n"),
            "{text}"
        );
    }

    #[test]
    fn a_contradiction_names_field_and_values_and_the_version() {
        let content = json!({"evidence": {"operator": "9.9.9"}});
        let text = told(&content, &verification(vec![difference("service", json!("till"))]));
        for part in ["spec.service", "till", "(nothing)", "1 field differs", "Guarantor 9.9.9", "NOT VERIFIED"] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let content = json!({"evidence": {"operator": env!("CARGO_PKG_VERSION")}});
        assert!(!told(&content, &verification(vec![difference("service", json!(1))])).contains("was made by"));
    }

    #[test]
    fn where_the_change_is_is_told_as_exactly_as_it_is_known() {
        let mut outcome = verification(vec![difference("service", json!("till"))]);
        outcome.content.stated = "def".to_owned();
        assert!(told(&json!({}), &outcome).contains("exactly these fields were changed"));
        if let Ok(found) = &mut outcome.comparison {
            found.restores_the_digest = false;
            found.differences.push(difference("digest", json!("def")));
        }
        assert!(told(&json!({}), &outcome).contains("may have been changed as well"));
        if let Ok(found) = &mut outcome.comparison {
            found.differences.remove(0);
        }
        let text = told(&json!({}), &outcome);
        assert!(text.contains("the digest is def, but that of the content is abc"), "{text}");
        assert!(text.contains("is the digest itself, or one of the fields"), "{text}");
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let many = (0..60).map(|i| difference(&format!("f{i}"), json!("x".repeat(500)))).collect();
        let text = told(&json!({}), &verification(many));
        assert!(text.contains("60 fields differ") && text.contains("10 more differences are not listed"), "{text}");
        assert!(!text.contains(&"x".repeat(161)));
    }

    #[test]
    fn an_edited_or_missing_agreement_comes_with_what_to_do() {
        let mut outcome = verification(Vec::new());
        outcome.basis = Basis::Edited { presented: 5 };
        if let Ok(found) = &mut outcome.comparison {
            found.amended.push(difference("service", json!("till")));
        }
        let text = told(&json!({"generation": 2}), &outcome);
        assert!(text.contains("names generation 2") && text.contains("is generation 5"), "{text}");
        assert!(text.contains("contradicts nothing") && text.contains("Partly verified"), "{text}");
        outcome.basis = Basis::Statement;
        let text = told(&json!({}), &outcome);
        assert!(text.contains("from the ledger and the terms of the statement"), "{text}");
        assert!(text.contains("Whether they were agreed, --agreement tells"), "{text}");
    }

    #[test]
    fn what_could_not_be_computed_is_no_contradiction() {
        let failed =
            Verification { comparison: Err(StatementError::Json("why".to_owned())), ..verification(Vec::new()) };
        let text = told(&json!({}), &failed);
        assert!(
            text.contains("can not be computed again") && text.contains("why") && text.contains("Not verified"),
            "{text}"
        );
    }

    #[test]
    fn hostile_values_cannot_write_to_the_terminal() {
        let text = told(&json!({}), &verification(vec![difference("a\x1b[0m", json!("\x1b[2J"))]));
        assert!(!text.contains('\x1b'), "{text}");
    }
}

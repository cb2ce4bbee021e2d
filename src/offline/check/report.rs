//! A report as people read it, and as programs do.

use std::fmt::Write;

use comfy_table::{ContentArrangement, Table, presets};

use super::finding::Finding;
use super::{Report, Skipped};
use crate::evaluate::lint::Severity;

/// One line a finding, so that it can be searched; then what was done.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    if !report.findings.is_empty() {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["WHERE", "SEVERITY", "OBJECT", "FIELD", "CODE", "MESSAGE"]);
        for finding in &report.findings {
            table.add_row(row(finding));
        }
        for line in table.lines() {
            // Written so that a failure, which there is none of, costs a line and no panic.
            let _ = writeln!(text, "{}", line.trim());
        }
    }
    for Skipped { file, line, object } in &report.skipped {
        let _ = writeln!(
            text,
            "{}: skipped {object} of {}: no resource of Guarantor",
            place(file, *line),
            object.api_version
        );
    }
    if report.unfinished > 0 {
        let objects = counted(report.unfinished, "object");
        let _ = writeln!(text, "not checked beyond the schema, which comes first: {objects}");
    }
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let _ = writeln!(
        text,
        "checked {}: {}, {}",
        counted(report.checked, "object"),
        counted(errors, "error"),
        counted(warnings, "warning")
    );
    text
}

/// One JSON object: `findings`, `checked`, `unfinished` and `skipped`. Its fields are only ever added to.
#[must_use]
pub fn json(report: &Report) -> String {
    // A report is made of strings and numbers: there is nothing in it that JSON could not hold.
    serde_json::to_string_pretty(report).unwrap_or_default() + "\n"
}

fn row(finding: &Finding) -> [String; 6] {
    [
        place(&finding.file, finding.line),
        finding.severity.as_str().to_owned(),
        finding.object.to_string().trim().to_owned(),
        finding.field.clone(),
        finding.code.to_owned(),
        // A message is one line, whatever a parser puts into it.
        finding.message.split_whitespace().collect::<Vec<_>>().join(" "),
    ]
}

fn place(file: &str, line: Option<u64>) -> String {
    line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"))
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

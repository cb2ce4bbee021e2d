//! The statement for a spreadsheet: comma-separated values (RFC 4180), one header line, one kind of row.
//!
//! A spreadsheet wants rectangles, so every kind of row is a sheet of its own, and each names its statement, so that the
//! sheets of many months can be put below one another and joined. Figures stand without unit, grouping or sign; fractions
//! as two columns, because a spreadsheet takes `1/2` for a date; instants in the agreement's zone for people and in UTC
//! for joining. An amount stands in one row only, so that a column can be summed. The text begins with a byte order
//! mark: without one Excel takes UTF-8 for something else.

mod columns;
mod credits;

use std::borrow::Cow;

use super::Issued;
use super::instant::Clock;
use columns::{ACTIONS, EXCLUSIONS, OBJECTIVES, STATEMENT, TERMS, VIOLATIONS};

/// What a row of the sheet is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rows {
    /// An objective and its account.
    #[default]
    Objectives,
    /// A violation.
    Violations,
    /// A credit line, a total for each currency, the reward, a deadline, an adjustment: what it is stands in `row`.
    Credits,
    /// A time that somebody asked to have excluded.
    Exclusions,
    /// An action of the operator.
    Actions,
    /// A term of the agreement.
    Terms,
}

/// Why there is no sheet.
#[derive(Debug, thiserror::Error)]
#[error("the sheet can not be written: {0}")]
pub struct SheetError(String);

/// The sheet.
///
/// # Errors
/// Memory is the only thing it is written to: none is expected.
pub fn csv(issued: &Issued, rows: Rows) -> Result<String, SheetError> {
    let failed = |error: &dyn std::error::Error| SheetError(error.to_string());
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let clock = Clock::of(&issued.statement.period);
    let (names, cells): (Vec<&str>, Vec<Vec<String>>) = match rows {
        Rows::Objectives => (OBJECTIVES.to_vec(), columns::objectives(issued)),
        Rows::Violations => (VIOLATIONS.to_vec(), columns::violations(issued, &clock)),
        Rows::Credits => (credits::names(), credits::rows(&issued.statement, &clock)),
        Rows::Exclusions => (EXCLUSIONS.to_vec(), columns::exclusions(issued, &clock)),
        Rows::Actions => (ACTIONS.to_vec(), columns::actions(issued, &clock)),
        Rows::Terms => (TERMS.to_vec(), columns::terms_agreed(issued)),
    };
    writer.write_record(STATEMENT.iter().chain(&names)).map_err(|e| failed(&e))?;
    let statement = columns::statement(issued, &clock);
    for row in cells {
        let row = statement.iter().chain(&row).map(|cell| harmless(cell).into_owned());
        writer.write_record(row).map_err(|e| failed(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(&e))?;
    let text = String::from_utf8(bytes).map_err(|e| failed(&e))?;
    Ok(format!("\u{feff}{text}"))
}

/// A cell that a spreadsheet takes for text: one that begins like a formula gets an apostrophe before it.
fn harmless(cell: &str) -> Cow<'_, str> {
    // The wide forms are what Asian keyboards type, and taken for the same; tab and line breaks are skipped before it.
    let begins_a_formula = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if cell.trim_start_matches(' ').starts_with(begins_a_formula) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
mod tests {
    use super::super::example::{hostile, issued, revised};
    use super::*;

    fn read(text: &str) -> Vec<Vec<String>> {
        let text = text.strip_prefix('\u{feff}').unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    fn column(rows: &[Vec<String>], name: &str) -> Vec<String> {
        let place = rows[0].iter().position(|cell| cell == name).expect(name);
        rows[1..].iter().map(|row| row[place].clone()).collect()
    }

    #[test]
    fn every_row_names_its_statement_and_has_every_column() {
        for (kind, count) in [(Rows::Objectives, 2), (Rows::Violations, 1), (Rows::Credits, 2), (Rows::Actions, 1)] {
            // The reader refuses rows of unequal length.
            let rows = read(&csv(&issued(), kind).unwrap());
            assert_eq!(rows.len(), count + 1, "{kind:?}");
            assert!(column(&rows, "statement").iter().all(|name| name == "checkout-20260930t220000z-r1"));
            assert!(column(&rows, "period_from").iter().all(|from| from == "2026-10-01 00:00:00"));
        }
    }

    #[test]
    fn an_objective_is_one_line_of_plain_figures() {
        let rows = read(&csv(&issued(), Rows::Objectives).unwrap());
        for (name, first) in [
            ("objective", "availability"),
            ("state", "Violated"),
            ("target_percent", "99.9"),
            ("attained_percent", "99.845437"),
            ("attained_numerator", "2229299"),
            ("attained_denominator", "2232750"),
            ("total_events", "8931000"),
            ("bad_events", "13804"),
            ("slots_unknown", "5"),
        ] {
            assert_eq!(column(&rows, name)[0], first, "{name}");
        }
    }

    #[test]
    fn an_exclusion_is_one_line_with_what_became_of_it() {
        let rows = read(&csv(&revised(), Rows::Exclusions).unwrap());
        for (name, told) in [
            ("exclusion", ["update", "load-test", "storm"]),
            ("seconds", ["7200", "1800", "5400"]),
            ("bad_events", ["", "1200", ""]),
            ("honoured", ["yes", "yes", "no"]),
            ("declared_by", ["ann", "ann", ""]),
            ("approved_by", ["bob", "", ""]),
            ("announced_utc", ["2026-10-01T06:00:00Z", "", ""]),
            ("effect", ["Counted as good", "Left out", "Refused"]),
        ] {
            assert_eq!(column(&rows, name), told, "{name}");
        }
    }

    #[test]
    fn the_amount_stands_in_the_last_row_alone() {
        let rows = read(&csv(&issued(), Rows::Credits).unwrap());
        assert_eq!(column(&rows, "row"), ["line", "total"]);
        assert_eq!(column(&rows, "amount"), ["", "400.00"]);
        assert_eq!(column(&rows, "tier_below_percent"), ["99.9", ""]);
        let rows = read(&csv(&revised(), Rows::Credits).unwrap());
        let kinds = ["line"; 8].into_iter().chain(["total", "total", "reward", "deadline"]);
        assert_eq!(column(&rows, "row"), kinds.chain(["adjustment"; 3]).collect::<Vec<_>>());
        for (name, told) in [
            ("amount", &["2400.00", "80.00"][..]),
            ("unrounded_numerator", &["2400", "180010"]),
            ("capped_by", &["Period"]),
            ("service_days", &["3"]),
            ("granted_service_days", &["3"]),
            ("in_sum", &["400.000000", "80.004444", "2000.000000", "0.000000"]),
            ("free_hours", &["4"]),
            ("reward_amount", &["133.33"]),
            ("adjustment", &["2000.00", "'-40.00"]),
        ] {
            let filled: Vec<_> = column(&rows, name).into_iter().filter(|cell| !cell.is_empty()).collect();
            assert_eq!(filled, told, "{name}");
        }
        // Every column says something somewhere, except why nothing is issued.
        for (place, name) in rows[0].iter().enumerate().filter(|(_, name)| *name != "not_issued_because") {
            assert!(rows[1..].iter().any(|row| !row[place].is_empty()), "{name}");
        }
        let mut none = issued();
        none.statement.credits = None;
        assert_eq!(read(&csv(&none, Rows::Credits).unwrap()).len(), 1);
    }

    #[test]
    fn no_cell_begins_like_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1", "\r\n=1"] {
            for kind in [Rows::Objectives, Rows::Violations, Rows::Credits, Rows::Exclusions, Rows::Actions] {
                for cell in read(&csv(&hostile(text), kind).unwrap()).concat() {
                    assert!(!cell.starts_with(text), "{cell:?}");
                }
            }
        }
        assert_eq!(harmless("a=b"), "a=b");
    }

    #[test]
    fn text_comes_back_as_it_was() {
        let text = "a \"b\", c\nd; Größe €";
        let rows = read(&csv(&hostile(text), Rows::Objectives).unwrap());
        assert_eq!(column(&rows, "customer")[0], text);
    }
}

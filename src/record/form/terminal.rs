//! The statement as tables for a terminal.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};

use crate::api::statement::{ObjectiveStatement, StatementSpec};

use super::exclusions::Exclusions;
use super::figure::{BRACKETED, attained, cut_percent, grouped, is_near, percent};
use super::instant::{Clock, length, length_of};
use super::legible::legible;
use super::reckoning::{LineMoney, Reckoning, Step};
use super::terms::terms;
use super::unknown::unknown;
use super::{ALTERED, COMPUTED, Issued, OBSERVED, outcome, words};

/// Nothing but a line under the header.
const LIGHT: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A table as wide as the terminal, or as its content where there is none.
#[must_use]
pub fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(LIGHT).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.to_vec());
    table
}

/// The tables.
#[must_use]
pub fn text(issued: &Issued) -> String {
    let clock = Clock::of(&issued.statement.period);
    let parts = [
        Some(heading(issued, &clock)),
        Some(objectives(&issued.statement)),
        members(&issued.statement),
        violations(&issued.statement, &clock),
        causes(&issued.statement, &clock),
        exclusions(&issued.statement, &clock),
        actions(&issued.statement, &clock),
        credits(&issued.statement, &clock),
        Some(agreed(&issued.statement)),
        Some(evidence(issued)),
    ];
    let mut text = parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    text.push('\n');
    text
}

fn heading(issued: &Issued, clock: &Clock) -> String {
    let statement = &issued.statement;
    let period = &statement.period;
    let mut lines = Vec::new();
    if !issued.intact {
        lines.push(format!("{ALTERED}\n"));
    }
    if issued.computed {
        lines.push(format!("{COMPUTED}\n"));
    }
    let title = clock.title(period);
    lines.push(format!("{}, {title}: {}", legible(&statement.service), words::state(statement.state)));
    lines.extend(outcome::revision(statement));
    lines.push(outcome::outcome(statement));
    lines.push(String::new());
    let mut tell = |what: &str, text: String| lines.push(format!("{what:<11}{text}"));
    if !issued.name.is_empty() {
        tell("Statement", format!("{}, revision {}", place(&issued.namespace, &issued.name), statement.revision));
    }
    let agreement = [legible(&statement.agreement.name).into_owned(), words::in_force(statement)];
    tell("Agreement", agreement.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", "));
    if let Some(parties) = &statement.parties {
        tell("Provider", legible(&parties.provider.name).into_owned());
        tell("Customer", legible(&parties.customer.name).into_owned());
    }
    let (start, end) = (period.start.0, period.end.0);
    tell(
        "Period",
        format!("{} until {} ({}, {})", clock.long(start), clock.long(end), clock.name(), length(start, end)),
    );
    if let Some(judged) = &statement.judged {
        let (start, end) = (judged.start.0, judged.end.0);
        tell("Judged", format!("{} until {} ({})", clock.long(start), clock.long(end), length(start, end)));
    }
    let last = words::last(statement, clock);
    if !last.is_empty() {
        lines.push(last);
    }
    lines.join("\n")
}

/// `namespace/name` as commands take it.
pub(super) fn place(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { legible(name).into_owned() } else { format!("{}/{}", legible(namespace), legible(name)) }
}

fn objectives(statement: &StatementSpec) -> String {
    let mut table = table(&["OBJECTIVE", "STATE", "TARGET", "ATTAINED", "EXACTLY", "COUNTED", "COVERAGE", "UNKNOWN"]);
    for objective in &statement.objectives {
        table.add_row(vec![
            legible(&objective.name).into_owned(),
            words::state(objective.state).to_owned(),
            percent(&legible(&objective.target)),
            cut_percent(&legible(&objective.attainment), &objective.attainment_ratio),
            legible(&attained(&objective.attainment_ratio)).into_owned(),
            counted(objective),
            percent(&legible(&objective.coverage)),
            format!("{} of {}", objective.slots.unknown, slots(&objective.slots)),
        ]);
    }
    right(&mut table, 2..=6);
    let mut told = vec![table.to_string()];
    let near = statement.objectives.iter().any(|objective| is_near(&objective.attainment_ratio));
    told.extend(near.then(|| BRACKETED.to_owned()));
    for objective in &statement.objectives {
        let unknown = unknown(objective, &statement.terms.missing_data);
        let notes = [unknown, words::not_covered(objective), words::reported(objective)];
        let notes = notes.into_iter().filter(|note| !note.is_empty());
        told.extend(notes.map(|note| format!("{}: {note}", legible(&objective.name))));
    }
    told.join("\n")
}

/// What was counted: bad events of all, or good seconds, slots or values of all.
fn counted(objective: &ObjectiveStatement) -> String {
    let number = |text: &str| grouped(&legible(text));
    let units = words::units(objective);
    if !units.is_empty() {
        return units;
    }
    format!("{} of {} events bad", number(&objective.bad_events), number(&objective.total_events))
}

/// The members of pools.
fn members(statement: &StatementSpec) -> Option<String> {
    let mut table = table(&["MEMBER", "OF", "COVERED", "DIVIDED BY", "DOWN"]);
    for objective in &statement.objectives {
        for member in &objective.members {
            table.add_row(vec![
                legible(&member.name).into_owned(),
                legible(&objective.name).into_owned(),
                if member.covered { "yes" } else { "no" }.to_owned(),
                length_of(member.deployed_seconds),
                length_of(member.down_seconds),
            ]);
        }
    }
    right(&mut table, 3..=4);
    (!table.is_empty()).then(|| table.to_string())
}

fn slots(slots: &crate::api::statement::SlotCounts) -> i64 {
    [slots.measured, slots.no_traffic, slots.unknown, slots.excluded, slots.not_deployed]
        .iter()
        .fold(0, |sum, n| sum.saturating_add(*n))
}

fn violations(statement: &StatementSpec, clock: &Clock) -> Option<String> {
    let mut table = table(&["VIOLATION OF", "FROM", "UNTIL", "LENGTH", "WORST SLOT", "BAD", "EVENTS"]);
    for violation in &statement.violations {
        let end = violation.end.as_ref().map_or(statement.period.end.0, |end| end.0);
        table.add_row(vec![
            legible(&violation.objective).into_owned(),
            clock.long(violation.start.0),
            clock.long(end),
            words::lasted(statement, violation),
            percent(&legible(&violation.depth)),
            grouped(&legible(&violation.bad_events)),
            grouped(&legible(&violation.total_events)),
        ]);
    }
    right(&mut table, 3..=6);
    let omitted = statement.violations_omitted;
    let more = (omitted > 0).then(|| format!("{omitted} more are not listed."));
    let noticed = statement.violations.iter().filter_map(|violation| {
        let noticed = Some(words::noticed(violation, clock)).filter(|noticed| !noticed.is_empty())?;
        Some(format!("{} from {}: {noticed}", legible(&violation.objective), clock.long(violation.start.0)))
    });
    let told: Vec<String> = std::iter::once(table.to_string()).chain(more).chain(noticed).collect();
    (!statement.violations.is_empty()).then(|| told.join("\n"))
}

/// What was found to be the cause of violations, and done against them. No table: nothing was.
fn causes(statement: &StatementSpec, clock: &Clock) -> Option<String> {
    let mut table = table(&["FOUND OF", "FROM", "CAUSE", "TOLD SINCE", "IN WORDS", "DONE AGAINST IT"]);
    for violation in &statement.violations {
        let of = [legible(&violation.objective).into_owned(), clock.long(violation.start.0)];
        let done = words::done_against(statement, violation).join("\n");
        let told = violation.causes.iter().map(|named| {
            let since = format!("{}, {}", clock.long(named.since.0), words::cause_ended(named, clock));
            [words::cause(named), since, legible(&named.message).into_owned()]
        });
        let unknown = (told.len() == 0 && !done.is_empty()).then(|| ["none could be shown", "", ""].map(str::to_owned));
        for (index, cause) in told.chain(unknown).enumerate() {
            // Of one violation the first line says which, and what was done.
            let (of, done) = if index == 0 { (of.clone(), done.clone()) } else { Default::default() };
            table.add_row(of.into_iter().chain(cause).chain([done]));
        }
    }
    let mut told = if table.is_empty() { Vec::new() } else { vec![table.to_string(), OBSERVED.to_owned()] };
    told.extend(words::causes_left_out(statement));
    (!told.is_empty()).then(|| told.join("\n"))
}

fn exclusions(statement: &StatementSpec, clock: &Clock) -> Option<String> {
    let exclusions = Exclusions::new(statement, clock);
    let mut table = table(&["EXCLUSION", "FOR", "OBJECTIVES", "FROM", "UNTIL", "LENGTH", "EFFECT"]);
    for line in &exclusions.list {
        let effect = [line.effect, &line.events, &line.applied, &line.why, &line.told]
            .into_iter()
            .filter(|text| !text.is_empty());
        table.add_row(vec![
            line.name.clone(),
            line.reason.clone(),
            line.objectives.clone(),
            line.from.clone(),
            line.until.clone(),
            line.length.clone(),
            effect.collect::<Vec<_>>().join(": "),
        ]);
    }
    right(&mut table, 5..=5);
    let omitted = exclusions.omitted;
    let more = if omitted > 0 { format!("\n{omitted} more are not listed.") } else { String::new() };
    (!exclusions.list.is_empty()).then(|| format!("{table}{more}\n{}", exclusions.reach))
}

fn actions(statement: &StatementSpec, clock: &Clock) -> Option<String> {
    let mut table = table(&["ACTION", "AT", "TARGET", "REPLICAS", "WHY", "OUTCOME"]);
    for action in &statement.actions {
        table.add_row(vec![
            words::verb(action.verb).to_owned(),
            clock.long(action.intended_at.0),
            legible(&format!("{} {}", action.target.kind, action.target.name)).into_owned(),
            words::change(action),
            legible(&action.reason).into_owned(),
            words::action_outcome(action).to_owned(),
        ]);
    }
    let mut told = if table.is_empty() { Vec::new() } else { vec![table.to_string()] };
    told.extend(words::actions_left_out(statement));
    (!told.is_empty()).then(|| told.join("\n"))
}

fn credits(statement: &StatementSpec, clock: &Clock) -> Option<String> {
    let credits = Reckoning::new(statement.credits.as_ref()?, statement, clock);
    let mut parts = Vec::new();
    if !credits.is_empty() {
        parts.push(lines(&credits));
        parts.extend(courses(&credits));
        parts.extend(credits.amounts.iter().map(|amount| {
            let total = format!("Credit for the period: {}", amount.issued);
            format!("In {}\n{}\n{total}", amount.currency, steps(&amount.steps))
        }));
    }
    parts.extend(credits.beside.iter().map(|beside| format!("{}: {}. {}", beside.name, beside.figure, beside.note)));
    parts.extend(credits.reward.iter().map(|reward| {
        let total = format!("Reward for the period: {}", reward.amount);
        let problem = if reward.problem.is_empty() { String::new() } else { format!("\n{}", reward.problem) };
        format!("Reward, owed the other way{problem}\n{}\n{total}", steps(&reward.steps))
    }));
    let facts: Vec<_> = credits.facts.iter().map(|fact| format!("{}: {}", fact.name, fact.text)).collect();
    parts.extend((!facts.is_empty()).then(|| facts.join("\n")));
    let life = &credits.life;
    let since = if life.since.is_empty() { String::new() } else { format!(" since {}", life.since) };
    let mut tail = vec![format!("State of the credit: {}{since}: {}", life.state, life.meaning)];
    tail.extend((!life.reason.is_empty()).then(|| format!("Why: {}", life.reason)));
    tail.push(format!("Given as: {}", life.form));
    tail.extend((!life.claims_open.is_empty()).then(|| format!("Claims are taken from {} on", life.claims_open)));
    let dates = credits.deadlines.iter();
    tail.extend(dates.map(|due| format!("Last day for {}: {}, over at {}", due.name, due.last_day, due.by)));
    parts.push(tail.join("\n"));
    Some(parts.join("\n\n"))
}

fn lines(credits: &Reckoning) -> String {
    let mut table = table(&["CREDIT FOR", "RULE", "GRANTS", "BY ITSELF", "IN THE SUM", "GRANTED"]);
    for line in &credits.lines {
        let rule = [line.rule.as_str(), line.reckoning.as_str()];
        let money = |of: fn(&LineMoney) -> &str| line.money.iter().map(of).collect::<Vec<_>>().join("\n");
        table.add_row(vec![
            line.objective.clone(),
            rule.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": "),
            line.grant.clone(),
            money(|money| &money.by_itself),
            money(|money| &money.granted),
            if line.granted { "yes".to_owned() } else { format!("no: {}", line.not_granted) },
        ]);
    }
    right(&mut table, 3..=4);
    table.to_string()
}

/// How each line comes to its amount. No text: there is nothing to reckon.
fn courses(credits: &Reckoning) -> Option<String> {
    let lines = credits.lines.iter().filter(|line| !line.steps.is_empty());
    let told = lines.map(|line| format!("  {}, {}\n    {}", line.objective, line.rule, line.steps.join("\n    ")));
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then(|| format!("How each line is reckoned\n{}", told.join("\n")))
}

/// The steps of a calculation, one below the other, their figures at the left of what they are by.
fn steps(steps: &[Step]) -> String {
    let width = steps.iter().map(|step| step.figure.chars().count()).max().unwrap_or_default();
    let rows = steps.iter().map(|step| format!("  {:<13} {:>width$}  {}", step.name, step.figure, step.rule));
    rows.collect::<Vec<_>>().join("\n")
}

fn agreed(statement: &StatementSpec) -> String {
    let terms = terms(statement);
    let width = terms.iter().map(|term| term.what.len()).max().unwrap_or_default();
    let lines = terms.iter().map(|term| format!("  {:<width$}  {}", term.what, term.agreed));
    std::iter::once("What was agreed".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

fn evidence(issued: &Issued) -> String {
    let statement = &issued.statement;
    let evidence = &statement.evidence;
    format!(
        "Source     {}\nIncrease   {}\nLedger     {}\n           {}\nDigest     {}",
        legible(evidence.source.trim()),
        words::counted_by(issued),
        legible(&evidence.ledger),
        legible(&evidence.ledger_digest),
        legible(&statement.digest)
    )
}

/// Aligns columns of figures at their last digit, and breaks none of them.
pub fn right(table: &mut Table, columns: std::ops::RangeInclusive<usize>) {
    for index in columns {
        if let Some(column) = table.column_mut(index) {
            // Half a figure in one line and half in the next is another figure.
            column.set_constraint(ColumnConstraint::ContentWidth);
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::example::{hostile, issued};
    use super::*;

    #[test]
    fn the_tables_hold_what_the_statement_says() {
        let text = text(&issued()).replace(['\u{a0}', '\u{202f}'], " ");
        for told in [
            "checkout, October 2026: Violated",
            "shop/checkout-20260930t220000z-r1, revision 1",
            "1 Oct 2026, 00:00 CEST until 1 Nov 2026, 00:00 CET (Europe/Berlin, 745 h)",
            "99.845437… %",
            "2 229 299 / 2 232 750",
            "13 804 of 8 931 000 events bad",
            "Raise the floor",
            "Tier below 99.9 %",
            "Exactly so much, which is 10.000000 % of the fee.",
            "Credit for the period: 400.00 EUR",
            "Promised      availability 99.9 %",
        ] {
            assert!(text.contains(told), "{told}\n{text}");
        }
        assert!(!text.contains("not what was issued"));
    }

    #[test]
    fn no_text_can_write_to_the_terminal_what_is_not_seen() {
        let text = text(&hostile("\x1b[31m\u{202e}\u{7}\r"));
        assert!(!text.contains(['\x1b', '\u{202e}', '\u{7}', '\r']));
        assert!(text.contains("\\u{1b}[31m"));
    }

    #[test]
    fn what_was_altered_is_said_first() {
        assert!(text(&Issued { intact: false, ..issued() }).starts_with("This is not what was issued"));
    }
}

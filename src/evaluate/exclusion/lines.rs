//! Exclusions as a statement lists them, and back: what counted can be read from the lines, so that a statement can be
//! computed again from what it says.
//!
//! Where more counted than there are lines, the windows of one exclusion share a line. What is left out even then is part of
//! the [`mark`], so that nobody takes the lines for all there was.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use sha2::{Digest, Sha256};

use crate::api::statement::{EventPair, ExcludedWindow, ExclusionLine, StatementSpec};
use crate::evaluate::canonical_json::canonical;
use crate::evaluate::count::Count;
use crate::evaluate::exact::decimal;
use crate::evaluate::stored_ledger::hex;

use super::{Bounds, EventsLeft, Exclusions, Honoured, Provenance, Refused};

/// Lines in one statement.
const MAX_LINES: usize = 200;
/// Windows in the lines that have several, in one statement.
const MAX_WINDOWS: usize = 1_000;
/// Characters in one reason.
const MAX_WHY: usize = 512;
/// Digits of a mark.
const MARK: usize = 16;

/// The lines of a statement, and how many there were beyond those it has room for.
#[must_use]
pub fn lines(exclusions: &Exclusions) -> (Vec<ExclusionLine>, i64) {
    let mut lines: Vec<_> = exclusions.honoured.iter().flat_map(of_honoured).collect();
    if lines.len() > MAX_LINES {
        let mut room = MAX_WINDOWS;
        lines = exclusions.honoured.iter().flat_map(|honoured| folded(honoured, &mut room)).collect();
    }
    lines.extend(exclusions.refused.iter().map(of_refused));
    let omitted = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    (lines, i64::try_from(omitted).unwrap_or(i64::MAX))
}

/// What counted, as the lines of a statement say it.
#[must_use]
pub fn honoured(lines: &[ExclusionLine]) -> Exclusions {
    let mut honoured: Vec<Honoured> = Vec::new();
    for line in lines {
        let Some(effect) = line.effect.filter(|_| line.honoured) else { continue };
        let span = |from: &Time, until: &Time| Bounds { start: from.0, end: until.0 };
        let spans: Vec<Bounds> = match line.windows.as_slice() {
            [] => vec![span(&line.from, &line.until)],
            windows => windows.iter().map(|window| span(&window.from, &window.until)).collect(),
        };
        let index = honoured.iter().position(|h| h.name == line.name);
        match index.and_then(|index| honoured.get_mut(index)) {
            Some(known) => known.spans.extend(spans),
            None => honoured.push(Honoured {
                name: line.name.clone(),
                reason: line.reason,
                effect,
                objectives: line.objectives.clone(),
                spans,
                events: line.events.as_ref().and_then(events_left),
                provenance: Provenance {
                    declared_by: line.declared_by.clone(),
                    rule_name: line.rule_name.clone(),
                    approved_by: line.approved_by.clone(),
                    announced_at: line.announced_at.as_ref().map(|at| at.0),
                },
            }),
        }
    }
    Exclusions { honoured, refused: Vec::new() }
}

/// A mark of what counted: the same for the same exclusions with the same effect over the same time. Empty: nothing counted.
#[must_use]
pub fn mark(exclusions: &Exclusions) -> String {
    let mut lines: Vec<_> = exclusions.honoured.iter().flat_map(of_honoured).collect();
    for line in &mut lines {
        // Another person behind it, or another rule of the same effect, leaves the account as it is.
        told_by(line, &Provenance::default());
    }
    if lines.is_empty() {
        return String::new();
    }
    // Lines are plain text and whole numbers, which always have a canonical form.
    let text = serde_json::to_value(&lines).ok().and_then(|value| canonical(&value).ok()).unwrap_or_default();
    hex(&Sha256::digest(text.as_bytes())).chars().take(MARK).collect()
}

/// The mark of what counted by a statement. One that was made before statements had it lists what counted.
#[must_use]
pub fn mark_of(statement: &StatementSpec) -> String {
    if statement.exclusions_mark.is_empty() {
        mark(&honoured(&statement.exclusions))
    } else {
        statement.exclusions_mark.clone()
    }
}

/// The windows of an exclusion in one line, as far as there is room.
fn folded(honoured: &Honoured, room: &mut usize) -> Vec<ExclusionLine> {
    let mut lines: Vec<_> = of_honoured(honoured).collect();
    let Some(left) = room.checked_sub(lines.len()).filter(|_| lines.len() > 1) else { return lines };
    *room = left;
    let windows: Vec<_> =
        lines.iter().map(|line| ExcludedWindow { from: line.from.clone(), until: line.until.clone() }).collect();
    let (seconds, until) = (lines.iter().map(|line| line.seconds).sum(), windows.last().map(|last| last.until.clone()));
    lines.truncate(1);
    for line in &mut lines {
        line.seconds = seconds;
        line.until = until.clone().unwrap_or_else(|| line.until.clone());
        line.windows.clone_from(&windows);
    }
    lines
}

fn told_by(line: &mut ExclusionLine, provenance: &Provenance) {
    line.declared_by.clone_from(&provenance.declared_by);
    line.rule_name.clone_from(&provenance.rule_name);
    line.approved_by.clone_from(&provenance.approved_by);
    line.announced_at = provenance.announced_at.map(Time);
}

fn of_honoured(honoured: &Honoured) -> impl Iterator<Item = ExclusionLine> {
    honoured.spans.iter().map(|span| ExclusionLine {
        name: honoured.name.clone(),
        reason: honoured.reason,
        rule_name: honoured.provenance.rule_name.clone(),
        objectives: honoured.objectives.clone(),
        from: Time(span.start),
        until: Time(span.end),
        seconds: span.seconds(),
        windows: Vec::new(),
        events: honoured.events.map(|left| EventPair { total: left.total.text(), bad: left.bad.text() }),
        applied: Vec::new(),
        honoured: true,
        effect: Some(honoured.effect),
        code: String::new(),
        why: String::new(),
        declared_by: honoured.provenance.declared_by.clone(),
        approved_by: honoured.provenance.approved_by.clone(),
        announced_at: honoured.provenance.announced_at.map(Time),
    })
}

fn of_refused(refused: &Refused) -> ExclusionLine {
    ExclusionLine {
        name: refused.name.clone(),
        reason: refused.reason,
        rule_name: refused.provenance.rule_name.clone(),
        objectives: Vec::new(),
        from: Time(refused.from),
        until: Time(refused.until),
        seconds: refused.seconds,
        windows: Vec::new(),
        events: None,
        applied: Vec::new(),
        honoured: false,
        effect: None,
        code: refused.code.to_owned(),
        why: refused.why.chars().take(MAX_WHY).collect(),
        declared_by: refused.provenance.declared_by.clone(),
        approved_by: refused.provenance.approved_by.clone(),
        announced_at: refused.provenance.announced_at.map(Time),
    }
}

fn events_left(events: &EventPair) -> Option<EventsLeft> {
    let count = |text: &str| Count::from_ratio(&decimal(text).ok()?).ok();
    Some(EventsLeft { bad: count(&events.bad)?, total: count(&events.total)? })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::super::super::example::second;
    use super::*;
    use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};

    fn by(declared_by: &str) -> Provenance {
        Provenance {
            declared_by: declared_by.to_owned(),
            rule_name: "long".to_owned(),
            approved_by: Some("bob".to_owned()),
            announced_at: Some(second(1)),
        }
    }

    fn counted(name: &str, spans: &[(i64, i64)], bad: Option<u32>) -> Honoured {
        Honoured {
            name: name.to_owned(),
            reason: ExclusionReason::Maintenance,
            effect: ExclusionEffect::CountAsGood,
            objectives: vec!["availability".to_owned()],
            spans: spans.iter().map(|(a, b)| Bounds { start: second(*a), end: second(*b) }).collect(),
            events: bad.map(|bad| EventsLeft { bad: Count::events(bad), total: Count::ZERO }),
            provenance: by("ann"),
        }
    }

    fn refused() -> Refused {
        Refused {
            name: "c".to_owned(),
            reason: ExclusionReason::Agreed,
            from: second(0),
            until: second(60),
            seconds: 60,
            code: "not_agreed",
            why: "x".repeat(600),
            provenance: by("ann"),
        }
    }

    #[test]
    fn what_counted_can_be_read_back_from_the_lines() {
        let honoured = vec![counted("a", &[(0, 60), (600, 660)], None), counted("b", &[(60, 120)], Some(7))];
        let exclusions = Exclusions { honoured: honoured.clone(), refused: vec![refused()] };
        let (lines, omitted) = lines(&exclusions);
        assert_eq!((lines.len(), omitted), (4, 0));
        for line in &lines {
            let told = (line.declared_by.as_str(), line.approved_by.as_deref(), line.announced_at.clone());
            assert_eq!(told, ("ann", Some("bob"), Some(Time(second(1)))));
            assert_eq!(line.rule_name, "long");
        }
        assert_eq!((lines[3].honoured, lines[3].code.as_str(), lines[3].why.len()), (false, "not_agreed", 512));
        assert_eq!(super::honoured(&lines), Exclusions { honoured, refused: Vec::new() });
    }

    #[test]
    fn beyond_two_hundred_lines_the_refused_ones_are_left_out_first() {
        let spans: Vec<_> = (0..199).map(|n| (n * 100, n * 100 + 50)).collect();
        let exclusions =
            Exclusions { honoured: vec![counted("a", &spans, None)], refused: vec![refused(), refused(), refused()] };
        let (lines, omitted) = lines(&exclusions);
        assert_eq!((lines.len(), omitted), (200, 2));
        assert_eq!(lines.iter().filter(|line| line.honoured).count(), 199);
    }

    #[test]
    fn beyond_two_hundred_windows_those_of_one_exclusion_share_a_line() {
        let spans: Vec<_> = (0..365).map(|n| (n * 100, n * 100 + 50)).collect();
        let honoured = vec![counted("a", &[(7, 9)], Some(1)), counted("b", &spans, None)];
        let all = Exclusions { honoured: honoured.clone(), refused: Vec::new() };
        let (lines, omitted) = lines(&all);
        assert_eq!((lines.len(), omitted), (2, 0));
        assert_eq!((lines[1].from.0, lines[1].until.0), (second(0), second(36_450)));
        assert_eq!((lines[1].seconds, lines[1].windows.len()), (365 * 50, 365));
        let read = super::honoured(&lines);
        assert_eq!(read.honoured, honoured);
        assert_eq!(mark(&read), mark(&all));
    }

    #[test]
    fn a_mark_knows_of_what_is_not_listed() {
        let all = |last: i64| {
            let spans: Vec<_> = (0..1_200).map(|n| (n * 100, n * 100 + if n == 1_199 { last } else { 50 })).collect();
            Exclusions { honoured: vec![counted("a", &spans, None)], refused: Vec::new() }
        };
        let (lines, omitted) = lines(&all(50));
        assert_eq!((lines.len(), omitted), (200, 1_000));
        assert_ne!(mark(&all(50)), mark(&all(51)));
        assert_ne!(mark(&super::honoured(&lines)), mark(&all(50)));
    }

    #[test]
    fn a_mark_changes_with_what_counted_and_with_nothing_else() {
        let of = |honoured: Vec<Honoured>, refused: Vec<Refused>| mark(&Exclusions { honoured, refused });
        let base = of(vec![counted("a", &[(0, 60)], None)], Vec::new());
        assert_eq!(base.len(), MARK);
        assert_eq!(of(vec![counted("a", &[(0, 60)], None)], vec![refused()]), base);
        assert_ne!(of(vec![counted("a", &[(0, 61)], None)], Vec::new()), base);
        assert_ne!(of(vec![counted("a", &[(0, 60)], Some(1))], Vec::new()), base);
        assert_eq!(of(Vec::new(), vec![refused()]), "");
        assert_eq!(of(vec![Honoured { provenance: by("eve"), ..counted("a", &[(0, 60)], None) }], Vec::new()), base);
    }
}

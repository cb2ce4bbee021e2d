//! Exclusions as a statement lists them, and back: what counted can be read from the lines, so that a statement can be
//! computed again from what it says.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use sha2::{Digest, Sha256};

use crate::api::statement::{EventPair, ExclusionLine};
use crate::evaluate::canonical_json::canonical;
use crate::evaluate::count::Count;
use crate::evaluate::exact::decimal;
use crate::evaluate::stored_ledger::hex;

use super::{Bounds, EventsLeft, Exclusions, Honoured, Refused};

/// Lines in one statement.
const MAX_LINES: usize = 200;
/// Characters in one reason.
const MAX_WHY: usize = 512;
/// Digits of a mark.
const MARK: usize = 16;

/// The lines of a statement, and how many there were beyond those it has room for.
#[must_use]
pub fn lines(exclusions: &Exclusions) -> (Vec<ExclusionLine>, i64) {
    let honoured = exclusions.honoured.iter().flat_map(of_honoured);
    let mut lines: Vec<_> = honoured.chain(exclusions.refused.iter().map(of_refused)).collect();
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
        let span = Bounds { start: line.from.0, end: line.until.0 };
        let index = honoured.iter().position(|h| h.name == line.name);
        match index.and_then(|index| honoured.get_mut(index)) {
            Some(known) => known.spans.push(span),
            None => honoured.push(Honoured {
                name: line.name.clone(),
                reason: line.reason,
                effect,
                objectives: line.objectives.clone(),
                spans: vec![span],
                events: line.events.as_ref().and_then(events_left),
            }),
        }
    }
    Exclusions { honoured, refused: Vec::new() }
}

/// A mark of what counted, as far as a statement lists it: the same for the same exclusions with the same effect over
/// the same time. Empty: nothing counted.
#[must_use]
pub fn mark(exclusions: &Exclusions) -> String {
    let (mut lines, _) = lines(exclusions);
    lines.retain(|line| line.honoured);
    if lines.is_empty() {
        return String::new();
    }
    // Lines are plain text and whole numbers, which always have a canonical form.
    let text = serde_json::to_value(&lines).ok().and_then(|value| canonical(&value).ok()).unwrap_or_default();
    hex(&Sha256::digest(text.as_bytes())).chars().take(MARK).collect()
}

fn of_honoured(honoured: &Honoured) -> impl Iterator<Item = ExclusionLine> {
    honoured.spans.iter().map(|span| ExclusionLine {
        name: honoured.name.clone(),
        reason: honoured.reason,
        objectives: honoured.objectives.clone(),
        from: Time(span.start),
        until: Time(span.end),
        seconds: span.seconds(),
        events: honoured.events.map(|left| EventPair { total: left.total.text(), bad: left.bad.text() }),
        honoured: true,
        effect: Some(honoured.effect),
        code: String::new(),
        why: String::new(),
    })
}

fn of_refused(refused: &Refused) -> ExclusionLine {
    ExclusionLine {
        name: refused.name.clone(),
        reason: refused.reason,
        objectives: Vec::new(),
        from: Time(refused.from),
        until: Time(refused.until),
        seconds: refused.seconds,
        events: None,
        honoured: false,
        effect: None,
        code: refused.code.to_owned(),
        why: refused.why.chars().take(MAX_WHY).collect(),
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

    fn counted(name: &str, spans: &[(i64, i64)], bad: Option<u32>) -> Honoured {
        Honoured {
            name: name.to_owned(),
            reason: ExclusionReason::Maintenance,
            effect: ExclusionEffect::CountAsGood,
            objectives: vec!["availability".to_owned()],
            spans: spans.iter().map(|(a, b)| Bounds { start: second(*a), end: second(*b) }).collect(),
            events: bad.map(|bad| EventsLeft { bad: Count::events(bad), total: Count::ZERO }),
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
        }
    }

    #[test]
    fn what_counted_can_be_read_back_from_the_lines() {
        let honoured = vec![counted("a", &[(0, 60), (600, 660)], None), counted("b", &[(60, 120)], Some(7))];
        let exclusions = Exclusions { honoured: honoured.clone(), refused: vec![refused()] };
        let (lines, omitted) = lines(&exclusions);
        assert_eq!((lines.len(), omitted), (4, 0));
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
    fn a_mark_changes_with_what_counted_and_with_nothing_else() {
        let of = |honoured: Vec<Honoured>, refused: Vec<Refused>| mark(&Exclusions { honoured, refused });
        let base = of(vec![counted("a", &[(0, 60)], None)], Vec::new());
        assert_eq!(base.len(), MARK);
        assert_eq!(of(vec![counted("a", &[(0, 60)], None)], vec![refused()]), base);
        assert_ne!(of(vec![counted("a", &[(0, 61)], None)], Vec::new()), base);
        assert_ne!(of(vec![counted("a", &[(0, 60)], Some(1))], Vec::new()), base);
        assert_eq!(of(Vec::new(), vec![refused()]), "");
    }
}

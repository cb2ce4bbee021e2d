//! Sets of time: unions and differences of half-open spans.

use super::Bounds;

/// The same time as ordered, disjoint spans that do not touch.
pub fn union(spans: impl IntoIterator<Item = Bounds>) -> Vec<Bounds> {
    let mut ordered: Vec<Bounds> = spans.into_iter().collect();
    ordered.sort_by_key(|span| (span.start, span.end));
    let mut joined: Vec<Bounds> = Vec::with_capacity(ordered.len());
    for span in ordered {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// Cuts a span at the bounds of ordered, disjoint ones: its parts in order, and whether each lies in one of them.
pub fn parts(span: Bounds, others: &[Bounds]) -> Vec<(Bounds, bool)> {
    let mut parts = Vec::new();
    let mut reached = span.start;
    for common in others.iter().filter_map(|other| other.overlap(&span)) {
        if reached < common.start {
            parts.push((Bounds { start: reached, end: common.start }, false));
        }
        parts.push((common, true));
        reached = common.end;
    }
    if reached < span.end {
        parts.push((Bounds { start: reached, end: span.end }, false));
    }
    parts
}

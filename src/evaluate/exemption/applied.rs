//! What of an exclusion was applied, where that is less than it asks for.
//!
//! Methods that count by slots leave out only slots that lie wholly inside exempt time, and no exclusion takes more
//! events than its window has. Both would else be seen by nobody who reads the statement.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::agreement::AgreementSpec;
use crate::api::measurement::Method;
use crate::api::statement::{AppliedExclusion, EventPair, ExclusionLine};
use crate::evaluate::due_slots::DueSlots;
use crate::evaluate::exclusion::Exclusions;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::period::Bounds;
use crate::evaluate::stretch::{Stretch, seconds_within};

use super::{Exemptions, copied};

/// Says on the lines of a closed period's exclusions to which objectives less was applied than they ask for.
pub fn enter(lines: &mut [ExclusionLine], spec: &AgreementSpec, ledger: &Ledger, exclusions: &Exclusions) {
    for objective in &spec.objectives {
        let name = &objective.name;
        let method = objective.measurement.method;
        // The slots of a pool are those of its members, and are judged to the second.
        if method == Method::Pooled {
            continue;
        }
        let exemptions = Exemptions::of(exclusions, name);
        let slots = ledger.due_slots(name, Timestamp::MAX, SignedDuration::ZERO);
        let inside = exemptions.inside(slots);
        let events = found(&exemptions, exclusions, name, slots);
        let concerned = |line: &ExclusionLine| {
            line.honoured && (line.objectives.is_empty() || line.objectives.iter().any(|one| one == name))
        };
        for line in lines.iter_mut().filter(|line| concerned(line)) {
            let applied = match &line.events {
                Some(asked) => {
                    let taken = events.iter().find(|(exclusion, _)| *exclusion == line.name).map(|(_, taken)| taken);
                    taken.filter(|taken| *taken != asked).map(|taken| (None, Some(taken.clone())))
                }
                // These count to the second.
                None if method == Method::BadMinutes => None,
                None => {
                    let seconds = seconds_of(line, &inside);
                    (seconds < line.seconds).then_some((Some(seconds), None))
                }
            };
            let entry = |(seconds, events)| AppliedExclusion { objective: name.clone(), seconds, events };
            line.applied.extend(applied.map(entry));
        }
    }
}

/// How much of a line's time lies in these stretches.
fn seconds_of(line: &ExclusionLine, inside: &[Stretch]) -> i64 {
    let within =
        |from: Timestamp, until: Timestamp| seconds_within(inside, Stretch::of(Bounds { start: from, end: until }));
    if line.windows.is_empty() {
        return within(line.from.0, line.until.0);
    }
    line.windows.iter().map(|window| within(window.from.0, window.until.0)).sum()
}

/// What each exclusion of events found, with its name.
fn found<'a>(
    exemptions: &Exemptions,
    exclusions: &'a Exclusions,
    objective: &str,
    slots: DueSlots<'_>,
) -> Vec<(&'a str, EventPair)> {
    if exemptions.events.is_empty() {
        return Vec::new();
    }
    let taken = exemptions.take_events(&mut copied(slots));
    // In the order in which the exemptions took them up.
    let concerned = exclusions.honoured.iter().filter(|honoured| {
        honoured.events.is_some()
            && (honoured.objectives.is_empty() || honoured.objectives.iter().any(|name| name == objective))
    });
    let pair = |taken: &super::EventsLeft| EventPair { total: taken.total.text(), bad: taken.bad.text() };
    concerned.zip(&taken).map(|(honoured, taken)| (honoured.name.as_str(), pair(taken))).collect()
}

use super::super::example::{measured, second};
use super::super::exclusion::{Honoured, Provenance};
use super::super::period::Bounds;
use super::super::slot::UnknownCause;
use super::*;
use crate::api::exclusion_rules::ExclusionReason;

fn honoured(from: i64, until: i64, effect: ExclusionEffect, events: Option<(u32, u32)>) -> Honoured {
    Honoured {
        provenance: Provenance::default(),
        name: "x".to_owned(),
        reason: ExclusionReason::Maintenance,
        effect,
        objectives: Vec::new(),
        spans: vec![Bounds { start: second(from), end: second(until) }],
        events: events.map(|(bad, total)| EventsLeft { bad: Count::events(bad), total: Count::events(total) }),
    }
}

fn exemptions(honoured: Vec<Honoured>) -> Exemptions {
    Exemptions::of(&Exclusions { honoured, refused: Vec::new() }, "o")
}

/// Bad and total of every slot; `-` is left out, `?` unknown.
fn told(slots: DueSlots<'_>) -> String {
    let word = |slot: &Slot| match slot.state() {
        SlotState::Excluded => "-".to_owned(),
        SlotState::Unknown(_) => "?".to_owned(),
        _ => format!("{}/{}", slot.counted().bad.text(), slot.counted().total.text()),
    };
    let words: Vec<_> = slots.runs().flat_map(|run| vec![word(run.slot); run.count]).collect();
    words.join(" ")
}

#[test]
fn a_slot_is_exempt_when_it_lies_wholly_inside() {
    use ExclusionEffect::{CountAsGood, Exclude};
    let unknown = Slot::unknown(UnknownCause::NoSamples, 1);
    let slots = [measured(10, 4), measured(10, 4), unknown, measured(10, 4), measured(0, 0)];
    let cases = [
        (vec![(300, 900, Exclude)], "4/10 - - 4/10 0/0"),
        (vec![(299, 899, Exclude)], "4/10 - ? 4/10 0/0"),
        (vec![(301, 1_199, Exclude)], "4/10 4/10 - 4/10 0/0"),
        (vec![(0, 1_500, CountAsGood)], "0/10 0/10 - 0/10 0/0"),
        // Two that touch are one, and where they differ the time is excluded.
        (vec![(600, 750, CountAsGood), (750, 1_200, CountAsGood)], "4/10 4/10 - 0/10 0/0"),
        (vec![(900, 1_050, CountAsGood), (1_050, 1_200, Exclude)], "4/10 4/10 ? - 0/0"),
        (vec![(300, 1_200, CountAsGood), (900, 1_200, Exclude)], "4/10 0/10 - - 0/0"),
    ];
    for (spans, expected) in cases {
        let exemptions = exemptions(spans.iter().map(|(f, u, effect)| honoured(*f, *u, *effect, None)).collect());
        let record = exemptions.by_slot(DueSlots::new(&slots, 5, 0, 300));
        assert_eq!(told(record.slots()), expected, "{spans:?}");
    }
}

#[test]
fn events_leave_the_earliest_slots_and_never_more_than_there_are() {
    let slots = [measured(10, 4), measured(10, 0), measured(10, 4), measured(10, 4)];
    let cases = [
        ((0, 1_200, 5, 0), "0/10 0/10 3/10 4/10"),
        ((0, 1_200, 5, 5), "0/6 0/10 3/9 4/10"),
        ((0, 1_200, 5, 9), "0/2 0/10 3/9 4/10"),
        ((0, 1_200, 6, 4), "0/6 0/10 2/10 4/10"),
        ((600, 900, 99, 99), "4/10 0/10 0/6 4/10"),
        ((601, 899, 1, 0), "4/10 0/10 3/10 4/10"),
        ((0, 1_200, 0, 12), "4/4 0/4 4/10 4/10"),
        ((2_000, 3_000, 9, 9), "4/10 0/10 4/10 4/10"),
    ];
    for ((from, until, bad, total), expected) in cases {
        let exemptions = exemptions(vec![honoured(from, until, ExclusionEffect::Exclude, Some((bad, total)))]);
        let record = exemptions.without_events(DueSlots::new(&slots, 4, 0, 300));
        assert_eq!(told(record.slots()), expected, "{bad} and {total} from {from} until {until}");
    }
}

#[test]
fn events_that_count_as_good_stay_in_the_total() {
    let slots = [measured(10, 4), measured(10, 0), measured(10, 4), measured(10, 4)];
    for (bad, total, expected) in
        [(5, 5, "0/10 0/10 3/10 4/10"), (99, 99, "0/10 0/10 0/10 0/10"), (0, 12, "4/10 0/10 4/10 4/10")]
    {
        let exemptions = exemptions(vec![honoured(0, 1_200, ExclusionEffect::CountAsGood, Some((bad, total)))]);
        let record = exemptions.without_events(DueSlots::new(&slots, 4, 0, 300));
        assert_eq!(told(record.slots()), expected, "{bad} and {total}");
    }
}

#[test]
fn an_exclusion_is_for_the_objectives_it_names() {
    let mut other = honoured(0, 300, ExclusionEffect::Exclude, None);
    other.objectives = vec!["p".to_owned()];
    assert_eq!(exemptions(vec![other.clone()]), Exemptions::default());
    other.objectives.push("o".to_owned());
    let all = [Stretch { from: 0, until: 300 }];
    assert_eq!(exemptions(vec![other]).stretches(), (&all[..], &all[..]));
}

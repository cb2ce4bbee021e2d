//! A crash loses nothing: however often the operator is stopped and begins again from what it had stored, and whatever it
//! reads once more, the account is that of an operator nobody disturbed, and that of looking at every second.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use proptest::prelude::*;
use serde_json::json;

use super::super::book::{self, Certainty, OpenLedger};
use super::super::room::{MOST_BYTES, Room};
use super::*;
use crate::api::agreement::AgreementSpec;
use crate::api::ledger::{AgreementIdentity, LedgerSpec};
use crate::evaluate::assess::{Circumstances, assess};
use crate::evaluate::enforcement_log::EnforcementLog;
use crate::evaluate::exact::whole;
use crate::evaluate::example::{agreement, measured, second};
use crate::evaluate::oracle::brute_force::{Minutes, World, requests};
use crate::evaluate::period::Bounds;
use crate::evaluate::stored_ledger;
use crate::sense::observation::{Reading, ReadingPair};

/// Two hours of minutes.
const SLOTS: usize = 120;
const MINUTE: i64 = 60;

/// What the store says of a slot, at any time alike.
#[derive(Clone, Copy, Debug)]
enum Said {
    /// So many events, and so many bad ones.
    Counted(u32, u32),
    /// Events, and no error series yet.
    NoErrors(u32),
    NoSamples,
    NotANumber,
    PartAboveTotal,
}

impl Said {
    fn reading(self, index: usize) -> SlotReading {
        let events = |n: u32| Reading::Value(BigRational::from_integer(n.into()));
        let (total, part, samples) = match self {
            Self::Counted(total, bad) => (events(total), events(bad), 4),
            Self::NoErrors(total) => (events(total), Reading::Absent, 4),
            Self::NoSamples => (events(0), events(0), 0),
            Self::NotANumber => (Reading::NonFinite, events(0), 4),
            Self::PartAboveTotal => (events(1), events(2), 4),
        };
        SlotReading {
            start: start_of(index),
            counted: ReadingPair { total, part },
            born: None,
            all_births: None,
            samples: events(samples),
            deployed: None,
        }
    }

    /// What the slot is, said without any of the parts that read it.
    fn slot(self) -> Slot {
        match self {
            Self::Counted(total, bad) => measured(total, bad),
            Self::NoErrors(total) => measured(total, 0),
            Self::NoSamples => Slot::unknown(UnknownCause::NoSamples, 1),
            Self::NotANumber => Slot::unknown(UnknownCause::NonFinite, 1),
            Self::PartAboveTotal => Slot::unknown(UnknownCause::PartAboveTotal, 1),
        }
    }
}

/// What happens to the operator.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// It reads so many slots, beginning some before the first that it misses; of both series or of one, and the latest
    /// first or last.
    Reads { again: usize, slots: usize, of: [bool; 2], backwards: bool },
    /// It writes the ledger.
    Stores,
    /// It is stopped, and another one begins with what is stored.
    Stops,
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        6 => (1u32..1_000, 0u32..3).prop_map(|(total, bad)| Said::Counted(total, bad.min(total))),
        3 => (1u32..100).prop_map(|total| Said::Counted(total, total)),
        2 => (1u32..1_000).prop_map(Said::NoErrors),
        1 => Just(Said::Counted(0, 0)),
        1 => Just(Said::NoSamples),
        1 => Just(Said::NotANumber),
        1 => Just(Said::PartAboveTotal),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let reads = (0usize..30, 0usize..40, any::<[bool; 2]>(), any::<bool>());
    prop_oneof![
        5 => reads.prop_map(|(again, slots, of, backwards)| Event::Reads { again, slots, of, backwards }),
        2 => Just(Event::Stores),
        2 => Just(Event::Stops),
    ]
}

/// The agreement of the tests, with the same figure promised by events and by minutes.
fn promised() -> AgreementSpec {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["metrics"]["slot"] = json!("1m");
    let mut minutes = spec["objectives"][0].clone();
    minutes["name"] = json!("minutes");
    minutes["measurement"] =
        json!({"method": "BadMinutes", "badWhen": {"errorRateAbove": "5"}, "minimumConsecutive": "2m"});
    spec["objectives"].as_array_mut().unwrap().push(minutes);
    serde_json::from_value(spec).unwrap()
}

const SERIES: [&str; 2] = ["availability", "minutes"];

fn bounds() -> Bounds {
    Bounds { start: start_of(0), end: start_of(SLOTS) }
}

fn start_of(index: usize) -> Timestamp {
    second(1_200 + MINUTE * i64::try_from(index).unwrap())
}

fn begun(ledger: Ledger, room: Room) -> OpenLedger {
    OpenLedger {
        ledger,
        log: EnforcementLog::default(),
        name: "checkout".to_owned(),
        resource_version: None,
        taken_up: start_of(0),
        looked_again: start_of(0),
        stored_at: start_of(0),
        first: true,
        dirty: false,
        closed: false,
        certainty: Certainty::Known,
        room,
    }
}

/// The operator, the store that it reads and what it has written.
struct Operator<'a> {
    said: &'a [[Said; 2]],
    spec: AgreementSpec,
    open: OpenLedger,
    stored: Option<String>,
}

impl<'a> Operator<'a> {
    fn new(said: &'a [[Said; 2]]) -> Self {
        let open = begun(Ledger::new(bounds(), MINUTE, SERIES).unwrap(), Room::default());
        Self { said, spec: promised(), open, stored: None }
    }

    fn first_missing(&self) -> usize {
        let read = self.open.ledger.measured_through().duration_since(start_of(0));
        usize::try_from(read.as_secs() / MINUTE).unwrap()
    }

    fn reads(&mut self, again: usize, slots: usize, of: [bool; 2], backwards: bool) {
        let from = self.first_missing();
        let mut range: Vec<usize> = (from.saturating_sub(again)..(from + slots).min(SLOTS)).collect();
        if backwards {
            range.reverse();
        }
        for index in range {
            for (place, objective) in self.spec.objectives.iter().enumerate().filter(|(place, _)| of[*place]) {
                let reading = self.said[index][place].reading(index);
                let entered = count(&mut self.open, &objective.name, &objective.indicator, &reading, 1, MOST_BYTES);
                assert_ne!(entered.1.unwrap(), Insertion::Conflict, "the store says the same each time");
            }
        }
    }

    fn as_stored(&self) -> LedgerSpec {
        let identity = AgreementIdentity { name: "checkout".to_owned(), uid: "u".to_owned() };
        stored_ledger::to_spec(&self.open.ledger, identity, &self.open.log, false)
    }

    fn takes(&mut self, event: Event) {
        match event {
            Event::Reads { again, slots, of, backwards } => self.reads(again, slots, of, backwards),
            Event::Stores => self.stored = Some(serde_json::to_string(&self.as_stored()).unwrap()),
            Event::Stops => {
                let series = SERIES.map(str::to_owned);
                self.open = match &self.stored {
                    Some(text) => {
                        let (ledger, room) =
                            book::resumed(&serde_json::from_str(text).unwrap(), &series, MOST_BYTES).unwrap();
                        begun(ledger, room)
                    }
                    None => begun(Ledger::new(bounds(), MINUTE, SERIES).unwrap(), Room::default()),
                };
            }
        }
    }

    /// Reads what is missing, as long as anything is: a hundred slots a round.
    fn ends(mut self) -> Self {
        for _ in 0..2 {
            self.reads(0, 100, [true; 2], false);
        }
        assert_eq!(self.open.ledger.measured_through(), bounds().end);
        self
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn an_interrupted_operator_keeps_the_account_of_one_that_nobody_disturbed(
        said in proptest::collection::vec([said(), said()], SLOTS),
        events in proptest::collection::vec(event(), 0..40),
    ) {
        let undisturbed = Operator::new(&said).ends();
        let mut interrupted = Operator::new(&said);
        for event in events {
            interrupted.takes(event);
        }
        let interrupted = interrupted.ends();
        prop_assert_eq!(&interrupted.open.ledger, &undisturbed.open.ledger);
        prop_assert_eq!(interrupted.as_stored(), undisturbed.as_stored(), "to the byte, and so to the digest");

        let ledger = &interrupted.open.ledger;
        let all = assess(&interrupted.spec, ledger, &Circumstances::default(), bounds().end, SignedDuration::ZERO).unwrap();
        let slots = [0, 1].map(|place| said.iter().map(|of| of[place].slot()).collect::<Vec<_>>());
        let world = |place: usize| World { slots: &slots[place], slot_seconds: MINUTE, start: 1_200, windows: &[] };
        let (total, bad) = requests(&world(0));
        prop_assert_eq!((&all.objectives[0].total_events, &all.objectives[0].bad_events), (&whole(total), &whole(bad)));
        let measurement = &interrupted.spec.objectives[1].measurement;
        let expected = Minutes::of(measurement, world(1).conditions(measurement)).figures();
        prop_assert_eq!((all.objectives[1].attainment.clone(), all.objectives[1].bounds.clone()), expected);
    }
}

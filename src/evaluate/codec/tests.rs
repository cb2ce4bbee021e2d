use proptest::prelude::*;

use super::super::example::measured;
use super::*;

fn any_count() -> impl Strategy<Value = Count> {
    prop_oneof![
        4 => (0u32..2_000).prop_map(Count::events),
        1 => (0u128..5_000_000).prop_map(|micro| Count::from_parts(micro * MICRO).unwrap()),
        1 => (0u128..=(1_000_000 << 63)).prop_map(|micro| Count::from_parts(micro * MICRO).unwrap()),
    ]
}

fn any_tally() -> impl Strategy<Value = Tally> {
    (any_count(), any_count()).prop_map(|(a, b)| Tally { total: a.max(b), bad: a.min(b) })
}

fn any_slot() -> impl Strategy<Value = Slot> {
    let births = prop_oneof![
        9 => Just(Births::default()),
        1 => (any_tally(), any_tally()).prop_map(|(born, unattributed)| Births { born, unattributed }),
    ];
    let cause = prop::sample::select(UnknownCause::ALL.to_vec());
    let known = (any_tally(), births, any::<i64>()).prop_map(|(t, b, g)| Slot::known(t, b, g));
    prop_oneof![
        8 => known,
        2 => (cause, 0i64..9).prop_map(|(c, g)| Slot::unknown(c, g)),
        1 => (0i64..9).prop_map(Slot::excluded),
        1 => (0i64..9).prop_map(Slot::not_deployed),
    ]
}

/// Slots one by one.
fn slots_of(bytes: &[u8]) -> Result<Vec<Slot>, CodecError> {
    match decode(bytes)? {
        Held::OneByOne(slots) => Ok(slots),
        Held::AsRuns(runs) => panic!("runs: {runs:?}"),
    }
}

proptest! {
    #[test]
    fn what_was_encoded_is_decoded(slots in proptest::collection::vec(any_slot(), 0..200)) {
        let bytes = encode(&slots);
        prop_assert_eq!(&slots_of(&bytes).unwrap(), &slots);
        prop_assert_eq!(encode(&slots), bytes);
    }

    #[test]
    fn runs_that_were_encoded_are_decoded(
        runs in proptest::collection::vec((1usize..5_000_000, any_slot()), 0..60), start in 0i64..2_000_000_000,
    ) {
        let runs = Runs::collect(start, 1, runs);
        let bytes = encode_runs(&runs);
        prop_assert_eq!(decode(&bytes).unwrap(), Held::AsRuns(runs));
    }

    #[test]
    fn hostile_bytes_are_an_error_or_slots_but_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        // As they are, behind the right version, and as the inflated body, which goes deepest.
        let _ = decode(&bytes);
        for version in [SLOTS, RUNS] {
            let versioned: Vec<u8> = [version].into_iter().chain(bytes.iter().copied()).collect();
            let _ = decode(&versioned);
        }
        if let Ok(Held::OneByOne(slots)) = decode(&deflate(SLOTS, &bytes)) {
            prop_assert_eq!(slots_of(&encode(&slots)).unwrap(), slots);
        }
        if let Ok(Held::AsRuns(runs)) = decode(&deflate(RUNS, &bytes)) {
            prop_assert_eq!(decode(&encode_runs(&runs)).unwrap(), Held::AsRuns(runs));
        }
    }

    #[test]
    fn a_changed_byte_is_noticed_or_gives_other_valid_slots(
        slots in proptest::collection::vec(any_slot(), 1..50), at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let mut body = inflate(&encode(&slots)[1..]).unwrap();
        let at = at.index(body.len());
        body[at] ^= flip;
        if let Ok(other) = slots_of(&deflate(SLOTS, &body)) {
            prop_assert!(other.iter().all(|s| s.counted().bad <= s.counted().total));
        }
    }
}

fn damaged(body: &[u8]) -> String {
    decode(&deflate(SLOTS, body)).expect_err("damaged").to_string()
}

#[test]
fn another_version_is_named() {
    assert_eq!(decode(&[]), Err(CodecError::Version(None)));
    assert_eq!(decode(&[3, 0]), Err(CodecError::Version(Some(3))));
}

#[test]
fn every_fault_has_its_words() {
    let full = inflate(&encode(&[measured(20, 1)])[1..]).unwrap();
    assert_eq!(full, [1, 0, 2, 0, 40, 0, 2, 0], "the format as documented");
    let cases: [(&[u8], &str); 10] = [
        (&[], "end too early"),
        (&[1, 99], "a state that does not exist"),
        (&[0xff, 0xff, 0xff, 0x7f], "more slots than a series can have"),
        (&[1, 0, 2, 7], "a unit that does not exist"),
        (&[1, 0, 2, 0, 41, 0, 2, 0], "a count is negative"),
        (&[1, 0, 2, 0, 2, 0, 4, 0], "more bad events than events"),
        (&[1, 0, 2, 0, 0, 0, 0, 0], "a measured slot has no event"),
        (&[1, 0, 2, 0, 40, 0, 2, 0, 0], "bytes are left over"),
        (&[1, 2, 2, 0, 0, 1, 0, 1, 0, 0, 0], "births in a slot that was not measured"),
        (&[1, 0, 2, 0, 40, 0, 2, 1, 1], "births beyond the last slot"),
    ];
    for (body, words) in cases {
        let error = damaged(body);
        assert!(error.contains(words), "{body:?}: {error}");
    }
    assert!(damaged(&[0xff; 40]).contains("a number is too large"));
}

#[test]
fn a_bomb_is_stopped_at_the_cap() {
    let bomb = deflate(SLOTS, &vec![0; usize::try_from(MAX_INFLATED).unwrap() + 2]);
    assert!(bomb.len() < 100_000);
    assert!(decode(&bomb).unwrap_err().to_string().contains("inflate beyond"));
}

#[test]
fn a_month_of_five_minute_slots_is_small() {
    // A busy service with a daily rhythm and some errors, without randomness.
    let slot = |i: u32| measured(9_000 + (i % 288) * 37 + i * 7919 % 411, i * 104_729 % 23);
    let month: Vec<Slot> = (0..8_928).map(slot).collect();
    let bytes = encode(&month);
    assert!(bytes.len() < 40_000, "{} bytes", bytes.len());
    assert_eq!(slots_of(&bytes).unwrap(), month);
    let idle = encode(&vec![measured(0, 0); 44_640]);
    assert!(idle.len() < 300, "{} bytes", idle.len());
}

#[test]
fn a_leap_year_of_minutes_that_all_differ_is_read_back() {
    let minutes = |number: u32| measured(1_000 + number % 1_440 * 37 + number * 7 % 411, number % 23);
    let runs = Runs::collect(0, 60, (0..527_040).map(|number| (1, minutes(number))));
    assert_eq!(runs.runs(), 527_040);
    assert_eq!(decode(&encode_runs(&runs)), Ok(Held::AsRuns(runs)));
    let slots: Vec<Slot> = (0..527_040).map(minutes).collect();
    assert_eq!(slots_of(&encode(&slots)).unwrap(), slots);
}

#[test]
fn a_year_of_seconds_with_a_hundred_outages_is_small() {
    let second = |per_minute: i64, bad: i64| {
        let count = |n: i64| Count::of_rate(&super::super::example::ratio(n, 1), 60, 1).unwrap();
        Slot::known(Tally { total: count(per_minute), bad: count(bad) }, Births::default(), 1)
    };
    let year = (0..100usize).flat_map(|i| [(300_000 + i, second(2_000, 0)), (61 + i, second(5_000, 550))]);
    let runs = Runs::collect(1_735_689_600, 1, year);
    let bytes = encode_runs(&runs);
    assert!(runs.count() > 30_000_000 && bytes.len() < 2_000, "{} bytes", bytes.len());
    assert_eq!(decode(&bytes).unwrap(), Held::AsRuns(runs));
}

#[test]
fn runs_that_nobody_wrote_are_refused() {
    let body = |count: u8| {
        let mut body = vec![0, 60, 2, 0, 0, 2, 0, 0, 20, 0, 0, 2, 2, 0];
        body.extend([1, count]);
        body
    };
    let decoded = |body: &[u8]| decode(&deflate(RUNS, body));
    assert!(matches!(decoded(&body(3)), Ok(Held::AsRuns(runs)) if runs.count() == 4));
    assert!(decoded(&body(0)).unwrap_err().to_string().contains("a time that no agreement has"));
    let mut length = body(3);
    length[1] = 0;
    assert!(decoded(&length).unwrap_err().to_string().contains("between one second and one hour"));
    let mut equal = body(3);
    equal[12] = 0;
    assert!(decoded(&equal).unwrap_err().to_string().contains("two runs of equal slots"));
}

#[test]
fn a_month_of_minutes_of_a_machine_that_is_probed_is_next_to_nothing() {
    let attempts = |minute: usize| measured(4, if (20_000..20_015).contains(&minute) { 4 } else { 0 });
    let slots: Vec<Slot> = (0..44_640).map(attempts).collect();
    let bytes = encode(&slots);
    assert!(bytes.len() < 1_000, "{} bytes", bytes.len());
    assert_eq!(decode(&bytes), Ok(Held::OneByOne(slots)));
}

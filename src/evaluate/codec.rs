//! The encoded form of a series of slots, as it stands in `ServiceLevelLedger.spec.objectives[].slots`.
//!
//! ```text
//! byte 0   version, 1 or 2
//! rest     raw deflate (RFC 1951) of, in version 1, the slots one by one:
//!   n                 varint: number of slots
//!   state             n bytes: 0 Measured, 1 NoTraffic, 2 Excluded, 3 + k the k-th cause of UnknownCause::ALL,
//!                     255 NotDeployed
//!   generation        n zigzag varints, each the difference to the one before
//!   total, bad        two columns: a byte 0 (whole events), 1 (millionths) or 2 (parts of 1/3600 of a millionth), then
//!                     a zigzag varint of the difference to the one before for every slot that is Measured
//!   births            varint m, then m times: varint slots skipped, and four varints in millionths:
//!                     born total, born bad, unattributed total, unattributed bad
//! in version 2, runs of equal slots:
//!   start             zigzag varint: when the first slot begins, in seconds of the epoch
//!   length            varint: the length of a slot in seconds
//!   everything above, of one slot of each run; n is the number of runs
//!   repeated          n varints: how many slots each run has
//! ```
//!
//! A varint carries seven bits a byte, the lowest first, the high bit set on all but the last. Deltas of neighbouring
//! slots are small, which is what makes a month of minutes fit into one object; no general format does as well.
//! Decoding trusts nothing: sizes are capped before memory is taken, every byte must be used, and any fault is an
//! error. Must never panic.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::count::{Count, PARTS};
use super::ledger::Held;
use super::run::Runs;
use super::slot::{Births, Slot, SlotState, Tally, UnknownCause};

mod cursor;

use cursor::Cursor;

/// Slots one by one.
const SLOTS: u8 = 1;
/// Runs of equal slots.
const RUNS: u8 = 2;

/// The most seconds that a series of runs may cover: two hundred years.
const MOST_SECONDS: i64 = 200 * 366 * 86_400;

/// What the slots of the longest series can not exceed once inflated: some 130 bytes a slot at the very worst.
const MAX_INFLATED: u64 = 64 << 20;

/// The parts of an event in one millionth.
const MICRO: u128 = PARTS / 1_000_000;

/// The units of a column by their tags: how many parts of an event each has.
const UNITS: [u128; 3] = [PARTS, MICRO, 1];

/// Why encoded slots can not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Another format than this operator writes.
    #[error(
        "the slots are written in format {0:?}; this operator reads {SLOTS} and {RUNS}: is it older than the ledger?"
    )]
    Version(Option<u8>),
    /// Not what an operator wrote.
    #[error("the encoded slots are damaged: {0}; delete the ledger to have it measured again, if the store still can")]
    Damaged(&'static str),
}

/// Encodes slots. The same slots always give the same bytes.
#[must_use]
pub fn encode(slots: &[Slot]) -> Vec<u8> {
    let mut body = Vec::with_capacity(slots.len() * 6 + 16);
    put_slots(&mut body, &slots.iter().collect::<Vec<_>>());
    deflate(SLOTS, &body)
}

/// Encodes runs. The same runs always give the same bytes.
#[must_use]
pub fn encode_runs(runs: &Runs) -> Vec<u8> {
    let all = || runs.between(0, runs.count());
    let mut body = Vec::with_capacity(runs.runs() * 8 + 32);
    put(&mut body, zigzag(runs.start().into()));
    put(&mut body, runs.slot_seconds().unsigned_abs().into());
    put_slots(&mut body, &all().map(|run| run.slot).collect::<Vec<_>>());
    all().for_each(|run| put(&mut body, run.count as u128));
    deflate(RUNS, &body)
}

/// Decodes slots, however they were held.
///
/// # Errors
/// The bytes are not what [`encode`] or [`encode_runs`] wrote.
pub(super) fn decode(bytes: &[u8]) -> Result<Held, CodecError> {
    let (version, packed) = bytes.split_first().ok_or(CodecError::Version(None))?;
    if ![SLOTS, RUNS].contains(version) {
        return Err(CodecError::Version(Some(*version)));
    }
    let body = inflate(packed)?;
    let mut from = Cursor::new(&body);
    let held = if *version == SLOTS { Held::OneByOne(from.slots()?) } else { Held::AsRuns(from.runs()?) };
    if from.is_empty() { Ok(held) } else { Err(CodecError::Damaged("bytes are left over")) }
}

fn put_slots(body: &mut Vec<u8>, slots: &[&Slot]) {
    put(body, slots.len() as u128);
    body.extend(slots.iter().map(|s| state_code(s.state())));
    let mut before = 0;
    for slot in slots {
        put(body, zigzag(i128::from(slot.generation()) - before));
        before = i128::from(slot.generation());
    }
    let measured = || slots.iter().filter(|s| s.state() == SlotState::Measured).map(|s| s.counted());
    put_column(body, measured().map(|t| t.total.parts()));
    put_column(body, measured().map(|t| t.bad.parts()));
    let with_births = slots.iter().enumerate().filter(|(_, s)| s.births() != Births::default());
    put(body, with_births.clone().count() as u128);
    let mut next = 0;
    for (index, slot) in with_births {
        put(body, (index - next) as u128);
        next = index + 1;
        let Births { born, unattributed } = slot.births();
        for count in [born.total, born.bad, unattributed.total, unattributed.bad] {
            put(body, count.parts() / MICRO);
        }
    }
}

fn slot(state: SlotState, generation: i64, counts: (Count, Count), births: Option<Births>) -> Result<Slot, CodecError> {
    let (total, bad) = counts;
    match state {
        SlotState::Measured if total.is_zero() => Err(CodecError::Damaged("a measured slot has no event")),
        SlotState::Measured if bad > total => Err(CodecError::Damaged("more bad events than events")),
        SlotState::Measured | SlotState::NoTraffic => {
            Ok(Slot::known(Tally { total, bad }, births.unwrap_or_default(), generation))
        }
        SlotState::Unknown(_) | SlotState::Excluded | SlotState::NotDeployed if births.is_some() => {
            Err(CodecError::Damaged("births in a slot that was not measured"))
        }
        SlotState::Unknown(cause) => Ok(Slot::unknown(cause, generation)),
        SlotState::Excluded => Ok(Slot::excluded(generation)),
        SlotState::NotDeployed => Ok(Slot::not_deployed(generation)),
    }
}

/// Far behind the causes, so that they can grow.
const NOT_DEPLOYED: u8 = 255;

fn state_code(state: SlotState) -> u8 {
    match state {
        SlotState::Measured => 0,
        SlotState::NoTraffic => 1,
        SlotState::Excluded => 2,
        SlotState::NotDeployed => NOT_DEPLOYED,
        SlotState::Unknown(cause) => {
            (3u8..).zip(UnknownCause::ALL).find(|(_, c)| *c == cause).map_or(3, |(code, _)| code)
        }
    }
}

fn state_of(code: u8) -> Result<SlotState, CodecError> {
    match code {
        0 => Ok(SlotState::Measured),
        1 => Ok(SlotState::NoTraffic),
        2 => Ok(SlotState::Excluded),
        NOT_DEPLOYED => Ok(SlotState::NotDeployed),
        _ => UnknownCause::ALL
            .get(usize::from(code) - 3)
            .map(|cause| SlotState::Unknown(*cause))
            .ok_or(CodecError::Damaged("a state that does not exist")),
    }
}

fn put_column(body: &mut Vec<u8>, values: impl Iterator<Item = u128> + Clone) {
    let fits = |unit: u128| values.clone().all(|v| v % unit == 0);
    let (tag, scale) = (0u8..).zip(UNITS).find(|(_, unit)| fits(*unit)).unwrap_or((2, 1));
    body.push(tag);
    let mut before = 0i128;
    for value in values {
        let value = i128::try_from(value / scale).unwrap_or(i128::MAX);
        put(body, zigzag(value - before));
        before = value;
    }
}

fn put(body: &mut Vec<u8>, mut value: u128) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            body.push(low);
            return;
        }
        body.push(low | 0x80);
    }
}

fn zigzag(value: i128) -> u128 {
    ((value << 1) ^ (value >> 127)).cast_unsigned()
}

fn deflate(version: u8, body: &[u8]) -> Vec<u8> {
    // Writing into memory can not fail; if it could, what is written would not decode and never be taken for slots.
    let mut encoder = DeflateEncoder::new(vec![version], Compression::default());
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

fn inflate(packed: &[u8]) -> Result<Vec<u8>, CodecError> {
    let mut body = Vec::new();
    let read = DeflateDecoder::new(packed).take(MAX_INFLATED + 1).read_to_end(&mut body);
    match read {
        Ok(size) if size as u64 > MAX_INFLATED => {
            Err(CodecError::Damaged("they inflate beyond what a ledger can hold"))
        }
        Ok(_) => Ok(body),
        Err(_) => Err(CodecError::Damaged("they do not inflate")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;

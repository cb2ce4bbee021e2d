//! The encoded form of a series of slots, as it stands in `ServiceLevelLedger.spec.objectives[].slots`.
//!
//! ```text
//! byte 0   version, 1
//! rest     raw deflate (RFC 1951) of:
//!   n                 varint: number of slots
//!   state             n bytes: 0 Measured, 1 NoTraffic, 2 Excluded, 3 + k the k-th cause of UnknownCause::ALL
//!   generation        n zigzag varints, each the difference to the one before
//!   total, bad        two columns: a byte 0 (whole events) or 1 (millionths), then a zigzag varint of the difference
//!                     to the one before for every slot that is Measured
//!   births            varint m, then m times: varint slots skipped, and four varints in millionths:
//!                     born total, born bad, unattributed total, unattributed bad
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

use super::count::Count;
use super::ledger::MAX_SLOTS;
use super::slot::{Births, Slot, SlotState, Tally, UnknownCause};

const VERSION: u8 = 1;

/// What the slots of a full ledger can not exceed once inflated: some 130 bytes a slot at the very worst.
const MAX_INFLATED: u64 = 16 << 20;

const MICRO: u128 = 1_000_000;
const WHOLE: u8 = 0;
const MICROS: u8 = 1;

/// Why encoded slots can not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Another format than this operator writes.
    #[error(
        "the slots are written in format {0:?}; this operator reads format {VERSION}: is it older than the ledger?"
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
    put(&mut body, slots.len() as u128);
    body.extend(slots.iter().map(|s| state_code(s.state())));
    let mut before = 0;
    for slot in slots {
        put(&mut body, zigzag(i128::from(slot.generation()) - before));
        before = i128::from(slot.generation());
    }
    let measured = || slots.iter().filter(|s| s.state() == SlotState::Measured).map(Slot::counted);
    put_column(&mut body, measured().map(|t| t.total.micro()));
    put_column(&mut body, measured().map(|t| t.bad.micro()));
    let with_births = slots.iter().enumerate().filter(|(_, s)| s.births() != Births::default());
    put(&mut body, with_births.clone().count() as u128);
    let mut next = 0;
    for (index, slot) in with_births {
        put(&mut body, (index - next) as u128);
        next = index + 1;
        let Births { born, unattributed } = slot.births();
        for count in [born.total, born.bad, unattributed.total, unattributed.bad] {
            put(&mut body, count.micro());
        }
    }
    deflate(&body)
}

/// Decodes slots.
///
/// # Errors
/// The bytes are not what [`encode`] wrote.
pub fn decode(bytes: &[u8]) -> Result<Vec<Slot>, CodecError> {
    let body = inflate(bytes)?;
    let mut from = Cursor { rest: &body };
    let n = from.size()?;
    let states: Vec<SlotState> = from.take(n)?.iter().map(|code| state_of(*code)).collect::<Result<_, _>>()?;
    let mut generations = Vec::with_capacity(n);
    let mut generation = 0i128;
    for _ in 0..n {
        generation = generation.checked_add(from.signed()?).ok_or(CodecError::Damaged("a generation is too large"))?;
        generations.push(i64::try_from(generation).map_err(|_| CodecError::Damaged("a generation is too large"))?);
    }
    let measured = states.iter().filter(|s| **s == SlotState::Measured).count();
    let mut tallies = from.column(measured)?.into_iter().zip(from.column(measured)?);
    let births = from.births(n)?;
    if !from.rest.is_empty() {
        return Err(CodecError::Damaged("bytes are left over"));
    }
    let mut births = births.into_iter().peekable();
    let mut slots = Vec::with_capacity(n);
    for (index, (state, generation)) in states.into_iter().zip(generations).enumerate() {
        let born = births.next_if(|(at, _)| *at == index).map(|(_, b)| b);
        let tally = if state == SlotState::Measured { tallies.next() } else { None };
        slots.push(slot(state, generation, tally.unwrap_or_default(), born)?);
    }
    Ok(slots)
}

fn slot(state: SlotState, generation: i64, counts: (Count, Count), births: Option<Births>) -> Result<Slot, CodecError> {
    let (total, bad) = counts;
    match state {
        SlotState::Measured if total.is_zero() => Err(CodecError::Damaged("a measured slot has no event")),
        SlotState::Measured if bad > total => Err(CodecError::Damaged("more bad events than events")),
        SlotState::Measured | SlotState::NoTraffic => {
            Ok(Slot::known(Tally { total, bad }, births.unwrap_or_default(), generation))
        }
        SlotState::Unknown(_) | SlotState::Excluded if births.is_some() => {
            Err(CodecError::Damaged("births in a slot that was not measured"))
        }
        SlotState::Unknown(cause) => Ok(Slot::unknown(cause, generation)),
        SlotState::Excluded => Ok(Slot::excluded(generation)),
    }
}

fn state_code(state: SlotState) -> u8 {
    match state {
        SlotState::Measured => 0,
        SlotState::NoTraffic => 1,
        SlotState::Excluded => 2,
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
        _ => UnknownCause::ALL
            .get(usize::from(code) - 3)
            .map(|cause| SlotState::Unknown(*cause))
            .ok_or(CodecError::Damaged("a state that does not exist")),
    }
}

fn put_column(body: &mut Vec<u8>, values: impl Iterator<Item = u128> + Clone) {
    let (tag, scale) = if values.clone().all(|v| v % MICRO == 0) { (WHOLE, MICRO) } else { (MICROS, 1) };
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

fn deflate(body: &[u8]) -> Vec<u8> {
    // Writing into memory can not fail; if it could, what is written would not decode and never be taken for slots.
    let mut encoder = DeflateEncoder::new(vec![VERSION], Compression::default());
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

fn inflate(bytes: &[u8]) -> Result<Vec<u8>, CodecError> {
    let (version, packed) = bytes.split_first().ok_or(CodecError::Version(None))?;
    if *version != VERSION {
        return Err(CodecError::Version(Some(*version)));
    }
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

struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], CodecError> {
        let (head, rest) = self.rest.split_at_checked(n).ok_or(CodecError::Damaged("they end too early"))?;
        self.rest = rest;
        Ok(head)
    }

    fn varint(&mut self) -> Result<u128, CodecError> {
        let mut value = 0u128;
        for shift in (0..128).step_by(7) {
            let byte = self.take(1)?.first().copied().unwrap_or_default();
            let low = u128::from(byte & 0x7f);
            if low << shift >> shift != low {
                break;
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(CodecError::Damaged("a number is too large"))
    }

    fn signed(&mut self) -> Result<i128, CodecError> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }

    /// A number of slots: what a ledger can hold at most, so that memory taken for it is bounded.
    fn size(&mut self) -> Result<usize, CodecError> {
        let n = usize::try_from(self.varint()?).ok().filter(|n| *n <= MAX_SLOTS);
        n.ok_or(CodecError::Damaged("more slots than a ledger can hold"))
    }

    fn column(&mut self, n: usize) -> Result<Vec<Count>, CodecError> {
        let scale = match self.take(1)? {
            [WHOLE] => MICRO,
            [MICROS] => 1,
            _ => return Err(CodecError::Damaged("a unit that does not exist")),
        };
        let mut values = Vec::with_capacity(n);
        let mut value = 0i128;
        for _ in 0..n {
            let next = value.checked_add(self.signed()?);
            value = next.ok_or(CodecError::Damaged("a count is too large"))?;
            let micro =
                u128::try_from(value).map_err(|_| CodecError::Damaged("a count is negative"))?.checked_mul(scale);
            values.push(count(micro)?);
        }
        Ok(values)
    }

    fn births(&mut self, n: usize) -> Result<Vec<(usize, Births)>, CodecError> {
        let mut births = Vec::new();
        let mut next = 0usize;
        for _ in 0..self.size()? {
            let at = next + self.size()?;
            if at >= n {
                return Err(CodecError::Damaged("births beyond the last slot"));
            }
            next = at + 1;
            let mut tally = || -> Result<Tally, CodecError> {
                Ok(Tally { total: count(Some(self.varint()?))?, bad: count(Some(self.varint()?))? })
            };
            births.push((at, Births { born: tally()?, unattributed: tally()? }));
        }
        Ok(births)
    }
}

fn count(micro: Option<u128>) -> Result<Count, CodecError> {
    micro.and_then(|m| Count::from_micro(m).ok()).ok_or(CodecError::Damaged("a count is too large"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;

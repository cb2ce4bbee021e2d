//! Reads what [`super`] wrote, and trusts none of it.

use super::super::count::Count;
use super::super::ledger::MAX_SERIES_SLOTS;
use super::super::run::Runs;
use super::super::slot::{Births, Slot, SlotState, Tally};
use super::{CodecError, MICRO, MOST_SECONDS, UNITS, slot, state_of};

pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Slots one by one.
    pub(super) fn slots(&mut self) -> Result<Vec<Slot>, CodecError> {
        let n = self.size()?;
        let states: Vec<SlotState> = self.take(n)?.iter().map(|code| state_of(*code)).collect::<Result<_, _>>()?;
        let mut generations = Vec::with_capacity(n);
        let mut generation = 0i128;
        for _ in 0..n {
            generation =
                generation.checked_add(self.signed()?).ok_or(CodecError::Damaged("a generation is too large"))?;
            generations.push(i64::try_from(generation).map_err(|_| CodecError::Damaged("a generation is too large"))?);
        }
        let measured = states.iter().filter(|s| **s == SlotState::Measured).count();
        let mut tallies = self.column(measured)?.into_iter().zip(self.column(measured)?);
        let mut births = self.births(n)?.into_iter().peekable();
        let mut slots = Vec::with_capacity(n);
        for (index, (state, generation)) in states.into_iter().zip(generations).enumerate() {
            let born = births.next_if(|(at, _)| *at == index).map(|(_, b)| b);
            let tally = if state == SlotState::Measured { tallies.next() } else { None };
            slots.push(slot(state, generation, tally.unwrap_or_default(), born)?);
        }
        Ok(slots)
    }

    /// Runs of equal slots.
    pub(super) fn runs(&mut self) -> Result<Runs, CodecError> {
        let out_of_range = CodecError::Damaged("a time that no agreement has");
        let start =
            i64::try_from(self.signed()?).ok().filter(|s| s.abs() <= MOST_SECONDS).ok_or(out_of_range.clone())?;
        let length = i64::try_from(self.varint()?).ok().filter(|l| (1..=3600).contains(l));
        let length = length.ok_or(CodecError::Damaged("a slot is between one second and one hour"))?;
        let slots = self.slots()?;
        let mut runs = Runs::collect(start, length, []);
        for slot in slots {
            let most = MOST_SECONDS / length - i64::try_from(runs.count()).unwrap_or(i64::MAX);
            let count = i64::try_from(self.varint()?).ok().filter(|count| (1..=most).contains(count));
            let before = runs.runs();
            runs.push(count.and_then(|c| usize::try_from(c).ok()).ok_or(out_of_range.clone())?, slot);
            if runs.runs() == before {
                return Err(CodecError::Damaged("two runs of equal slots follow each other"));
            }
        }
        Ok(runs)
    }

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

    /// A number of slots: what a series can have at most, so that memory taken for it is bounded.
    fn size(&mut self) -> Result<usize, CodecError> {
        let n = usize::try_from(self.varint()?).ok().filter(|n| *n <= MAX_SERIES_SLOTS);
        n.ok_or(CodecError::Damaged("more slots than a series can have"))
    }

    fn column(&mut self, n: usize) -> Result<Vec<Count>, CodecError> {
        let tag = self.take(1)?.first().copied().unwrap_or_default();
        let scale = *UNITS.get(usize::from(tag)).ok_or(CodecError::Damaged("a unit that does not exist"))?;
        let mut values = Vec::with_capacity(n);
        let mut value = 0i128;
        for _ in 0..n {
            let next = value.checked_add(self.signed()?);
            value = next.ok_or(CodecError::Damaged("a count is too large"))?;
            let value = u128::try_from(value).map_err(|_| CodecError::Damaged("a count is negative"))?;
            values.push(count(value, scale)?);
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
                Ok(Tally { total: count(self.varint()?, MICRO)?, bad: count(self.varint()?, MICRO)? })
            };
            births.push((at, Births { born: tally()?, unattributed: tally()? }));
        }
        Ok(births)
    }
}

fn count(value: u128, unit: u128) -> Result<Count, CodecError> {
    let parts = value.checked_mul(unit).and_then(|parts| Count::from_parts(parts).ok());
    parts.ok_or(CodecError::Damaged("a count is too large"))
}

//! The ledger as the API server keeps it, and the digest under which statements refer to it.

use k8s_openapi::ByteString;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use sha2::{Digest, Sha256};

use crate::api::ledger::{AgreementIdentity, LedgerSpec, ObjectiveSlots};

use super::codec::{self, CodecError};
use super::enforcement_log::EnforcementLog;
use super::ledger::{Held, Ledger, LedgerError};
use super::period::Bounds;

/// The bytes of a ledger's spec up to which it takes what was found and done beside its slots. A month's ledger stays below
/// 64 KiB with it, metadata and all.
const WITH_LOG: usize = 62_000;

/// What a log may take in any case: of a ledger of so many slots that it is larger by itself.
const LOG: usize = 6_000;

/// Why a stored ledger can not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoredLedgerError {
    /// The slots of one objective.
    #[error("objectives[{name}].slots: {source}")]
    Slots {
        /// The objective.
        name: String,
        /// What is wrong.
        source: CodecError,
    },
    /// Anything else.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// The ledger as it is written.
#[must_use]
pub fn to_spec(ledger: &Ledger, agreement: AgreementIdentity, log: &EnforcementLog, closed: bool) -> LedgerSpec {
    let Bounds { start, end } = ledger.bounds();
    let slots = |name: &str| {
        let bytes = match ledger.held(name) {
            Some(Held::AsRuns(runs)) => codec::encode_runs(runs),
            _ => codec::encode(ledger.slots(name)),
        };
        ObjectiveSlots { name: name.to_owned(), slots: ByteString(bytes) }
    };
    let objectives: Vec<ObjectiveSlots> = ledger.objectives().map(slots).collect();
    let log = log.within(WITH_LOG.saturating_sub(objectives.iter().map(written).sum()).max(LOG));
    LedgerSpec {
        agreement,
        period_start: Time(start),
        period_end: Time(end),
        measured_through: Time(ledger.measured_through()),
        slot_seconds: i32::try_from(ledger.slot_seconds()).unwrap_or(i32::MAX),
        closed,
        objectives,
        actions: log.actions,
        actions_omitted: log.actions_omitted,
        diagnoses: log.diagnoses,
        diagnoses_omitted: log.diagnoses_omitted,
    }
}

/// The bytes of an objective's slots as JSON, a little more rather than less: three bytes are four in base64.
fn written(objective: &ObjectiveSlots) -> usize {
    objective.slots.0.len().div_ceil(3) * 4 + objective.name.len() + 32
}

/// The ledger as it was read back.
///
/// # Errors
/// It is not what [`to_spec`] gave.
pub fn from_spec(spec: &LedgerSpec) -> Result<Ledger, StoredLedgerError> {
    let bounds = Bounds { start: spec.period_start.0, end: spec.period_end.0 };
    let mut ledger = Ledger::new(bounds, i64::from(spec.slot_seconds), [])?;
    for ObjectiveSlots { name, slots } in &spec.objectives {
        let held = codec::decode(&slots.0).map_err(|source| StoredLedgerError::Slots { name: name.clone(), source })?;
        match held {
            Held::OneByOne(slots) => {
                ledger.add_objectives([name.as_str()])?;
                ledger.set_slots(name, slots)?;
            }
            Held::AsRuns(runs) => ledger.set_runs(name, runs)?,
        }
    }
    Ok(ledger)
}

/// SHA-256 over the encoded slots of all objectives in their order, in hexadecimal.
///
/// Hashed are, per objective, its name, a zero byte, the number of bytes of its slots as eight bytes (the highest
/// first) and these bytes: what somebody who holds the object can repeat without this operator.
#[must_use]
pub fn digest(objectives: &[ObjectiveSlots]) -> String {
    let mut hash = Sha256::new();
    for ObjectiveSlots { name, slots } in objectives {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update((slots.0.len() as u64).to_be_bytes());
        hash.update(&slots.0);
    }
    hex(&hash.finalize())
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string can not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use k8s_openapi::jiff::Timestamp;

    use super::super::count::Count;
    use super::super::slot::{Births, Slot, Tally};
    use super::*;

    fn ledger() -> Ledger {
        let at = |s| Timestamp::from_second(s).unwrap();
        let mut ledger = Ledger::new(Bounds { start: at(0), end: at(600) }, 60, ["a", "b"]).unwrap();
        let tally = Tally { total: Count::events(20), bad: Count::events(1) };
        ledger.insert("a", at(60), Slot::known(tally, Births::default(), 3)).unwrap();
        ledger
    }

    fn agreement() -> AgreementIdentity {
        AgreementIdentity { name: "checkout".to_owned(), uid: "u".to_owned() }
    }

    #[test]
    fn what_was_written_is_read_back() {
        let spec = to_spec(&ledger(), agreement(), &EnforcementLog::default(), false);
        let wire: LedgerSpec = serde_json::from_str(&serde_json::to_string(&spec).unwrap()).unwrap();
        assert_eq!(wire, spec);
        assert_eq!(from_spec(&wire).unwrap(), ledger());
    }

    #[test]
    fn a_damaged_ledger_is_refused_by_name() {
        let mut spec = to_spec(&ledger(), agreement(), &EnforcementLog::default(), false);
        spec.objectives[1].slots = ByteString(vec![1, 2, 3]);
        assert!(from_spec(&spec).unwrap_err().to_string().starts_with("objectives[b].slots: "));
        let mut spec = to_spec(&ledger(), agreement(), &EnforcementLog::default(), false);
        spec.period_end = Time(Timestamp::from_second(60).unwrap());
        assert_eq!(from_spec(&spec), Err(LedgerError::TooManySlots(2).into()));
    }

    #[test]
    fn the_digest_depends_on_every_name_and_byte() {
        let base = to_spec(&ledger(), agreement(), &EnforcementLog::default(), false).objectives;
        let mut renamed = base.clone();
        renamed[0].name = "c".to_owned();
        let mut flipped = base.clone();
        flipped[0].slots.0[3] ^= 1;
        let mut swapped = base.clone();
        swapped.swap(0, 1);
        let digests = [digest(&base), digest(&renamed), digest(&flipped), digest(&swapped), digest(&base[..1])];
        assert_eq!(digests[0].len(), 64);
        for (i, a) in digests.iter().enumerate() {
            assert!(digests[i + 1..].iter().all(|b| a != b));
        }
    }
}

//! A measurements file as text, read with a bound on its size; what is wrong with its form is told by its field and its
//! line.

use std::fmt::Write;
use std::path::Path;

use serde_saphyr::UserMessageFormatter;
use sha2::{Digest, Sha256};

use super::measurements::Measurements;
use crate::evaluate::stored_ledger::hex;
use crate::offline::trouble::Trouble;

/// The keys and values of a measurements file: a year of minutes that all differ has six million.
const MOST_NODES: usize = 50_000_000;
/// Their bytes.
const MOST_BYTES: usize = 512 << 20;

/// What a file tells, and which one it is: by its content, since the same facts under another name are the same.
///
/// # Errors
/// It can not be read, or says what a measurements file does not.
pub(super) fn measurements(path: &Path) -> Result<(Measurements, String), Trouble> {
    let unreadable = |e| Trouble::Unreadable(format!("{}: {e}", path.display()));
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let told = serde_saphyr::from_str_with_options(&text, options()).map_err(|e| {
        let mut message = format!("{}: ", path.display());
        if let Some(field) = field(&text) {
            // Writing to a text does not fail.
            let _ = write!(message, "{field}: ");
        }
        Trouble::Faulty(message + &e.render_with_formatter(&UserMessageFormatter))
    })?;
    Ok((told, format!("(measurements file, SHA-256 {})", hex(&Sha256::digest(text.as_bytes())))))
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MOST_NODES,
            max_events: 2 * MOST_NODES,
            max_total_scalar_bytes: MOST_BYTES,
        },
    }
}

/// The path of the field at which a file can not be read any further: it is read once more for that, since to keep the
/// path costs time that a good file is spared. `None`: the fault is in no field.
fn field(text: &str) -> Option<String> {
    let mut found = None;
    let again = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |file| {
        let read: Result<Measurements, _> = serde_path_to_error::deserialize(file);
        read.map(|_| ()).map_err(|e| {
            found = Some(e.path().to_string());
            e.into_inner()
        })
    });
    again.err()?;
    // A question mark stands for a field that could not be told.
    let path = found?;
    let path = path.trim_end_matches('?').trim_end_matches('.');
    (!path.is_empty()).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_fault_of_the_whole_file_is_in_no_field() {
        let slots = "objectives: [{name: o, slots: [{every: 5m}, {every: 5m, repeat: -1}]}]";
        for (text, expected) in [
            (slots, Some("objectives[0].slots[1].repeat")),
            ("objectives: []\nobjectives: []", None),
            ("objectives: [{name: o, slots: [{every: 5m, every: 5m}]}]", Some("objectives[0].slots[0]")),
            ("- o", None),
            ("objectives: []", None),
        ] {
            assert_eq!(field(text).as_deref(), expected, "{text}");
        }
    }
}

//! No float on the way from a reading to a statement: counts, money and percentages are exact.
//!
//! Where a float may be is listed with the reason. Everything else has neither the types nor, by the lint that `src/lib.rs`
//! switches on, any arithmetic with them. Values of the store come as text and are read exactly.

use std::fs;
use std::path::Path;

use crate::one_way_through_the_code::{is_test_file, product_code, rust_files, source};

/// What may have floats, and why it does no harm to the account.
const ELSEWHERE: [(&str, &str); 10] = [
    ("decide", "the law estimates a load and a need of pods; it changes no count"),
    ("simulate", "plays the law against a plant"),
    ("offline/simulate", "plays the law against a plant"),
    ("runtime/cli/simulate.rs", "the load of a simulation"),
    ("record/metrics.rs", "gauges of a Prometheus client are floats; nobody reads them back"),
    ("controller/reader.rs", "how late a round of reading was, for a gauge"),
    ("controller/watch.rs", "how long a reconcile took, for a histogram"),
    ("sense/store/client.rs", "the client takes a step of whole seconds as a float"),
    (
        "offline/check/manifest.rs",
        "a number with a decimal point in a manifest is kept, to be refused by the field's name",
    ),
    ("offline/check/schema.rs", "tells which type such a number has"),
];

/// Modules whose own arithmetic may be of floats.
const WITH_ARITHMETIC: [&str; 3] = ["decide", "offline::simulate", "simulate"];

const FLOATS: [&str; 3] = ["f64", "f32", "from_float"];

fn where_allowed(path: &Path) -> Option<&'static str> {
    let path = path.strip_prefix(source()).unwrap();
    ELSEWHERE.iter().map(|(place, _)| *place).find(|place| path.starts_with(place))
}

#[test]
fn only_what_is_listed_has_floats() {
    let (mut faults, mut used) = (Vec::new(), Vec::new());
    let files = rust_files(&source());
    let mut seen = 0;
    for path in files.iter().filter(|path| !is_test_file(path)) {
        let code = product_code(path);
        seen += code.len();
        let Some(word) = FLOATS.iter().find(|word| code.contains(*word)) else { continue };
        match where_allowed(path) {
            Some(place) => used.push(place),
            None => faults.push(format!("{}: {word}", path.display())),
        }
    }
    assert!(seen > 500_000, "the scan found only {seen} bytes: it no longer sees the code");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let unused: Vec<_> = ELSEWHERE.iter().filter(|(place, _)| !used.contains(place)).collect();
    assert!(unused.is_empty(), "these have no floats any more, take them out of the list: {unused:?}");
}

#[test]
fn only_the_law_and_the_simulator_reckon_with_floats() {
    let denied = fs::read_to_string(source().join("lib.rs")).unwrap();
    assert!(denied.contains("#![deny(clippy::float_arithmetic)]"), "src/lib.rs no longer switches the lint on");
    let mut found = Vec::new();
    for path in rust_files(&source()) {
        let code = product_code(&path);
        for (at, allowed) in code.match_indices("clippy::float_arithmetic") {
            let is_denied = code[..at].ends_with("#![deny(");
            let declared = code[at..].lines().find_map(|line| line.strip_prefix("pub mod ")).unwrap_or(allowed);
            let parent = path.parent().unwrap().strip_prefix(source()).unwrap().to_string_lossy().into_owned();
            let parent = if parent.is_empty() { parent } else { format!("{parent}::") };
            found.extend((!is_denied).then(|| format!("{parent}{}", declared.trim_end_matches(';'))));
        }
    }
    found.sort();
    assert_eq!(found, WITH_ARITHMETIC);
}

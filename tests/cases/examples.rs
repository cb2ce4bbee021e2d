//! The agreements of `examples/published`, by the profile that each one names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The annotation that names a profile of the cases.
const PROFILE: &str = "guarantor.dev/profile";

/// All agreements, with their file names.
pub fn by_profile(home: &Path) -> BTreeMap<String, (String, Value)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(home.join("examples/published")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let agreement: Value = serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let profile = agreement["metadata"]["annotations"][PROFILE].as_str();
        let profile = profile.unwrap_or_else(|| panic!("{name} names no profile in its annotation {PROFILE}"));
        let other = found.insert(profile.to_owned(), (name, agreement.clone()));
        assert!(other.is_none(), "two examples for the profile {profile}");
    }
    found
}

//! What stands under `examples/` has no fault, and nothing to remark.

use std::path::Path;

use crate::command::check;
use crate::mistakes;

/// Names the remarks that an example earns on purpose, because a published agreement is as it is.
const REMARKS: &str = "guarantor.dev/remarks";

#[test]
fn accepts_every_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("examples")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let entries: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.extend(entries.iter().filter(|path| path.is_dir()).cloned());
        for path in entries.iter().filter(|path| path.extension().is_some_and(|end| end == "yaml")) {
            let text = std::fs::read_to_string(path).unwrap();
            // A measurements file is for `guarantor settle`, and no object of a cluster.
            if !text.lines().any(|line| line.starts_with("kind: ")) {
                continue;
            }
            let meant = text.lines().find_map(|line| line.split_once(REMARKS)?.1.trim_matches([':', ' ', '}']).into());
            let answer = check(&[path.to_str().unwrap(), "-o", "json"], "");
            let report = answer.json();
            let mut codes: Vec<&str> =
                report["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
            codes.dedup();
            // Whether an operator's ledger holds it is no matter of what somebody has published.
            if path.starts_with(root.join("examples/published")) {
                codes.retain(|code| *code != "only_offline");
            }
            assert_eq!((answer.code, codes), (0, Vec::from_iter(meant)), "{}: {report}", path.display());
            assert!(report["checked"].as_u64().unwrap() >= 1, "{}: {report}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 38, "only {seen} examples were found");
}

#[test]
fn accepts_what_the_mistakes_are_made_in() {
    for sound in [mistakes::agreement(), mistakes::source(), mistakes::exclusion(), mistakes::claim()] {
        let answer = check(&["-", "--deny-warnings"], &sound.to_string());
        assert_eq!((answer.code, answer.text.as_str()), (0, "checked 1 object: 0 errors, 0 warnings\n"));
    }
}

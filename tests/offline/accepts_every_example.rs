//! What stands under `examples/` has no fault, and nothing to remark.

use std::path::Path;

use crate::command::check;
use crate::mistakes;

#[test]
fn accepts_every_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("examples")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let entries: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        folders.extend(entries.iter().filter(|path| path.is_dir()).cloned());
        let manifests = entries.iter().filter(|path| path.extension().is_some_and(|end| end == "yaml")).count();
        if manifests == 0 {
            continue;
        }
        let answer = check(&[folder.to_str().unwrap(), "--deny-warnings", "-o", "json"], "");
        let report = answer.json();
        assert_eq!((answer.code, &report["findings"]), (0, &serde_json::json!([])), "{}", folder.display());
        assert!(report["checked"].as_u64().unwrap() >= manifests as u64, "{}: {report}", folder.display());
        seen += manifests;
    }
    assert!(seen >= 5, "only {seen} examples were found");
}

#[test]
fn accepts_what_the_mistakes_are_made_in() {
    for sound in [mistakes::agreement(), mistakes::source(), mistakes::exclusion()] {
        let answer = check(&["-", "--deny-warnings"], &sound.to_string());
        assert_eq!((answer.code, answer.text.as_str()), (0, "checked 1 object: 0 errors, 0 warnings\n"));
    }
}

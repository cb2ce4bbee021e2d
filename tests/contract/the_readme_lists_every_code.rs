//! Programs rely on the codes of `guarantor check`; the README says what each means.

use std::collections::BTreeSet;

use guarantor::evaluate::lint::Code;
use guarantor::offline::check::finding::code;

#[test]
fn the_readme_lists_every_code_and_no_other() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let table = readme.split("| code | what it says |\n").nth(1).expect("the README has a table of codes");
    let table = table.split("\n\n").next().unwrap();
    let rows = table.lines().skip(1).map(|row| row.split('|').nth(1).unwrap());
    let listed: Vec<&str> = rows.flat_map(|cell| cell.split(',').map(|code| code.trim().trim_matches('`'))).collect();
    let known: BTreeSet<&str> = code::ALL.into_iter().chain(Code::ALL.map(Code::as_str)).collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), known);
    assert_eq!(listed.len(), known.len(), "a code is listed twice: {listed:?}");
}

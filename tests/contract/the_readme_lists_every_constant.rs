//! What half and twice each constant of the scaling law comes to stands in the README, as of the law's present numbers.

use guarantor::decide::law::Constants;

#[test]
fn the_readme_lists_every_constant_of_the_law_with_its_value() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let table =
        readme.split("| constant | is | halved | doubled |\n").nth(1).expect("the README has a table of constants");
    let cells = |line: &str| line.split(" | ").take(2).collect::<Vec<_>>().join(" | ");
    let listed: Vec<String> = table.lines().skip(1).take_while(|line| line.starts_with('|')).map(cells).collect();
    let row = |(name, value): (&str, &mut f64)| format!("| `{name}` | {value}");
    assert_eq!(listed, Constants::default().entries().map(row), "make bench SENSITIVITY=1 README=1 writes it anew");
}

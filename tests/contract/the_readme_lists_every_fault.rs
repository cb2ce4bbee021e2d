//! What can go wrong in a simulation stands in the README and in the help as in the table it is read by.

use std::process::Command;

use guarantor::simulate::fault::kind::{Kind, Setting};

#[test]
fn the_readme_lists_every_fault_and_no_other() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let table =
        readme.split("| fault | what goes wrong | settings |\n").nth(1).expect("the README has a table of faults");
    let listed: Vec<&str> = table.split("\n\n").next().unwrap().lines().skip(1).collect();
    let setting =
        |Setting { name, unit, left_out, says }: &Setting| format!("`{name}={left_out}`: {says} ({})", unit.allowed());
    let row = |kind: Kind| {
        let settings: Vec<String> = kind.settings().iter().map(setting).collect();
        format!("| `{}` | {} | {} |", kind.name(), kind.says(), settings.join("; "))
    };
    assert_eq!(listed, Kind::ALL.map(row), "README.md, section Try an agreement before you sign it");
}

#[test]
fn the_help_lists_every_fault_with_its_settings_and_units() {
    let output = Command::new(env!("CARGO_BIN_EXE_guarantor")).args(["simulate", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for kind in Kind::ALL {
        let told = help.split(&format!("\n  {}@30m", kind.name())).nth(1).unwrap_or_else(|| panic!("{kind:?}: {help}"));
        assert!(told.contains(kind.says()), "{kind:?}");
        for Setting { name, unit, left_out, says } in kind.settings() {
            assert!(told.lines().next().unwrap().contains(&format!(",{name}={left_out}")), "{kind:?} {name}");
            assert!(told.contains(&format!("{says}: {}", unit.allowed())), "{kind:?} {name}");
        }
    }
}

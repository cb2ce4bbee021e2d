//! Where the tables stand in the README.

use std::fs;
use std::path::Path;

/// Puts a text between the README's two markers of that name.
pub fn write(marker: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- begin {marker} -->\n"), format!("<!-- end {marker} -->"));
    let (before, rest) = readme.split_once(&begin).expect("the README has the first marker");
    let (_, after) = rest.split_once(&end).expect("the README has the second marker");
    fs::write(&path, format!("{before}{begin}{text}{end}{after}")).unwrap();
}

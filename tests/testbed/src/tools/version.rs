//! The version a program says it has.

use std::path::Path;
use std::process::{Command, Stdio};

/// Major, minor and patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u32, pub(super) u32, pub(super) u32);

impl Version {
    /// The first version found in `text`; a missing patch counts as 0.
    ///
    /// The programs wrap it differently (`etcd Version: 3.6.14`, `Client Version: v1.36.3`, `go1.26.8`,
    /// `victoria-metrics-v1.130.0`), so everything that is neither digit nor dot separates.
    pub(super) fn find(text: &str) -> Option<Self> {
        text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
            let mut numbers = word.split('.').map(str::parse);
            let major = numbers.next()?.ok()?;
            let minor = numbers.next()?.ok()?;
            let patch = numbers.next().and_then(Result::ok).unwrap_or(0);
            Some(Self(major, minor, patch))
        })
    }
}

/// Runs `program` with `arguments` and reads its version; `None` when it does not run or names none.
pub(super) fn ask(program: &Path, arguments: &[&str]) -> Option<Version> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Version::find(&text).or_else(|| Version::find(&String::from_utf8_lossy(&output.stderr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_print() {
        for (text, expected) in [
            ("etcd Version: 3.6.14\nGit SHA: x", Some(Version(3, 6, 14))),
            ("Kubernetes v1.36.3", Some(Version(1, 36, 3))),
            ("Client Version: v1.32.4-dispatcher", Some(Version(1, 32, 4))),
            ("prometheus, version 3.14.0 (branch: )", Some(Version(3, 14, 0))),
            ("v4.2.4+g12345", Some(Version(4, 2, 4))),
            ("victoria-metrics-20251101-0102-tags-v1.130.0-0-gab", Some(Version(1, 130, 0))),
            ("go version go1.27 linux/amd64", Some(Version(1, 27, 0))),
            ("go version devel", None),
            ("", None),
        ] {
            assert_eq!(Version::find(text), expected, "{text}");
        }
    }
}

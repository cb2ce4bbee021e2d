//! Which cluster tests and demo work on: one they start themselves, or one the user names.
//!
//! Only a variable of our own names one. A `KUBECONFIG` that happens to be set may be production's.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// The variable that holds the path of the kubeconfig of a cluster to be used instead of one started here.
pub const VARIABLE: &str = "GUARANTOR_TEST_KUBECONFIG";

/// Which cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// One that is started for the purpose.
    Own,
    /// The one this kubeconfig's current context names.
    Existing(PathBuf),
}

impl Choice {
    /// The choice of whoever started this process.
    ///
    /// # Errors
    /// As [`Choice::by`].
    pub fn of_environment() -> Result<Self> {
        Self::by(|name| std::env::var_os(name))
    }

    /// The choice made by variables. Empty counts as unset.
    ///
    /// # Errors
    /// When [`VARIABLE`] names a file that cannot be read: a cluster that was asked for is never silently replaced.
    pub fn by(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let Some(path) = variable(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from) else {
            return Ok(Self::Own);
        };
        File::open(&path).with_context(|| {
            format!(
                "{VARIABLE} names {}, which cannot be read; give it the absolute path of a kubeconfig, or unset it to \
                 have a control plane started",
                path.display()
            )
        })?;
        Ok(Self::Existing(path))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn by(set: &[(&str, &str)]) -> Result<Choice> {
        Choice::by(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)))
    }

    #[test]
    fn only_the_variable_of_our_own_names_a_cluster() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        assert_eq!(by(&[]).unwrap(), Choice::Own);
        assert_eq!(by(&[("KUBECONFIG", path)]).unwrap(), Choice::Own);
        assert_eq!(by(&[("KUBECONFIG", path), (VARIABLE, "")]).unwrap(), Choice::Own);
        assert_eq!(by(&[(VARIABLE, path)]).unwrap(), Choice::Existing(path.into()));
    }

    #[test]
    fn a_cluster_that_was_asked_for_is_not_replaced_by_another() {
        let error = by(&[(VARIABLE, "/nowhere/kubeconfig"), ("KUBECONFIG", "/nowhere/else")]).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(VARIABLE) && text.contains("/nowhere/kubeconfig"), "{text}");
    }
}

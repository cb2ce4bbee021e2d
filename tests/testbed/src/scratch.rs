//! A folder that is gone when this process is.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::watchdog::Watchdog;

/// A temporary folder.
///
/// Unlike a plain temporary folder it also disappears when this process is killed, and when it is held by a `static`,
/// whose destructor never runs: test binaries share servers that way.
#[derive(Debug)]
pub struct Scratch {
    /// Called off before the folder is removed, because fields are dropped in the order of their declaration.
    _watchdog: Watchdog,
    folder: tempfile::TempDir,
}

impl Scratch {
    /// Makes an empty folder.
    ///
    /// # Errors
    /// When the system's temporary folder cannot be written.
    pub fn new() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("guarantor-testbed-")
            .tempdir()
            .context("cannot make a temporary folder; set TMPDIR to a folder that can be written")?;
        let path = folder
            .path()
            .to_str()
            .context("the path of the temporary folder is not UTF-8; set TMPDIR to another one")?;
        Ok(Self { _watchdog: Watchdog::removing(path)?, folder })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file in it, which need not exist yet.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }
}

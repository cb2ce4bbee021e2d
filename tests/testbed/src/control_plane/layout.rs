//! Where the parts of a control plane keep their files.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::scratch::Scratch;

/// The folder of one control plane.
#[derive(Debug)]
pub(super) struct Layout {
    scratch: Scratch,
}

impl Layout {
    pub(super) fn new() -> Result<Self> {
        let scratch = Scratch::new()?;
        for folder in ["pki", "logs", "kubeconfigs", "home"] {
            std::fs::create_dir(scratch.file(folder))?;
        }
        Ok(Self { scratch })
    }

    pub(super) fn root(&self) -> &Path {
        self.scratch.path()
    }

    /// A certificate or key.
    pub(super) fn pki(&self, file: &str) -> PathBuf {
        self.root().join("pki").join(file)
    }

    pub(super) fn log(&self, part: &str) -> PathBuf {
        self.root().join("logs").join(format!("{part}.log"))
    }

    pub(super) fn kubeconfig(&self, user: &str) -> PathBuf {
        self.root().join("kubeconfigs").join(user)
    }

    pub(super) fn audit_policy(&self) -> PathBuf {
        self.root().join("audit-policy.yaml")
    }

    pub(super) fn audit_log(&self) -> PathBuf {
        self.root().join("audit.log")
    }

    /// What kubectl and Helm keep between calls; never the caches of the user.
    pub(super) fn home(&self) -> PathBuf {
        self.root().join("home")
    }
}

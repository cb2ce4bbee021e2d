//! The programs the testbed runs: where they are, or how they come to be.
//!
//! Takes the tools a test needs, gives a [`Toolbox`] of paths. A tool is looked for in `$KUBEBUILDER_ASSETS` and on
//! `PATH`, where it counts only in a version the testbed works with; then among those built earlier; what is still
//! missing is built from its Go module, which takes minutes once and is told on standard error. No tool is ever
//! downloaded as a binary: `go.sum` vouches for the sources instead.

mod build;
mod module;
mod version;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use self::module::Module;
use self::version::Version;

/// A program the testbed can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// The API server's database.
    Etcd,
    /// The Kubernetes API server.
    KubeApiserver,
    /// The controllers of workloads, autoscalers, nodes and so on.
    KubeControllerManager,
    /// What assigns pods to nodes.
    KubeScheduler,
    /// The command line of Kubernetes.
    Kubectl,
    /// What plays the nodes and their pods.
    Kwok,
    /// The Prometheus server.
    Prometheus,
    /// What checks rules and configuration of Prometheus.
    Promtool,
    /// What installs charts.
    Helm,
    /// A second metrics store, with another idea of `increase`.
    VictoriaMetrics,
    /// What gives autoscalers the figures of a Prometheus: needed only to compare with them.
    PrometheusAdapter,
}

impl Tool {
    /// Every tool.
    pub const ALL: [Self; 11] = [
        Self::Etcd,
        Self::KubeApiserver,
        Self::KubeControllerManager,
        Self::KubeScheduler,
        Self::Kubectl,
        Self::Kwok,
        Self::Prometheus,
        Self::Promtool,
        Self::Helm,
        Self::VictoriaMetrics,
        Self::PrometheusAdapter,
    ];

    /// What a control plane consists of, and `kubectl`.
    pub const CONTROL_PLANE: [Self; 6] =
        [Self::Etcd, Self::KubeApiserver, Self::KubeControllerManager, Self::KubeScheduler, Self::Kubectl, Self::Kwok];

    /// What it takes to play nodes in a cluster that somebody else runs.
    pub const ATTACHMENT: [Self; 2] = [Self::Kubectl, Self::Kwok];

    /// What it takes to install the chart and to open a shop.
    pub const SHOP: [Self; 2] = [Self::Helm, Self::Prometheus];

    /// The name of its executable.
    #[must_use]
    pub fn executable(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::KubeScheduler => "kube-scheduler",
            Self::Kubectl => "kubectl",
            Self::Kwok => "kwok",
            Self::Prometheus => "prometheus",
            Self::Promtool => "promtool",
            Self::Helm => "helm",
            Self::VictoriaMetrics => "victoria-metrics",
            Self::PrometheusAdapter => "prometheus-adapter",
        }
    }

    /// How it is asked for its version.
    fn version_arguments(self) -> &'static [&'static str] {
        match self {
            Self::Kubectl => &["version", "--client"],
            Self::Helm => &["version", "--short"],
            _ => &["--version"],
        }
    }

    /// Whether the testbed works with a copy of it that it did not build.
    fn accepts(self, version: Version) -> bool {
        let Version(major, minor, _) = version;
        match self {
            // Before, the API server cannot give watches their initial events (RequestWatchProgress).
            Self::Etcd => major == 3 && version >= Version(3, 5, 13),
            Self::KubeApiserver | Self::KubeControllerManager | Self::KubeScheduler => (major, minor) == (1, 36),
            // Kubernetes supports a kubectl one minor version away from the API server.
            Self::Kubectl => major == 1 && (35..=37).contains(&minor),
            // Before, `anchored` does not take native histograms.
            Self::Prometheus | Self::Promtool => major == 3 && minor >= 14,
            Self::Helm => major == 4,
            Self::VictoriaMetrics => major == 1 && minor >= 130,
            // The stages of its nodes come with its Go module and have to be of the same version; the adapter does not tell its
            // version.
            Self::Kwok | Self::PrometheusAdapter => false,
        }
    }
}

/// Where the tools are.
#[derive(Debug, Clone, Default)]
pub struct Toolbox {
    paths: BTreeMap<Tool, PathBuf>,
}

impl Toolbox {
    /// The executable of `tool`.
    ///
    /// # Errors
    /// When the tool was not among those [`ensure`] was asked for.
    pub fn path(&self, tool: Tool) -> Result<&Path> {
        self.paths.get(&tool).map(PathBuf::as_path).with_context(|| {
            format!("{} is not in this toolbox; add Tool::{tool:?} to the call of tools::ensure", tool.executable())
        })
    }

    /// Every tool it holds, with its executable.
    pub fn iter(&self) -> impl Iterator<Item = (Tool, &Path)> {
        self.paths.iter().map(|(tool, path)| (*tool, path.as_path()))
    }

    /// The folder with KWOK's own stages for nodes and for the deletion of pods.
    pub(crate) fn kwok_stages(&self) -> Result<PathBuf> {
        let kwok = self.path(Tool::Kwok)?;
        Ok(kwok.with_file_name(build::STAGES))
    }
}

/// Finds or builds `tools`.
///
/// # Errors
/// When a tool has to be built and Go is missing or too old, or when a build fails; the text says what to do.
pub async fn ensure(tools: &[Tool]) -> Result<Toolbox> {
    let mut toolbox = Toolbox::default();
    let folders = installed_folders();
    let mut missing = Vec::new();
    for tool in tools {
        match installed(*tool, &folders) {
            Some(path) => drop(toolbox.paths.insert(*tool, path)),
            None => missing.push(*tool),
        }
    }
    if missing.is_empty() {
        return Ok(toolbox);
    }
    let mut modules: Vec<&Module> = missing.iter().map(|tool| Module::of(*tool)).collect();
    modules.sort_by_key(|module| module.name);
    modules.dedup_by_key(|module| module.name);
    let built = build::ensure(&modules).await?;
    for tool in missing {
        let folder =
            built.get(Module::of(tool).name).with_context(|| format!("no module builds {}", tool.executable()))?;
        toolbox.paths.insert(tool, folder.join(tool.executable()));
    }
    Ok(toolbox)
}

/// The folders a tool may be installed in, the preferred one first.
fn installed_folders() -> Vec<PathBuf> {
    let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let path: OsString = std::env::var_os("PATH").unwrap_or_default();
    assets.into_iter().chain(std::env::split_paths(&path)).collect()
}

/// A copy of `tool` in one of `folders`, in a version the testbed works with.
fn installed(tool: Tool, folders: &[PathBuf]) -> Option<PathBuf> {
    folders
        .iter()
        .map(|folder| folder.join(tool.executable()))
        .filter(|path| path.is_file())
        .find(|path| version::ask(path, tool.version_arguments()).is_some_and(|version| tool.accepts(version)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fitting_versions_are_accepted() {
        for (tool, version, expected) in [
            (Tool::Etcd, Version(3, 4, 23), false),
            (Tool::Etcd, Version(3, 5, 12), false),
            (Tool::Etcd, Version(3, 5, 13), true),
            (Tool::Etcd, Version(4, 0, 0), false),
            (Tool::KubeApiserver, Version(1, 36, 0), true),
            (Tool::KubeScheduler, Version(1, 35, 9), false),
            (Tool::Kubectl, Version(1, 32, 4), false),
            (Tool::Kubectl, Version(1, 37, 1), true),
            (Tool::Prometheus, Version(2, 42, 0), false),
            (Tool::Promtool, Version(3, 14, 0), true),
            (Tool::Helm, Version(3, 19, 0), false),
            (Tool::Helm, Version(4, 2, 4), true),
            (Tool::Kwok, Version(0, 8, 0), false),
        ] {
            assert_eq!(tool.accepts(version), expected, "{tool:?} {version:?}");
        }
    }

    #[test]
    fn a_tool_that_was_not_asked_for_is_named() {
        let error = Toolbox::default().path(Tool::Helm).err();
        assert!(error.is_some_and(|error| error.to_string().contains("Tool::Helm")));
    }
}

//! The Go modules the tools are built from, one for each family.
//!
//! One module for all would let version selection move the libraries of etcd or Prometheus under Kubernetes.

use std::path::PathBuf;

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

use super::Tool;

/// A folder with `go.mod` and `go.sum`, and how it is built.
#[derive(Debug)]
pub(super) struct Module {
    /// The folder's name under `go/`.
    pub(super) name: &'static str,
    /// What it builds.
    pub(super) tools: &'static [Tool],
    /// The build tags.
    pub(super) tags: &'static str,
    /// Variables set at link time: by default the tools do not know their own version, and Helm refuses charts on an
    /// API server without one.
    pub(super) variables: &'static [(&'static str, &'static str)],
    /// About how long it takes from nothing, on two cores.
    pub(super) minutes: &'static str,
}

static ETCD: Module = Module { name: "etcd", tools: &[Tool::Etcd], tags: "", variables: &[], minutes: "half a minute" };

static K8S: Module = Module {
    name: "k8s",
    tools: &[Tool::KubeApiserver, Tool::KubeControllerManager, Tool::KubeScheduler, Tool::Kubectl],
    tags: "selinux,notest,grpcnotrace",
    variables: &[
        ("k8s.io/component-base/version.gitVersion", "v1.36.3"),
        ("k8s.io/component-base/version.gitMajor", "1"),
        ("k8s.io/component-base/version.gitMinor", "36"),
        ("k8s.io/component-base/version.gitTreeState", "clean"),
        ("k8s.io/client-go/pkg/version.gitVersion", "v1.36.3"),
        ("k8s.io/client-go/pkg/version.gitMajor", "1"),
        ("k8s.io/client-go/pkg/version.gitMinor", "36"),
        ("k8s.io/client-go/pkg/version.gitTreeState", "clean"),
    ],
    minutes: "four minutes",
};

static KWOK: Module = Module { name: "kwok", tools: &[Tool::Kwok], tags: "", variables: &[], minutes: "a minute" };

static PROMETHEUS: Module = Module {
    name: "prometheus",
    tools: &[Tool::Prometheus, Tool::Promtool],
    tags: "remove_all_sd,enable_kubernetes_sd",
    variables: &[("github.com/prometheus/common/version.Version", "3.14.0")],
    minutes: "two minutes",
};

static HELM: Module = Module {
    name: "helm",
    tools: &[Tool::Helm],
    tags: "",
    variables: &[("helm.sh/helm/v4/internal/version.version", "v4.2.4")],
    minutes: "a minute",
};

static VICTORIA_METRICS: Module = Module {
    name: "victoriametrics",
    tools: &[Tool::VictoriaMetrics],
    tags: "",
    variables: &[("github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version", "victoria-metrics-v1.130.0")],
    minutes: "half a minute",
};

static ADAPTER: Module =
    Module { name: "adapter", tools: &[Tool::PrometheusAdapter], tags: "", variables: &[], minutes: "a minute" };

impl Module {
    /// The one that builds `tool`.
    pub(super) fn of(tool: Tool) -> &'static Self {
        match tool {
            Tool::Etcd => &ETCD,
            Tool::KubeApiserver | Tool::KubeControllerManager | Tool::KubeScheduler | Tool::Kubectl => &K8S,
            Tool::Kwok => &KWOK,
            Tool::Prometheus | Tool::Promtool => &PROMETHEUS,
            Tool::Helm => &HELM,
            Tool::VictoriaMetrics => &VICTORIA_METRICS,
            Tool::PrometheusAdapter => &ADAPTER,
        }
    }

    /// The folder with its `go.mod`.
    pub(super) fn folder(&self) -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/go")).join(self.name)
    }

    /// What the Go tool is told, apart from where the executables go.
    pub(super) fn build_arguments(&self) -> Vec<String> {
        let mut link = "-s -w".to_owned();
        for (variable, value) in self.variables {
            link.push_str(" -X ");
            link.push_str(variable);
            link.push('=');
            link.push_str(value);
        }
        ["build", "-mod=readonly", "-modcacherw", "-buildvcs=false", "-trimpath", "-tags", self.tags, "-ldflags", &link]
            .map(str::to_owned)
            .to_vec()
    }

    /// The name of the folder its executables are kept in: it changes with everything that can change them.
    pub(super) fn key(&self, go_version: &str) -> Result<String> {
        let mut hash = Sha256::new();
        for file in ["go.mod", "go.sum"] {
            let path = self.folder().join(file);
            let bytes = std::fs::read(&path).with_context(|| {
                format!("cannot read {}; was the checkout this test was built from moved?", path.display())
            })?;
            hash.update(Sha256::digest(bytes));
        }
        hash.update(go_version);
        for argument in self.build_arguments() {
            hash.update(argument);
            hash.update([0]);
        }
        let digest = hash.finalize();
        // Eight of the 32 bytes keep the path readable and still never collide.
        let short = digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        Ok(format!("{}-{short:016x}", self.name))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_listed_by_the_module_that_builds_it() {
        for tool in Tool::ALL {
            assert!(Module::of(tool).tools.contains(&tool), "{tool:?}");
        }
    }

    #[test]
    fn the_versions_told_to_the_linker_are_those_required() {
        for (module, required) in [
            (&K8S, "k8s.io/kubernetes v1.36.3"),
            // Prometheus 3.14.0 is v0.314.0 as a module.
            (&PROMETHEUS, "github.com/prometheus/prometheus v0.314.0"),
            (&HELM, "helm.sh/helm/v4 v4.2.4"),
            (&VICTORIA_METRICS, "github.com/VictoriaMetrics/VictoriaMetrics v1.130.0"),
        ] {
            let text = std::fs::read_to_string(module.folder().join("go.mod")).unwrap();
            assert!(text.contains(required), "{} does not require {required}", module.name);
        }
    }

    #[test]
    fn the_key_changes_with_the_go_version() {
        let module = Module::of(Tool::Etcd);
        let key = module.key("go1.26.0").unwrap();
        assert!(key.starts_with("etcd-"));
        assert_eq!(key, module.key("go1.26.0").unwrap());
        assert_ne!(key, module.key("go1.26.1").unwrap());
    }
}

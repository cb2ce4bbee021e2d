//! The CPU utilisation at which an HPA aims, and the annotation that says what was declared before Guarantor set it.
//!
//! The annotation stands on the HPA itself and is written in the same patch as the target, so that it is there when every status
//! is lost, and always names what was written last. Only an HPA with exactly one metric on the utilization of CPU has a target
//! that can be set; other metrics beside it are nobody's concern here.

use std::collections::BTreeMap;

use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, MetricSpec, MetricTarget};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde::{Deserialize, Serialize};

use crate::api::CPU_TARGET_ANNOTATION;
use crate::api::enforcement_status::ActionTarget;

use super::hpa::{self, API_VERSION, KIND};
use super::ownership::owner;
use super::problem::WorkloadProblem;
use super::{Floor, FloorHolder, WorkloadReader};

/// The list that the target is in. It has one owner as a whole.
const LIST: &str = "/spec/metrics";
/// The plural name of the resource that is written.
pub const PLURAL: &str = "horizontalpodautoscalers";

/// The CPU target of an HPA as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuTarget {
    /// The HPA.
    pub target: ActionTarget,
    /// Its resource version.
    pub resource_version: String,
    /// The one metric that aims at a utilization of CPU; or why there is none that can be set, in words.
    pub metric: Result<CpuMetric, String>,
    /// The metric that can be put back: that one, or of several the one that has the number which Guarantor wrote.
    pub ours: Option<CpuMetric>,
    /// The field manager that owns `spec.metrics`, as far as the API server knows.
    pub set_by: Option<String>,
    /// What Guarantor did to it, if it did.
    pub mark: CpuTargetMark,
    /// The HPA has annotations.
    pub annotated: bool,
    /// An entry of Guarantor is left in `managedFields`; until it is given up, server-side appliers are refused.
    pub entry_left: bool,
}

/// The metric by which an HPA aims at a utilization of CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuMetric {
    /// Its place in `spec.metrics`.
    pub index: usize,
    /// The container that it is about. `None`: all of a pod.
    pub container: Option<String>,
    /// `averageUtilization`: percent of what is requested.
    pub percent: i32,
}

/// What is known of the operator's hand on a CPU target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CpuTargetMark {
    /// No annotation: it had none.
    None,
    /// Written down.
    Recorded(CpuTargetRecord),
    /// There is an annotation, but not one that can be read; its text.
    Unreadable(String),
}

/// The annotation's content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CpuTargetRecord {
    /// The agreement on whose behalf it was set, in the object's namespace.
    pub agreement: String,
    /// The id of the action.
    pub action: String,
    /// When it was decided.
    pub at: Time,
    /// What was declared.
    pub before: i32,
    /// What was written.
    pub value: i32,
}

impl CpuTargetRecord {
    /// The annotation's text.
    #[must_use]
    pub fn to_annotation(&self) -> String {
        let Self { agreement, action, at, before, value } = self;
        serde_json::json!({"agreement": agreement, "action": action, "at": at, "before": before, "value": value})
            .to_string()
    }
}

impl CpuTargetMark {
    fn of(annotations: Option<&BTreeMap<String, String>>) -> Self {
        let Some(text) = annotations.and_then(|all| all.get(CPU_TARGET_ANNOTATION)) else { return Self::None };
        serde_json::from_str(text).map_or_else(|_| Self::Unreadable(text.clone()), Self::Recorded)
    }

    /// The record, if there is one that belongs to `agreement`.
    #[must_use]
    pub fn held_by(&self, agreement: &str) -> Option<&CpuTargetRecord> {
        match self {
            Self::Recorded(record) if record.agreement == agreement => Some(record),
            _ => None,
        }
    }
}

impl CpuTarget {
    /// The target, if there is one that can be set or put back.
    #[must_use]
    pub fn percent(&self) -> Option<i32> {
        self.ours.as_ref().map(|metric| metric.percent)
    }

    /// That of an HPA with this floor.
    pub(super) fn of(hpa: &HorizontalPodAutoscaler, floor: &Floor) -> Self {
        let metadata = &hpa.metadata;
        let (metrics, mark) =
            (hpa.spec.metrics.as_deref().unwrap_or_default(), CpuTargetMark::of(metadata.annotations.as_ref()));
        let metric = metric(metrics);
        Self {
            target: floor.target.clone(),
            resource_version: floor.resource_version.clone(),
            ours: metric.as_ref().ok().cloned().or_else(|| written(metrics, &mark)),
            metric,
            set_by: owner(metadata.managed_fields.as_ref(), LIST),
            mark,
            annotated: metadata.annotations.as_ref().is_some_and(|all| !all.is_empty()),
            entry_left: floor.entry_left,
        }
    }
}

/// That of the HPA that scales the workload alone.
pub(super) fn of_holder(found: Vec<CpuTarget>, holder: &FloorHolder) -> Option<CpuTarget> {
    let FloorHolder::Hpa(floor) = holder else { return None };
    found.into_iter().find(|target| target.target.uid == floor.target.uid)
}

fn metric(metrics: &[MetricSpec]) -> Result<CpuMetric, String> {
    let mut found = metrics.iter().enumerate().filter_map(|(index, metric)| of(index, metric));
    match (found.next(), found.next()) {
        (Some(metric), None) => Ok(metric),
        (None, _) => Err("it has no metric on CPU whose target is of type Utilization".to_owned()),
        (Some(_), Some(_)) => Err("it has more than one metric on CPU whose target is of type Utilization".to_owned()),
    }
}

/// Of several metrics the one with the number that was written, where it is the only one.
fn written(metrics: &[MetricSpec], mark: &CpuTargetMark) -> Option<CpuMetric> {
    let CpuTargetMark::Recorded(record) = mark else { return None };
    let all = metrics.iter().enumerate().filter_map(|(index, metric)| of(index, metric));
    let mut found = all.filter(|metric| metric.percent == record.value);
    found.next().filter(|_| found.next().is_none())
}

fn of(index: usize, metric: &MetricSpec) -> Option<CpuMetric> {
    let percent = |name: &str, target: &MetricTarget| {
        target.average_utilization.filter(|_| name == "cpu" && target.type_ == "Utilization")
    };
    let of_pod = metric.resource.as_ref().and_then(|of| Some((None, percent(&of.name, &of.target)?)));
    let of_container = || {
        let of = metric.container_resource.as_ref()?;
        Some((Some(of.container.clone()), percent(&of.name, &of.target)?))
    };
    let (container, percent) = of_pod.or_else(of_container)?;
    Some(CpuMetric { index, container, percent })
}

impl WorkloadReader {
    /// Reads the CPU target of an HPA that the operator has written before, whether or not it still scales the workload. `None`: it
    /// is gone, or another object bears its name.
    ///
    /// # Errors
    /// [`WorkloadProblem`]: it cannot be told, or may not be read.
    pub async fn read_cpu_target(
        &self,
        namespace: &str,
        target: &ActionTarget,
    ) -> Result<Option<CpuTarget>, WorkloadProblem> {
        if (target.api_version.as_str(), target.kind.as_str()) != (API_VERSION, KIND) {
            return Ok(None);
        }
        match hpa::read_cpu_target(&self.client, self.limit, namespace, &target.name).await {
            Ok(found) => Ok(Some(found).filter(|found| found.target.uid == target.uid)),
            Err(WorkloadProblem::NotFound { .. } | WorkloadProblem::UnknownKind { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use k8s_openapi::jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;

    fn resource(name: &str, kind: &str) -> Value {
        let target = json!({"type": kind, "averageUtilization": 60});
        json!({"type": "Resource", "resource": {"name": name, "target": target}})
    }

    fn found(metrics: &[Value]) -> Result<CpuMetric, String> {
        metric(&serde_json::from_value::<Vec<MetricSpec>>(json!(metrics)).unwrap())
    }

    #[test]
    fn one_metric_on_the_utilization_of_cpu_has_a_target_whatever_is_beside_it() {
        let target = json!({"type": "Utilization", "averageUtilization": 60});
        let of_container = json!({"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "web", "target": target}});
        let external = json!({
            "type": "External",
            "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "30"}},
        });
        let at = |index, container: Option<&str>| {
            Ok(CpuMetric { index, container: container.map(str::to_owned), percent: 60 })
        };
        let (cpu, memory) = (resource("cpu", "Utilization"), resource("memory", "Utilization"));
        assert_eq!(found(std::slice::from_ref(&cpu)), at(0, None));
        assert_eq!(found(&[external, memory.clone(), cpu.clone()]), at(2, None));
        assert_eq!(found(&[memory.clone(), of_container.clone()]), at(1, Some("web")));
        for (metrics, why) in [
            (vec![], "no metric on CPU"),
            (vec![memory], "no metric on CPU"),
            (vec![resource("cpu", "AverageValue")], "no metric on CPU"),
            (vec![cpu, of_container], "more than one metric on CPU"),
        ] {
            assert!(found(&metrics).unwrap_err().contains(why), "{why}");
        }
    }

    #[test]
    fn of_several_the_one_with_the_number_that_was_written_can_be_put_back() {
        let metrics = |percents: &[i32]| -> Vec<MetricSpec> {
            let metric = |percent: &i32| {
                let target = json!({"type": "Utilization", "averageUtilization": percent});
                json!({"type": "Resource", "resource": {"name": "cpu", "target": target}})
            };
            serde_json::from_value(percents.iter().map(metric).collect()).unwrap()
        };
        let record = CpuTargetRecord {
            agreement: "checkout".into(),
            action: "id".into(),
            at: Time(Timestamp::UNIX_EPOCH),
            before: 60,
            value: 70,
        };
        let mark = CpuTargetMark::Recorded(record);
        let of = |percents: &[i32], mark: &CpuTargetMark| written(&metrics(percents), mark).map(|metric| metric.index);
        assert_eq!(of(&[50, 70], &mark), Some(1));
        for (percents, mark) in [(&[70, 70], &mark), (&[50, 60], &mark), (&[50, 70], &CpuTargetMark::None)] {
            assert_eq!(of(percents, mark), None, "{percents:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_and_nothing_is_guessed() {
        let read = |text: &str| CpuTargetMark::of(Some(&[(CPU_TARGET_ANNOTATION.to_owned(), text.to_owned())].into()));
        let record = CpuTargetRecord {
            agreement: "checkout".into(),
            action: "id".into(),
            at: Time(Timestamp::UNIX_EPOCH),
            before: 80,
            value: 70,
        };
        assert_eq!(read(&record.to_annotation()), CpuTargetMark::Recorded(record.clone()));
        assert_eq!(read(&record.to_annotation()).held_by("checkout"), Some(&record));
        assert_eq!(read(&record.to_annotation()).held_by("other"), None);
        for text in ["", "80", "{}", r#"{"agreement":"a","before":80}"#] {
            assert_eq!(read(text), CpuTargetMark::Unreadable(text.to_owned()));
        }
        assert_eq!(CpuTargetMark::of(None), CpuTargetMark::None);
    }
}

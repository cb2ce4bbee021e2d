//! Where a test plays: a shop in a namespace of its own, and an operator that watches only that namespace, under the
//! account the chart made for it.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use guarantor::api::ServiceLevelAgreement;
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::enforcement_status::{ActionRecord, Verb, Verdict};
use guarantor_testbed::chart::{EVERY_VERB, install};
use guarantor_testbed::manifest::{Agreement, Objective};
use guarantor_testbed::shop::STOREFRONT;
use guarantor_testbed::wait::{Progress, wait_until};
use guarantor_testbed::{AuditEvent, ControlPlane, Operator, OperatorOptions, Shop, ShopOptions};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Api, ListParams};
use tokio::sync::OnceCell;
use tokio::time::sleep;

pub use guarantor_testbed::chart::SYSTEM;

/// How long a test waits for one thing. Machines are shared; this bounds a failure, not a success.
pub const PATIENCE: Duration = Duration::from_secs(300);
/// The same for a `kubectl` that waits by itself.
pub const TIMEOUT: &str = "--timeout=300s";

/// How long a service is calm before it gets into trouble, once its first events were counted: a thousand requests.
const CALM: Duration = Duration::from_secs(10);

/// The chart's folder.
pub fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/guarantor")
}

/// The cluster with the chart installed, and no operator replica in it: simulated nodes run nothing.
pub async fn cluster() -> Result<&'static ControlPlane> {
    installed(ControlPlane::shared().await?).await
}

/// The same for tests that look into the audit log, or leave things beside their namespace: never a cluster of others.
pub async fn own_cluster() -> Result<&'static ControlPlane> {
    installed(ControlPlane::shared_own().await?).await
}

async fn installed(cluster: &'static ControlPlane) -> Result<&'static ControlPlane> {
    static OWN: OnceCell<()> = OnceCell::const_new();
    static EXISTING: OnceCell<()> = OnceCell::const_new();
    let once = if cluster.is_own() { &OWN } else { &EXISTING };
    once.get_or_try_init(|| async {
        let values = format!("{EVERY_VERB},rbac.feasibility.quotas=true,rbac.feasibility.nodes=true");
        install(cluster, &chart(), &values).await?;
        until_served(cluster).await
    })
    .await?;
    Ok(cluster)
}

/// Waits until what was installed just now is in force: a definition is served, and a role granted, a little after it
/// was made.
pub async fn until_served(cluster: &ControlPlane) -> Result<()> {
    let account = format!("--as=system:serviceaccount:{SYSTEM}:guarantor");
    let questions: [&[&str]; 6] = [
        &["get", "sla"],
        &["get", "slx"],
        &["get", "sls"],
        &["get", "sll"],
        &["get", "msrc"],
        &["auth", "can-i", "list", "servicelevelagreements.guarantor.dev", "-A", &account],
    ];
    for question in questions {
        wait_until("what was installed to be in force", PATIENCE, async || {
            let answer = cluster.kubectl(question).await?;
            let seen = format!("{}{}", answer.stdout, answer.stderr);
            Ok(if answer.status.success() { Progress::Done(()) } else { Progress::Pending(seen) })
        })
        .await?;
    }
    Ok(())
}

/// A shop with an operator.
pub struct Stage {
    pub cluster: &'static ControlPlane,
    pub shop: Shop,
    /// The namespace the operator watches.
    pub namespace: String,
    pub operator: Option<Operator>,
    /// How its operator is started, for starting another.
    pub options: OperatorOptions,
}

impl Stage {
    /// Opens a shop in the namespace `name` and starts an operator for it.
    pub async fn open(name: &str) -> Result<Self> {
        Self::open_with(&ShopOptions::new(name)).await
    }

    /// The same for a shop of another kind.
    pub async fn open_with(shop: &ShopOptions) -> Result<Self> {
        Self::open_in(cluster().await?, shop, &shop.namespace).await
    }

    /// The same in a cluster whose audit log can be read.
    pub async fn open_audited(name: &str) -> Result<Self> {
        Self::open_in(own_cluster().await?, &ShopOptions::new(name), name).await
    }

    /// The same with an operator that watches the namespace `watched`, which is made, instead of the shop's.
    pub async fn open_in(cluster: &'static ControlPlane, shop: &ShopOptions, watched: &str) -> Result<Self> {
        let options = operator_options(cluster, watched).await?;
        let shop = Shop::open(cluster, shop).await?;
        if watched != shop.namespace {
            cluster.create_namespace(watched).await?;
        }
        let operator = Some(Operator::start(&options).await?);
        Ok(Self { cluster, shop, namespace: watched.to_owned(), operator, options })
    }

    /// Waits until an object's fields read as expected.
    pub async fn until_read(&self, object: [&str; 2], fields: &str, expected: &str) -> Result<()> {
        let [kind, name] = object;
        let path = format!("jsonpath={fields}");
        wait_until(expected, PATIENCE, async || {
            let found = self.cluster.kubectl(&["get", kind, name, "-n", &self.namespace, "-o", &path]).await?.ok()?;
            Ok(if found == expected { Progress::Done(()) } else { Progress::Pending(found) })
        })
        .await
    }

    /// Starts another operator in the place of the first one, which would wait before it disrupts anything.
    pub async fn warm_up(&mut self) -> Result<()> {
        self.operator.take().context("an operator")?.stop().await?;
        self.options.flags.push("--warm-up=0s".to_owned());
        self.operator = Some(Operator::start(&self.options).await?);
        Ok(())
    }

    /// Applies a manifest as a user would.
    pub async fn apply(&self, manifest: &(impl Display + ?Sized)) -> Result<String> {
        self.cluster.kubectl_with_input(&["apply", "-f", "-"], &manifest.to_string()).await?.ok()
    }

    /// The pods of the storefront.
    pub async fn pods(&self) -> Result<Vec<Pod>> {
        let api: Api<Pod> = Api::namespaced(self.cluster.client()?, &self.namespace);
        Ok(api.list(&ListParams::default().labels(&format!("app={STOREFRONT}"))).await?.items)
    }

    /// The status of an agreement of this namespace; empty while there is none.
    pub async fn status(&self, agreement: &str) -> Result<AgreementStatus> {
        Ok(self.agreement(agreement).await?.status.unwrap_or_default())
    }

    /// An agreement of this namespace.
    pub async fn agreement(&self, name: &str) -> Result<ServiceLevelAgreement> {
        let api: Api<ServiceLevelAgreement> = Api::namespaced(self.cluster.client()?, &self.namespace);
        Ok(api.get(name).await?)
    }

    /// Waits until an agreement's status says what `seen` looks for.
    pub async fn until<T>(
        &self,
        agreement: &str,
        what: &str,
        seen: impl Fn(&AgreementStatus) -> Option<T>,
    ) -> Result<T> {
        let waited = wait_until(what, PATIENCE, async || {
            let status = self.status(agreement).await?;
            Ok(match seen(&status) {
                Some(found) => Progress::Done(found),
                None => Progress::pending(serde_json::to_string_pretty(&status)?),
            })
        });
        waited.await.with_context(|| self.log())
    }

    /// Waits until events were counted, and then for so long that there is an error budget to lose: a status in which all
    /// is well is not written again for more of the same.
    pub async fn until_calm(&self, agreement: &str) -> Result<()> {
        let counted = |total: &str| total.parse::<u64>().is_ok_and(|events| events > 0);
        self.until(agreement, "calm slots", |s| s.objectives.iter().any(|o| counted(&o.total_events)).then_some(()))
            .await?;
        sleep(CALM).await;
        Ok(())
    }

    /// Deletes the agreement, which waits until the operator has let it go.
    pub async fn delete(&self, agreement: &str) -> Result<()> {
        let arguments = ["delete", "sla", agreement, "-n", &self.namespace, TIMEOUT];
        self.cluster.kubectl(&arguments).await?.ok().with_context(|| self.log()).map(drop)
    }

    /// What the account the chart made for the operator asked of this namespace.
    pub fn requests(&self, namespace: &str) -> Result<Vec<AuditEvent>> {
        let account = format!("system:serviceaccount:{SYSTEM}:guarantor");
        let mut events = self.cluster.audit_events_of(&account)?;
        events.retain(|event| event.namespace == namespace);
        Ok(events)
    }

    /// What was refused to that account for want of a right, in this namespace and of nodes, which belong to none.
    pub fn refused(&self) -> Result<Vec<AuditEvent>> {
        let mut events = self.requests(&self.namespace)?;
        events.extend(self.requests("")?.into_iter().filter(|event| event.resource == "nodes"));
        events.retain(|event| event.code == 403);
        Ok(events)
    }

    /// The end of the operator's log, for messages.
    pub fn log(&self) -> String {
        self.operator.as_ref().map_or_else(|| "the operator does not run".to_owned(), log_of)
    }
}

/// The end of an operator's log, for messages.
pub fn log_of(operator: &Operator) -> String {
    let log = std::fs::read_to_string(operator.log()).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let tail = lines.len().saturating_sub(30);
    format!("the operator's log ends with\n{}", lines[tail..].join("\n"))
}

/// A raise that was found to help, and the first one of all: where pods come up slowly it may take more than one.
pub fn effective_and_first_raise(status: &AgreementStatus) -> Option<(ActionRecord, ActionRecord)> {
    let raises = || status.actions.iter().filter(|a| a.verb == Verb::RaiseFloor);
    let effective = raises().find(|a| a.verdict == Some(Verdict::Effective))?;
    Some((effective.clone(), raises().next_back()?.clone()))
}

/// The condition of that type.
pub fn condition<'a>(status: &'a AgreementStatus, kind: &str) -> Option<&'a Condition> {
    status.conditions.iter().find(|condition| condition.type_ == kind)
}

/// An operator for one namespace: slots are read two seconds after their end, and it has a lease of its own, which it
/// keeps on a machine that stands still for ten seconds.
pub async fn operator_options(cluster: &ControlPlane, namespace: &str) -> Result<OperatorOptions> {
    Ok(OperatorOptions {
        binary: PathBuf::from(env!("CARGO_BIN_EXE_guarantor")),
        kubeconfig: cluster.service_account_kubeconfig(SYSTEM, "guarantor").await?,
        watch_namespace: namespace.to_owned(),
        lease_namespace: SYSTEM.to_owned(),
        lease_name: format!("guarantor-{namespace}"),
        flags: [
            "--settle-delay=2s",
            "--log-format=text",
            "--lease-duration=15s",
            "--renew-interval=1s",
            "--lease-margin=2s",
        ]
        .map(str::to_owned)
        .to_vec(),
    })
}

/// An agreement about the storefront's latency, in that mode.
pub fn latency_agreement<'a>(namespace: &'a str, mode: &'a str) -> Agreement<'a> {
    Agreement { objectives: vec![Objective::latency("500ms", "90")], mode, ..Agreement::new(namespace) }
}

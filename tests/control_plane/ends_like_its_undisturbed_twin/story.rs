//! A story: something that happens to a shop, and the verbs that answer it.

use anyhow::{Context, Result, ensure};
use futures::future::LocalBoxFuture;
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::enforcement_status::{ActionPhase, ActionRecord, EnforcementStatus, Verb};
use guarantor_testbed::ShopOptions;
use guarantor_testbed::shop::STOREFRONT;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};

use crate::stage::Stage;

/// Something that happens to a shop, until nothing more comes of it.
pub(super) struct Story {
    /// One word, for the namespaces it is played in.
    pub(super) name: &'static str,
    /// The verbs around which the operator is killed, in the order in which they come.
    pub(super) verbs: &'static [Verb],
    /// The shop it happens to, in a namespace.
    pub(super) shop: fn(&str) -> ShopOptions,
    /// Makes what the shop has beside, and gives the agreement.
    pub(super) agree: for<'a> fn(&'a mut Stage) -> LocalBoxFuture<'a, Result<String>>,
    /// Lets it happen, and waits for the end.
    pub(super) play: for<'a> fn(&'a Stage) -> LocalBoxFuture<'a, Result<()>>,
}

/// The agreement in other words; words that are not there would leave it as it is.
pub(super) fn reworded(agreement: &str, words: &[(&str, &str)]) -> Result<String> {
    words.iter().try_fold(agreement.to_owned(), |text, (from, to)| {
        ensure!(text.contains(from), "the agreement does not say {from}:\n{text}");
        Ok(text.replace(from, to))
    })
}

/// The acts of a verb that were done, newest first.
pub(super) fn of(status: &AgreementStatus, verb: Verb) -> impl Iterator<Item = &ActionRecord> {
    status.actions.iter().filter(move |action| action.verb == verb && action.phase == ActionPhase::Done)
}

/// Waits until a verb was done.
pub(super) async fn until_done(stage: &Stage, verb: Verb) -> Result<()> {
    stage.until(STOREFRONT, &format!("{verb:?}"), |s| of(s, verb).next().map(|_| ())).await
}

/// Waits until so many acts of a verb have a verdict.
pub(super) async fn until_judged(stage: &Stage, verb: Verb, acts: usize) -> Result<()> {
    let judged = |s: &AgreementStatus| of(s, verb).filter(|act| act.verdict.is_some()).count() >= acts;
    stage.until(STOREFRONT, &format!("{acts} verdicts on {verb:?}"), |s| judged(s).then_some(())).await
}

/// Waits until all is over, and nothing of the operator's stands.
pub(super) async fn until_over(stage: &Stage) -> Result<()> {
    let over = |s: &AgreementStatus| s.enforcement.as_ref().is_some_and(holds_nothing).then_some(());
    stage.until(STOREFRONT, "the end of the episode", over).await
}

fn holds_nothing(enforcement: &EnforcementStatus) -> bool {
    let avoids = enforcement.avoidance.as_ref().is_some_and(|avoidance| avoidance.standing().is_some());
    let sheds = enforcement.shed.as_ref().is_some_and(|shed| shed.standing.is_some());
    let resized = enforcement.resize.as_ref().is_some_and(|resize| resize.pods > 0);
    let targets = enforcement.cpu_target.as_ref().is_some_and(|target| target.standing.is_some());
    enforcement.episode.is_none() && enforcement.floor.is_none() && !targets && !avoids && !sheds && !resized
}

/// The pods of the storefront that are not on their way out.
pub(super) async fn pods(stage: &Stage) -> Result<Vec<Pod>> {
    let api: Api<Pod> = Api::namespaced(stage.cluster.client()?, &stage.namespace);
    let mut pods = api.list(&ListParams::default().labels(&format!("app={STOREFRONT}"))).await?.items;
    pods.retain(|pod| pod.metadata.deletion_timestamp.is_none());
    Ok(pods)
}

/// Annotates a pod, or takes an annotation from it.
pub(super) async fn annotate(stage: &Stage, pod: &str, annotation: &str) -> Result<()> {
    let annotated = stage.cluster.kubectl(&["annotate", "pod", pod, "-n", &stage.namespace, annotation]).await?;
    annotated.ok().with_context(|| format!("{pod} was not annotated")).map(drop)
}

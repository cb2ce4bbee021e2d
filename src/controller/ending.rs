//! The end of a controller of kube's: it lets the reconciles under way end, and must not wait for what never comes.

use futures::FutureExt;
use kube::Resource;
use kube::runtime::reflector::Store;
use tokio_util::sync::CancellationToken;

/// Runs a controller until it ends by itself after `ended`. One whose first list has not come waits for that and for nothing
/// else, be it for ever; it has begun no reconcile, so it is left there.
pub(super) async fn to_the_end<K>(controller: impl Future<Output = ()>, known: &Store<K>, ended: &CancellationToken)
where
    K: Resource<DynamicType = ()> + Clone + 'static,
{
    let ends_unlisted = async {
        ended.cancelled().await;
        if known.wait_until_ready().now_or_never().is_some() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = controller => {}
        () = ends_unlisted => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures::{StreamExt, stream};
    use kube::runtime::controller::{Action, Controller};
    use kube::runtime::{reflector, watcher};
    use tokio::time::{Instant, timeout};

    use super::*;
    use crate::api::MetricsSource;
    use crate::controller::error::Error;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_controller_whose_list_never_comes_ends_all_the_same() {
        let (known, _writer) = reflector::store::<MetricsSource>();
        let ended = CancellationToken::new();
        let controller = Controller::for_stream(stream::pending(), known.clone())
            .graceful_shutdown_on(ended.clone().cancelled_owned())
            .run(|_, _| async { Ok(Action::await_change()) }, |_, _: &Error, _| Action::await_change(), Arc::new(()))
            .for_each(|_| async {});
        let ends = to_the_end(controller, &known, &ended);
        tokio::pin!(ends);
        timeout(LONG, &mut ends).await.unwrap_err();
        ended.cancel();
        timeout(LONG, ends).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_has_begun_is_let_end_its_work() {
        let (known, mut writer) = reflector::store::<MetricsSource>();
        writer.apply_watcher_event(&watcher::Event::Init);
        writer.apply_watcher_event(&watcher::Event::InitDone);
        let (ended, begun) = (CancellationToken::new(), Instant::now());
        ended.cancel();
        to_the_end(tokio::time::sleep(LONG), &known, &ended).await;
        assert_eq!(begun.elapsed(), LONG);
    }
}

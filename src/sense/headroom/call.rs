//! One read of what is left, bounded in time: an answer, or why there is none.

use std::time::Duration;

/// Nothing was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unread {
    /// Why, in words.
    pub(super) why: String,
    /// The operator has not the right: that will be so for a while.
    pub(super) forbidden: bool,
}

/// The answer, within `limit`. `what` names in words what is asked for.
pub(super) async fn bounded<T>(
    limit: Duration,
    what: &str,
    call: impl Future<Output = kube::Result<T>>,
) -> Result<T, Unread> {
    match tokio::time::timeout(limit, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(kube::Error::Api(status))) if status.code == 403 => {
            Err(Unread { why: format!("{what} may not be listed"), forbidden: true })
        }
        Ok(Err(error)) => Err(Unread { why: format!("{what} could not be listed: {error}"), forbidden: false }),
        Err(_) => Err(Unread { why: format!("{what} were not listed in time"), forbidden: false }),
    }
}

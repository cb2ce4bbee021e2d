//! Why a workload could not be read, each case with words that tell the user what to do.

/// No observation, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkloadProblem {
    /// The reference leaves the agreement's namespace.
    #[error(
        "service.workloads: `{name}` is in namespace `{namespace}`, but an agreement acts on nothing outside its own; \
         put the agreement beside the workload"
    )]
    OtherNamespace {
        /// The workload.
        name: String,
        /// Where the reference points.
        namespace: String,
    },
    /// `apiVersion` is not one.
    #[error("service.workloads: `{api_version}` is not an API version; write it like `apps/v1`")]
    InvalidApiVersion {
        /// As written.
        api_version: String,
    },
    /// The API server serves no such kind.
    #[error(
        "service.workloads: the API server knows no `{kind}` in `{api_version}`; correct the reference, or install what \
         defines that kind"
    )]
    UnknownKind {
        /// As written.
        api_version: String,
        /// As written.
        kind: String,
    },
    /// The kind has no scale subresource, so its replicas cannot be changed in a general way.
    #[error(
        "service.workloads: `{kind}` in `{api_version}` has no scale subresource in namespaces; name a workload that \
         can be scaled, such as a Deployment"
    )]
    NoScale {
        /// As written.
        api_version: String,
        /// As written.
        kind: String,
    },
    /// There is no such object.
    #[error("service.workloads: {what} does not exist; create it or correct the reference")]
    NotFound {
        /// Kind and name.
        what: String,
    },
    /// The scale subresource does not say which pods belong to the workload.
    #[error(
        "{what}: its scale has no selector, so its pods cannot be told; its definition needs \
         `subresources.scale.labelSelectorPath`"
    )]
    NoSelector {
        /// Kind and name.
        what: String,
    },
    /// The operator may not read it.
    #[error("the operator may not read {what}; extend its role: {message}")]
    Forbidden {
        /// What was to be read.
        what: String,
        /// The API server's words.
        message: String,
    },
    /// No answer in time. What is there is unknown.
    #[error("no answer from the API server for {what} in time; what stands there is unknown until it answers")]
    TimedOut {
        /// What was to be read.
        what: String,
    },
    /// Another failure. What is there is unknown.
    #[error("{what} could not be read: {message}")]
    Failed {
        /// What was to be read.
        what: String,
        /// What happened.
        message: String,
    },
}

impl WorkloadProblem {
    /// The problem as one word, for conditions.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::OtherNamespace { .. } => "WorkloadInOtherNamespace",
            Self::InvalidApiVersion { .. } => "InvalidApiVersion",
            Self::UnknownKind { .. } => "UnknownKind",
            Self::NoScale { .. } => "NoScaleSubresource",
            Self::NotFound { .. } => "WorkloadNotFound",
            Self::NoSelector { .. } => "NoSelector",
            Self::Forbidden { .. } => "Forbidden",
            Self::TimedOut { .. } => "ApiServerTimedOut",
            Self::Failed { .. } => "WorkloadUnreadable",
        }
    }
}

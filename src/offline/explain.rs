//! `guarantor explain`: the latest decision about an agreement, read from its status in the cluster or from a file.

use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;

use crate::api::ServiceLevelAgreement;
use crate::record::explanation;
use crate::runtime::cli::ExplainArgs;
use crate::runtime::client::{self, ConnectError};
use crate::sense::account::{self, ReadError};

/// The exit code of what cannot be read.
const UNREADABLE: u8 = 2;
/// The most that is read. The largest object an API server keeps has less than 2 MiB.
const MOST_BYTES: u64 = 8 << 20;

/// Why there is nothing to explain.
#[derive(Debug, thiserror::Error)]
enum Problem {
    /// The file.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// It is no agreement.
    #[error("{0} is no ServiceLevelAgreement as `kubectl get sla NAME -o yaml` prints it: {1}")]
    Content(String, String),
    /// No cluster.
    #[error("{0}; or give the agreement with -f, which needs no cluster")]
    Connect(#[from] ConnectError),
    /// The API server.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The name is none.
    #[error(
        "{0:?} is no name of an agreement; write NAMESPACE/NAME, or NAME for the namespace of the kubeconfig context"
    )]
    Name(String),
    /// There is no such agreement.
    #[error("there is no agreement {0}; `kubectl get sla -A` lists those there are")]
    Missing(String),
    /// The process, or standard output.
    #[error("{0}")]
    Process(#[from] std::io::Error),
}

/// Carries out the command. What is wrong is said on standard error.
#[must_use]
pub fn run(arguments: &ExplainArgs) -> ExitCode {
    match explain(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("guarantor: {problem}");
            ExitCode::from(UNREADABLE)
        }
    }
}

fn explain(arguments: &ExplainArgs) -> Result<(), Problem> {
    let agreement = match (&arguments.file, &arguments.name) {
        (Some(file), _) => from_file(file)?,
        (None, name) => {
            // Two libraries bring TLS; neither may guess whose cryptography is meant. Installed already: just as well.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(from_cluster(name.as_deref().unwrap_or_default()))?
        }
    };
    // Not `print!`, which panics when the reader of a pipe has gone.
    std::io::stdout().write_all(explanation::text(&agreement, Timestamp::now()).as_bytes())?;
    Ok(())
}

fn from_file(path: &Path) -> Result<ServiceLevelAgreement, Problem> {
    let mut text = String::new();
    let (name, read) = if path == Path::new("-") {
        ("standard input".to_owned(), std::io::stdin().take(MOST_BYTES).read_to_string(&mut text))
    } else {
        let read = std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text));
        (path.display().to_string(), read)
    };
    read.map_err(|error| Problem::File(name.clone(), error))?;
    let value: Result<serde_json::Value, _> = serde_saphyr::from_str(&text);
    let agreement = value.map_err(|error| error.to_string());
    let agreement = agreement.and_then(|value| serde_json::from_value(value).map_err(|error| error.to_string()));
    agreement.map_err(|error| Problem::Content(name, error))
}

async fn from_cluster(name: &str) -> Result<ServiceLevelAgreement, Problem> {
    let clients = client::connect().await?;
    let (namespace, own) = name.split_once('/').unwrap_or((&clients.namespace, name));
    if namespace.is_empty() || own.is_empty() || own.contains('/') {
        return Err(Problem::Name(name.to_owned()));
    }
    let found = account::agreement(&clients.reading, namespace, own).await?;
    found.ok_or_else(|| Problem::Missing(format!("{namespace}/{own}")))
}

//! The operator's binary: parses the command line, prepares the process and runs one command.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Parser;
use guarantor::controller::room::MOST_BYTES;
use guarantor::controller::{self, Setup};
use guarantor::offline::{check, explain, settle, simulate, statement};
use guarantor::record::metrics::Metrics;
use guarantor::runtime::cli::{Cli, Command};
use guarantor::runtime::clock::Clock;
use guarantor::runtime::health::Health;
use guarantor::runtime::leader::{Candidate, KubeLeaseStore, process_identity};
use guarantor::runtime::settings::Settings;
use guarantor::runtime::{client, crds, server, shutdown, telemetry};
use guarantor::sense::source::HttpStores;
use jiff::SignedDuration;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

fn main() -> ExitCode {
    match execute(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("guarantor: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Check(arguments) => return Ok(check::command(&arguments)),
        Command::Simulate(arguments) => return Ok(simulate::command::command(&arguments)),
        Command::Settle(arguments) => return Ok(settle::command::command(&arguments)),
        Command::Crds(arguments) => match arguments.directory {
            Some(directory) => crds::write(&directory)?,
            None => crds::documents()?.iter().for_each(|document| print!("---\n{}", document.yaml)),
        },
        Command::Explain(arguments) => return Ok(explain::run(&arguments)),
        Command::Statement(command) => return Ok(statement::run(&command)),
        Command::Run(raw) => {
            let settings = Settings::try_from(&*raw)?;
            // Two libraries bring TLS; neither may guess whose cryptography is meant.
            if rustls::crypto::ring::default_provider().install_default().is_err() {
                bail!("a TLS provider is already installed");
            }
            telemetry::init(raw.log_format, &raw.log_filter)?;
            telemetry::announce(&settings);
            tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(settings))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs until a signal, or until a task ends that never should. The server and the lease outlive the work: the one
/// answers probes, and the other is given back last of all.
async fn run(settings: Settings) -> anyhow::Result<()> {
    let stop = shutdown::on_signal().context("cannot listen for signals")?;
    let clients = client::connect().await?;
    let address = settings.metrics_address;
    let listener = TcpListener::bind(address).await.with_context(|| format!("--metrics-address: {address}"))?;

    let (health, mut registry) = (Health::new([controller::RESOURCES]), Registry::default());
    let metrics = Metrics::register(&mut registry);
    let election = &settings.election;
    let namespace = election.namespace.as_deref().unwrap_or(&clients.namespace);
    let store = KubeLeaseStore::new(clients.writing.clone(), namespace, &election.name);
    let identity = process_identity(&election.pod);
    let (candidate, fence) = Candidate::new(store, identity.clone(), election.timing, Clock::System);
    let (client, actuator) = clients.fenced(&fence)?;
    let setup = Setup {
        client,
        actuator,
        fence,
        clock: Clock::System,
        stores: Arc::new(HttpStores),
        metrics,
        health: health.clone(),
        identity,
        own_namespace: namespace.to_owned(),
        watch_namespace: settings.watch_namespace.clone(),
        concurrency: settings.concurrency,
        settle: SignedDuration::try_from(settings.settle_delay).context("--settle-delay")?,
        grace: SignedDuration::try_from(settings.close_grace).context("--close-grace")?,
        checkpoint: SignedDuration::try_from(settings.checkpoint_interval).context("--checkpoint-interval")?,
        ledger_bytes: MOST_BYTES,
        resync: settings.resync_interval,
        pulse: settings.pulse_interval,
        warm_up: SignedDuration::try_from(settings.warm_up).context("--warm-up")?,
        ceiling: settings.enforcement,
    };

    let done = CancellationToken::new();
    let mut serving = tokio::spawn(server::serve(listener, server::routes(Arc::new(registry), health), done.clone()));
    let mut contending = tokio::spawn(candidate.run(done.clone()));
    let working = controller::run(setup, stop);

    let outcome = tokio::select! {
        () = working => Ok(()),
        ended = &mut contending => Err(anyhow::anyhow!("the leader election ended: {ended:?}")),
        ended = &mut serving => Err(anyhow::anyhow!("the server ended: {ended:?}")),
    };
    done.cancel();
    if outcome.is_ok() {
        contending.await.context("the leader election failed")?;
        serving.await.context("the server failed")?;
    }
    outcome
}

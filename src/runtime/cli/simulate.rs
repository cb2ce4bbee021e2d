//! The flags of `simulate`.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use k8s_openapi::jiff::Timestamp;

use super::duration;
use crate::simulate::fault::kind::{Kind, Setting};

/// What `--help` says after the flags, but for the faults.
const POLICIES: &str = "\
Policies, in the order in which they are to be told of:
  operator=0.6    the whole operator by spec.enforcement of the agreement, beside hpa=0.6, which is told of alone too.
                  What disrupts waits for the first ten minutes. Under spec.enforcement.capacity.mode Target it sets
                  the target of its own one
  unscaled=20     the same where 20 pods are declared and nothing else scales them, as spec.enforcement.capacity.mode Own
                  needs it; static=20 is told of alone too
  law             Guarantor's scaling law alone, which has seen what --history says, in the place of an autoscaler
  hpa=0.6         an HorizontalPodAutoscaler that aims at so much of the CPU request
  keda=0.6        KEDA on the request rate: a pod for what keeps it so busy
  kpa, kpa=2      Knative on concurrency: aims at 70 % of so many requests in flight at a pod. Left out: what keeps
                  pods as busy as the clairvoyant does, and at most one request that is served at a pod
  static=20       so many pods from the first second on
  clairvoyant, clairvoyant=0.7
                  knows the load to come, which no autoscaler does, and keeps pods at most so busy. Left out: a
                  tenth less than just keeps the promise with a random balancer, by queueing theory

A pod of the simulated service has one core and takes 64 requests at a time, which share it; clients give up after 5 s.
Five pods are on a node.
";

fn after_help() -> String {
    let mut text = format!(
        "{POLICIES}\nFaults, each with when it begins and settings by their names, such as gray-node@15m,speed=0.5; what is \
         left out is as shown:\n"
    );
    for kind in Kind::ALL {
        let settings = kind.settings();
        let example: Vec<String> =
            settings.iter().map(|setting| format!(",{}={}", setting.name, setting.left_out)).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {}@30m{}\n          {}", kind.name(), example.concat(), kind.says());
        for Setting { name, unit, says, .. } in settings {
            let _ = writeln!(text, "          {name:7} {says}: {}", unit.allowed());
        }
    }
    text
}

/// The flags of `simulate`.
#[derive(Debug, Args)]
#[command(after_long_help = after_help())]
pub struct SimulateArgs {
    /// The agreement: a file with one `ServiceLevelAgreement`. Its latency objective says what is promised,
    /// `spec.enforcement.scale` how few and how many pods there may be (left out: 1 to 1000).
    #[arg(short = 'f', long, value_name = "FILE")]
    pub agreement: PathBuf,

    /// The load: a file with requests per second, one number a line for each second; or a CSV with a header; or `-` for
    /// standard input.
    ///
    /// The first column of a CSV is a time (without a zone, in UTC; or Unix seconds), or is called `second`, `minute` or `hour`
    /// and counts from the beginning. Another one has the requests until the next row, or requests per second if it is called
    /// `rate`, `rps` or `qps`, or its name ends in `/s`, `per second` or `per_sec`.
    ///
    /// Rows are as far apart as most of them are. A row that is missing is a hole: the load before it is kept, and it is told.
    /// Where more than a tenth are missing, the trace is refused.
    #[arg(long, value_name = "FILE", required_unless_present = "prometheus", conflicts_with = "prometheus")]
    pub trace: Option<PathBuf>,

    /// Read the load from this Prometheus-compatible store, from `--from` until `--until`.
    ///
    /// A step that the store says nothing of is a hole: the load before it is kept, at the beginning the first one that is known
    /// stands in, and it is told. Where more than a tenth are missing, the load is refused.
    #[arg(long, value_name = "URL", requires = "from", requires = "until")]
    pub prometheus: Option<String>,

    /// The load in PromQL: requests per second, one series. Without it: what the agreement's histogram counts.
    #[arg(long, value_name = "PROMQL", requires = "prometheus", conflicts_with = "trace")]
    pub query: Option<String>,

    /// When the load begins, such as `2026-10-01T00:00:00Z`: in the store, or where the rows of a trace do not say it. A load
    /// whose beginning is known is settled by the calendar, any other from the beginning of a period on.
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub from: Option<Timestamp>,

    /// When it ends.
    #[arg(long, value_name = "INSTANT", value_parser = instant, requires = "prometheus", conflicts_with = "trace")]
    pub until: Option<Timestamp>,

    /// How far apart the store is asked, in whole seconds; at least twice as far as it scrapes.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1m",
        value_parser = duration,
        requires = "prometheus",
        conflicts_with = "trace"
    )]
    pub step: Duration,

    /// The column of the CSV by its name or its number, the first one being 1. Without it: the second one.
    #[arg(long, value_name = "COLUMN", requires = "trace", conflicts_with = "prometheus")]
    pub column: Option<String>,

    /// Make the trace as much higher or lower as gives it this mean, in requests per second.
    #[arg(long, value_name = "RPS")]
    pub scale_to: Option<f64>,

    /// So much of the beginning of the load is the past, and not judged, such as `7d`; a day has 24 hours. The law knows it as the operator knows what its
    /// store recorded: all of it by the mean of five minutes, and the last three hours by every scrape. These are played, for
    /// every policy. Without it the load begins with nothing known.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub history: Option<Duration>,

    /// The objective to try, where the agreement has several on latency.
    #[arg(long, value_name = "NAME")]
    pub objective: Option<String>,

    /// The work of an average request: how long it takes in an idle pod.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub service_time: Duration,

    /// How long a new pod takes until it is ready, on average; each one up to 10 s (at most a third) more or less.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub start: Duration,

    /// How requests are spread over the pods.
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub balancer: Balancer,

    /// How often metrics are scraped.
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = duration)]
    pub scrape: Duration,

    /// Pods that are ready at the beginning. Without it: as many as the first second keeps half busy.
    #[arg(long, value_name = "COUNT")]
    pub pods: Option<u32>,

    /// What goes wrong, and when; may be given several times. `--help` has the kinds and their settings.
    #[arg(long, value_name = "KIND@TIME[,NAME=VALUE]")]
    pub fault: Vec<String>,

    /// The ways of scaling that are compared. `--help` has them all.
    #[arg(
        long,
        value_name = "POLICY[=SETTING]",
        value_delimiter = ',',
        default_value = "law,hpa=0.6,keda=0.6,kpa,clairvoyant"
    )]
    pub policies: Vec<String>,

    /// The seed of chance: equal seeds give equal answers.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,

    /// Play every policy so many times, each with the next seed, and judge all of it together.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=100))]
    pub seeds: u8,

    /// How the answer is printed.
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub output: Output,
}

/// How the answer is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people, on a terminal.
    #[default]
    Table,
    /// For programs.
    Json,
    /// A page with plots: load, replicas, latency, budget, actions and credits over the time of the first seed's run.
    Html,
}

/// How requests are spread over the pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Balancer {
    /// Any pod, as kube-proxy does.
    #[default]
    Random,
    /// The emptier of two, as service meshes do.
    PowerOfTwo,
    /// One after the other.
    RoundRobin,
}

/// Reads an instant, and says how one is written.
fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "is no instant; write it as in 2026-10-01T00:00:00Z or 2026-10-01T00:00:00+02:00".to_owned())
}

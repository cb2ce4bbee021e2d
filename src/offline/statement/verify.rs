//! `guarantor statement verify`: one statement beside what its ledger and its terms give.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::jiff::Timestamp;
use kube::Resource;
use serde_json::Value;

use super::ledgers::{Ledgers, Named};
use super::paper::Paper;
use super::{Problem, UNREADABLE, cluster};
use crate::api::agreement::AgreementSpec;
use crate::api::exclusion::ExclusionSpec;
use crate::api::ledger::{AgreementIdentity, LedgerSpec};
use crate::api::statement::StatementSpec;
use crate::api::{ServiceLevelAgreement, ServiceLevelExclusion, ServiceLevelLedger, ServiceLevelStatement};
use crate::evaluate::exclusion::Request;
use crate::evaluate::statement::content_digest;
use crate::evaluate::verification::{Beside, FieldPath, Presented, Previous, Terms, Verdict, verify};
use crate::record::form::verification::{Subject, text};
use crate::runtime::cli::statement::VerifyArgs;

/// Everything that is needed.
struct Papers {
    statement: Paper,
    ledgers: Ledgers,
    /// With which the terms are compared; `None`: it was not given, or is gone.
    agreement: Option<Paper>,
    /// What was asked to have excluded; `None`: it was not given.
    exclusions: Option<Vec<Paper>>,
    /// The statements before; `None`: they were not given.
    previous: Option<Vec<Paper>>,
}

/// Verifies the statement and prints the outcome.
pub(super) fn run(arguments: &VerifyArgs) -> Result<ExitCode, Problem> {
    let papers = collect(arguments)?;
    let ledger: LedgerSpec = papers.ledgers.own.spec("ServiceLevelLedger")?;
    let earlier = papers.ledgers.earlier()?;
    let agreement = match &papers.agreement {
        Some(paper) => Some((same_agreement(paper, &ledger.agreement)?, &paper.meta)),
        None => None,
    };
    let exclusions = papers.exclusions.as_deref().map(|papers| asked(papers, &ledger.agreement)).transpose()?;
    let requests: Option<Vec<Request<'_>>> = exclusions.as_ref().map(|all| all.iter().map(request).collect());
    let previous = papers.previous.as_deref().map(|before| issued(before, &papers.statement, &ledger)).transpose()?;
    let previous: Option<Vec<Previous<'_>>> = previous.as_ref().map(|all| all.iter().map(before).collect());
    let named = |paper: &Paper| paper.meta.name.clone();
    let (name, ledger_name) = (named(&papers.statement), named(&papers.ledgers.own));
    let presented = Presented {
        name: name.as_deref(),
        content: papers.statement.content(),
        ledger_name: ledger_name.as_deref(),
        ledger: &ledger,
        earlier: &earlier,
        agreement: agreement.as_ref().map(|(spec, meta)| Terms {
            spec,
            generation: meta.generation,
            created: created(meta),
        }),
        beside: Beside {
            exclusions: requests.as_deref(),
            previous: previous.as_deref(),
            issued: created(&papers.statement.meta),
        },
    };
    let outcome = verify(&presented);
    let subject = Subject {
        namespace: papers.statement.namespace(),
        name: papers.statement.name(),
        ledger: papers.ledgers.own.name(),
        content: papers.statement.content(),
    };
    let told = text(&subject, &outcome);
    std::io::stdout().write_all(told.as_bytes()).map_err(|error| Problem::Form(format!("standard output: {error}")))?;
    Ok(match outcome.verdict() {
        Verdict::Verified | Verdict::PartlyVerified => ExitCode::SUCCESS,
        Verdict::Contradicted => ExitCode::FAILURE,
        Verdict::NotComputed => ExitCode::from(UNREADABLE),
    })
}

/// From files what is given as files, and the rest from the cluster.
fn collect(arguments: &VerifyArgs) -> Result<Papers, Problem> {
    let (file, ledgers, agreement) = (&arguments.which.file, &arguments.ledger, &arguments.agreement);
    let (exclusions, previous) = (&arguments.exclusions, &arguments.previous);
    let all = file.iter().chain(ledgers).chain(agreement).chain(exclusions).chain(previous);
    if all.filter(|path| path.as_path() == Path::new("-")).count() > 1 {
        return Err(Problem::Mismatch("standard input can be read only once; give the others as files".to_owned()));
    }
    let ledgers = ledgers.iter().map(|path| Paper::read::<ServiceLevelLedger>(path)).collect::<Result<Vec<_>, _>>()?;
    let agreement = agreement.as_deref().map(Paper::read::<ServiceLevelAgreement>).transpose()?;
    let exclusions = beside::<ServiceLevelExclusion>(exclusions)?;
    let previous = beside::<ServiceLevelStatement>(previous)?;
    let Some(file) = file else {
        let name = arguments.which.name.as_deref().unwrap_or_default();
        let (statement, ledgers, agreement) = cluster::wait(from_cluster(name, ledgers, agreement))?;
        let ledgers = Named::by(statement.content()).among(ledgers)?;
        return Ok(Papers { statement, ledgers, agreement, exclusions, previous });
    };
    let statement = Paper::read::<ServiceLevelStatement>(file)?;
    let ledgers = Named::by(statement.content()).among(ledgers)?;
    Ok(Papers { statement, ledgers, agreement, exclusions, previous })
}

/// The objects of some files. `None`: no file was given.
fn beside<K: Resource<DynamicType = ()>>(files: &[PathBuf]) -> Result<Option<Vec<Paper>>, Problem> {
    let read = files.iter().map(|path| Paper::read_all::<K>(path)).collect::<Result<Vec<_>, _>>()?;
    Ok((!files.is_empty()).then(|| read.into_iter().flatten().collect()))
}

/// The exclusions among these papers that were asked of the agreement.
fn asked(papers: &[Paper], agreement: &AgreementIdentity) -> Result<Vec<(ObjectMeta, ExclusionSpec)>, Problem> {
    let mut found = Vec::new();
    for paper in papers {
        let spec: ExclusionSpec = paper.spec("ServiceLevelExclusion")?;
        if spec.agreement == agreement.name {
            found.push((paper.meta.clone(), spec));
        }
    }
    Ok(found)
}

fn request((meta, spec): &(ObjectMeta, ExclusionSpec)) -> Request<'_> {
    Request { name: meta.name.as_deref().unwrap_or_default(), created: created(meta), spec }
}

/// The statements among these papers that are the agreement's, of the verified one's period or of earlier ones.
fn issued(
    papers: &[Paper],
    verified: &Paper,
    ledger: &LedgerSpec,
) -> Result<Vec<(ObjectMeta, StatementSpec)>, Problem> {
    let mut found = Vec::new();
    for paper in papers.iter().filter(|paper| paper.name() != verified.name()) {
        let statement: StatementSpec = paper.spec("ServiceLevelStatement")?;
        if statement.agreement != ledger.agreement || statement.period.start.0 > ledger.period_start.0 {
            continue;
        }
        let intact = content_digest(paper.content()).is_ok_and(|digest| digest == statement.digest);
        if !intact {
            return Err(Problem::Mismatch(format!(
                "{}: statement {} is not what was signed, its digest is that of another content; nothing can be compared \
                 with it",
                paper.origin,
                paper.name()
            )));
        }
        found.push((paper.meta.clone(), statement));
    }
    Ok(found)
}

fn before((meta, statement): &(ObjectMeta, StatementSpec)) -> Previous<'_> {
    Previous { name: meta.name.as_deref().unwrap_or_default(), issued: created(meta), statement }
}

fn created(meta: &ObjectMeta) -> Option<Timestamp> {
    meta.creation_timestamp.as_ref().map(|at| at.0)
}

async fn from_cluster(
    name: &str,
    mut ledgers: Vec<Paper>,
    agreement: Option<Paper>,
) -> Result<(Paper, Vec<Paper>, Option<Paper>), cluster::ClusterError> {
    let cluster::Found { statement, cluster } = cluster::statement(name).await?;
    let stated =
        |path: &[&str]| FieldPath::of(path).find(statement.content()).and_then(Value::as_str).unwrap_or_default();
    for name in Named::by(statement.content()).missing_among(&ledgers) {
        ledgers.push(cluster.ledger(name).await?);
    }
    let agreement = match agreement {
        Some(agreement) => Some(agreement),
        None => cluster.agreement(stated(&["agreement", "name"]), stated(&["agreement", "uid"])).await?,
    };
    Ok((statement, ledgers, agreement))
}

/// What was agreed, if the paper is the agreement the ledger was kept for. A manifest tells no uid; its name must do.
fn same_agreement(paper: &Paper, ledger: &AgreementIdentity) -> Result<AgreementSpec, Problem> {
    let differs = |told: &Option<String>, known: &str| told.as_ref().is_some_and(|told| told != known);
    if differs(&paper.meta.uid, &ledger.uid) || differs(&paper.meta.name, &ledger.name) {
        return Err(Problem::Mismatch(format!(
            "{}: it is agreement {} with uid {}, and the ledger was kept for {} with uid {}; give the agreement that was \
             in force, for example from version control, or leave --agreement out to verify it by the terms it tells",
            paper.origin,
            paper.name(),
            paper.meta.uid.as_deref().unwrap_or("(none)"),
            ledger.name,
            ledger.uid,
        )));
    }
    Ok(paper.spec("ServiceLevelAgreement")?)
}

//! Nothing the testbed starts outlives who started it.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use guarantor_testbed::process::{Died, Process};
use guarantor_testbed::wait::{Progress, wait_until};

/// How long one thing may take. Machines are shared; this bounds a failure, not a success.
const PATIENCE: Duration = Duration::from_secs(120);

/// A process that starts another one and waits for it.
fn parent_and_child(folder: &Path) -> Process {
    let mut shell = Command::new("sh");
    shell.args(["-c", "sleep 600 & echo started; wait"]);
    Process::spawn("a shell", &mut shell, &folder.join("log")).unwrap()
}

/// Whether any process of the group `id` lives.
fn group_lives(id: u32) -> bool {
    Command::new("sh")
        .args(["-c", r#"kill -s 0 -- "-$0""#, &id.to_string()])
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

async fn wait_gone(what: &str, mut lives: impl FnMut() -> bool) {
    wait_until(what, PATIENCE, async || {
        Ok(if lives() { Progress::pending("it is still there") } else { Progress::Done(()) })
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn dropping_a_process_ends_it_and_what_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let process = parent_and_child(folder.path());
    wait_until("its output", PATIENCE, async || {
        Ok(if process.log_tail().contains("started") {
            Progress::Done(())
        } else {
            Progress::Pending(process.log_tail())
        })
    })
    .await
    .unwrap();
    let id = process.id();
    assert!(group_lives(id));
    drop(process);
    wait_gone("the end of the group", || group_lives(id)).await;
}

#[tokio::test]
async fn a_process_that_dies_is_reported_with_the_end_of_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "echo listen tcp: address already in use >&2; exit 3"]);
    let mut process = Process::spawn("a server", &mut shell, &folder.path().join("log")).unwrap();
    process.wait(PATIENCE).await.unwrap();
    let error = process.check().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("a server") && text.contains("listen tcp"), "{text}");
    assert!(error.downcast_ref::<Died>().is_some_and(Died::address_in_use));
}

#[tokio::test]
async fn killing_the_test_ends_its_control_plane_and_removes_its_folder() {
    let mut testbed = Command::new(env!("CARGO_BIN_EXE_testbed"))
        .args(["up", "--nodes", "1", "--zones", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(testbed.stdout.take().unwrap()).lines();
    let mut kubeconfig = None;
    let mut server = None;
    for line in lines.map_while(Result::ok) {
        if let Some(rest) = line.strip_prefix("The API server is at https://") {
            server = rest.split(';').next().map(str::to_owned);
        }
        if let Some((_, path)) = line.split_once("KUBECONFIG=") {
            kubeconfig = Some(path.to_owned());
        }
        if line.contains("Ctrl-C") {
            break;
        }
    }
    // Both, or the testbed did not start and has said why on standard error.
    let (kubeconfig, server) = (kubeconfig.unwrap(), server.unwrap());
    assert!(Path::new(&kubeconfig).exists());
    assert!(std::net::TcpStream::connect(&server).is_ok());

    testbed.kill().unwrap();
    testbed.wait().unwrap();
    wait_gone("the end of the API server", || std::net::TcpStream::connect(&server).is_ok()).await;
    wait_gone("the end of the folder", || Path::new(&kubeconfig).exists()).await;
}

//! Builds Go modules into the cache, once for all processes of a user.
//!
//! The cache is `${XDG_CACHE_HOME:-~/.cache}/guarantor/testbed`, one folder for each module and version. Go gets its
//! own caches there, removed when everything asked for stands: they take ten times the room of the executables. A
//! module's folder appears under its name only when complete.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::Tool;
use super::module::Module;
use super::version::Version;
use crate::process::{Process, command};
use crate::wait::{Progress, wait_until};

/// The folder beside KWOK with its stages.
pub(super) const STAGES: &str = "stages";

/// The stages taken from KWOK's module, below `kustomize/stage/`.
const KWOK_STAGES: [&str; 4] = [
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "node/chaos/node-not-ready.yaml",
    "pod/general/pod-delete.yaml",
];

/// How long one module may take on a slow machine, and how long another process's builds are waited for.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// Gives the folder with the executables of each of `modules`, by the module's name.
pub(super) async fn ensure(modules: &[&Module]) -> Result<BTreeMap<&'static str, PathBuf>> {
    let go_version = go_version()?;
    let cache = cache_folder()?;
    let mut found = BTreeMap::new();
    for module in modules {
        found.insert(module.name, cache.join(module.key(&go_version)?));
    }
    let missing = |module: &&&Module| found.get(module.name).is_some_and(|path| !path.is_dir());
    if modules.iter().any(|module| missing(&module)) {
        fs::create_dir_all(&cache).with_context(|| format!("cannot make the cache folder {}", cache.display()))?;
        let _lock = lock(&cache).await?;
        for module in modules.iter().filter(missing) {
            if let Some(folder) = found.get(module.name) {
                build(module, &cache, folder).await?;
            }
        }
        // Left in place they would only take room; the executables do not need them.
        let _ = fs::remove_dir_all(go_caches(&cache));
    }
    Ok(found)
}

/// What `go version` says, if it is new enough.
fn go_version() -> Result<String> {
    const NEEDED: &str = "the testbed builds Kubernetes and Prometheus from source and needs Go 1.26 or newer on PATH \
        (https://go.dev/doc/install)";
    let output = Command::new("go")
        .arg("version")
        .env("GOTOOLCHAIN", "local")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run `go`: {NEEDED}"))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match Version::find(&text) {
        Some(version) if version >= Version(1, 26, 0) => Ok(text),
        _ => bail!("`go version` says \"{text}\": {NEEDED}"),
    }
}

fn cache_folder() -> Result<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache")))
        .context("there is no home folder to keep built tools in; set XDG_CACHE_HOME")?;
    Ok(base.join("guarantor").join("testbed"))
}

fn go_caches(cache: &Path) -> PathBuf {
    cache.join("go")
}

/// Makes sure that only this process builds. The system frees the lock when its holder ends, however it ends.
async fn lock(cache: &Path) -> Result<File> {
    let path = cache.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut told = false;
    wait_until("another process to finish building tools", PATIENCE, async || match file.try_lock() {
        Ok(()) => Ok(Progress::Done(())),
        Err(TryLockError::WouldBlock) => {
            if !told {
                tell("waiting for another process that builds the tools");
                told = true;
            }
            Ok(Progress::Pending(format!("{} is locked; see `fuser {0}`", path.display())))
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    })
    .await?;
    Ok(file)
}

/// Builds `module` into `folder`.
async fn build(module: &Module, cache: &Path, folder: &Path) -> Result<()> {
    let names: Vec<&str> = module.tools.iter().map(|tool| tool.executable()).collect();
    tell(&format!("building {} from source, once; about {} on two cores", names.join(", "), module.minutes));
    let started = Instant::now();
    // Under another name until complete. What an interrupted build left is of no use.
    let unfinished = cache.join(format!("{}-unfinished", module.name));
    let _ = fs::remove_dir_all(&unfinished);
    fs::create_dir_all(&unfinished)?;

    let output = match names.as_slice() {
        // Go would name the executable after the last part of the package's path, which need not be the tool's name.
        [name] => unfinished.join(name).display().to_string(),
        _ => format!("{}/", unfinished.display()),
    };
    let mut arguments = module.build_arguments();
    arguments.extend(["-o".to_owned(), output, "tool".to_owned()]);
    let log = cache.join(format!("{}.log", module.name));
    let _ = fs::remove_file(&log);
    let mut go =
        Process::spawn(&format!("the build of {}", names.join(", ")), go_command(module, cache).args(arguments), &log)?;
    let status = go.wait(PATIENCE).await?;
    ensure!(
        status.success(),
        "building {} failed; the end of the log {}:\n{}",
        names.join(", "),
        log.display(),
        go.log_tail()
    );
    if module.tools.contains(&Tool::Kwok) {
        keep_stages(module, cache, &unfinished)?;
    }
    fs::rename(&unfinished, folder).with_context(|| format!("cannot move the built tools to {}", folder.display()))?;
    let _ = fs::remove_file(&log);
    tell(&format!("built {} in {} s", names.join(", "), started.elapsed().as_secs()));
    Ok(())
}

/// Keeps the few files of KWOK's module that its executable needs and does not contain.
fn keep_stages(module: &Module, cache: &Path, target: &Path) -> Result<()> {
    let output = go_command(module, cache).args(["list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"]).output()?;
    let source = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let target = target.join(STAGES);
    fs::create_dir_all(&target)?;
    for stage in KWOK_STAGES {
        let from = source.join("kustomize/stage").join(stage);
        let name = from.file_name().unwrap_or_default();
        fs::copy(&from, target.join(name)).with_context(|| format!("KWOK's module has no {}", from.display()))?;
    }
    Ok(())
}

/// The Go tool in `module`'s folder, bound to what `go.mod` and `go.sum` say.
fn go_command(module: &Module, cache: &Path) -> Command {
    let caches = go_caches(cache);
    let mut go = command::<&str>(Path::new("go"), []);
    go.current_dir(module.folder())
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "")
        .env("GOWORK", "off")
        .env("CGO_ENABLED", "0")
        .env("GOCACHE", caches.join("build"))
        .env("GOMODCACHE", caches.join("modules"));
    go
}

/// Minutes of silence look like a hanging test.
fn tell(text: &str) {
    eprintln!("testbed: {text}");
}

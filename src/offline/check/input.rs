//! What is to be read: files, the manifests of a folder, or standard input.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The name under which standard input is asked for.
pub const STANDARD_INPUT: &str = "-";

/// The ends of file names that are read in a folder.
const MANIFESTS: [&str; 3] = ["yaml", "yml", "json"];

/// A text with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The path as it was given or found; `-` is standard input.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// Nothing could be read from a path.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableInput {
    /// The system refuses.
    #[error("cannot read {}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A folder without manifests, which is hardly what was meant.
    #[error("{} holds no *.yaml, *.yml or *.json; name a folder that does (those in it are not searched)", .0.display())]
    Empty(PathBuf),
}

/// Reads all paths in their order; the files of a folder by their names.
///
/// # Errors
/// The first path that cannot be read.
pub fn read(paths: &[PathBuf], standard_input: &mut dyn Read) -> Result<Vec<Input>, UnreadableInput> {
    let mut inputs = Vec::new();
    for path in paths {
        if path.as_os_str() == STANDARD_INPUT {
            let mut text = String::new();
            standard_input.read_to_string(&mut text).map_err(|error| refused(path, error))?;
            inputs.push(Input { name: STANDARD_INPUT.to_owned(), text });
        } else if path.is_dir() {
            for file in manifests(path)? {
                inputs.push(file_input(&file)?);
            }
        } else {
            inputs.push(file_input(path)?);
        }
    }
    Ok(inputs)
}

fn file_input(path: &Path) -> Result<Input, UnreadableInput> {
    let text = std::fs::read_to_string(path).map_err(|error| refused(path, error))?;
    Ok(Input { name: path.display().to_string(), text })
}

fn manifests(folder: &Path) -> Result<Vec<PathBuf>, UnreadableInput> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| refused(folder, error))? {
        let path = entry.map_err(|error| refused(folder, error))?.path();
        if path.is_file() && path.extension().is_some_and(|end| MANIFESTS.iter().any(|m| end == *m)) {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() { Err(UnreadableInput::Empty(folder.to_owned())) } else { Ok(found) }
}

fn refused(path: &Path, error: io::Error) -> UnreadableInput {
    UnreadableInput::Io { path: path.to_owned(), error }
}

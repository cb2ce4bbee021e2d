//! The custom resource definitions as text: what `guarantor crds` prints, and what `crds/` and the chart hold.
//!
//! Takes the types of [`crate::api`]; gives YAML. It must never hold anything of a definition itself.

use std::io;
use std::path::{Path, PathBuf};

/// One definition as it is kept in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The file's name, after the definition's.
    pub file: String,
    /// The definition, ending in a line break.
    pub yaml: String,
}

/// Why the definitions could not be written.
#[derive(Debug, thiserror::Error)]
pub enum CrdsError {
    /// A definition cannot be put into YAML.
    #[error("cannot write {0} as YAML: {1}")]
    Yaml(String, String),
    /// A file cannot be written.
    #[error("cannot write {}: {error}; --directory must name a directory that exists", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// All definitions, in the order of [`crate::api::crds`].
///
/// # Errors
/// [`CrdsError::Yaml`], which a test rules out for the definitions as they are.
pub fn documents() -> Result<Vec<Document>, CrdsError> {
    let definitions = crate::api::crds().into_iter().map(|definition| {
        let name = definition.metadata.name.clone().unwrap_or_default();
        let yaml = serde_saphyr::to_string(&definition);
        let mut yaml = yaml.map_err(|error| CrdsError::Yaml(name.clone(), error.to_string()))?;
        if !yaml.ends_with('\n') {
            yaml.push('\n');
        }
        Ok(Document { file: format!("{name}.yaml"), yaml })
    });
    definitions.collect()
}

/// Writes every definition into a file of its own in `directory`.
///
/// # Errors
/// [`CrdsError`] with the file that could not be written.
pub fn write(directory: &Path) -> Result<(), CrdsError> {
    for document in documents()? {
        let path = directory.join(&document.file);
        std::fs::write(&path, document.yaml).map_err(|error| CrdsError::Write { path, error })?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// What stands in a folder of definitions, by file name.
    fn kept(folder: &str) -> Vec<Document> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut kept: Vec<Document> = files
            .map(|path| Document {
                file: path.file_name().unwrap().to_string_lossy().into_owned(),
                yaml: std::fs::read_to_string(path).unwrap(),
            })
            .collect();
        kept.sort_by(|a, b| a.file.cmp(&b.file));
        kept
    }

    #[test]
    fn the_definitions_kept_as_files_are_those_of_the_code() {
        let mut documents = documents().unwrap();
        documents.sort_by(|a, b| a.file.cmp(&b.file));
        for folder in ["crds", "charts/guarantor/files/crds"] {
            let (kept, names) = (kept(folder), |all: &[Document]| -> Vec<String> {
                all.iter().map(|document| document.file.clone()).collect()
            });
            assert_eq!(names(&kept), names(&documents), "{folder} is out of date; run `make crds`");
            for (file, document) in kept.iter().zip(&documents) {
                assert!(file == document, "{folder}/{} is out of date; run `make crds`", file.file);
            }
        }
    }

    #[test]
    fn a_missing_directory_is_named() {
        let error = write(Path::new("no/such/directory")).unwrap_err().to_string();
        assert!(error.contains("no/such/directory") && error.contains("--directory"), "{error}");
    }
}

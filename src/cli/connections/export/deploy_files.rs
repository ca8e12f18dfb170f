//! `umai connections export --format uda`: one Umbraco Deploy artifact for each connection, all or none.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use futures_util::StreamExt;

use super::super::super::exit::{Exit, Failure};
use super::super::super::output::Output;
use super::super::super::progress::Progress;
use super::{ConnectionStream, may_replace, plural};
use crate::atomic_file::{self, OverwritePolicy};
use crate::connection::export::{self, DeployArtifact, ExportFileError};
use crate::provider::ProviderCatalog;

/// Folder to write artifacts to.
pub struct DeployFolder<'a> {
    /// Path as the user wrote it.
    pub path: &'a Path,
    /// True to replace existing files without a prompt.
    pub is_replacing: bool,
}

/// File to write.
struct DeployFile {
    path: PathBuf,
    policy: OverwritePolicy,
    text: String,
}

impl DeployFolder<'_> {
    /// Writes the artifacts to the folder, which is created if it is missing.
    pub fn write(&self, artifacts: &[DeployArtifact], output: &Output) -> Result<(), Failure> {
        let Some(files) = self.files(artifacts, output)? else {
            output.note("Nothing exported");
            return Ok(());
        };
        let folder = atomic_file::expand_home(self.path).map_err(Failure::Usage)?;
        let folder = std::path::absolute(&folder).context("--output-folder cannot be used")?;
        let shown = folder.display();
        if !folder.is_dir() {
            atomic_file::create_folder(&folder)
                .with_context(|| format!("{shown} cannot be created"))?;
        }
        for (count, file) in files.iter().enumerate() {
            let write = |to: &mut File| to.write_all(file.text.as_bytes());
            if let Err(error) = export::deliver(&file.path, file.policy, write) {
                output.note(&format!("{} to {shown} before the error", plural(count)));
                return Err(anyhow::Error::from(error).into());
            }
        }
        output.note(&format!("{} to {shown}", plural(files.len())));
        Ok(())
    }

    /// Returns the files to write; none if the user declines to overwrite.
    fn files(
        &self,
        artifacts: &[DeployArtifact],
        output: &Output,
    ) -> Result<Option<Vec<DeployFile>>, Failure> {
        let mut existing = Vec::new();
        let mut files = Vec::with_capacity(artifacts.len());
        for artifact in artifacts {
            let path = self.path.join(artifact.file_name());
            let Some(name) = path.to_str() else {
                return Err(Failure::Usage("--output-folder is not valid UTF-8".into()));
            };
            let (path, policy) = match export::write_destination(name, OverwritePolicy::Keep) {
                Ok(path) => (path, OverwritePolicy::Keep),
                Err(ExportFileError::Exists(path)) => {
                    existing.push(path.display().to_string());
                    (path, OverwritePolicy::Replace)
                }
                Err(error) => return Err(anyhow::Error::from(error).into()),
            };
            let text = artifact.to_json().map_err(anyhow::Error::from)?;
            files.push(DeployFile { path, policy, text });
        }
        let may_write = match existing.as_slice() {
            _ if self.is_replacing => true,
            [] => true,
            [only] => may_replace(&format!("{only} exists"), output)?,
            [first, rest @ ..] => {
                may_replace(&format!("{first} and {} more exist", rest.len()), output)?
            }
        };
        Ok(may_write.then_some(files))
    }
}

/// Reads all connections, and reports each that has a secret before it fails.
pub async fn read(
    mut connections: ConnectionStream,
    mut progress: Progress,
    catalog: &ProviderCatalog,
    output: &Output,
) -> Result<Vec<DeployArtifact>, Failure> {
    let mut artifacts = Vec::new();
    let mut refused = Vec::new();
    while let Some(connection) = connections.next().await {
        let connection = connection?;
        let position = format!("{}: ", connection.item.alias);
        match DeployArtifact::new(connection, catalog) {
            Ok(artifact) => artifacts.push(artifact),
            Err(error) => refused.push((position, error)),
        }
        progress.advance();
    }
    drop(progress);
    if refused.is_empty() {
        return Ok(artifacts);
    }
    for (position, error) in &refused {
        output.refusal_at(error, position);
    }
    let (many, all) = (refused.len(), refused.len() + artifacts.len());
    let message = format!(
        "Nothing exported: connections with a secret that is not a reference: {many} of {all}."
    );
    Err(Failure::Partial(message, Exit::Invalid))
}

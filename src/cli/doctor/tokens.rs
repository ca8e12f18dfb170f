//! Checks the file of access tokens.

use super::super::exit::Exit;
use super::finding::Findings;
use crate::api::token::file::TokenFile;
use crate::config::Config;

const AREA: &str = "tokens";

pub(super) fn check(config: &Config, findings: &mut Findings) {
    match TokenFile::in_folder(&config.data).read() {
        Ok(tokens) if tokens.is_empty() => {}
        Ok(tokens) if tokens.len() == 1 => findings.ok(AREA, "1 access token"),
        Ok(tokens) => findings.ok(AREA, format!("{} access tokens", tokens.len())),
        Err(error) => findings.problem(AREA, error.to_string(), None, Exit::Store),
    }
}

//! `umai man`: manual pages, generated from the command line.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args as ClapArgs, CommandFactory};

use super::Args;
use super::exit::Failure;
use super::output::Output;

/// Arguments of `umai man`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  umai man | man -l -\n  umai man --to ~/.local/share/man/man1")]
pub struct Man {
    /// Write a page for every command to this directory, instead of the first page to stdout
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

impl Man {
    /// Writes the pages.
    pub fn run(&self, output: &mut Output) -> Result<(), Failure> {
        let Some(folder) = &self.to else {
            let mut page = Vec::new();
            clap_mangen::Man::new(Args::command())
                .render(&mut page)
                .map_err(Failure::Output)?;
            return output.text(&String::from_utf8_lossy(&page));
        };
        std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(Args::command(), folder))
            .with_context(|| format!("Cannot write the pages to {}", folder.display()))?;
        output.note(&format!("Manual pages written to {}", folder.display()));
        Ok(())
    }
}

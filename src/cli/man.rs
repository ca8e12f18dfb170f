//! `umai man`: manual pages, generated from the command line.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args as ClapArgs, Command, CommandFactory};

use super::exit::Failure;
use super::output::Output;
use super::{Args, args};

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
        // Only the page of umai itself describes the global options.
        let mut program = Args::command();
        program.build();
        let mut commands = args::command();
        commands.build();
        let Some(folder) = &self.to else {
            return output.text(&page(&program)?);
        };
        let mut pages = vec![(file_name(&program), page(&program)?)];
        for command in commands.get_subcommands() {
            add_pages(command, &mut pages)?;
        }
        write_pages(folder, &pages)
            .with_context(|| format!("Cannot write the pages to {}", folder.display()))?;
        output.note(&format!("Manual pages written to {}", folder.display()));
        Ok(())
    }
}

/// Writes the pages so that every user can read them; umai creates only private files otherwise.
fn write_pages(folder: &Path, pages: &[(String, String)]) -> io::Result<()> {
    if !folder.exists() {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    }
    for (name, page) in pages {
        let path = folder.join(name);
        fs::write(&path, page)?;
        fs::set_permissions(&path, Permissions::from_mode(0o644))?;
    }
    Ok(())
}

fn add_pages(command: &Command, pages: &mut Vec<(String, String)>) -> Result<(), Failure> {
    pages.push((file_name(command), page(command)?));
    let mut commands = command.get_subcommands();
    commands.try_for_each(|command| add_pages(command, pages))
}

fn file_name(command: &Command) -> String {
    clap_mangen::Man::new(command.clone()).get_filename()
}

/// Returns the page of a command. Its synopsis is the usage: the generated one lists every option without its value.
fn page(command: &Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut page)
        .map_err(Failure::Output)?;
    let page = String::from_utf8_lossy(&page);
    let usage = command.clone().render_usage().to_string();
    let usage = usage
        .trim_start_matches("Usage:")
        .trim()
        .replace('-', r"\-");
    let mut lines = Vec::new();
    let (mut is_generated, mut is_verbatim) = (false, false);
    for line in page.lines() {
        match line {
            ".SH SYNOPSIS" => {
                lines.extend([line, usage.as_str()]);
                is_generated = true;
            }
            // Examples are lines, not a paragraph.
            ".SH EXTRA" => {
                lines.extend([".SH EXAMPLES", ".nf"]);
                is_verbatim = true;
            }
            "Examples:" | "Example:" => {}
            line => {
                if line.starts_with(".SH ") {
                    is_generated = false;
                    if std::mem::take(&mut is_verbatim) {
                        lines.push(".fi");
                    }
                }
                if !is_generated {
                    lines.push(line);
                }
            }
        }
    }
    Ok(lines.join("\n") + "\n")
}

//! Limits of this process: private files and no core dumps, which a started command does not inherit.

use anyhow::Context;
use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};

use super::exit::Failure;

/// Limits before they were restricted.
pub struct ProcessLimits {
    mask: Mode,
    core: Rlimit,
}

impl ProcessLimits {
    /// Restricts new files to their owner and disables core dumps.
    pub fn restrict() -> Result<Self, Failure> {
        let before = Self {
            mask: umask(Mode::RWXG | Mode::RWXO),
            core: getrlimit(Resource::Core),
        };
        let none = Rlimit {
            current: Some(0),
            ..before.core
        };
        setrlimit(Resource::Core, none).context("Cannot disable core dumps")?;
        // Other processes of the same user can no longer read the memory, where the key is.
        #[cfg(target_os = "linux")]
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
            .context("Cannot protect the memory of the process")?;
        Ok(before)
    }

    /// Forbids core dumps permanently, for a process that starts no program with the previous limits.
    pub fn make_permanent() -> Result<(), Failure> {
        let none = Rlimit {
            current: Some(0),
            maximum: Some(0),
        };
        setrlimit(Resource::Core, none).context("Cannot disable core dumps")?;
        Ok(())
    }

    /// Restores what a started program inherits. The memory stays protected until the program replaces it.
    pub fn restore(&self) -> Result<(), Failure> {
        umask(self.mask);
        let restored = setrlimit(Resource::Core, self.core);
        restored.context("Cannot restore the limits of the command")?;
        Ok(())
    }
}

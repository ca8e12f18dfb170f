//! Plan of `apply`, `import` and `targets copy` on the command line: reads files, shows the plan, and reports its results.

pub mod files;
pub mod format;
pub mod report;
mod secrets;

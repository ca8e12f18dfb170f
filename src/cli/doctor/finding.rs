//! Findings of the doctor, with their fixes.

use serde::Serialize;

use super::super::exit::Exit;

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FindingSeverity {
    /// No problem.
    Ok,
    /// Works, but should be changed.
    Warning,
    /// Does not work.
    Problem,
}

impl FindingSeverity {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// Finding of one check.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub area: &'static str,
    pub state: FindingSeverity,
    pub says: String,
    pub todo: Option<String>,
    /// Exit code that a command would end with because of it.
    #[serde(skip)]
    exit: Exit,
}

/// All findings in the order of the checks.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub fn ok(&mut self, area: &'static str, says: impl Into<String>) {
        self.add(area, FindingSeverity::Ok, says.into(), None, Exit::Success);
    }

    pub fn warning(&mut self, area: &'static str, says: impl Into<String>, todo: Option<String>) {
        self.add(
            area,
            FindingSeverity::Warning,
            says.into(),
            todo,
            Exit::Success,
        );
    }

    pub fn problem(
        &mut self,
        area: &'static str,
        says: impl Into<String>,
        todo: Option<String>,
        exit: Exit,
    ) {
        self.add(area, FindingSeverity::Problem, says.into(), todo, exit);
    }

    fn add(
        &mut self,
        area: &'static str,
        state: FindingSeverity,
        says: String,
        todo: Option<String>,
        exit: Exit,
    ) {
        self.0.push(Finding {
            area,
            state,
            says,
            todo,
            exit,
        });
    }

    pub fn all(&self) -> &[Finding] {
        &self.0
    }

    pub fn count(&self, state: FindingSeverity) -> usize {
        let of_state = |finding: &&Finding| finding.state == state;
        self.0.iter().filter(of_state).count()
    }

    /// Returns the exit code of the first problem.
    pub fn first_exit(&self) -> Option<Exit> {
        let mut problems = self.0.iter();
        problems
            .find(|finding| finding.state == FindingSeverity::Problem)
            .map(|finding| finding.exit)
    }
}

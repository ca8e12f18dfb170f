//! `umai token`: access tokens for the server.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::dry_run::{self, DryRunArg};
use super::exit::Failure;
use super::open_service::CliContext;
use super::output::{Audience, Output};
use super::passphrase;
use super::token_place::TokenPlace;
use crate::api::token::{StoredToken, TokenScope};

/// Default lifetime in days.
const DAYS: i64 = 90;

/// Maximum lifetime in days; a longer one is probably meant as "never".
const MOST_DAYS: i64 = 3650;

/// Subcommands of `umai token`.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Create an access token and print it once
    #[command(
        after_help = "Examples:\n  umai token create --name laptop --scope write\n  umai token create --name ci --scope read --expires 30d --json"
    )]
    Create {
        /// Name of the token, usually of who or what uses it, for example "laptop"
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Scope of the token
        #[arg(long)]
        scope: ScopeArg,
        /// Lifetime: 90d, 12h, 30m, or never
        #[arg(long, value_name = "TIME", default_value_t = TokenLifetime::days(DAYS))]
        expires: TokenLifetime,
        /// Dry-run option.
        #[command(flatten)]
        dry: DryRunArg,
    },
    /// List the names and scopes of the tokens, never the tokens themselves
    #[command(alias = "ls")]
    List,
    /// Revoke a token; a running server rejects it immediately, other servers on the same etcd within a second
    #[command(aliases = ["rm", "delete"])]
    Revoke {
        /// ID or name of the token
        #[arg(value_name = "ID_OR_NAME")]
        token: String,
        /// Dry-run option.
        #[command(flatten)]
        dry: DryRunArg,
    },
}

impl TokenCommand {
    /// Returns true if the command changes something.
    pub const fn is_write(&self) -> bool {
        match self {
            Self::Create { dry, .. } | Self::Revoke { dry, .. } => !dry.dry_run,
            Self::List => false,
        }
    }

    /// Returns true if the command adds something to a store that may not exist yet.
    pub const fn adds(&self) -> bool {
        matches!(self, Self::Create { .. })
    }
}

/// Scope of a new token.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ScopeArg {
    /// Read only (GET and HEAD)
    Read,
    /// Full access
    Write,
}

impl From<ScopeArg> for TokenScope {
    fn from(wanted: ScopeArg) -> Self {
        match wanted {
            ScopeArg::Read => Self::Read,
            ScopeArg::Write => Self::Write,
        }
    }
}

/// Lifetime of a token; none for an unlimited one.
#[derive(Debug, Clone, Copy)]
pub struct TokenLifetime(Option<TimeDelta>);

impl TokenLifetime {
    fn days(days: i64) -> Self {
        Self(TimeDelta::try_days(days))
    }

    fn until(self) -> Option<DateTime<Utc>> {
        self.0.map(|time| Utc::now() + time)
    }
}

impl std::fmt::Display for TokenLifetime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(time) => write!(f, "{}d", time.num_days()),
            None => f.write_str("never"),
        }
    }
}

impl std::str::FromStr for TokenLifetime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected 90d, 12h, 30m or never";
        if text == "never" {
            return Ok(Self(None));
        }
        let unit = text.chars().last().ok_or(EXPECTED)?;
        let number = text.strip_suffix(unit).unwrap_or_default();
        if !number.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(EXPECTED.into());
        }
        let number: i64 = number.parse().map_err(|_| EXPECTED)?;
        let time = match unit {
            'd' => TimeDelta::try_days(number),
            'h' => TimeDelta::try_hours(number),
            'm' => TimeDelta::try_minutes(number),
            _ => return Err(EXPECTED.into()),
        };
        match time {
            Some(time) if time <= TimeDelta::zero() => {
                Err("the lifetime must be positive; expected 90d, 12h, 30m or never".into())
            }
            Some(time) if time.num_days() <= MOST_DAYS => Ok(Self(Some(time))),
            _ => Err(format!(
                "the maximum is {MOST_DAYS}d; use never for an unlimited token"
            )),
        }
    }
}

/// Runs a subcommand.
pub fn run(
    command: &TokenCommand,
    context: &CliContext,
    output: &mut Output,
) -> Result<(), Failure> {
    context.print_problems(output);
    if context.etcd.is_some()
        && let Some(notice) = passphrase::unlock(context)?
    {
        output.note(&notice);
    }
    let tokens = TokenPlace::open(context, output)?;
    match command {
        TokenCommand::Create {
            name,
            scope,
            expires: _,
            dry: DryRunArg { dry_run: true },
        } => {
            tokens.check_create(name)?;
            let scope = TokenScope::from(*scope);
            let text = format!("Would create token {name} with scope {}", scope.as_str());
            dry_run::write_action("createToken", &text, output)
        }
        TokenCommand::Revoke {
            token,
            dry: DryRunArg { dry_run: true },
        } => {
            let name = tokens.would_revoke(token)?.name;
            dry_run::write_action("revokeToken", &format!("Would revoke {name}"), output)
        }
        TokenCommand::Create {
            name,
            scope,
            expires,
            dry: _,
        } => {
            let (token, text) = tokens.create(name, (*scope).into(), expires.until())?;
            match output.audience() {
                Audience::Program => {
                    let mut shown = to_json(&token);
                    shown["token"] = Value::from(text.as_str());
                    output.value(&shown)
                }
                Audience::Person => {
                    output.note("The token is shown only once:");
                    output.line(&text)
                }
            }
        }
        TokenCommand::List => list(&tokens.read()?, output),
        TokenCommand::Revoke { token, dry: _ } => {
            let token = tokens.revoke(token)?;
            match output.audience() {
                Audience::Program => output.value(&to_json(&token)),
                Audience::Person => output.line(&format!("Revoked {}", token.name)),
            }
        }
    }
}

fn list(tokens: &[StoredToken], output: &mut Output) -> Result<(), Failure> {
    match output.audience() {
        Audience::Program => {
            let items: Vec<Value> = tokens.iter().map(to_json).collect();
            output.value(&json!({ "total": items.len(), "items": items }))
        }
        Audience::Person => {
            let now = Utc::now();
            let rows: Vec<_> = tokens
                .iter()
                .map(|token| {
                    [
                        token.id.to_string(),
                        token.name.clone(),
                        token.scope.as_str().to_owned(),
                        match token.expires {
                            None => "never".to_owned(),
                            Some(_) if token.is_expired(now) => "expired".to_owned(),
                            Some(at) => date(at),
                        },
                    ]
                })
                .collect();
            output.table(["ID", "NAME", "SCOPE", "EXPIRES"], &rows)
        }
    }
}

/// JSON of a token, without its hash.
fn to_json(token: &StoredToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "scope": token.scope,
        "expires": token.expires.map(date),
    })
}

fn date(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("90d", Some(90 * 24 * 60))]
    #[case("12h", Some(12 * 60))]
    #[case("30m", Some(30))]
    #[case("never", None)]
    fn lifetime_is_parsed_from_days_hours_or_minutes(
        #[case] text: &str,
        #[case] minutes: Option<i64>,
    ) {
        let lasting: TokenLifetime = text.parse().unwrap();
        assert_eq!(lasting.0.map(|time| time.num_minutes()), minutes);
    }

    #[rstest]
    #[case("")]
    #[case("d")]
    #[case("0d")]
    #[case("-1d")]
    #[case("+1d")]
    #[case("90")]
    #[case("1y")]
    #[case("1.5d")]
    #[case("3651d")]
    #[case("99999999999999999999d")]
    #[case("9223372036854775807d")]
    #[case("1ä")]
    #[case("Never")]
    fn invalid_lifetime_is_rejected(#[case] text: &str) {
        assert!(text.parse::<TokenLifetime>().is_err());
    }
}

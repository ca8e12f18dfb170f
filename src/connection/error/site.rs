//! Reasons why an Umbraco site cannot be used.

use serde::{Deserialize, Serialize};

/// Error of an Umbraco site that is not about one connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SiteError {
    /// The site has no API user with this client ID.
    #[error(
        "The site does not know the client ID '{client}'. Check client-id: it is shown at the API user and begins with umbraco-back-office-"
    )]
    UnknownClient {
        /// Client ID.
        client: String,
    },
    /// The file with the client secret was removed, as `umai logout` does.
    #[error("You are signed out of '{target}'. Sign in again: {login}")]
    SignedOut {
        /// Name of the target.
        target: String,
        /// Command that signs in.
        login: String,
    },
    /// The secret does not belong to the client ID.
    #[error(
        "The client secret of '{client}' is wrong. Sign in again with the secret of the API user: {login}"
    )]
    WrongSecret {
        /// Client ID.
        client: String,
        /// Command that signs in.
        login: String,
    },
    /// Either of the two; the site does not say which.
    #[error(
        "The site rejected the client ID '{client}' or its secret. Check both at the API user, then sign in again: {login}"
    )]
    InvalidClient {
        /// Client ID.
        client: String,
        /// Command that signs in.
        login: String,
    },
    /// The API user is disabled or locked out.
    #[error("The API user of '{client}' is disabled. Enable it in the site's section Users")]
    UserDisabled {
        /// Client ID.
        client: String,
    },
    /// The site received the request over plain HTTP.
    #[error(
        "The site requires https. Use an https:// URL; if you do, does its proxy send X-Forwarded-Proto?"
    )]
    HttpsRequired,
    /// The site rejected a token that it has just issued.
    #[error(
        "The site rejected its own access token. If it runs on several servers, do they share their data protection keys?"
    )]
    TokenRejected,
    /// The site answers as if there was no token in the request.
    #[error("The site received no access token. Does its proxy remove the Authorization header?")]
    TokenNotReceived,
    /// The API user lacks the section.
    #[error("The API user has no access to AI. Give one of the API user's groups the section AI")]
    SectionMissing,
    /// The package is not installed.
    #[error("{site} is Umbraco without Umbraco.AI. Install the package Umbraco.AI on the site")]
    NoUmbracoAi {
        /// URL of the site.
        site: String,
    },
    /// Another web server answers.
    #[error(
        "There is no Umbraco at {site}. Check the URL; it is the one of the backoffice without /umbraco"
    )]
    NoUmbraco {
        /// URL of the site.
        site: String,
    },
    /// The site has not started yet.
    #[error("The site is starting. Try again in a minute")]
    Starting,
    /// The response of the token endpoint cannot be used.
    #[error("The site issued no access token ({0}). Is this the site's own URL?")]
    NoToken(String),
}

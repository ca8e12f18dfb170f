//! Query parameters.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use url::form_urlencoded;
use uuid::Uuid;

use super::response::ApiError;
use crate::connection::{ListCursor, PageRequest};
use crate::provider::Capability;
use crate::text::printable;
use crate::text::secret_detector::looks_like_secret;

/// Maximum number of items in a response.
pub const MAX_TAKE: usize = 10_000;

/// Maximum of `skip`.
pub const MAX_SKIP: usize = 2_147_483_647;

/// Maximum length of a request value that an error message repeats, in characters.
const MAX_REPEATED: usize = 100;

/// Query parameters in order. Names are case-insensitive; unknown names are ignored, and an empty value counts as absent.
pub struct QueryParams(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for QueryParams {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        ))
    }
}

impl QueryParams {
    fn present(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn single(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut given = self.present(name);
        let first = given.next();
        if given.next().is_some() {
            return Err(invalid_parameter(name, &format!("{name} is given twice")));
        }
        Ok(first)
    }

    /// Returns a parameter; none when it is empty.
    pub fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        Ok(self.single(name)?.filter(|text| !text.is_empty()))
    }

    /// Returns every value of a parameter; none when it is absent.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let given = self.present(name).filter(|text| !text.is_empty());
        let given: Vec<_> = given.map(str::to_owned).collect();
        (!given.is_empty()).then_some(given)
    }

    /// Returns `skip` and `take`. `take` defaults to `default_take` and is clamped to [`MAX_TAKE`].
    pub fn window(&self, default_take: usize) -> Result<PageRequest, ApiError> {
        let take = self.number("take", |_| true, "a whole number from 0")?;
        let is_skip = |skip| skip <= MAX_SKIP;
        let expected = format!("a whole number from 0 to {MAX_SKIP}");
        let skip = self.number("skip", is_skip, &expected)?;
        Ok(PageRequest {
            skip: skip.unwrap_or(0),
            take: take.unwrap_or(default_take).min(MAX_TAKE),
        })
    }

    /// Returns the position of `afterName` and `afterAlias`.
    pub fn cursor(&self) -> Result<Option<ListCursor>, ApiError> {
        match (self.text("afterName")?, self.text("afterAlias")?) {
            (Some(name), Some(alias)) => Ok(Some(ListCursor {
                name: name.to_owned(),
                alias: alias.to_owned(),
            })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(invalid_parameter(
                "afterAlias",
                "afterName needs afterAlias",
            )),
            (None, Some(_)) => Err(invalid_parameter("afterName", "afterAlias needs afterName")),
        }
    }

    fn number(
        &self,
        name: &str,
        is_allowed: impl Fn(usize) -> bool,
        expected: &str,
    ) -> Result<Option<usize>, ApiError> {
        let Some(text) = self.single(name)? else {
            return Ok(None);
        };
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A number that overflows the type exceeds every limit.
        let number = text.parse().unwrap_or(usize::MAX);
        if is_number && is_allowed(number) {
            return Ok(Some(number));
        }
        Err(invalid_parameter(
            name,
            &format!("{name} must be {expected}"),
        ))
    }

    /// Returns a revision parameter.
    pub fn revision(&self, name: &str) -> Result<Option<u64>, ApiError> {
        self.single(name)?
            .map(|text| revision(text).ok_or_else(|| not_a_revision(name)))
            .transpose()
    }

    /// Returns the `capability` parameter.
    pub fn capability(&self) -> Result<Option<Capability>, ApiError> {
        self.text("capability")?.map(capability).transpose()
    }

    /// Returns a parameter that is `true` or `false`.
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.text(name)? {
            None => Ok(None),
            Some(word) if word.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(word) if word.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(invalid_parameter(
                name,
                &format!("{name} must be true or false"),
            )),
        }
    }

    /// Returns a parameter that is a UUID.
    pub fn id(&self, name: &str) -> Result<Option<Uuid>, ApiError> {
        let id = self.text(name)?.map(Uuid::try_parse).transpose();
        id.map_err(|_| {
            invalid_parameter(
                name,
                &format!("{name} must be an ID such as 3fa85f64-5717-4562-b3fc-2c963f66afa6"),
            )
        })
    }

    /// Returns whether `expand` asks for an optional part of the response.
    pub fn expands(&self, part: &str) -> Result<bool, ApiError> {
        match self.text("expand")? {
            None => Ok(false),
            Some(word) if word == part => Ok(true),
            Some(_) => Err(invalid_parameter(
                "expand",
                &format!("expand must be {part}"),
            )),
        }
    }
}

/// Parses a revision.
pub fn revision(text: &str) -> Option<u64> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}

/// Creates the error of a value that is not a revision.
pub fn not_a_revision(name: &str) -> ApiError {
    invalid_parameter(name, &format!("{name} must be a revision number"))
}

/// Parses a capability name.
pub fn capability(word: &str) -> Result<Capability, ApiError> {
    Capability::from_name(word).ok_or_else(|| {
        let known: Vec<_> = Capability::ALL
            .into_iter()
            .map(Capability::as_str)
            .collect();
        let sentence = format!(
            "Unknown capability '{}'; supported: {}",
            excerpt(word),
            known.join(", ")
        );
        invalid_parameter("capability", &sentence)
    })
}

/// Shortens a request value for an error message; returns an empty text for a value that looks like a key.
pub fn excerpt(text: &str) -> String {
    if looks_like_secret(text) {
        return "***".to_owned();
    }
    match text.char_indices().nth(MAX_REPEATED) {
        None => printable(text).into_owned(),
        Some((end, _)) => format!("{}…", printable(&text[..end])),
    }
}

/// Creates the error of an invalid parameter.
pub fn invalid_parameter(name: &str, sentence: &str) -> ApiError {
    let ApiError(mut problem) = ApiError::new(400, sentence, "badParameter");
    problem.more.insert("parameter".into(), name.into());
    ApiError(problem)
}

//! Matches request paths to routes as ASP.NET does: case-insensitive, with or without a trailing slash.

use axum::body::Body;
use axum::http::Request;
use axum::http::uri::{PathAndQuery, Uri};

/// Path templates of all routes, split at slashes.
#[derive(Debug, Clone)]
pub struct Paths(Vec<Vec<String>>);

impl Paths {
    /// Creates the matcher from templates such as `/providers/{id}`.
    pub fn new(templates: impl IntoIterator<Item = String>) -> Self {
        let segments = |template: String| template.split('/').map(str::to_owned).collect();
        Self(templates.into_iter().map(segments).collect())
    }

    /// Returns the request with its path as the route spells it. Parameter values stay unchanged.
    pub fn normalize(&self, mut request: Request<Body>) -> Request<Body> {
        let uri = request.uri();
        let path = self
            .route_spelling(uri.path())
            .filter(|path| path != uri.path());
        if let Some(mut target) = path {
            if let Some(query) = uri.query() {
                target.push('?');
                target.push_str(query);
            }
            let mut parts = uri.clone().into_parts();
            // A valid path and a template make a valid path; otherwise the request goes on unchanged and ends in a 404.
            parts.path_and_query = PathAndQuery::try_from(target).ok();
            if let Ok(normalized) = Uri::from_parts(parts) {
                *request.uri_mut() = normalized;
            }
        }
        request
    }

    /// Returns the path as the most specific matching route spells it.
    fn route_spelling(&self, path: &str) -> Option<String> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let given: Vec<&str> = path.split('/').collect();
        let matching = self.0.iter().filter(|template| matches(template, &given));
        let fixed = |template: &&Vec<String>| {
            let segments = template.iter();
            segments.filter(|own| !is_parameter(own)).count()
        };
        let template = matching.max_by_key(fixed)?;
        let segments = template.iter().zip(given).map(|(own, given)| {
            if is_parameter(own) {
                given
            } else {
                own.as_str()
            }
        });
        Some(segments.collect::<Vec<_>>().join("/"))
    }
}

fn matches(template: &[String], given: &[&str]) -> bool {
    let is_match = |(own, given): (&String, &&str)| {
        if is_parameter(own) {
            !given.is_empty()
        } else {
            own.eq_ignore_ascii_case(given)
        }
    };
    template.len() == given.len() && template.iter().zip(given).all(is_match)
}

fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/v1/connections", Some("/v1/connections"))]
    #[case("/V1/Connections/", Some("/v1/connections"))]
    #[case("/v1/CONNECTIONS/Open-AI/", Some("/v1/connections/Open-AI"))]
    #[case("/v1/connections/Capabilities", Some("/v1/connections/capabilities"))]
    #[case("/v1/connections/A/Exists", Some("/v1/connections/A/exists"))]
    #[case(
        "/v1/connections/CAPABILITIES/Exists",
        Some("/v1/connections/capabilities/exists")
    )]
    #[case("/v1/connections//", None)]
    #[case("/v1/connections/A/Exists//", None)]
    #[case("/v1//connections", None)]
    #[case("/", None)]
    #[case("", None)]
    fn path_is_spelled_as_its_route(#[case] path: &str, #[case] expected: Option<&str>) {
        let paths = Paths::new(
            [
                "/v1/connections",
                "/v1/connections/{idOrAlias}",
                "/v1/connections/{idOrAlias}/exists",
                "/v1/connections/capabilities",
                "/v1/connections/capabilities/exists",
            ]
            .map(str::to_owned),
        );
        assert_eq!(paths.route_spelling(path).as_deref(), expected);
    }
}

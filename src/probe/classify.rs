//! Classifies a response: the stage that failed, the reason, and what to do.

mod patterns;

use http::header::{CONTENT_ENCODING, LOCATION};
use serde_json::Value;

use super::failure::ProbeFailure;
use super::http::ProbeResponse;
use super::plan::{DisplayUrl, ProbePlan};
use super::provider_message::{has_code, message};
use super::transport_error::{FailedRequest, TransportError};
use crate::connection::test_report::TestStage;
use crate::provider::probe::Scheme;
use patterns::{AUTHENTICATION_FAILED, CLOCK_SKEW, PERMISSION_DENIED, QUOTA_EXCEEDED};

/// Purpose of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestPurpose {
    /// An access token.
    Token,
    /// A response that requires valid credentials.
    Credentials,
    /// The list of models.
    Models,
}

const CHECK_ADDRESS: &str =
    "Check the endpoint: it must be the base URL of the API, including its version";

/// Returns the response if it is the expected one.
pub(super) fn classify(
    answer: Result<ProbeResponse, FailedRequest>,
    url: &DisplayUrl,
    asked: RequestPurpose,
    plan: &ProbePlan<'_>,
) -> Result<ProbeResponse, ProbeFailure> {
    let answer = answer.map_err(|reason| unreachable(&reason, url))?;
    let raw = message(&answer);
    let case = ResponseClassifier {
        response: &answer,
        message: raw.as_deref().unwrap_or_default().to_lowercase(),
        url,
        purpose: asked,
        plan,
    };
    let Some(failure) = case.failure() else {
        return Ok(answer);
    };
    let message = raw.map(|raw| plan.clean(&raw));
    Err(failure.with(&answer, message.filter(|message| !message.is_empty())))
}

/// Failure of a token endpoint whose response contains no token.
pub(super) fn missing_token(url: &DisplayUrl, answer: &ProbeResponse) -> ProbeFailure {
    let sentence = format!("{} did not return a token", url.host);
    ProbeFailure::new(TestStage::Reached, sentence, CHECK_ADDRESS).with(answer, None)
}

/// Failure of a response that is not a list of models.
pub(super) fn not_a_list(url: &DisplayUrl, plan: &ProbePlan<'_>) -> ProbeFailure {
    let sentence = format!("{} did not return a list of models", url.address);
    wrong_address(sentence, plan)
}

fn unreachable(reason: &FailedRequest, url: &DisplayUrl) -> ProbeFailure {
    let (sentence, advice) = (reason.sentence(&url.host), reason.advice(&url.host));
    ProbeFailure {
        is_blocked: reason.error == TransportError::Forbidden,
        ..ProbeFailure::new(TestStage::Reached, sentence, &advice)
    }
}

/// A response with what is needed to classify it.
struct ResponseClassifier<'a> {
    response: &'a ProbeResponse,
    /// Lowercase message of the provider.
    message: String,
    url: &'a DisplayUrl,
    purpose: RequestPurpose,
    plan: &'a ProbePlan<'a>,
}

impl ResponseClassifier<'_> {
    /// Returns the failure that the response means, if any.
    fn failure(&self) -> Option<ProbeFailure> {
        match self.response.status {
            401 => Some(self.authentication_failed()),
            300..400 => Some(self.redirected()),
            400.. => Some(self.error_status()),
            _ => self.unexpected_body(),
        }
    }

    /// Content encoding that prevents reading the response, if any.
    fn encoding(&self) -> Option<String> {
        let encoding = self.response.headers.get(CONTENT_ENCODING)?.to_str().ok()?;
        let is_plain = encoding.is_empty() || encoding.eq_ignore_ascii_case("identity");
        (self.response.json.is_none() && !is_plain).then(|| self.plan.clean(encoding))
    }

    fn message_contains(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.message.contains(word))
    }

    /// Returns whether the response is a web page or empty; an API returns a reason.
    fn is_page(&self) -> bool {
        self.response.json.is_none() && self.response.text.is_none()
    }

    fn error_status(&self) -> ProbeFailure {
        let (status, host) = (self.response.status, &self.url.host);
        let is_token_refused = self.purpose == RequestPurpose::Token && matches!(status, 400 | 403);
        if self.message_contains(CLOCK_SKEW) {
            return ProbeFailure::new(
                TestStage::Authentication,
                format!("{host} rejected the time of the signature ({status})"),
                "Check this computer's clock",
            );
        }
        if is_token_refused || has_code(self.response, AUTHENTICATION_FAILED) {
            return self.authentication_failed();
        }
        match status {
            402 | 429 => self.limit_reached(),
            404 | 405 | 410 => {
                self.wrong_address(|address| format!("No API found at {address} ({status})"))
            }
            403 if !self.is_page() => self.permission_denied(),
            400..500 if has_code(self.response, PERMISSION_DENIED) => self.permission_denied(),
            403 => ProbeFailure::new(
                TestStage::Reached,
                format!(
                    "{} returned a web page instead of an API response (403)",
                    self.url.address
                ),
                "Check the endpoint, and any firewall or proxy in front of it",
            ),
            400..500 if self.is_page() => self.wrong_address(|address| {
                format!("{address} rejected the request without an API response ({status})")
            }),
            400..500 => ProbeFailure::new(
                TestStage::Authentication,
                format!("{host} rejected the request ({status}); the key could not be checked"),
                "Read the provider message and check the settings",
            ),
            _ => self.server_error(),
        }
    }

    /// Returns the failure of 402 or 429.
    fn limit_reached(&self) -> ProbeFailure {
        let host = &self.url.host;
        let is_quota = self.message_contains(QUOTA_EXCEEDED)
            || has_code(self.response, &["insufficient_quota"]);
        let (sentence, advice) = if self.response.status == 402 {
            (
                format!("{host} requires payment (402)"),
                "Add credit or a payment method at the provider",
            )
        } else if is_quota {
            (
                format!("{host}: quota exceeded (429)"),
                "Add credit or raise the limit at the provider",
            )
        } else {
            (
                format!("{host}: rate limit reached (429)"),
                "Wait a moment and test again",
            )
        };
        ProbeFailure::new(TestStage::Permission, sentence, advice)
    }

    fn server_error(&self) -> ProbeFailure {
        let (status, DisplayUrl { host, address, .. }) = (self.response.status, self.url);
        if self.response.json.is_none() {
            return ProbeFailure::new(
                TestStage::Reached,
                format!("{address} returned a server error without an API response ({status})"),
                "Try again later; if the error persists, check the endpoint",
            );
        }
        ProbeFailure::new(
            TestStage::Authentication,
            format!("{host} returned a server error ({status}); the key could not be checked"),
            "Try again later",
        )
    }

    fn authentication_failed(&self) -> ProbeFailure {
        let (status, host) = (self.response.status, &self.url.host);
        let sentence = format!("{host} does not accept the credentials ({status})");
        let advice = sign_in_advice(self.purpose, self.plan);
        ProbeFailure::new(TestStage::Authentication, sentence, advice)
    }

    fn permission_denied(&self) -> ProbeFailure {
        let (status, host) = (self.response.status, &self.url.host);
        let sentence = format!("{host}: the key lacks permission ({status})");
        let advice = "Grant the key or its owner permission to use models";
        ProbeFailure::new(TestStage::Permission, sentence, advice)
    }

    fn redirected(&self) -> ProbeFailure {
        let (status, address) = (self.response.status, &self.url.address);
        let sentence =
            format!("{address} redirects to another URL ({status}); the key is not sent there");
        let location = self.response.headers.get(LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let shown = location
            .map(|text| text.split(['?', '#']).next().unwrap_or_default())
            .map(|text| self.plan.clean(text))
            .filter(|text| !text.is_empty());
        let advice = shown.map_or_else(
            || CHECK_ADDRESS.to_owned(),
            |shown| format!("If you trust the new URL, use it: {shown}"),
        );
        ProbeFailure::new(TestStage::Reached, sentence, &advice)
    }

    fn wrong_address(&self, sentence: impl FnOnce(&str) -> String) -> ProbeFailure {
        wrong_address(sentence(&self.url.address), self.plan)
    }

    /// Returns the failure of a successful status without the expected body: a web page or unrelated JSON.
    fn unexpected_body(&self) -> Option<ProbeFailure> {
        if self.response.list.is_some() {
            return None;
        }
        if let Some(encoding) = self.encoding() {
            return Some(self.wrong_address(|address| {
                format!(
                    "{address} returned a compressed response ({encoding}) that was not requested"
                )
            }));
        }
        let Some(json) = &self.response.json else {
            return Some(self.wrong_address(|address| format!("{address} did not return JSON")));
        };
        match self.purpose {
            RequestPurpose::Token => None,
            RequestPurpose::Credentials => {
                let is_right = json.is_object() && json.get("error").is_none_or(Value::is_null);
                (!is_right).then(|| {
                    self.wrong_address(|address| {
                        format!("{address} returned an unexpected response")
                    })
                })
            }
            RequestPurpose::Models if has_code(self.response, AUTHENTICATION_FAILED) => {
                Some(self.authentication_failed())
            }
            RequestPurpose::Models if json.get("error").is_some_and(|error| !error.is_null()) => {
                Some(self.wrong_address(|address| {
                    format!("{address} returned an error instead of its list of models")
                }))
            }
            RequestPurpose::Models => Some(not_a_list(self.url, self.plan)),
        }
    }
}

/// Failure of a wrong endpoint, with the hint of the provider file.
fn wrong_address(sentence: String, plan: &ProbePlan<'_>) -> ProbeFailure {
    let hint = plan.probe.hint.as_deref();
    ProbeFailure::new(TestStage::Reached, sentence, hint.unwrap_or(CHECK_ADDRESS))
}

/// Advice about the settings that authenticate.
fn sign_in_advice(asked: RequestPurpose, plan: &ProbePlan<'_>) -> &'static str {
    match (plan.probe.scheme, asked) {
        (Scheme::Bearer | Scheme::Header, _) => {
            "Check that the key is complete, not revoked and for this provider, or create a new one"
        }
        (Scheme::SigV4, _) => "Check the access key ID, the secret access key and the region",
        (Scheme::Entra, RequestPurpose::Token) => {
            "Check the tenant ID, the client ID and that the client secret has not expired"
        }
        (Scheme::Entra, RequestPurpose::Credentials | RequestPurpose::Models) => {
            "Check the endpoint, and that the app registration has access to the resource"
        }
    }
}

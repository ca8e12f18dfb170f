//! Classifies a response: the stage that failed, the reason, and what to do.

mod words;

use http::header::{CONTENT_ENCODING, LOCATION};
use serde_json::Value;

use super::caller::Answer;
use super::prepared::{Prepared, Target};
use super::refusal::Refusal;
use super::said::{has_code, message};
use super::unreached::NoAnswer;
use crate::connection::test_report::TestStage;
use crate::provider::probe::Scheme;
use words::{AUTHENTICATION_FAILED, CLOCK_SKEW, PERMISSION_DENIED, QUOTA_EXCEEDED};

/// Purpose of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// An access token.
    Token,
    /// A response that requires valid credentials.
    Proof,
    /// The list of models.
    Models,
}

const CHECK_ADDRESS: &str =
    "Check the endpoint: it must be the base URL of the API, including its version";

/// Returns the response if it is the expected one.
pub(super) fn classify(
    answer: Result<Answer, NoAnswer>,
    target: &Target,
    asked: Asked,
    prepared: &Prepared<'_>,
) -> Result<Answer, Refusal> {
    let answer = answer.map_err(|why| unreachable(&why, target))?;
    let raw = message(&answer);
    let case = Case {
        answer: &answer,
        message: raw.as_deref().unwrap_or_default().to_lowercase(),
        target,
        asked,
        prepared,
    };
    let Some(refusal) = case.failure() else {
        return Ok(answer);
    };
    let message = raw.map(|raw| prepared.clean(&raw));
    Err(refusal.with(&answer, message.filter(|message| !message.is_empty())))
}

/// Failure of a token endpoint whose response contains no token.
pub(super) fn missing_token(target: &Target, answer: &Answer) -> Refusal {
    let sentence = format!("{} did not return a token", target.place);
    Refusal::new(TestStage::Reached, sentence, CHECK_ADDRESS).with(answer, None)
}

/// Failure of a response that is not a list of models.
pub(super) fn not_a_list(target: &Target, prepared: &Prepared<'_>) -> Refusal {
    let sentence = format!("{} did not return a list of models", target.address);
    wrong_address(sentence, prepared)
}

fn unreachable(why: &NoAnswer, target: &Target) -> Refusal {
    let (sentence, advice) = (why.sentence(&target.place), why.advice(&target.place));
    Refusal::new(TestStage::Reached, sentence, &advice)
}

/// A response with what is needed to classify it.
struct Case<'a> {
    answer: &'a Answer,
    /// Lowercase message of the provider.
    message: String,
    target: &'a Target,
    asked: Asked,
    prepared: &'a Prepared<'a>,
}

impl Case<'_> {
    /// Returns the failure that the response means, if any.
    fn failure(&self) -> Option<Refusal> {
        match self.answer.status {
            401 => Some(self.authentication_failed()),
            300..400 => Some(self.redirected()),
            400.. => Some(self.error_status()),
            _ => self.unexpected_body(),
        }
    }

    /// Content encoding that prevents reading the response, if any.
    fn encoding(&self) -> Option<String> {
        let encoding = self.answer.headers.get(CONTENT_ENCODING)?.to_str().ok()?;
        let is_plain = encoding.is_empty() || encoding.eq_ignore_ascii_case("identity");
        (self.answer.json.is_none() && !is_plain).then(|| self.prepared.clean(encoding))
    }

    fn message_contains(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.message.contains(word))
    }

    /// Returns whether the response is a web page or empty; an API returns a reason.
    fn is_page(&self) -> bool {
        self.answer.json.is_none() && self.answer.text.is_none()
    }

    fn error_status(&self) -> Refusal {
        let (status, place) = (self.answer.status, &self.target.place);
        let is_token_refused = self.asked == Asked::Token && matches!(status, 400 | 403);
        if self.message_contains(CLOCK_SKEW) {
            return Refusal::new(
                TestStage::Authentication,
                format!("{place} rejected the time of the signature ({status})"),
                "Check this computer's clock",
            );
        }
        if is_token_refused || has_code(self.answer, AUTHENTICATION_FAILED) {
            return self.authentication_failed();
        }
        match status {
            402 => Refusal::new(
                TestStage::Permission,
                format!("{place} requires payment (402)"),
                "Add credit or a payment method at the provider",
            ),
            429 if self.message_contains(QUOTA_EXCEEDED)
                || has_code(self.answer, &["insufficient_quota"]) =>
            {
                Refusal::new(
                    TestStage::Permission,
                    format!("{place}: quota exceeded (429)"),
                    "Add credit or raise the limit at the provider",
                )
            }
            429 => Refusal::new(
                TestStage::Permission,
                format!("{place}: rate limit reached (429)"),
                "Wait a moment and test again",
            ),
            404 | 405 | 410 => {
                self.wrong_address(|address| format!("No API found at {address} ({status})"))
            }
            403 if !self.is_page() => self.permission_denied(),
            400..500 if has_code(self.answer, PERMISSION_DENIED) => self.permission_denied(),
            403 => Refusal::new(
                TestStage::Reached,
                format!(
                    "{} returned a web page instead of an API response (403)",
                    self.target.address
                ),
                "Check the endpoint, and any firewall or proxy in front of it",
            ),
            400..500 if self.is_page() => self.wrong_address(|address| {
                format!("{address} rejected the request without an API response ({status})")
            }),
            400..500 => Refusal::new(
                TestStage::Authentication,
                format!("{place} rejected the request ({status}); the key could not be checked"),
                "Read the provider message and check the settings",
            ),
            _ if self.answer.json.is_none() => Refusal::new(
                TestStage::Reached,
                format!(
                    "{} returned a server error without an API response ({status})",
                    self.target.address
                ),
                "Try again later; if the error persists, check the endpoint",
            ),
            _ => Refusal::new(
                TestStage::Authentication,
                format!("{place} returned a server error ({status}); the key could not be checked"),
                "Try again later",
            ),
        }
    }

    fn authentication_failed(&self) -> Refusal {
        let (status, place) = (self.answer.status, &self.target.place);
        let sentence = format!("{place} does not accept the credentials ({status})");
        let advice = sign_in_advice(self.asked, self.prepared);
        Refusal::new(TestStage::Authentication, sentence, advice)
    }

    fn permission_denied(&self) -> Refusal {
        let (status, place) = (self.answer.status, &self.target.place);
        let sentence = format!("{place}: the key lacks permission ({status})");
        let advice = "Grant the key or its owner permission to use models";
        Refusal::new(TestStage::Permission, sentence, advice)
    }

    fn redirected(&self) -> Refusal {
        let (status, address) = (self.answer.status, &self.target.address);
        let sentence =
            format!("{address} redirects to another URL ({status}); the key is not sent there");
        let location = self.answer.headers.get(LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let shown = location
            .map(|text| text.split(['?', '#']).next().unwrap_or_default())
            .map(|text| self.prepared.clean(text))
            .filter(|text| !text.is_empty());
        let advice = shown.map_or_else(
            || CHECK_ADDRESS.to_owned(),
            |shown| format!("If you trust the new URL, use it: {shown}"),
        );
        Refusal::new(TestStage::Reached, sentence, &advice)
    }

    fn wrong_address(&self, sentence: impl FnOnce(&str) -> String) -> Refusal {
        wrong_address(sentence(&self.target.address), self.prepared)
    }

    /// Returns the failure of a successful status without the expected body: a web page or unrelated JSON.
    fn unexpected_body(&self) -> Option<Refusal> {
        if self.answer.list.is_some() {
            return None;
        }
        if let Some(encoding) = self.encoding() {
            return Some(self.wrong_address(|address| {
                format!(
                    "{address} returned a compressed response ({encoding}) that was not requested"
                )
            }));
        }
        let Some(json) = &self.answer.json else {
            return Some(self.wrong_address(|address| format!("{address} did not return JSON")));
        };
        match self.asked {
            Asked::Token => None,
            Asked::Proof => {
                let is_right = json.is_object() && json.get("error").is_none_or(Value::is_null);
                (!is_right).then(|| {
                    self.wrong_address(|address| {
                        format!("{address} returned an unexpected response")
                    })
                })
            }
            Asked::Models if has_code(self.answer, AUTHENTICATION_FAILED) => {
                Some(self.authentication_failed())
            }
            Asked::Models if json.get("error").is_some_and(|error| !error.is_null()) => {
                Some(self.wrong_address(|address| {
                    format!("{address} returned an error instead of its list of models")
                }))
            }
            Asked::Models => Some(not_a_list(self.target, self.prepared)),
        }
    }
}

/// Failure of a wrong endpoint, with the hint of the provider file.
fn wrong_address(sentence: String, prepared: &Prepared<'_>) -> Refusal {
    let hint = prepared.probe.hint.as_deref();
    Refusal::new(TestStage::Reached, sentence, hint.unwrap_or(CHECK_ADDRESS))
}

/// Advice about the settings that authenticate.
fn sign_in_advice(asked: Asked, prepared: &Prepared<'_>) -> &'static str {
    match (prepared.probe.scheme, asked) {
        (Scheme::Bearer | Scheme::Header, _) => {
            "Check that the key is complete, not revoked and for this provider, or create a new one"
        }
        (Scheme::SigV4, _) => "Check the access key ID, the secret access key and the region",
        (Scheme::Entra, Asked::Token) => {
            "Check the tenant ID, the client ID and that the client secret has not expired"
        }
        (Scheme::Entra, Asked::Proof | Asked::Models) => {
            "Check the endpoint, and that the app registration has access to the resource"
        }
    }
}

//! Judges an answer: which stage it passed, why not the next, and what to do.

mod words;

use http::header::{CONTENT_ENCODING, LOCATION};
use serde_json::Value;

use super::caller::Answer;
use super::prepared::{Prepared, Target};
use super::refusal::Refusal;
use super::said::{has_word, sentence};
use super::unreached::NoAnswer;
use crate::connection::test_report::TestStage;
use crate::provider::probe::Scheme;
use words::{CLOCK, NOT_PERMITTED, NOT_SIGNED_IN, SPENT};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A token to sign with.
    Token,
    /// Anything that only a good key is told.
    Proof,
    /// The list of models.
    Models,
}

const CHECK_ADDRESS: &str =
    "Check the address: it must be the API's, with its version where it has one";

/// The answer, when it is one that was hoped for.
pub(super) fn judge(
    answer: Result<Answer, NoAnswer>,
    target: &Target,
    asked: Asked,
    prepared: &Prepared<'_>,
) -> Result<Answer, Refusal> {
    let answer = answer.map_err(|why| unreached(&why, target))?;
    let raw = sentence(&answer);
    let case = Case {
        answer: &answer,
        said: raw.as_deref().unwrap_or_default().to_lowercase(),
        target,
        asked,
        prepared,
    };
    let Some(refusal) = case.fault() else {
        return Ok(answer);
    };
    let said = raw.map(|raw| prepared.clean(&raw));
    Err(refusal.with(&answer, said.filter(|said| !said.is_empty())))
}

/// A token endpoint that answers without a token.
pub(super) fn no_token(target: &Target, answer: &Answer) -> Refusal {
    let sentence = format!("What {} answers is no token", target.place);
    Refusal::new(TestStage::Reached, sentence, CHECK_ADDRESS).with(answer, None)
}

/// An answer that is no list of models.
pub(super) fn no_list(target: &Target, prepared: &Prepared<'_>) -> Refusal {
    let sentence = format!("What {} answers is not its list of models", target.address);
    wrong_address(sentence, prepared)
}

fn unreached(why: &NoAnswer, target: &Target) -> Refusal {
    let (sentence, advice) = (why.sentence(&target.place), why.advice(&target.place));
    Refusal::new(TestStage::Reached, sentence, &advice)
}

/// One answer before the judge.
struct Case<'a> {
    answer: &'a Answer,
    /// The provider's sentence in lower case.
    said: String,
    target: &'a Target,
    asked: Asked,
    prepared: &'a Prepared<'a>,
}

impl Case<'_> {
    /// What the answer has against it.
    fn fault(&self) -> Option<Refusal> {
        match self.answer.status {
            401 => Some(self.not_signed_in()),
            300..400 => Some(self.redirected()),
            400.. => Some(self.refused()),
            _ => self.not_the_api(),
        }
    }

    /// The encoding of an answer that cannot be read for it.
    fn encoding(&self) -> Option<String> {
        let encoding = self.answer.headers.get(CONTENT_ENCODING)?.to_str().ok()?;
        let is_plain = encoding.is_empty() || encoding.eq_ignore_ascii_case("identity");
        (self.answer.json.is_none() && !is_plain).then(|| self.prepared.clean(encoding))
    }

    fn speaks_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.said.contains(word))
    }

    /// Whether the answer is a web page or nothing at all: APIs say why.
    fn is_page(&self) -> bool {
        self.answer.json.is_none() && self.answer.text.is_none()
    }

    fn refused(&self) -> Refusal {
        let (status, place) = (self.answer.status, &self.target.place);
        let is_token_refused = self.asked == Asked::Token && matches!(status, 400 | 403);
        if self.speaks_of(CLOCK) {
            return Refusal::new(
                TestStage::SignedIn,
                format!("{place} finds the signature out of time ({status})"),
                "Check this computer's clock",
            );
        }
        if is_token_refused || has_word(self.answer, NOT_SIGNED_IN) {
            return self.not_signed_in();
        }
        match status {
            402 => Refusal::new(
                TestStage::Permitted,
                format!("{place} wants to be paid first (402)"),
                "Add credit or a means of payment at the provider",
            ),
            429 if self.speaks_of(SPENT) || has_word(self.answer, &["insufficient_quota"]) => {
                Refusal::new(
                    TestStage::Permitted,
                    format!("{place} says that the quota is used up (429)"),
                    "Add credit or raise the limit at the provider",
                )
            }
            429 => Refusal::new(
                TestStage::Permitted,
                format!("{place} was asked too often (429)"),
                "Wait a little and test again",
            ),
            404 | 405 | 410 => self
                .wrong_address(|address| format!("There is no such API at {address} ({status})")),
            403 if !self.is_page() => self.not_permitted(),
            400..500 if has_word(self.answer, NOT_PERMITTED) => self.not_permitted(),
            403 => Refusal::new(
                TestStage::Reached,
                format!(
                    "{} answers with a web page that refuses (403)",
                    self.target.address
                ),
                "Check the address, and whether a firewall or a proxy stands before it",
            ),
            400..500 if self.is_page() => self.wrong_address(|address| {
                format!("{address} refuses the request ({status}) as no API does")
            }),
            400..500 => Refusal::new(
                TestStage::SignedIn,
                format!("{place} does not take the request ({status}), so the key was not judged"),
                "Read what the provider says, and check the settings",
            ),
            _ if self.answer.json.is_none() => Refusal::new(
                TestStage::Reached,
                format!(
                    "{} has trouble and gives no API's answer ({status})",
                    self.target.address
                ),
                "Try again later; if it stays, check the address",
            ),
            _ => Refusal::new(
                TestStage::SignedIn,
                format!("{place} has trouble of its own ({status}), so the key was not judged"),
                "Try again later",
            ),
        }
    }

    fn not_signed_in(&self) -> Refusal {
        let (status, place) = (self.answer.status, &self.target.place);
        let sentence = format!("{place} does not accept the credentials ({status})");
        let advice = sign_in_advice(self.asked, self.prepared);
        Refusal::new(TestStage::SignedIn, sentence, advice)
    }

    fn not_permitted(&self) -> Refusal {
        let (status, place) = (self.answer.status, &self.target.place);
        let sentence = format!("{place} knows the key and does not permit it this ({status})");
        let advice = "Give the key, or whom it belongs to, the permission to use models";
        Refusal::new(TestStage::Permitted, sentence, advice)
    }

    fn redirected(&self) -> Refusal {
        let (status, address) = (self.answer.status, &self.target.address);
        let sentence = format!(
            "{address} leads to another address ({status}), and a key is not sent after it"
        );
        let location = self.answer.headers.get(LOCATION);
        let location = location.and_then(|value| value.to_str().ok());
        let shown = location
            .map(|text| text.split(['?', '#']).next().unwrap_or_default())
            .map(|text| self.prepared.clean(text))
            .filter(|text| !text.is_empty());
        let advice = shown.map_or_else(
            || CHECK_ADDRESS.to_owned(),
            |shown| format!("If you trust it, use the address it leads to: {shown}"),
        );
        Refusal::new(TestStage::Reached, sentence, &advice)
    }

    fn wrong_address(&self, sentence: impl FnOnce(&str) -> String) -> Refusal {
        wrong_address(sentence(&self.target.address), self.prepared)
    }

    /// What a good status may hide: a web page, or the JSON of something else.
    fn not_the_api(&self) -> Option<Refusal> {
        if self.answer.list.is_some() {
            return None;
        }
        if let Some(encoding) = self.encoding() {
            return Some(self.wrong_address(|address| {
                format!("{address} answers compressed ({encoding}) though nothing asked for it")
            }));
        }
        let Some(json) = &self.answer.json else {
            return Some(self.wrong_address(|address| {
                format!("{address} answers with something else than an API does")
            }));
        };
        match self.asked {
            Asked::Token => None,
            Asked::Proof => {
                let is_right = json.is_object() && json.get("error").is_none_or(Value::is_null);
                (!is_right).then(|| {
                    self.wrong_address(|address| {
                        format!("What {address} answers is not what was asked for")
                    })
                })
            }
            Asked::Models if has_word(self.answer, NOT_SIGNED_IN) => Some(self.not_signed_in()),
            Asked::Models if json.get("error").is_some_and(|error| !error.is_null()) => {
                Some(self.wrong_address(|address| {
                    format!("{address} answers with an error instead of its list of models")
                }))
            }
            Asked::Models => Some(no_list(self.target, self.prepared)),
        }
    }
}

/// An address that is not the API's, with the provider's own hint.
fn wrong_address(sentence: String, prepared: &Prepared<'_>) -> Refusal {
    let hint = prepared.probe.hint.as_deref();
    Refusal::new(TestStage::Reached, sentence, hint.unwrap_or(CHECK_ADDRESS))
}

/// Which settings to look at again.
fn sign_in_advice(asked: Asked, prepared: &Prepared<'_>) -> &'static str {
    match (prepared.probe.scheme, asked) {
        (Scheme::Bearer | Scheme::Header, _) => {
            "Check that the key is whole, not revoked and of this provider; or make a new one there"
        }
        (Scheme::SigV4, _) => "Check the access key ID, the secret access key and the region",
        (Scheme::Entra, Asked::Token) => {
            "Check the tenant ID, the client ID and that the client secret has not expired"
        }
        (Scheme::Entra, Asked::Proof | Asked::Models) => {
            "Check the endpoint, and that the app registration may use the resource"
        }
    }
}

//! Judges an answer: which stage it passed, why not the next, and what to do.

use std::time::Duration;

use super::Limits;
use super::caller::Answer;
use super::prepared::{Prepared, Target};
use super::refusal::Refusal;
use super::said::{has_word, sentence};
use super::unreached::Unreached;
use crate::connection::test_report::TestStage;

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

/// Words that mean the credentials are not known, whatever the status: Google says it with a 400, AWS with a 403.
const NOT_SIGNED_IN: &[&str] = &[
    "API_KEY_INVALID",
    "invalid_api_key",
    "authentication_error",
    "UNAUTHENTICATED",
    "UnrecognizedClientException",
    "UnrecognizedClient",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "invalid_client",
    "unauthorized_client",
];

/// Words of a sentence that mean the clocks differ.
const CLOCK: &[&str] = &[
    "signature expired",
    "signature not yet current",
    "requestexpired",
];

/// Words of a sentence that mean there is nothing left to spend, rather than too much haste.
const SPENT: &[&str] = &["quota", "billing", "credit", "balance", "payment"];

const CHECK_ADDRESS: &str =
    "Check the address: it must be the API's, with its version where it has one";

/// The answer, when it is one that was hoped for.
pub(super) fn judge(
    answer: Result<Answer, (Unreached, Limits)>,
    target: &Target,
    asked: Asked,
    prepared: &Prepared<'_>,
) -> Result<Answer, Refusal> {
    let answer = answer.map_err(|(why, limits)| unreached(why, limits, target))?;
    let raw = sentence(&answer);
    match fault(
        &answer,
        raw.as_deref().unwrap_or_default(),
        target,
        asked,
        prepared,
    ) {
        None => Ok(answer),
        Some(refusal) => {
            let said = raw
                .map(|raw| prepared.clean(&raw))
                .filter(|said| !said.is_empty());
            Err(refusal.with(&answer, said))
        }
    }
}

/// A token endpoint that answers without a token.
pub(super) fn no_token(target: &Target, answer: &Answer) -> Refusal {
    let sentence = format!("What {} answers is no token", target.place);
    Refusal::new(TestStage::Reached, sentence, CHECK_ADDRESS).with(answer, None)
}

/// An answer that is no list of models.
pub(super) fn no_list(target: &Target, answer: &Answer) -> Refusal {
    let sentence = format!("What {} answers is not its list of models", target.address);
    Refusal::new(TestStage::Reached, sentence, CHECK_ADDRESS).with(answer, None)
}

fn unreached(why: Unreached, limits: Limits, target: &Target) -> Refusal {
    let sentence = why.sentence(&target.place, &seconds(limits.time), &size(limits.bytes));
    let mut sentence = sentence;
    // A place may begin a sentence: "the address in $A".
    if let Some(rest) = sentence.strip_prefix("the ") {
        sentence = format!("The {rest}");
    }
    Refusal::new(TestStage::Reached, sentence, why.advice())
}

/// What an answer has against it.
fn fault(
    answer: &Answer,
    raw: &str,
    target: &Target,
    asked: Asked,
    prepared: &Prepared<'_>,
) -> Option<Refusal> {
    let (status, address) = (answer.status, &target.address);
    let at = |stage, sentence: String, advice: &str| Some(Refusal::new(stage, sentence, advice));
    let lowered = raw.to_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|word| lowered.contains(word));
    let is_token_refused = asked == Asked::Token && matches!(status, 400 | 403);
    match status {
        401 => at(
            TestStage::SignedIn,
            not_signed_in(target, status),
            sign_in_advice(asked, prepared),
        ),
        _ if status >= 400 && speaks_of(CLOCK) => at(
            TestStage::SignedIn,
            format!(
                "{} finds the signature out of time ({status})",
                target.place
            ),
            "Check this computer's clock",
        ),
        _ if status >= 400 && (is_token_refused || has_word(answer, NOT_SIGNED_IN)) => at(
            TestStage::SignedIn,
            not_signed_in(target, status),
            sign_in_advice(asked, prepared),
        ),
        300..400 => at(
            TestStage::Reached,
            format!(
                "{address} leads to another address ({status}), and a key is not sent after it"
            ),
            &redirect_advice(answer, prepared),
        ),
        402 => at(
            TestStage::Permitted,
            format!("{} wants to be paid first (402)", target.place),
            "Add credit or a means of payment at the provider",
        ),
        403 if answer.json.is_none() && answer.text.is_none() => at(
            TestStage::Reached,
            format!("{address} answers with a web page that refuses (403)"),
            "Check the address, and whether a firewall or a proxy stands before it",
        ),
        403 => at(
            TestStage::Permitted,
            format!(
                "{} knows the key and does not permit it this (403)",
                target.place
            ),
            "Give the key, or whom it belongs to, the permission to use models",
        ),
        429 if speaks_of(SPENT) || has_word(answer, &["insufficient_quota"]) => at(
            TestStage::Permitted,
            format!("{} says that the quota is used up (429)", target.place),
            "Add credit or raise the limit at the provider",
        ),
        429 => at(
            TestStage::Permitted,
            format!("{} was asked too often (429)", target.place),
            "Wait a little and test again",
        ),
        404 | 405 | 410 => at(
            TestStage::Reached,
            format!("There is no such API at {address} ({status})"),
            CHECK_ADDRESS,
        ),
        500.. if answer.json.is_none() => at(
            TestStage::Reached,
            format!("{address} has trouble and gives no API's answer ({status})"),
            "Try again later; if it stays, check the address",
        ),
        500.. => at(
            TestStage::SignedIn,
            format!(
                "{} has trouble of its own ({status}), so the key was not judged",
                target.place
            ),
            "Try again later",
        ),
        400..500 if answer.json.is_none() => at(
            TestStage::Reached,
            format!("{address} refuses the request ({status}) as no API does"),
            CHECK_ADDRESS,
        ),
        400..500 => at(
            TestStage::SignedIn,
            format!(
                "{} does not take the request ({status}), so the key was not judged",
                target.place
            ),
            "Read what the provider says, and check the settings",
        ),
        _ => not_the_api(answer, target, asked, prepared),
    }
}

/// What a good status may hide: a web page, or the JSON of something else.
fn not_the_api(
    answer: &Answer,
    target: &Target,
    asked: Asked,
    prepared: &Prepared<'_>,
) -> Option<Refusal> {
    let address = &target.address;
    let Some(json) = &answer.json else {
        let sentence = format!("{address} answers with something else than an API does");
        return Some(Refusal::new(TestStage::Reached, sentence, CHECK_ADDRESS));
    };
    let is_right = match asked {
        Asked::Token => true,
        Asked::Proof => {
            json.is_object() && json.get("error").is_none_or(serde_json::Value::is_null)
        }
        Asked::Models => prepared
            .probe
            .models
            .as_ref()
            .is_some_and(|listing| listing.read(json).is_some()),
    };
    (!is_right).then(|| no_list_or_proof(target, asked))
}

fn no_list_or_proof(target: &Target, asked: Asked) -> Refusal {
    let address = &target.address;
    let sentence = match asked {
        Asked::Models => format!("What {address} answers is not its list of models"),
        Asked::Token | Asked::Proof => format!("What {address} answers is not what was asked for"),
    };
    Refusal::new(TestStage::Reached, sentence, CHECK_ADDRESS)
}

fn not_signed_in(target: &Target, status: u16) -> String {
    format!(
        "{} does not accept the credentials ({status})",
        target.place
    )
}

/// Which settings to look at again.
fn sign_in_advice(asked: Asked, prepared: &Prepared<'_>) -> &'static str {
    use crate::provider::probe::Scheme;
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

fn redirect_advice(answer: &Answer, prepared: &Prepared<'_>) -> String {
    let location = answer.headers.get(http::header::LOCATION);
    let location = location.and_then(|value| value.to_str().ok());
    let shown = location
        .map(|text| text.split(['?', '#']).next().unwrap_or_default())
        .map(|text| prepared.clean(text))
        .filter(|text| !text.is_empty());
    match shown {
        Some(shown) => format!("If you trust it, use the address it leads to: {shown}"),
        None => CHECK_ADDRESS.to_owned(),
    }
}

fn seconds(time: Duration) -> String {
    if time.subsec_millis() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{} ms", time.as_millis())
    }
}

fn size(bytes: usize) -> String {
    const MIB: usize = 1024 * 1024;
    if bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{} KiB", bytes / 1024)
    }
}

//! Reference implementation of AWS Signature Version 4 for a GET without a body.

use sha2::{Digest, Sha256};

/// Request to sign.
pub struct Signed<'a> {
    pub path: &'a str,
    pub query: &'a str,
    pub host: &'a str,
    pub time: &'a str,
    pub region: &'a str,
    pub service: &'a str,
    pub access_key_id: &'a str,
    pub secret_access_key: &'a str,
    pub session_token: Option<&'a str>,
}

/// The `Authorization` header.
pub fn authorization(signed: &Signed<'_>) -> String {
    let day = &signed.time[..8];
    let (token, names) = signed.session_token.map_or_else(
        || (String::new(), "host;x-amz-date"),
        |token| {
            (
                format!("x-amz-security-token:{token}\n"),
                "host;x-amz-date;x-amz-security-token",
            )
        },
    );
    let canonical = format!(
        "GET\n{}\n{}\nhost:{}\nx-amz-date:{}\n{token}\n{names}\n{}",
        signed.path,
        signed.query,
        signed.host,
        signed.time,
        hex(&Sha256::digest(b""))
    );
    let scope = format!("{day}/{}/{}/aws4_request", signed.region, signed.service);
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
        signed.time,
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let mut key = format!("AWS4{}", signed.secret_access_key).into_bytes();
    for part in [day, signed.region, signed.service, "aws4_request"] {
        key = hmac(&key, part.as_bytes());
    }
    let signature = hex(&hmac(&key, to_sign.as_bytes()));
    format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        signed.access_key_id
    )
}

/// RFC 2104 with SHA-256.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|sign| char::from_digit(sign.into(), 16))
        .collect()
}

#[test]
fn documented_example_is_reproduced() {
    let signed = Signed {
        path: "/",
        query: "",
        host: "example.amazonaws.com",
        time: "20150830T123600Z",
        region: "us-east-1",
        service: "service",
        access_key_id: "AKIDEXAMPLE",
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        session_token: None,
    };
    let signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    assert!(authorization(&signed).ends_with(signature));
}

//! The options of cURL that take a value, as `curl --help all` lists them for version 8.

/// Purpose of an option with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OptionPurpose {
    /// The address.
    Url,
    /// A header.
    Header,
    /// A bearer token.
    Bearer,
    /// A user and a password.
    User,
    /// The parameters of AWS Signature Version 4.
    Signature,
    /// A credential that no provider takes.
    Credential,
    /// Data of the body, or of the address with `--get`.
    Data,
    /// Parameters of the address.
    Query,
    /// Ignored: method, body or output of the request.
    Request,
    /// Ignored: transport or limit.
    Other,
}

const REQUEST: [&str; 24] = [
    "create-file-mode",
    "dump-header",
    "etag-compare",
    "etag-save",
    "form",
    "form-string",
    "help",
    "json",
    "libcurl",
    "output",
    "output-dir",
    "quote",
    "range",
    "referer",
    "request",
    "stderr",
    "trace",
    "trace-ascii",
    "trace-config",
    "upload-file",
    "user-agent",
    "variable",
    "write-out",
    "continue-at",
];

const CREDENTIAL: [&str; 21] = [
    "cert",
    "config",
    "cookie",
    "cookie-jar",
    "key",
    "netrc-file",
    "pass",
    "proxy-cert",
    "proxy-header",
    "proxy-key",
    "proxy-pass",
    "proxy-tlspassword",
    "proxy-tlsuser",
    "proxy-user",
    "pubkey",
    "sasl-authzid",
    "tlspassword",
    "tlsuser",
    "ftp-account",
    "login-options",
    "ssl-sessions",
];

const OTHER: [&str; 91] = [
    "abstract-unix-socket",
    "alt-svc",
    "cacert",
    "capath",
    "cert-type",
    "ciphers",
    "connect-timeout",
    "connect-to",
    "crlfile",
    "curves",
    "delegation",
    "dns-interface",
    "dns-ipv4-addr",
    "dns-ipv6-addr",
    "dns-servers",
    "doh-url",
    "ech",
    "egd-file",
    "engine",
    "expect100-timeout",
    "ftp-alternative-to-user",
    "ftp-method",
    "ftp-port",
    "ftp-ssl-ccc-mode",
    "happy-eyeballs-timeout-ms",
    "haproxy-clientip",
    "hostpubmd5",
    "hostpubsha256",
    "hsts",
    "interface",
    "ip-tos",
    "ipfs-gateway",
    "keepalive-cnt",
    "keepalive-time",
    "key-type",
    "knownhosts",
    "krb",
    "limit-rate",
    "local-port",
    "mail-auth",
    "mail-from",
    "mail-rcpt",
    "max-filesize",
    "max-redirs",
    "max-time",
    "noproxy",
    "parallel-max",
    "parallel-max-host",
    "pinnedpubkey",
    "preproxy",
    "proto",
    "proto-default",
    "proto-redir",
    "proxy",
    "proxy-cacert",
    "proxy-capath",
    "proxy-cert-type",
    "proxy-ciphers",
    "proxy-crlfile",
    "proxy-key-type",
    "proxy-pinnedpubkey",
    "proxy-service-name",
    "proxy-tls13-ciphers",
    "proxy-tlsauthtype",
    "proxy1.0",
    "random-file",
    "rate",
    "request-target",
    "resolve",
    "retry",
    "retry-delay",
    "retry-max-time",
    "service-name",
    "sigalgs",
    "signature-algorithms",
    "socks4",
    "socks4a",
    "socks5",
    "socks5-gssapi-service",
    "socks5-hostname",
    "speed-limit",
    "speed-time",
    "telnet-option",
    "tftp-blksize",
    "time-cond",
    "tls-max",
    "tls13-ciphers",
    "tlsauthtype",
    "unix-socket",
    "upload-flags",
    "vlan-priority",
];

/// Letters of options with a value, and their long names.
const LETTERS: [(char, &str); 27] = [
    ('A', "user-agent"),
    ('b', "cookie"),
    ('c', "cookie-jar"),
    ('C', "continue-at"),
    ('d', "data"),
    ('D', "dump-header"),
    ('e', "referer"),
    ('E', "cert"),
    ('F', "form"),
    ('H', "header"),
    ('K', "config"),
    ('m', "max-time"),
    ('o', "output"),
    ('P', "ftp-port"),
    ('Q', "quote"),
    ('r', "range"),
    ('t', "telnet-option"),
    ('T', "upload-file"),
    ('u', "user"),
    ('U', "proxy-user"),
    ('w', "write-out"),
    ('x', "proxy"),
    ('X', "request"),
    ('y', "speed-time"),
    ('Y', "speed-limit"),
    ('z', "time-cond"),
    ('h', "help"),
];

/// Returns the purpose of a long option with a value; `None` for one without a value.
pub(super) fn with_value(name: &str) -> Option<OptionPurpose> {
    // `--expand-header` is `--header` with variables in its value.
    let name = name.strip_prefix("expand-").unwrap_or(name);
    match name {
        "url" => Some(OptionPurpose::Url),
        "data" | "data-ascii" | "data-binary" | "data-raw" | "data-urlencode" => {
            Some(OptionPurpose::Data)
        }
        "url-query" => Some(OptionPurpose::Query),
        "header" => Some(OptionPurpose::Header),
        "oauth2-bearer" => Some(OptionPurpose::Bearer),
        "user" => Some(OptionPurpose::User),
        "aws-sigv4" => Some(OptionPurpose::Signature),
        _ if REQUEST.contains(&name) => Some(OptionPurpose::Request),
        _ if CREDENTIAL.contains(&name) => Some(OptionPurpose::Credential),
        _ if OTHER.contains(&name) => Some(OptionPurpose::Other),
        _ => None,
    }
}

/// The long name of a letter that takes a value.
pub(super) fn from_letter(letter: char) -> Option<&'static str> {
    LETTERS
        .iter()
        .find(|(known, _)| *known == letter)
        .map(|(_, name)| *name)
}

/// Options without a value that concern TLS or authentication, and are reported as not taken.
pub(super) fn is_reported(name: &str) -> bool {
    matches!(
        name,
        "insecure"
            | "proxy-insecure"
            | "negotiate"
            | "ntlm"
            | "digest"
            | "netrc"
            | "netrc-optional"
    )
}

//! Commands of other tools: PowerShell, `HTTPie`, fetch.

use super::{Row, check, row};

const LOCAL: (&str, &str) = ("endpoint", "http://127.0.0.1:8391/v1");
const KEY: (&str, &str) = ("apiKey", "§");

#[test]
fn commands_of_other_tools_are_read() {
    check(ROWS);
}

pub(super) const ROWS: &[Row] = &[
    row(
        "fetch('https://api.openai.com/v1/models', { headers: [['Accept', '*/*'], ['Authorization', 'Bearer §']] })",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "fetch('https://api.openai.com/v1/models', { headers: new Headers([['Authorization', `Bearer §`],]), method: 'GET' })",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "fetch('https://api.openai.com/v1/models', { headers: h, body: JSON.stringify({ a: 1 }) })",
        "openai",
        &[],
        &["headers"],
    ),
    row(
        "fetch('https://api.openai.com/v1/models', { headers: { ...secret, Authorization: 'Bearer §' } })",
        "openai",
        &[KEY],
        &["headers"],
    ),
    row(
        "fetch('https://api.openai.com/v1/models', { headers: { Accept: '*/*', [name]: 'Bearer §' } })",
        "openai",
        &[],
        &["headers"],
    ),
    row(
        "http https://api.anthropic.com/v1/models x-api-key:@key.txt",
        "anthropic",
        &[],
        &["headers in a file"],
    ),
    row(
        "http https://generativelanguage.googleapis.com/v1beta/models key==@key.txt",
        "google",
        &[],
        &["parameters in a file"],
    ),
    row(
        "Invoke-RestMethod -Uri 'https://api.openai.com/v1/models' -Headers @{ 'Authorization' = 'Bearer §' }",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "Invoke-RestMethod https://api.openai.com/v1/models -Headers @{Authorization=\"Bearer §\"}",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "irm http://127.0.0.1:8391/v1/models -Headers @{ 'x-api-key' = '§' }",
        "openai-compatible",
        &[LOCAL, ("headers", "x-api-key: §")],
        &[],
    ),
    row(
        "$headers = @{\n  \"Authorization\" = \"Bearer §\"\n  \"Content-Type\" = \"application/json\"\n}\n$body = @{ model = 'x' } | ConvertTo-Json\nInvoke-RestMethod -Uri \"http://127.0.0.1:8391/v1/chat/completions\" -Method Post -Headers $headers -Body $body",
        "openai-compatible",
        &[LOCAL, KEY],
        &[],
    ),
    row(
        "$headers = New-Object \"System.Collections.Generic.Dictionary[[String],[String]]\"\n$headers.Add(\"Authorization\", \"Bearer §\")\n$response = Invoke-RestMethod 'http://127.0.0.1:8391/v1/models' -Method 'GET' -Headers $headers",
        "openai-compatible",
        &[LOCAL, KEY],
        &[],
    ),
    row(
        "Invoke-WebRequest -UseBasicParsing -Uri \"http://127.0.0.1:8391/v1/models\" `\n-Method \"POST\" `\n-Headers @{\n\"authority\"=\"x\"\n  \"authorization\"=\"Bearer §\"\n} `\n-ContentType \"application/json\" `\n-Body \"{`\"model`\":`\"it''s`\"}\"",
        "openai-compatible",
        &[LOCAL, KEY],
        &[],
    ),
    row(
        "$params = @{\n Uri = 'http://127.0.0.1:8391/v1/models'\n Headers = @{ Authorization = 'Bearer §' }\n}\nInvoke-RestMethod @params",
        "openai-compatible",
        &[LOCAL, KEY],
        &[],
    ),
    row(
        "$env:OPENAI_API_KEY = '§'; Invoke-RestMethod https://api.openai.com/v1/models -Headers @{ Authorization = \"Bearer $env:OPENAI_API_KEY\" }",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "Invoke-RestMethod -Uri https://api.openai.com/v1/models -Authentication Bearer -Token (ConvertTo-SecureString '§' -AsPlainText -Force)",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "Invoke-RestMethod -Proxy http://127.0.0.1:9 -Uri https://api.openai.com/v1/models -Headers @{ Authorization = 'Bearer §' } -SkipCertificateCheck",
        "openai",
        &[KEY],
        &["-Proxy", "-SkipCertificateCheck"],
    ),
    row(
        "Invoke-RestMethod https://api.openai.com/v1/models -Headers @{ Authorization = \"Bearer $key\" }",
        "openai",
        &[],
        &["Authorization (a placeholder)"],
    ),
    row(
        "curl -Uri http://127.0.0.1:8391/v1/models -Headers @{ Authorization = 'Bearer §' }",
        "openai-compatible",
        &[LOCAL, KEY],
        &[],
    ),
    row(
        "PS C:\\> Invoke-RestMethod http://127.0.0.1:8391/v1/models -Headers @{ Authorization = 'Bearer §' }",
        "openai-compatible",
        &[LOCAL, KEY],
        &[],
    ),
    row(
        "http POST http://127.0.0.1:8391/v1/chat/completions 'Authorization: Bearer §' model=x",
        "openai-compatible",
        &[LOCAL, KEY],
        &[],
    ),
    row(
        "http http://127.0.0.1:8391/v1/models Authorization:'Bearer §'",
        "openai-compatible",
        &[LOCAL, KEY],
        &[],
    ),
    row(
        "https api.openai.com/v1/models Authorization:\"Bearer §\"",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "http --proxy http:http://127.0.0.1:9 -A bearer -a § GET https://api.openai.com/v1/models",
        "openai",
        &[KEY],
        &["--proxy"],
    ),
    row(
        "http -a me:§ https://api.openai.com/v1/models",
        "openai",
        &[],
        &["--auth"],
    ),
    row(
        "xh https://api.openai.com/v1/models authorization:'Bearer §' q==1",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "http :8391/v1/models x-api-key:§",
        "openai-compatible",
        &[
            ("endpoint", "http://localhost:8391/v1"),
            ("headers", "x-api-key: §"),
        ],
        &[],
    ),
    row(
        "fetch('http://127.0.0.1:8391/v1/models', { headers: { Authorization: 'Bearer §' } })",
        "openai-compatible",
        &[LOCAL, KEY],
        &[],
    ),
    row(
        "const response = await fetch(\"https://api.openai.com/v1/chat/completions\", {\n  method: \"POST\",\n  headers: {\n    \"Content-Type\": \"application/json\",\n    \"Authorization\": \"Bearer §\",\n  },\n  body: JSON.stringify({ model: \"x\" }),\n});",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "fetch(\"http://127.0.0.1:8391/v1/models\", {\n  \"headers\": {\n    \"accept\": \"*/*\",\n    \"x-api-key\": \"§\"\n  },\n  \"body\": null,\n  \"method\": \"GET\"\n});",
        "openai-compatible",
        &[LOCAL, ("headers", "x-api-key: §")],
        &[],
    ),
    row(
        "await fetch(`https://api.openai.com/v1/models`, { headers: new Headers({ Authorization: `Bearer §` }) })",
        "openai",
        &[KEY],
        &[],
    ),
    row(
        "fetch('https://api.openai.com/v1/models', { headers: { Authorization: `Bearer ${key}` } })",
        "openai",
        &[],
        &["Authorization (a placeholder)"],
    ),
    row(
        "fetch('https://api.openai.com/v1/models', { headers: { Authorization: 'Bearer ' + process.env.KEY } })",
        "openai",
        &[],
        &["Authorization (a placeholder)"],
    ),
];

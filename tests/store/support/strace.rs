//! Parser of strace logs: the system calls that change files or make them durable, in order.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// System calls that change files, names or descriptors, or make changes durable.
const RECORDED: &str = "?open,openat,?creat,close,?dup,?dup2,dup3,fcntl,write,pwrite64,writev,pwritev,?pwritev2,lseek,ftruncate,?truncate,\
    fallocate,?rename,?renameat,?renameat2,?unlink,unlinkat,?rmdir,?mkdir,mkdirat,?link,linkat,?symlink,symlinkat,fsync,fdatasync,\
    copy_file_range,sendfile,splice";

/// Returns true when strace works, and prints the reason otherwise. In CI a missing strace fails the test, but a machine that
/// does not permit tracing does not.
pub fn is_available(purpose: &str) -> bool {
    let attempt = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "true"])
        .output();
    match attempt {
        Ok(output) if output.status.success() => return true,
        Ok(output) => eprintln!(
            "NOT CHECKED: cannot {purpose}, because strace may not trace processes on this machine: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ),
        Err(why) => {
            let message = format!("cannot {purpose} without strace ({why}); install it");
            assert!(std::env::var_os("CI").is_none(), "{message}");
            eprintln!("NOT CHECKED: {message}");
        }
    }
    false
}

/// Command that runs strace and records file system calls in `log`; the caller adds the program and its arguments.
#[allow(dead_code, reason = "each test uses a part of this")]
pub fn recorder(log: &Path) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-s", "99999999", "-e", "signal=none", "-e"]);
    strace.arg(format!("trace={RECORDED}"));
    strace.arg("-o").arg(log);
    strace
}

/// Argument of a call.
#[allow(dead_code, reason = "each test uses a part of this")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    Text(Vec<u8>),
    Word(String),
}

/// Completed call.
#[allow(dead_code, reason = "each test uses a part of this")]
#[derive(Debug, Clone)]
pub struct Call {
    pub name: String,
    pub arguments: Vec<Argument>,
    /// Return value; negative after an error.
    pub result: i64,
    /// Line numbers of the start and the end.
    pub begun: usize,
    pub done: usize,
}

#[allow(dead_code, reason = "each test uses a part of this")]
impl Call {
    pub fn text(&self, at: usize) -> &[u8] {
        match self.arguments.get(at) {
            Some(Argument::Text(text)) => text,
            other => panic!("{}: {other:?} is not a text", self.name),
        }
    }

    pub fn word(&self, at: usize) -> &str {
        match self.arguments.get(at) {
            Some(Argument::Word(word)) => word,
            other => panic!("{}: {other:?} is not a word", self.name),
        }
    }

    pub fn number(&self, at: usize) -> i64 {
        let word = self.word(at);
        word.parse()
            .unwrap_or_else(|_| panic!("{word} is not a number"))
    }
}

/// Parses the calls of a log, in the order of completion. A close counts from its start, because the descriptor is free from then
/// on.
#[allow(dead_code, reason = "each test uses a part of this")]
pub fn read(log: &[u8]) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut begun: HashMap<&[u8], (Vec<u8>, usize)> = HashMap::new();
    for (number, line) in log.split(|byte| *byte == b'\n').enumerate() {
        let Some(space) = line.iter().position(|byte| *byte == b' ') else {
            continue;
        };
        let (thread, rest) = (&line[..space], line[space..].trim_ascii_start());
        if let Some(half) = rest.strip_suffix(b" <unfinished ...>") {
            if half.starts_with(b"close(") {
                calls.extend(parse(&[half, b") = 0"].concat(), number, number));
            }
            begun.insert(thread, (half.to_vec(), number));
        } else if rest.starts_with(b"<... ") {
            let Some((mut half, first)) = begun.remove(thread) else {
                continue;
            };
            if half.starts_with(b"close(") {
                continue;
            }
            let after = find(rest, b" resumed>").unwrap() + b" resumed>".len();
            half.extend_from_slice(&rest[after..]);
            calls.extend(parse(&half, first, number));
        } else {
            calls.extend(parse(rest, number, number));
        }
    }
    calls
}

fn find(bytes: &[u8], piece: &[u8]) -> Option<usize> {
    bytes.windows(piece.len()).position(|found| found == piece)
}

/// Parses a complete line; `None` when it is not a call or the call did not complete.
fn parse(line: &[u8], begun: usize, done: usize) -> Option<Call> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let name = String::from_utf8(line[..open].to_vec()).ok()?;
    let (arguments, rest) = parse_arguments(&line[open + 1..])?;
    let rest = String::from_utf8_lossy(rest);
    let answer = rest.trim_start().strip_prefix("= ")?;
    let word = answer.split(' ').next()?;
    let result = match word.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok()?,
        None => word.parse().ok()?,
    };
    Some(Call {
        name,
        arguments,
        result,
        begun,
        done,
    })
}

/// Parses the arguments up to the closing parenthesis, and returns the rest.
fn parse_arguments(text: &[u8]) -> Option<(Vec<Argument>, &[u8])> {
    let mut arguments = Vec::new();
    let mut at = 0;
    loop {
        while text.get(at) == Some(&b' ') {
            at += 1;
        }
        match *text.get(at)? {
            b')' => return Some((arguments, &text[at + 1..])),
            b',' => at += 1,
            b'"' => {
                let (bytes, used) = unescape(&text[at + 1..])?;
                arguments.push(Argument::Text(bytes));
                at += 1 + used;
            }
            _ => {
                let used = word_length(&text[at..])?;
                let word = String::from_utf8_lossy(&text[at..at + used]);
                arguments.push(Argument::Word(word.into_owned()));
                at += used;
            }
        }
    }
}

/// Length of a word that may contain brackets and quoted texts.
fn word_length(text: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0);
    loop {
        match *text.get(at)? {
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' => depth -= 1,
            b')' if depth > 0 => depth -= 1,
            b',' | b')' if depth == 0 => return Some(at),
            b'"' => at += unescape(&text[at + 1..])?.1,
            _ => {}
        }
        at += 1;
    }
}

/// Parses a text after its opening quote, and returns its bytes and its length including the closing quote.
fn unescape(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut bytes = Vec::new();
    let mut at = 0;
    loop {
        // Most of the text needs no unescaping.
        let plain = text[at..]
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\'))?;
        bytes.extend_from_slice(&text[at..at + plain]);
        at += plain;
        if text[at] == b'"' {
            return Some((bytes, at + 1));
        }
        let escaped = *text.get(at + 1)?;
        at += 2;
        bytes.push(match escaped {
            b'n' => b'\n',
            b't' => b'\t',
            b'v' => 0x0b,
            b'f' => 0x0c,
            b'r' => b'\r',
            b'0'..=b'7' => {
                let mut value = u32::from(escaped - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = text.get(at) else {
                        break;
                    };
                    value = value * 8 + u32::from(digit - b'0');
                    at += 1;
                }
                u8::try_from(value).ok()?
            }
            other => other,
        });
    }
}

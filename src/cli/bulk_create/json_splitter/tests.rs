//! Boundaries between elements, also after malformed ones.

use super::super::element_buffer::MAX_BYTES;
use super::*;
use rstest::rstest;

/// Source that returns one byte per read, so that no test depends on chunk sizes.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match (self.0.split_first(), buffer.first_mut()) {
            (Some((byte, rest)), Some(place)) => {
                *place = *byte;
                self.0 = rest;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

fn split(text: &str) -> Vec<String> {
    Elements::new(Drops(text.as_bytes()))
        .map(|element| {
            let element = element.unwrap();
            let body = match element.body {
                Ok(body) => String::from_utf8(body.to_vec()).unwrap(),
                Err(reason) => format!("!{reason}"),
            };
            format!(
                "{}{} {}",
                &element.unit.as_str()[..1],
                element.number,
                body.trim()
            )
        })
        .collect()
}

#[rstest]
#[case::one(r#"{"a":1}"#, &[r#"l1 {"a":1}"#])]
#[case::one_over_lines("\u{feff}\n {\n\"a\":\n{}\n}\n\n", &["l2 {\n\"a\":\n{}\n}"])]
#[case::lines("{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":3}", &[r#"l1 {"a":1}"#, r#"l3 {"b":2}"#, r#"l4 {"c":3}"#])]
#[case::malformed_line("{}\nno\n{}\n", &["l1 {}", "l2 no", "l3 {}"])]
#[case::malformed_line_first("no\n{}\n", &["l1 no", "l2 {}"])]
#[case::broken_first("{\"a\":1\n{\"b\":2}\n", &[r#"l1 {"a":1"#, r#"l2 {"b":2}"#])]
#[case::broken_text_first("{\"a\":\"x\n{\"b\":2}\n", &["l1 {\"a\":\"x", r#"l2 {"b":2}"#])]
#[case::broken_later("{}\n{\"a\":1\n{}\n", &["l1 {}", "l2 {\"a\":1", "l3 {}"])]
#[case::two_on_a_line("{} {}\n{}", &["l1 {} {}", "l2 {}"])]
#[case::objects("{\n}\n{\n\"a\":1}{\n}", &["l1 {\n}", "l3 {\n\"a\":1}", "l4 {\n}"])]
#[case::array(r#"[{"a":"],}\""}, {"b":[1,2]} ,3]"#, &[r#"e1 {"a":"],}\""}"#, r#"e2 {"b":[1,2]}"#, "e3 3"])]
#[case::empty_array(" [ ] \n", &[])]
#[case::gap_in_array("[{},,{}]", &["e1 {}", "e2 ", "e3 {}"])]
#[case::open_array("[{},{}", &["e1 {}", "e2 !The array is not closed"])]
#[case::open_element("[{},{\"a\":1,{}]", &["e1 {}", "e2 !The array is not closed"])]
#[case::behind("[{}] x", &["e1 {}", "e2 !Unexpected text after the end of the array"])]
#[case::nothing("", &["l1 "])]
#[case::blank(" \n ", &["l1 "])]
fn input_is_split_into_connections(#[case] text: &str, #[case] expected: &[&str]) {
    assert_eq!(split(text), expected);
}

#[test]
fn oversized_element_is_rejected_and_the_next_is_read() {
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(MAX_BYTES));
    let found = split(&format!("{large}\n{{}}\n"));
    assert_eq!(found, ["l1 !A connection must not exceed 256 KiB", "l2 {}"]);
    let found = split(&format!("[{large},{{}}]"));
    assert_eq!(found, ["e1 !A connection must not exceed 256 KiB", "e2 {}"]);
}

#[test]
fn line_is_returned_as_soon_as_it_arrives() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut elements = Elements::new(reader);
    std::io::Write::write_all(&mut writer, b"{\"a\":1}\n").unwrap();
    assert_eq!(elements.next().unwrap().unwrap().number, 1);
    std::io::Write::write_all(&mut writer, b"{\"a\":2}\n").unwrap();
    assert_eq!(elements.next().unwrap().unwrap().number, 2);
    drop(writer);
    assert!(elements.next().is_none());
}

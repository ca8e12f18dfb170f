//! Changes of rows above the rows that they change.

use super::unusable_index::UnusableIndex;

/// Visitor of rows, which returns false to end the walk. An unreadable part of the rows is one row.
pub type Visitor<'a> = dyn FnMut(&[u8], Result<&[u8], UnusableIndex>) -> bool + 'a;

/// Visits rows in order, until `take` returns false: the changes that are not removals, and the rows below that have no change.
pub fn walk<'a>(
    changes: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    below: impl FnOnce(&mut Visitor<'_>) -> Result<(), UnusableIndex>,
    take: &mut Visitor<'_>,
) -> Result<(), UnusableIndex> {
    let mut changes = changes.peekable();
    let mut goes_on = true;
    below(&mut |key, value| {
        while goes_on && let Some((changed, new)) = changes.next_if(|(changed, _)| *changed < key) {
            goes_on = new.is_none_or(|new| take(changed, Ok(new)));
        }
        if goes_on {
            let change = value
                .is_ok()
                .then(|| changes.next_if(|(changed, _)| *changed == key));
            goes_on = match change.flatten() {
                Some((_, new)) => new.is_none_or(|new| take(key, Ok(new))),
                None => take(key, value),
            };
        }
        goes_on
    })?;
    while goes_on && let Some((changed, new)) = changes.next() {
        goes_on = new.is_none_or(|new| take(changed, Ok(new)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(limit: usize) -> Vec<(String, Result<String, UnusableIndex>)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let changes: [(&[u8], Option<&[u8]>); 4] = [
            (b"a", Some(b"new")),
            (b"c", None),
            (b"d", Some(b"changed")),
            (b"f", Some(b"last")),
        ];
        let mut rows = Vec::new();
        let below = |take: &mut Visitor<'_>| {
            let damaged = || Err(UnusableIndex("damaged".into()));
            let stored = [
                (b"b", Ok(&b"below"[..])),
                (b"c", Ok(b"removed")),
                (b"d", damaged()),
                (b"e", Ok(b"below")),
            ];
            for (key, value) in stored {
                if !take(key, value) {
                    break;
                }
            }
            Ok(())
        };
        walk(changes.into_iter(), below, &mut |key, value| {
            rows.push((text(key), value.map(text)));
            rows.len() < limit
        })
        .unwrap();
        rows
    }

    #[test]
    fn changes_replace_rows_below_and_an_unreadable_row_stays() {
        let row = |key: &str, value: &str| (key.to_owned(), Ok(value.to_owned()));
        let expected = [
            row("a", "new"),
            row("b", "below"),
            ("d".to_owned(), Err(UnusableIndex("damaged".into()))),
            row("d", "changed"),
            row("e", "below"),
            row("f", "last"),
        ];
        assert_eq!(walked(usize::MAX), expected);
        for limit in 1..expected.len() {
            assert_eq!(walked(limit), expected[..limit]);
        }
    }
}

//! Converts error positions within an element to positions in the input.

use super::json_splitter::PositionUnit;
use crate::connection::ConnectionError;

const LINE: &str = " at line ";
const COLUMN: &str = " column ";

/// Returns the error with its position in the input; the parser counts lines from the start of the element.
pub fn in_input_of_many(
    error: ConnectionError,
    unit: PositionUnit,
    number: u64,
) -> ConnectionError {
    match error {
        ConnectionError::Malformed(message) => {
            ConnectionError::Malformed(in_input(&message, unit, number).unwrap_or(message))
        }
        error => error,
    }
}

fn in_input(message: &str, unit: PositionUnit, number: u64) -> Option<String> {
    let (reason, place) = message.rsplit_once(LINE)?;
    let (line, column) = place.split_once(COLUMN)?;
    let line: u64 = line.parse().ok()?;
    let column: u64 = column.parse().ok()?;
    Some(match (line, unit) {
        (..=1, _) => format!("{reason} at column {column}"),
        (_, PositionUnit::Line) => format!(
            "{reason} at line {} column {column}",
            number.saturating_add(line - 1)
        ),
        (_, PositionUnit::Element) => {
            format!("{reason} at line {line} of the element, column {column}")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(
        "No: expected ident at line 1 column 2",
        PositionUnit::Line,
        6,
        "No: expected ident at column 2"
    )]
    #[case("No at line 1 column 2", PositionUnit::Element, 6, "No at column 2")]
    #[case(
        "No at line 3 column 2",
        PositionUnit::Line,
        6,
        "No at line 8 column 2"
    )]
    #[case(
        "No at line 3 column 2",
        PositionUnit::Element,
        6,
        "No at line 3 of the element, column 2"
    )]
    #[case(
        "'at line x column 2' is none",
        PositionUnit::Line,
        6,
        "'at line x column 2' is none"
    )]
    #[case("The body is empty", PositionUnit::Line, 6, "The body is empty")]
    fn position_is_relative_to_the_input(
        #[case] message: &str,
        #[case] unit: PositionUnit,
        #[case] number: u64,
        #[case] expected: &str,
    ) {
        let error = ConnectionError::Malformed(message.to_owned());
        assert_eq!(in_input_of_many(error, unit, number).to_string(), expected);
    }
}

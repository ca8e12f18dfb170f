//! Dates relative to now, for people.

use chrono::{DateTime, TimeDelta, Utc};

/// Age from which the date itself is shown.
const MAX_DAYS: i64 = 30;

/// Returns for example `3 h ago`; after 30 days, or for a date in the future, the date.
pub fn relative(date: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let age = now - date;
    if age < -TimeDelta::minutes(1) || age.num_days() >= MAX_DAYS {
        return date.format("%Y-%m-%d").to_string();
    }
    match (age.num_days(), age.num_hours(), age.num_minutes()) {
        (0, 0, ..1) => "just now".into(),
        (0, 0, minutes) => format!("{minutes} min ago"),
        (0, hours, _) => format!("{hours} h ago"),
        (days, ..) => format!("{days} d ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(TimeDelta::seconds(59), "just now")]
    #[case(TimeDelta::seconds(-5), "just now")]
    #[case(TimeDelta::minutes(1), "1 min ago")]
    #[case(TimeDelta::minutes(59), "59 min ago")]
    #[case(TimeDelta::hours(23), "23 h ago")]
    #[case(TimeDelta::days(29), "29 d ago")]
    #[case(TimeDelta::days(30), "2026-05-02")]
    #[case(TimeDelta::days(-2), "2026-06-03")]
    fn age_is_shown_in_the_largest_unit(#[case] age: TimeDelta, #[case] shown: &str) {
        let now: DateTime<Utc> = "2026-06-01T12:00:00Z".parse().unwrap();
        assert_eq!(relative(now - age, now), shown);
    }
}

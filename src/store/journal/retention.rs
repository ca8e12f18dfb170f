//! Retention of finished segments and snapshots.

use std::collections::HashSet;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::segment::Segment;
use super::snapshot;

/// Number of the newest finished segments that are kept regardless of age.
const ALWAYS_KEPT_SEGMENTS: usize = 10;
/// Number of days for which the newest segment of each day is kept in addition.
const DAYS: u64 = 7;
/// Number of snapshots kept: the current one, and the previous one in case the current is damaged.
const MAX_SNAPSHOTS: usize = 2;

const DAY: Duration = Duration::from_hours(24);

/// Removes segments and snapshots that are neither needed nor retained. Everything after the oldest retained snapshot is needed.
///
/// `verified` is the revision of a verified snapshot; newer snapshots do not count.
pub fn prune(data: &Path, verified: u64) -> io::Result<()> {
    let mut snapshots = snapshot::all(data)?;
    snapshots.retain(|(revision, _)| *revision <= verified);
    let (old, kept) = snapshots.split_at(snapshots.len().saturating_sub(MAX_SNAPSHOTS));
    for (_, path) in old {
        std::fs::remove_file(path)?;
    }
    let Some((base, _)) = kept.first().filter(|_| kept.len() == MAX_SNAPSHOTS) else {
        return Ok(());
    };
    let segments = Segment::all(&data.join(super::FOLDER))?;
    let finished: Vec<Segment> = segments
        .windows(2)
        .filter(|pair| pair[1].first <= base + 1)
        .map(|pair| pair[0].clone())
        .collect();
    for segment in expired(&finished, SystemTime::now())? {
        std::fs::remove_file(&segment.path)?;
    }
    Ok(())
}

/// Returns the finished segments that may be removed; `finished` is ordered oldest first.
fn expired(finished: &[Segment], now: SystemTime) -> io::Result<Vec<&Segment>> {
    let mut days = HashSet::new();
    let mut expired = Vec::new();
    for (newer, segment) in finished.iter().rev().enumerate() {
        let written = std::fs::metadata(&segment.path)?.modified()?;
        let age = now.duration_since(written).unwrap_or_default();
        let days_old = age.as_secs() / DAY.as_secs();
        let first_of_day = days.insert(days_old);
        if newer >= ALWAYS_KEPT_SEGMENTS && !(first_of_day && days_old < DAYS) {
            expired.push(segment);
        }
    }
    Ok(expired)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_keeps_ten_segments_and_one_per_day() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let segments: Vec<Segment> = (1..=40)
            .map(|first| {
                let segment = Segment::at(folder.path(), first);
                let file = std::fs::File::create(&segment.path).unwrap();
                // Two segments a day; the newest is from today.
                let days = u32::try_from((40 - first) / 2).unwrap();
                file.set_modified(now - DAY * days - Duration::from_mins(1))
                    .unwrap();
                segment
            })
            .collect();
        let gone: HashSet<u64> = expired(&segments, now)
            .unwrap()
            .into_iter()
            .map(|segment| segment.first)
            .collect();
        let kept: Vec<u64> = (1..=40).filter(|first| !gone.contains(first)).collect();
        // Days 0 to 4 are among the ten; of days 5 and 6 the newest stays.
        assert_eq!(kept, [28, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
    }
}

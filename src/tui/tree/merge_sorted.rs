//! Merge of two sorted lists.

/// Merges `fresh` into `found`, both sorted; each element moves at most once.
pub fn merge<T: Copy>(found: &mut Vec<T>, fresh: &[T], is_before: impl Fn(T, T) -> bool) {
    let (Some(first), Some(filler)) = (fresh.first(), fresh.last()) else {
        return;
    };
    if found.last().is_none_or(|last| is_before(*last, *first)) {
        found.extend_from_slice(fresh);
        return;
    }
    let mut end = found.len();
    found.resize(end + fresh.len(), *filler);
    let mut free = found.len();
    for new in fresh.iter().rev() {
        let place = found[..end].partition_point(|other| is_before(*other, *new));
        free -= end - place;
        found.copy_within(place..end, free);
        free -= 1;
        found[free] = *new;
        end = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn merge_keeps_the_order(mut old: Vec<u8>, mut new: Vec<u8>) {
            old.sort_unstable();
            new.sort_unstable();
            let mut both = [old.clone(), new.clone()].concat();
            both.sort_unstable();
            merge(&mut old, &new, |one, other| one < other);
            prop_assert_eq!(old, both);
        }
    }
}

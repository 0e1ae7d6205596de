//! What was probably meant by a name that is none.

/// The candidate most like `given`, if one is like it at all.
pub fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_ascii_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&given, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(given.len()).div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let keys = ["pool.max", "pool.min", "call.timeout"];
        assert_eq!(nearest("pool.maxx", keys), Some("pool.max"));
        assert_eq!(nearest("pool.mxa", ["pool.min", "pool.max"]), Some("pool.max"));
        assert_eq!(nearest("call.timout", keys), Some("call.timeout"));
        assert_eq!(nearest("entirely.else", keys), None);
    }
}

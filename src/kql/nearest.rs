//! What was probably meant.

use crate::nearest::nearest;

/// `did you mean 'x'?`
pub fn did_you_mean<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(given, candidates).map(|name| format!("did you mean '{name}'?"))
}

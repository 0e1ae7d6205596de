//! Faults on both layouts of an installation.

use crate::children::{own_number, stops_with_its_children};
use crate::support::Context;
use crate::support::engine::{engine, fails, run, still_works};
use crate::{SECOND, assert_timeout, impatient};
use runspaced::Invocation;

pub fn the_common_faults_on_this_layout(context: &Context) {
    let engine = impatient(context, 4);
    assert_timeout(&fails(&engine, Invocation::script("while ($true) {}").timeout(SECOND)), false);
    assert_timeout(
        &fails(&engine, Invocation::script("[Threading.Thread]::Sleep(-1)").timeout(2 * SECOND)),
        true,
    );
    assert_eq!(fails(&engine, Invocation::script("throw 'x'")).code(), "E401");
    assert_eq!(fails(&engine, Invocation::script("Read-Host")).code(), "E402");
    assert_eq!(run(&engine, "exit 5").exit_code(), Some(5));
    assert!(!run(&engine, "while ($true) { 'x' * 1000 }").truncation().is_empty());
    let number = own_number(4);
    stops_with_its_children(&self::engine(context), &format!("sh -c 'sleep {number} & wait'"), &number);
    assert_eq!(fails(&engine, Invocation::script("[Environment]::Exit(3)")).code(), "E403");
    still_works(&engine);
}

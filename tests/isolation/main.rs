//! What one call may leave for the next: the leak matrix, affinity keys, sessions, and the pool on real slots.

#[path = "../support/mod.rs"]
mod support;

mod fixture;
mod matrix;
mod reports;
mod row;
mod rows;

use std::process::ExitCode;

use support::Context;

fn main() -> ExitCode {
    support::main(&[
        test!(variables).powershell().limit_s(300),
        test!(commands).powershell().limit_s(300),
        test!(modules).powershell().limit_s(300),
        test!(runspace).powershell().limit_s(300),
        test!(thread_jobs).powershell().limit_s(300),
        test!(process).powershell().limit_s(300),
    ])
}

fn variables(context: &Context) {
    matrix::check(context, rows::variables::ROWS);
}

fn commands(context: &Context) {
    matrix::check(context, rows::commands::ROWS);
}

fn modules(context: &Context) {
    matrix::check(context, rows::modules::ROWS);
}

fn runspace(context: &Context) {
    matrix::check(context, rows::runspace::ROWS);
}

fn thread_jobs(context: &Context) {
    matrix::check(context, rows::runspace::THREAD_JOB);
}

fn process(context: &Context) {
    matrix::check(context, rows::process::ROWS);
}

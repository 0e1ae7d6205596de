//! What one call may leave for the next: the leak matrix, affinity keys, sessions, and the pool on real slots.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod docs;
mod fixture;
mod innocent;
mod keys;
mod loading;
mod matrix;
mod pool;
mod process_wide;
mod reports;
mod row;
mod rows;
mod sessions;
mod upgrade;

use std::process::ExitCode;

use support::Context;

fn main() -> ExitCode {
    support::main(&[
        test!(docs::the_matrix_is_documented),
        test!(docs::names_are_unique),
        test!(variables).powershell().limit_s(300),
        test!(commands).powershell().limit_s(300),
        test!(modules).powershell().limit_s(300),
        test!(runspace).powershell().limit_s(300),
        test!(thread_jobs).powershell().limit_s(300),
        test!(process).powershell().limit_s(300),
        test!(keys::one_slot).powershell().limit_s(600),
        test!(keys::two_slots).powershell().limit_s(600),
        test!(keys::no_slot_serves_two_keys).powershell(),
        test!(sessions::state_is_kept_within).powershell(),
        test!(sessions::another_key_does_not_reach_it).powershell(),
        test!(sessions::an_unused_one_ends).powershell(),
        test!(sessions::one_that_exits_goes_on).powershell(),
        test!(process_wide::exclusive_calls_run_alone).powershell(),
        test!(process_wide::an_overlapping_change_is_reported).powershell(),
        test!(process_wide::a_script_seen_before_is_watched_as_well).powershell(),
        test!(process_wide::an_exclusive_change_is_not).powershell(),
        test!(process_wide::engines_share_nothing_else).powershell(),
        test!(loading::an_auto_loaded_module_becomes_baseline).powershell(),
        test!(loading::a_large_module_is_imported_once_a_slot).powershell().limit_s(120),
        test!(loading::modules_of_the_engine_are_imported_when_a_slot_opens).powershell(),
        test!(pool::it_grows_on_demand_and_shrinks_when_idle).powershell(),
        test!(pool::two_keys_share_a_full_pool).powershell(),
        test!(pool::two_keys_take_turns_in_one_slot).powershell(),
        test!(pool::slots_wear_out_by_use).powershell(),
        test!(pool::slots_wear_out_by_age).powershell(),
        test!(pool::fresh_calls_share_no_slot).powershell(),
        test!(upgrade::an_upgrade_stops_new_slots).powershell(),
        test!(upgrade::a_removal_stops_new_slots).powershell(),
        test!(upgrade::the_same_again_is_no_upgrade).powershell(),
        test!(innocent::a_command_that_only_reads_is_looked_at_if_it_can_leave_something).powershell(),
        test!(innocent::ordinary_scripts_cost_no_reset).powershell().limit_s(180),
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
    if !rows::has_thread_job(&fixture::Fixture::new(context)) {
        context.skip("this PowerShell has no module with Start-ThreadJob");
    }
    matrix::check(context, rows::runspace::THREAD_JOB);
}

fn process(context: &Context) {
    matrix::check(context, rows::process::ROWS);
}

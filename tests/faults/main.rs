//! What scripts can do to the process that hosts them, on a real PowerShell: each fault gives one typed answer within
//! bounds, and the next call works. (That isolation holds is another suite's matter.)

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod children;
mod console;
mod layouts;
mod memory;
mod modules;
mod objects;
mod process_end;
mod state;
mod stops;
mod streams;
mod threads;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use process_end::{VICTIM, victim};
use runspaced::{Engine, Error, PoolConfig};
use support::Context;
use support::engine::{builder, warm};

fn main() -> ExitCode {
    if let Ok(script) = env::var(VICTIM) {
        return victim(&script);
    }
    support::main(&[
        // 1 to 4
        test!(stops::an_endless_loop_ends_at_its_deadline).powershell(),
        test!(stops::a_sleep_ends_when_cancelled).powershell(),
        test!(stops::a_thread_that_cannot_be_stopped_is_given_up_and_replaced).powershell().limit_s(90),
        test!(stops::too_many_given_up_slots_degrade_the_engine).powershell(),
        test!(stops::finally_blocks_run_when_a_call_is_cancelled).powershell(),
        test!(stops::cancels_that_meet_the_end_of_their_call_harm_nobody).powershell().limit_s(180),
        test!(threads::what_a_thread_of_a_script_throws_ends_that_thread_only).powershell(),
        // 5 to 10
        test!(process_end::a_native_crash_ends_the_process_by_a_signal).powershell(),
        test!(process_end::fail_fast_ends_the_process_with_its_last_words).powershell(),
        test!(process_end::environment_exit_is_an_error_and_the_process_lives).powershell(),
        test!(process_end::environment_exit_is_told_from_calls_that_only_wait).powershell(),
        test!(process_end::exit_ends_the_script_with_its_code).powershell(),
        test!(process_end::endless_recursion_is_an_error_of_the_script).powershell().limit_s(600),
        test!(process_end::endless_recursion_of_script_blocks_never_outlives_its_answer)
            .powershell()
            .limit_s(300),
        test!(process_end::a_stack_overflow_in_compiled_code_ends_the_process_by_a_signal).powershell(),
        // 11
        test!(memory::a_greedy_script_hits_the_heap_limit).powershell().limit_s(120),
        // 13, 14
        test!(memory::endless_output_is_cut_and_its_pipeline_stopped).powershell().limit_s(120),
        test!(memory::a_huge_string_is_cut).powershell().limit_s(120),
        test!(memory::strings_are_cut_between_characters).powershell(),
        // 15, 16
        test!(objects::deep_and_cyclic_objects_are_cut_with_marks).powershell(),
        test!(objects::getters_that_throw_are_values).powershell(),
        test!(objects::getters_that_block_end_with_the_call).powershell(),
        test!(objects::difficult_characters_give_valid_json).powershell(),
        // 17
        test!(streams::a_flood_on_every_stream_is_capped_and_counted).powershell().limit_s(300),
        // 18, 19, 20
        test!(console::questions_nobody_can_answer_end_the_call).powershell(),
        test!(console::reading_the_console_does_not_hang).powershell(),
        test!(console::reading_an_open_pipe_at_stdin_ends_at_the_deadline).powershell().limit_s(120),
        test!(console::text_on_the_console_is_not_in_the_output).powershell(),
        // 21
        test!(modules::a_module_that_does_not_load_is_named).powershell(),
        test!(modules::a_module_that_loads_for_ever_is_bounded).powershell(),
        test!(modules::a_binary_module_that_throws_while_it_loads_is_named).powershell(),
        // 22 to 24
        test!(state::poisoned_state_does_not_reach_the_next_call).powershell(),
        test!(state::process_wide_state_is_put_back).powershell(),
        test!(state::what_runs_in_the_background_is_ended).powershell(),
        // 25
        test!(threads::a_storm_of_threads_passes).powershell().limit_s(120),
        test!(threads::a_storm_of_threads_is_stopped).powershell().limit_s(120),
        // native children
        test!(children::a_native_child_ends_with_its_call).powershell(),
        test!(children::grandchildren_end_with_their_call).powershell(),
        test!(children::children_of_other_calls_are_left_alone).powershell(),
        // both layouts
        test!(layouts::the_common_faults_on_this_layout).layouts().limit_s(120),
    ])
}

const SECOND: Duration = Duration::from_secs(1);

fn impatient(context: &Context, abandon_budget: usize) -> Engine {
    let mut pool = PoolConfig::default();
    pool.max = 4;
    pool.stop_grace = Duration::from_millis(500);
    pool.abandon_budget = abandon_budget;
    warm(builder(context).pool(pool))
}

fn assert_timeout(error: &Error, abandoned: bool) {
    assert!(
        matches!(error, Error::Timeout { abandoned: given_up, .. } if *given_up == abandoned),
        "{} {error}",
        error.code()
    );
}

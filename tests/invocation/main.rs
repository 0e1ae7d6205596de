//! What can be run and how, on a real PowerShell: arguments, input, files, secrets, stops, streams, questions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod arguments;
mod ends;
mod files;
mod input;
mod layouts;
mod live;
mod questions;
mod results;
mod secrets;
mod surroundings;

use std::env;
use std::process::{Command, ExitCode};
use std::time::Duration;

use runspaced::{Error, ErrorRecord};

fn main() -> ExitCode {
    support::main(&[
        // Arguments
        test!(arguments::a_command_takes_parameters_of_every_kind).powershell(),
        test!(arguments::a_script_takes_parameters_of_every_kind).powershell(),
        test!(arguments::null_is_bound_where_it_may_be).powershell(),
        test!(arguments::arguments_of_json_keep_their_digits).powershell(),
        test!(arguments::positional_arguments_reach_their_places).powershell(),
        test!(arguments::hostile_text_stays_text).powershell().limit_s(300),
        test!(arguments::script_blocks_cannot_come_from_arguments).powershell(),
        test!(arguments::mistakes_name_what_would_work).powershell(),
        // Files
        test!(files::a_script_file_knows_where_it_is).powershell(),
        test!(files::requirements_of_a_script_file_are_checked).powershell(),
        test!(files::a_script_file_uses_modules_beside_it).powershell(),
        test!(files::validation_of_a_script_file_names_the_parameter).powershell(),
        // Input
        test!(input::pipeline_input_reaches_process_blocks_and_input).powershell(),
        test!(input::pipeline_input_binds_by_property_name).powershell(),
        test!(input::empty_input_is_not_no_input).powershell(),
        // Secrets
        test!(secrets::secrets_reach_secure_parameters_only).powershell(),
        test!(secrets::secrets_appear_nowhere).powershell(),
        // Results
        test!(results::streams_keep_their_order).powershell(),
        test!(results::error_records_are_whole).powershell(),
        test!(results::exit_codes_of_scripts_and_programs).powershell(),
        // Ends
        test!(ends::every_call_has_one_answer_whatever_ends_it).powershell().limit_s(180),
        test!(ends::a_dropped_future_stops_its_call).powershell(),
        test!(ends::shut_down_answers_everybody).powershell(),
        test!(ends::a_session_keeps_its_state).powershell(),
        // While it runs
        test!(live::live_records_come_while_the_call_runs).powershell(),
        test!(live::progress_is_throttled_and_ends).powershell(),
        test!(live::a_stream_gives_values_as_they_come).powershell(),
        test!(live::a_slow_reader_slows_the_script).powershell(),
        test!(live::a_stream_that_is_dropped_stops_its_script).powershell(),
        test!(live::a_failing_stream_ends_with_the_error).powershell(),
        test!(questions::questions_are_answered).powershell(),
        test!(questions::questions_that_are_refused_end_the_call).powershell(),
        // Surroundings
        test!(surroundings::profiles_are_loaded_on_demand_only).powershell(),
        test!(surroundings::the_working_directory_is_that_of_the_call).powershell(),
        test!(surroundings::the_correlation_id_is_visible_to_the_script).powershell(),
        test!(surroundings::the_culture_is_a_setting_not_the_machines).powershell(),
        test!(surroundings::native_output_is_utf8_by_setting).powershell(),
        test!(layouts::the_main_verbs_on_this_layout).layouts(),
    ])
}

const SECOND: Duration = Duration::from_secs(1);

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

fn record_of(error: &Error) -> &ErrorRecord {
    error.record().unwrap_or_else(|| panic!("{} has no record: {error}", error.code()))
}

/// Runs the test once more in a process with other variables; true in that process.
fn again_with(variables: &[(&str, &str)]) -> bool {
    const AGAIN: &str = "RUNSPACED_TEST_AGAIN";
    if env::var_os(AGAIN).is_some() {
        return true;
    }
    let output = Command::new(env::current_exe().expect("this program"))
        .envs(variables.iter().copied())
        .env(AGAIN, "1")
        .output()
        .expect("starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    false
}

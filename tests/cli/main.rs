//! The program as its users see it: what it writes where, how it ends, what it leaves alone.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

#[cfg(target_os = "linux")]
mod archive_server;
mod client_config;
mod config;
mod demo;
mod doctor;
mod environment;
mod exit_codes;
mod help;
mod input;
mod misuse;
mod no_powershell;
mod output;
mod program;
#[cfg(target_os = "linux")]
mod setup;
#[cfg(unix)]
mod signals;
mod streams;

use std::process::ExitCode;

fn main() -> ExitCode {
    support::main(&[
        // Rust is enough
        test!(help::every_help_is_as_it_was),
        test!(help::every_verb_has_an_example),
        test!(help::completions_and_manual_pages_are_written),
        test!(client_config::entry_is_shown_and_nothing_written),
        #[cfg(target_os = "linux")]
        test!(client_config::entry_is_installed_once_and_removed),
        test!(client_config::broken_and_foreign_files_are_left_alone),
        test!(client_config::secrets_are_named_and_never_written),
        test!(client_config::arguments_that_the_server_would_not_take_are_refused),
        test!(client_config::bundle_holds_the_program_and_a_manifest),
        #[cfg(target_os = "linux")]
        test!(setup::archive_is_fetched_checked_and_found),
        #[cfg(target_os = "linux")]
        test!(setup::broken_download_goes_on_where_it_broke_off),
        #[cfg(target_os = "linux")]
        test!(setup::next_run_goes_on_and_another_content_starts_anew),
        #[cfg(target_os = "linux")]
        test!(setup::damaged_archive_is_deleted_and_both_digests_are_shown),
        #[cfg(target_os = "linux")]
        test!(setup::refusals_say_why_and_what_to_do),
        #[cfg(target_os = "linux")]
        test!(setup::proxy_is_used),
        test!(config::later_layers_win_and_say_so),
        test!(config::defaults_are_as_they_were),
        test!(config::mistakes_are_named_with_file_line_and_nearest_name),
        test!(config::one_file_can_be_checked_by_itself),
        test!(config::no_secret_is_shown),
        #[cfg(unix)]
        test!(config::file_that_anybody_may_write_is_not_read),
        test!(config::documentation_is_what_the_table_says),
        test!(environment::documentation_names_what_is_taken),
        test!(misuse::each_mistake_ends_with_2_and_says_what_would_work),
        test!(misuse::secret_on_a_command_line_is_not_repeated),
        test!(no_powershell::run_ends_with_69_and_the_remedy),
        test!(no_powershell::doctor_says_what_is_wrong_with_each_place),
        test!(no_powershell::full_result_is_whole_even_then),
        test!(no_powershell::nobody_waits_for_input_that_cannot_be_used),
        test!(demo::every_step_works_and_the_report_needs_nothing).limit_s(180),
        test!(demo::transcript_has_each_step_with_its_calls).limit_s(180),
        #[cfg(target_os = "linux")]
        test!(demo::folder_that_takes_no_file_does_not_matter).limit_s(180),
        test!(demo::step_that_fails_is_shown_and_the_others_go_on).limit_s(180),
        // PowerShell
        test!(help::examples_of_run_work).powershell().limit_s(120),
        test!(output::each_shape_is_as_documented).powershell().limit_s(180),
        test!(output::numbers_keep_their_digits_in_every_json).powershell().limit_s(120),
        test!(output::json_of_a_failed_script_is_absent_not_half).powershell().limit_s(120),
        test!(output::values_stream_before_the_script_ends).powershell().limit_s(120),
        test!(output::reader_that_goes_away_ends_the_script_quietly).powershell().limit_s(120),
        test!(output::errors_look_as_in_powershell).powershell().limit_s(120),
        test!(exit_codes::they_are_those_of_pwsh_where_pwsh_has_one).powershell().limit_s(240),
        test!(exit_codes::deadline_ends_with_124).powershell().limit_s(120),
        test!(input::every_format_reaches_the_pipeline).powershell().limit_s(180),
        test!(input::arguments_are_values_never_script).powershell().limit_s(120),
        test!(input::script_comes_from_text_file_and_standard_input).powershell().limit_s(120),
        test!(input::secrets_become_secure_strings).powershell().limit_s(120),
        test!(streams::scripts_reach_neither_input_nor_output).powershell().limit_s(120),
        test!(environment::scripts_and_children_find_no_identity).layouts().limit_s(120),
        test!(environment::secret_of_a_flag_is_taken_out_too).powershell().limit_s(120),
        test!(environment::what_is_kept_on_purpose_is_seen).powershell().limit_s(120),
        #[cfg(unix)]
        test!(signals::interrupt_cancels_a_sleep).powershell().limit_s(120),
        #[cfg(unix)]
        test!(signals::interrupt_ends_native_children).powershell().limit_s(120),
        #[cfg(unix)]
        test!(signals::terminate_ends_in_order).powershell().limit_s(120),
        #[cfg(unix)]
        test!(signals::second_interrupt_ends_at_once).powershell().limit_s(120),
        #[cfg(unix)]
        test!(signals::ignored_interrupt_stays_ignored).powershell().limit_s(120),
        test!(doctor::report_names_what_runs_and_all_is_well).layouts().limit_s(180),
    ])
}

//! The PowerShell module `SentinelManager` in slots of an engine, against the simulated Azure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "../support/azure.rs"]
mod azure;
mod both;
#[allow(dead_code, reason = "shared with the tests of the server")]
#[path = "../mcp/client.rs"]
mod client;
mod differential;
mod functions;
mod outside;
mod served;
#[path = "../sentinel/setting.rs"]
#[allow(dead_code, reason = "each suite uses the part it needs")]
mod setting;
#[path = "../support/mod.rs"]
mod support;
#[path = "../sentinel/writes.rs"]
#[allow(dead_code, unused_imports, reason = "only its table of arguments is of interest")]
mod writes;

use std::process::ExitCode;

fn main() -> ExitCode {
    support::main(&[
        test!(functions::a_pipeline_closes_what_it_lets_through).layouts().limit_s(180),
        test!(functions::what_if_shows_the_plan_and_does_nothing).layouts().limit_s(180),
        test!(functions::errors_are_those_of_the_function).layouts().limit_s(180),
        test!(functions::the_module_is_like_any_other).layouts().limit_s(180),
        test!(functions::a_stopped_script_ends_the_requests).layouts().limit_s(180),
        test!(outside::pwsh_does_the_same_through_the_library).layouts().limit_s(300),
        test!(outside::a_c_program_reads_plans_applies_and_cancels).when(outside::compiler).limit_s(300),
        test!(outside::a_script_of_the_command_line_finds_the_functions).layouts().limit_s(120),
        test!(outside::what_is_missing_is_said).limit_s(120),
        test!(differential::every_read_answers_the_same_through_a_runspace).layouts().limit_s(300),
        test!(differential::every_write_does_the_same_through_a_runspace).layouts().limit_s(300),
        test!(served::every_read_tool_answers_the_same).powershell().limit_s(300),
        test!(served::refusals_and_failures_are_the_same).powershell().limit_s(180),
        test!(served::every_write_tool_plans_the_same).powershell().limit_s(300),
        test!(served::writes_are_applied_once_with_their_digest_and_undone).powershell().limit_s(180),
        test!(served::a_mode_that_forbids_writes_holds_in_every_function).powershell().limit_s(180),
        test!(served::a_function_that_somebody_replaced_takes_part).powershell().limit_s(180),
        test!(served::a_cancelled_call_ends_and_a_begun_write_goes_on).powershell().limit_s(180),
    ])
}

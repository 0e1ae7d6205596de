//! The simulator: its world, its rules, its errors.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod azure;
mod content;
mod errors;
mod fidelity;
mod identity;
mod logs;
mod model;
mod resources;
mod service;

use std::process::ExitCode;

fn main() -> ExitCode {
    support::main(&[
        test!(resources::the_world_is_as_described),
        test!(resources::the_same_seed_gives_the_same_world),
        test!(resources::a_fleet_has_the_size_asked_for),
        test!(resources::a_table_is_made_in_the_background),
        test!(resources::paths_ignore_case_and_ids_keep_theirs),
        test!(resources::the_stable_version_loses_what_it_does_not_know),
        test!(resources::an_incident_is_worked_on),
        test!(resources::a_watchlist_gets_its_items_later),
        test!(resources::workbooks_show_their_content_when_asked),
        test!(resources::data_collection_hangs_together),
        test!(resources::a_fresh_workspace_can_be_made_and_onboarded),
        test!(identity::a_secret_gets_a_token_that_is_good_for_its_time),
        test!(identity::each_denial_has_its_number),
        test!(identity::a_certificate_signs_in),
        test!(identity::the_machine_has_an_identity),
        test!(identity::discovery_leads_to_the_token_endpoint),
        test!(identity::tenants_and_roles_decide),
        test!(identity::a_delegation_that_ends_ends_access),
        test!(errors::places_that_are_not_there),
        test!(errors::versions_and_methods),
        test!(errors::etags),
        test!(errors::rules_that_cannot_be),
        test!(errors::rules_that_are_too_many).limit_s(300),
        test!(errors::tables_that_cannot_be),
        test!(errors::collection_rules_that_cannot_be),
        test!(errors::what_stands_in_the_way),
        test!(errors::incidents_and_watchlists_that_cannot_be),
        test!(logs::queries_answer_in_the_shape_of_the_service),
        test!(logs::mistakes_in_queries_are_named),
        test!(logs::cheap_plans_want_the_other_path),
        test!(logs::too_large_a_result_is_cut_and_says_so),
        test!(logs::what_is_silent_and_late_shows_in_the_rows),
        test!(logs::several_workspaces_answer_as_one),
        test!(logs::a_query_names_other_workspaces),
        test!(logs::queries_are_computed),
        test!(logs::batches_and_metadata),
        test!(logs::rows_come_in_through_a_rule_and_its_transform),
        test!(service::pages_are_whole_and_absolute),
        test!(service::limits_are_enforced_and_announced),
        test!(service::the_inventory_query_of_the_reference_is_answered),
        test!(service::faults_happen_where_they_are_told_to),
        test!(service::its_own_paths_tell_and_change),
        test!(service::the_state_file_goes_on_where_it_stopped),
        test!(model::random_operations_leave_what_the_model_says).limit_s(300),
        test!(fidelity::answers_have_the_shape_of_the_reference),
        test!(fidelity::answers_have_the_shape_of_real_ones).when(support::content::present),
        test!(content::every_rule_of_the_folder_is_there).when(support::content::present).limit_s(300),
    ])
}

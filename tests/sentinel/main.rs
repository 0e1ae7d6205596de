//! Operations on Microsoft Sentinel against the simulated Azure: signing in, reading many workspaces, writing once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it counted"
)]

mod backups;
mod content;
mod errors;
mod faults;
mod health;
mod identity;
mod imports;
mod parameters;
mod permissions;
mod preflight;
mod preflight_reach;
mod queries;
mod reads;
mod refusals;
mod restores;
mod setting;
#[path = "../support/mod.rs"]
mod support;
mod writes;

use std::process::ExitCode;

use support::content::present;

fn main() -> ExitCode {
    support::main(&[
        test!(async reads::every_read_answers_rows_of_its_declared_shape).limit_s(240),
        test!(async reads::a_workspace_that_fails_leaves_the_others_alone),
        test!(async reads::names_mean_one_workspace_or_are_refused_with_candidates),
        test!(async reads::tenants_are_chosen_by_expression_and_hunting_queries_by_name),
        test!(async reads::filters_of_incidents_are_azure_s_and_ours_alike),
        test!(async reads::ten_thousand_incidents_are_streamed_page_by_page).limit_s(300),
        test!(async reads::what_was_read_is_cached_and_own_writes_are_seen),
        test!(async writes::every_write_is_covered),
        test!(async writes::a_plan_changes_nothing_and_is_applied_once).limit_s(240),
        test!(async writes::what_is_declared_exact_is_exactly_undone).limit_s(240),
        test!(async writes::what_cannot_be_undone_wants_its_name),
        test!(async writes::a_missing_role_changes_nothing_and_names_the_command).limit_s(240),
        test!(async writes::without_a_journal_nothing_is_written),
        test!(async writes::an_endpoint_is_removed_only_if_no_rule_uses_it),
        test!(async writes::a_record_is_sent_once_and_seen_when_it_arrives),
        test!(async faults::every_write_takes_place_once_or_not_at_all_whatever_breaks).limit_s(1_200),
        test!(async identity::one_token_serves_all_lighthouse_customers),
        test!(async identity::a_certificate_signs_in),
        test!(async identity::workload_identity_signs_in_with_the_platform_s_token),
        test!(async identity::the_managed_identity_of_an_app_signs_in),
        test!(async identity::short_tokens_are_renewed_while_calls_go_on),
        test!(async identity::a_certificate_that_is_not_trusted_ends_it_at_once),
        test!(async identity::a_customer_outside_of_lighthouse_has_an_identity_of_its_own),
        test!(async permissions::a_contributor_may_do_everything),
        test!(async permissions::a_reader_is_told_the_roles_and_the_commands),
        test!(async permissions::what_the_doctor_says_is_what_azure_does).limit_s(240),
        test!(async permissions::rows_can_be_chosen_and_put_together),
        test!(async errors::each_error_comes_with_its_advice).limit_s(240),
        test!(async refusals::a_saved_search_that_somebody_made_meanwhile_is_not_overwritten),
        test!(async refusals::a_setting_that_somebody_made_meanwhile_is_not_overwritten),
        test!(async refusals::a_workspace_without_a_place_has_no_rows_and_no_error),
        test!(async refusals::a_result_that_is_too_large_comes_in_part_and_says_so),
        test!(async refusals::a_watchlist_that_is_being_deleted_is_waited_for),
        test!(async refusals::what_entra_refuses_comes_with_whose_move_it_is),
        test!(async refusals::what_azure_accepted_and_failed_at_is_not_said_to_be_done),
        test!(async refusals::what_azure_failed_at_is_sent_again_by_the_next_restore),
        test!(async queries::a_hundred_thousand_rows_are_counted_grouped_and_read).limit_s(300),
        test!(async health::each_condition_is_found_and_named),
        test!(async health::a_deep_look_finds_rules_without_tables_and_stuck_watchlists),
        test!(async health::what_is_refused_is_unknown_and_the_others_are_measured),
        test!(async health::a_hundred_workspaces_are_checked_without_one_429).limit_s(300),
        test!(async imports::what_is_exported_in_any_form_is_imported_as_the_same).limit_s(240),
        test!(async imports::what_is_there_and_differs_is_changed_kept_or_refused),
        test!(async imports::automation_rules_find_their_analytics_rules_by_name),
        test!(async imports::a_failure_leaves_the_others_alone_and_is_named),
        test!(async imports::items_of_watchlists_are_added_and_changed_one_by_one),
        test!(async imports::nothing_is_read_outside_of_the_folder),
        test!(async backups::what_was_backed_up_comes_back_in_an_empty_workspace).limit_s(240),
        test!(async backups::a_backup_that_was_broken_off_goes_on),
        test!(async backups::a_backup_that_was_altered_is_refused_and_the_file_named),
        test!(async backups::only_what_differs_is_restored_and_nothing_is_lost),
        test!(async backups::machines_stay_with_their_rules_unless_told),
        test!(async backups::a_restore_that_breaks_anywhere_says_what_it_did_and_goes_on).limit_s(600),
        test!(backups::what_died_on_its_way_is_read_from_its_steps),
        test!(backups::old_entries_go_and_those_in_progress_stay),
        test!(async restores::each_object_is_changed_once_or_not_at_all_wherever_it_breaks).limit_s(1_200),
        test!(async content::every_rule_comes_out_as_it_went_in).when(present).limit_s(600),
        test!(async content::every_query_watchlist_and_automation_rule_comes_out_as_it_went_in)
            .when(present)
            .limit_s(600),
        test!(async content::a_workspace_with_all_of_it_comes_back).when(present).limit_s(600),
        test!(async preflight::a_good_rule_passes_and_nothing_is_changed),
        test!(async preflight::each_fault_of_a_rule_is_found_at_its_place),
        test!(async preflight::the_tables_are_those_of_the_workspace),
        test!(async preflight::names_ids_templates_and_roles_are_looked_at),
        test!(async preflight::every_kind_of_content_is_known_by_its_look),
        test!(async preflight::files_lie_below_the_folder),
        test!(async preflight_reach::other_workspaces_are_looked_into_where_they_are_seen),
        test!(async preflight_reach::a_workspaces_own_parser_stands_for_that_of_sentinel),
        test!(async preflight_reach::queries_of_workbooks_are_checked_with_samples_of_their_parameters),
        test!(async parameters::a_collection_rule_comes_from_a_file_in_any_form),
        test!(async parameters::a_table_is_waited_for_no_longer_than_wanted),
        test!(async parameters::a_trial_of_an_ingestion_sends_nothing),
        test!(async parameters::automation_rules_come_in_one_file_or_one_each),
        test!(async parameters::nothing_at_all_is_zero),
        test!(async preflight::real_content_is_judged_as_azure_judges_it).when(present).limit_s(600),
    ])
}

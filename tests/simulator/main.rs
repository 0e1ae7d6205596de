//! The simulator: its world, its rules, its errors.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod azure;
mod resources;

#[tokio::test]
async fn world() {
    resources::the_world_is_as_described().await;
}

#[tokio::test]
async fn table() {
    resources::a_table_is_made_in_the_background().await;
}

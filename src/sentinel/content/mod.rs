//! Content of workspaces: its kinds, what of an object is Azure's, reading it from Azure and from files, and bringing a
//! workspace to have it.

mod association;
pub(crate) mod files;
mod kind;
mod listed;
mod mention;
mod piece;
mod remap;
pub(crate) mod server;
mod settle;
pub(crate) mod watchlist;
pub(crate) mod yaml;

pub(crate) use kind::ContentKind;
pub(crate) use listed::{items, objects};
pub(crate) use piece::{Mode, Piece};
pub(crate) use remap::{Remap, replace_id};
pub(crate) use settle::Settling;

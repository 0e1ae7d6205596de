//! Entra: who may sign in and how, the tokens, and what a role allows.

pub(crate) mod access;
mod assertion;
pub(crate) mod directory;
pub(crate) mod login;
mod managed;
pub(crate) mod tokens;

pub(crate) use managed::HEADER as IDENTITY_HEADER;
pub(crate) use managed::answer as managed_answer;

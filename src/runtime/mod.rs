//! PowerShell in this process: finding it, starting its runtime, and the border to it.
//!
//! Beside `stdio` and `ffi` this is the only place with `unsafe`. `docs/abi.md` is the contract of the border,
//! `docs/hosting.md` has the facts behind the start.

mod abi;
mod altstack;
mod buffer;
mod callbacks;
mod calls;
mod descendants;
mod error;
mod globalization;
mod image;
mod leftovers;
pub mod locate;
mod neighbours;
mod pages;
mod settings;
mod start;
#[cfg(target_os = "linux")]
mod stat;

#[doc(hidden)]
pub mod border;

#[doc(hidden)]
pub use leftovers::remove as remove_leftovers;
pub use settings::{Phases, RuntimeSettings};

pub(crate) use image::best as best_assembly;
pub(crate) use pages::give_back as give_back_pages;
pub(crate) use start::{Started, start};

/// Makes every process that this one starts from now on end with it, however it ends. For a program of its own, not for a
/// library in another's. Windows only; elsewhere without effect.
///
/// # Errors
/// What the system said; nothing was changed then.
#[doc(hidden)]
pub fn contain_children() -> std::io::Result<()> {
    #[cfg(windows)]
    descendants::die_together()?;
    Ok(())
}

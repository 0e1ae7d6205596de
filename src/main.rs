//! The program: `runspaced run`, `doctor`, `config` and the rest. It is a user of the library like any other.

mod allocator;
mod bench;
mod cli;
mod html;
mod loopback;
mod signals;
mod stdio;

use runspaced::config;

fn main() {
    allocator::give_back_large_blocks();
    let exit = cli::main();
    // Managed threads may still run: the process ends without running destructors under them.
    std::process::exit(exit.code());
}

//! Operations on Microsoft Sentinel against the simulated Azure: signing in, reading many workspaces, writing once.

mod faults;
mod identity;
mod reads;
mod setting;
mod writes;

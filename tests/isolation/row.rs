//! One kind of state that a call can leave behind, and what becomes of it at each isolation level.

use runspaced::Isolation;

/// A row of the leak matrix.
///
/// Both scripts get `$Canary` (a value that no other row and no other level uses) and `$Scratch` (a folder).
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The kind of state, as `docs/pool.md` names it.
    pub name: &'static str,
    pub nature: Nature,
    /// Leaves the state behind.
    pub leave: &'static str,
    /// Gives a value that tells whether it is there.
    pub look: &'static str,
}

/// What kind of state it is; the levels follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// It ends with the call's own scope, or is cleared after every call for nothing: no detector fires.
    Call,
    /// It is found and put back; the slot stays.
    Restored,
    /// It is found and cannot be put back: the slot is closed.
    Retired,
    /// It belongs to the runspace and stays there on purpose, for calls with the same affinity key.
    Kept,
    /// It belongs to the process, is found and put back, even in a session.
    Process,
    /// It belongs to the process and cannot be put back; that it happened is reported.
    Reported,
    /// It belongs to the process and nobody can see it from outside.
    Invisible,
}

/// What the next call sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Stays,
    Gone,
}

/// What the pool counts after the call that left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    Restored,
    Retired,
}

/// The levels, the one that tidies nothing up last: what it leaves in the process would be the start of the others.
pub const LEVELS: [Isolation; 5] =
    [Isolation::Scoped, Isolation::Reset, Isolation::Fresh, Isolation::Session, Isolation::Shared];

impl Row {
    pub const fn new(nature: Nature, name: &'static str, leave: &'static str, look: &'static str) -> Self {
        Self { name, nature, leave, look }
    }
}

impl Nature {
    pub fn fate(self, level: Isolation) -> Fate {
        use Nature::{Call, Invisible, Kept, Process, Reported, Restored, Retired};
        match (self, level) {
            (_, Isolation::Shared) | (Reported | Invisible, _) => Fate::Stays,
            (Process, _) => Fate::Gone,
            (Call | Restored | Retired | Kept, Isolation::Session)
            | (Kept, Isolation::Scoped | Isolation::Reset) => Fate::Stays,
            (Call | Restored | Retired | Kept, _) => Fate::Gone,
        }
    }

    /// The verdict under `scoped`; the other levels decide beforehand what they do.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Call | Self::Kept | Self::Invisible | Self::Reported => Verdict::Clean,
            Self::Restored | Self::Process => Verdict::Restored,
            Self::Retired => Verdict::Retired,
        }
    }

    /// Whether the settlement names what was found.
    pub fn is_reported(self) -> bool {
        matches!(self, Self::Restored | Self::Retired | Self::Process | Self::Reported)
    }
}

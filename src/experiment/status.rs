//! The states of a run.

/// Where a run stands; its name is the page's `data-state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    #[default]
    Idle,
    Loading,
    Compiling,
    Training,
    Paused,
    Finished,
    Failed,
}

impl Status {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Loading => "loading",
            Self::Compiling => "compiling",
            Self::Training => "training",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }

    /// For a person.
    pub fn title(self) -> String {
        match self {
            Self::Idle => t!("Ready"),
            Self::Loading => t!("Loading"),
            Self::Compiling => t!("Compiling"),
            Self::Training => t!("Training"),
            Self::Paused => t!("Paused"),
            Self::Finished => t!("Finished"),
            Self::Failed => t!("Failed"),
        }
    }

    /// Whether a run is under way, held or not.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Loading | Self::Compiling | Self::Training | Self::Paused)
    }
}

//! Which images to look at, and in what order.

use super::{Decision, Story};

/// Images by what has been decided about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StateFilter {
    #[default]
    All,
    Only(Decision),
}

impl StateFilter {
    pub const ALL: [Self; 4] = [
        Self::All,
        Self::Only(Decision::Undecided),
        Self::Only(Decision::Wrong),
        Self::Only(Decision::Decided),
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Only(decision) => decision.name(),
        }
    }

    /// None for a name that is not ours.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.name() == name)
    }
}

/// The order of the images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// Those first whose confidences have moved most, over all epochs.
    #[default]
    Changed,
    /// Those first whose largest confidence is smallest.
    Unsure,
    /// As in the training set.
    Number,
}

impl Sort {
    pub const ALL: [Self; 3] = [Self::Changed, Self::Unsure, Self::Number];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unsure => "unsure",
            Self::Number => "number",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.name() == name)
    }
}

/// What the visitor wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choice {
    pub state: StateFilter,
    /// The true label.
    pub class: Option<u8>,
    /// The label that was found.
    pub found: Option<u8>,
    /// Candidates in the set.
    pub size: Option<usize>,
    pub sort: Sort,
}

impl Choice {
    /// All images, in the same order.
    pub fn all(&self) -> Self {
        Self { sort: self.sort, ..Self::default() }
    }
}

impl Story {
    /// The images of a choice in its order, judged by the last epoch: while an earlier one is
    /// shown, images stay where they are and only their bars move.
    pub fn select(&self, choice: &Choice) -> Vec<u32> {
        let last = self.last();
        let fits = |image: usize| {
            let is_found = |class| self.found(image, last).is_some_and(|found| found.0 == class);
            choice.class.is_none_or(|class| self.sets.label(image) == Some(class))
                && choice.size.is_none_or(|size| self.sets.range(image).len() == size)
                && choice.found.is_none_or(is_found)
                && match choice.state {
                    StateFilter::All => true,
                    StateFilter::Only(decision) => self.decision(image, last) == decision,
                }
        };
        // Images are counted in u32 on the wire.
        let mut images: Vec<u32> =
            (0..self.sets.len()).filter(|&image| fits(image)).map(|image| image as u32).collect();
        match choice.sort {
            Sort::Changed => {
                images.sort_by_key(|&image| std::cmp::Reverse(self.travel[image as usize]));
            }
            Sort::Unsure => {
                images.sort_by_key(|&image| self.found(image as usize, last).map(|found| found.1));
            }
            Sort::Number => {}
        }
        images
    }
}

//! A card of the grid. Its bars are written as one piece of HTML: a reactive part for each of
//! their names and lengths would hold the main thread while the grid is scrolled.

use std::fmt::Write;

use super::{Bar, BarOf, Decision, Story};
use crate::experiment::words;

/// Bars that have room on a card.
const MAX_BARS: usize = 4;

/// What a card shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub image: u32,
    pub decision: Decision,
    /// For those who do not see it.
    pub label: String,
    /// The bars, as HTML.
    pub bars: String,
}

impl Story {
    /// The card of an image at a position of the story.
    pub fn card(&self, image: u32, position: usize, class_names: &[String]) -> Card {
        let index = image as usize;
        let name = |class: u8| {
            let name = class_names.get(usize::from(class)).cloned();
            name.unwrap_or_else(|| class.to_string())
        };
        let truth = self.sets.label(index).map(name).unwrap_or_default();
        let found = self.found(index, position).map(|found| name(found.0)).unwrap_or_default();
        let decision = self.decision(index, position);
        let bars = self.bars(index, position, MAX_BARS);
        Card {
            image,
            decision,
            label: t!(
                "Image {image}, true label {truth}: {decision}, most trusted {found}",
                image,
                truth,
                decision = decision.title(),
                found
            ),
            bars: bars.iter().map(|bar| html(bar, name)).collect(),
        }
    }
}

fn html(bar: &Bar, name: impl Fn(u8) -> String) -> String {
    let (class, text) = match bar.what {
        BarOf::Truth(class) => ("scope-bar is-true", name(class)),
        BarOf::Rival(class) => ("scope-bar", name(class)),
        BarOf::Others(number) => ("scope-bar", t!("{n} other" | "{n} others" % number)),
    };
    let (text, share) = (words::escaped(&text), bar.share);
    let mut html = String::new();
    // Writing into a String cannot fail.
    let _ = write!(
        html,
        "<span class=\"{class}\" data-value=\"{share}\"><span class=\"scope-name\">{text}</span><span class=\"bar-track\"><span class=\"bar-fill\" style=\"--share:{share}\"></span></span></span>"
    );
    html
}

//! One image: its bars at an epoch, and the course of its candidates over all of them.

use super::{Decision, Story};
use crate::experiment::confidence::share;

/// A candidate as a card shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    pub what: BarOf,
    /// From 0 to 1.
    pub share: f32,
}

/// What a bar stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarOf {
    /// The true label.
    Truth(u8),
    /// Another candidate.
    Rival(u8),
    /// That many other candidates together.
    Others(usize),
}

/// How much was trusted in each candidate of an image, epoch by epoch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Course {
    /// Those that are kept, `[epochs]`.
    pub epochs: Vec<usize>,
    /// The candidate that is trusted most at the end comes first.
    pub lines: Vec<CourseLine>,
    /// What is decided at the end.
    pub decision: Option<Decision>,
    /// The epoch from which on the leader at the end has led without a break.
    pub led_since: Option<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CourseLine {
    pub class: u8,
    pub is_true: bool,
    /// From 0 to 1, `[epochs]`.
    pub shares: Vec<f32>,
}

impl Story {
    /// At most `max` bars: all candidates in the order of their classes where they fit, else the
    /// true label, those that are trusted most, and the rest together.
    pub fn bars(&self, image: usize, position: usize, max: usize) -> Vec<Bar> {
        let (classes, row) = (self.sets.of(image), self.row(image, position));
        let label = self.sets.label(image);
        let bar = |(&class, &byte): (&u8, &u8)| {
            let what = if Some(class) == label { BarOf::Truth(class) } else { BarOf::Rival(class) };
            Bar { what, share: share(byte) }
        };
        let mut bars: Vec<Bar> = classes.iter().zip(row).map(bar).collect();
        if bars.len() <= max {
            return bars;
        }
        let is_rival = |bar: &Bar| !matches!(bar.what, BarOf::Truth(_));
        bars.sort_by(|a, b| {
            is_rival(a).cmp(&is_rival(b)).then_with(|| b.share.total_cmp(&a.share))
        });
        let rest = bars.split_off(max.saturating_sub(1));
        let what = BarOf::Others(rest.len());
        bars.push(Bar { what, share: rest.iter().map(|bar| bar.share).sum() });
        bars
    }

    /// The course of an image; empty if there is no such image.
    pub fn course(&self, image: usize) -> Course {
        let (classes, last) = (self.sets.of(image), self.last());
        let positions = 0..self.len();
        let line = |(at, &class): (usize, &u8)| CourseLine {
            class,
            is_true: Some(class) == self.sets.label(image),
            shares: positions.clone().map(|it| share(self.row(image, it)[at])).collect(),
        };
        let mut lines: Vec<CourseLine> = classes.iter().enumerate().map(line).collect();
        lines.sort_by(|a, b| b.shares[last].total_cmp(&a.shares[last]));
        let leader = |position: usize| self.found(image, position).map(|found| found.0);
        let led = positions.rev().take_while(|&it| leader(it) == leader(last)).last();
        Course {
            epochs: self.frames.iter().map(|frame| frame.epoch).collect(),
            decision: (!lines.is_empty()).then(|| self.decision(image, last)),
            led_since: led.and_then(|position| self.epoch_at(position)),
            lines,
        }
    }
}

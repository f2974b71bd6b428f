//! PRODEN training on Burn: confidences and loss, the steps of a run, evaluation.

pub mod evaluate;
pub mod labels;
pub mod proden;
pub mod schedule;
pub mod trainer;

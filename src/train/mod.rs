//! PRODEN training on Burn: confidences and loss, the steps of a run, evaluation.

pub mod checkpoint;
pub mod evaluate;
pub mod labels;
pub mod proden;
pub mod schedule;
pub mod sgd;
pub mod trainer;

//! A step of gradient descent in one pass over the numbers.

/// What a step is taken with, as `torch.optim.SGD` has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DescentRates {
    /// The learning rate.
    pub lr: f64,
    pub momentum: f64,
    /// Of the weights.
    pub decay: f64,
}

/// v = momentum · v + (g + decay · p), p = p - lr · v: the new p and v. Without a gradient it is zero,
/// and so is the velocity of the first step.
pub fn step(
    value: &[f32],
    gradient: Option<&[f32]>,
    velocity: Option<&[f32]>,
    rates: DescentRates,
) -> (Vec<f32>, Vec<f32>) {
    let DescentRates { lr, momentum, decay } = rates;
    let (lr, momentum, decay) = (lr as f32, momentum as f32, decay as f32);
    let slope = |at: usize, value: f32| gradient.map_or(0.0, |it| it[at]) + value * decay;
    let moving = |at: usize, slope: f32| velocity.map_or(slope, |it| it[at] * momentum + slope);
    let velocity: Vec<f32> =
        value.iter().enumerate().map(|(at, &value)| moving(at, slope(at, value))).collect();
    let value = value.iter().zip(&velocity).map(|(value, velocity)| value - velocity * lr);
    (value.collect(), velocity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_by_hand() {
        let rates = DescentRates { lr: 0.5, momentum: 0.25, decay: 0.125 };
        let (value, velocity) = step(&[8.0, -8.0], Some(&[1.0, 2.0]), Some(&[4.0, 0.0]), rates);
        assert_eq!(velocity, [3.0, 1.0]);
        assert_eq!(value, [6.5, -8.5]);
        let (value, velocity) = step(&[8.0], None, None, rates);
        assert_eq!((value, velocity), (vec![7.5], vec![1.0]));
    }
}

//! Stochastic gradient descent as PyTorch has it (`torch.optim.SGD`): weight decay goes into the
//! gradient, momentum is not dampened, the learning rate is applied last.
//!
//! Burn's optimiser computes the same, but its state can be read back only synchronously, which
//! panics in a browser, and is keyed by numbers that differ from run to run: no checkpoint could
//! be made of it.

use std::collections::{BTreeMap, HashMap};

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Device, ExecutionError, Tensor, TensorData};

use crate::model::Network;
use crate::model::weights::{self, HostTensor, Reads, TensorMap};
use crate::ops::{self, DescentRates};

/// The optimiser and its state.
#[derive(Debug, Clone)]
pub struct Sgd {
    momentum: f64,
    weight_decay: f64,
    /// v of each parameter, flattened, on the plain device; empty before the first step and
    /// without momentum.
    velocity: HashMap<ParamId, Tensor<1>>,
}

impl Sgd {
    pub fn new(momentum: f64, weight_decay: f64) -> Self {
        Self { momentum, weight_decay, velocity: HashMap::new() }
    }

    /// One step: g' = g + decay · p, v = momentum · v + g', p = p - lr · v.
    pub fn step(&mut self, lr: f64, network: Network, gradients: GradientsParams) -> Network {
        network.map(&mut Step { sgd: self, gradients, lr })
    }

    /// The velocities by the parameters' PyTorch names, read back from the device.
    ///
    /// # Errors
    /// When the device fails.
    pub async fn export(
        &self,
        network: &Network,
    ) -> Result<BTreeMap<String, HostTensor>, ExecutionError> {
        weights::collect(network, Velocities(self)).await
    }

    /// Takes over exported velocities; names that are not `network`'s are ignored.
    pub fn import(
        &mut self,
        network: &Network,
        velocities: &BTreeMap<String, HostTensor>,
        device: &Device,
    ) {
        self.velocity = weights::ids(network)
            .into_iter()
            .filter_map(|(name, id)| {
                let values = velocities.get(&name)?.values.clone();
                let shape = [values.len()];
                Some((id, Tensor::from_data(TensorData::new(values, shape), device)))
            })
            .collect();
    }
}

struct Step<'a> {
    sgd: &'a mut Sgd,
    gradients: GradientsParams,
    lr: f64,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let id = param.id;
        let gradient = self.gradients.remove::<D>(id);
        param.map(|value| {
            // Running statistics come by as well.
            if !value.is_require_grad() {
                return value;
            }
            let Sgd { momentum, weight_decay, velocity } = &mut *self.sgd;
            let rates = DescentRates { lr: self.lr, momentum: *momentum, decay: *weight_decay };
            // A convolution's bias before batch norm has no gradient, but it decays.
            let (value, moved) = ops::descend(value.inner(), gradient, velocity.remove(&id), rates);
            if *momentum > 0.0 {
                velocity.insert(id, moved);
            }
            Tensor::from_inner(value).require_grad()
        })
    }
}

struct Velocities<'a>(&'a Sgd);

impl TensorMap for Velocities<'_> {
    fn read<const D: usize>(&mut self, id: ParamId, _value: Tensor<D>, reads: &mut Reads) -> bool {
        let velocity = self.0.velocity.get(&id).cloned();
        velocity.map(|velocity| reads.add(velocity)).is_some()
    }
}

//! A network's tensors by their PyTorch names, in and out (DESIGN.md, part 4, "Files").

use std::collections::BTreeMap;
use std::mem::take;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{ExecutionError, Tensor, TensorData, Transaction};

use super::Network;
use crate::experiment::NetworkKind;

/// A tensor outside of any device.
#[derive(Debug, Clone, PartialEq)]
pub struct HostTensor {
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// Why tensors are not those of a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    #[error("{}", t!("the tensor “{name}” is missing", name = .0))]
    Missing(String),
    #[error("{}", t!("the tensor “{name}” has the shape {given}, the network needs {needed}", name, given = format!("{given:?}"), needed = format!("{needed:?}")))]
    Shape { name: String, given: Vec<usize>, needed: Vec<usize> },
    #[error("{}", t!("the tensor “{name}” does not belong to this network", name = .0))]
    Extra(String),
}

/// Reads all weights and batch-norm statistics back from the device.
///
/// # Errors
/// When the device fails.
pub async fn export(network: &Network) -> Result<BTreeMap<String, HostTensor>, ExecutionError> {
    collect(network, Values).await
}

/// Like [`export`], but each tensor as `map` gives it (a gradient, say) for its parameter.
///
/// # Errors
/// When the device fails.
pub async fn collect(
    network: &Network,
    map: impl TensorMap,
) -> Result<BTreeMap<String, HostTensor>, ExecutionError> {
    let mut collector =
        Collector { path: Path::of(network), map, found: Vec::new(), reads: Reads::default() };
    network.visit(&mut collector);
    let Collector { found, reads: Reads(transaction), .. } = collector;
    let data = transaction.execute_async().await?;
    Ok(found
        .into_iter()
        .zip(data)
        .map(|((name, shape), data)| (name, HostTensor { shape, values: data.iter().collect() }))
        .collect())
}

/// What to read for a parameter: [`export`] takes the value itself.
pub trait TensorMap {
    /// Adds a tensor of as many numbers as the parameter has; false if there is none.
    fn read<const D: usize>(&mut self, id: ParamId, value: Tensor<D>, reads: &mut Reads) -> bool;
}

/// Tensors that are read from the device together.
#[derive(Default)]
pub struct Reads(Transaction);

impl Reads {
    pub fn add<const D: usize>(&mut self, tensor: Tensor<D>) {
        self.0 = take(&mut self.0).register(tensor);
    }
}

/// The parameters' own values.
struct Values;

impl TensorMap for Values {
    fn read<const D: usize>(&mut self, _id: ParamId, value: Tensor<D>, reads: &mut Reads) -> bool {
        reads.add(value);
        true
    }
}

/// Puts tensors into a network, in place of its own.
///
/// # Errors
/// When a tensor is missing, misshapen or left over.
pub fn import(
    network: Network,
    tensors: &BTreeMap<String, HostTensor>,
) -> Result<Network, WeightsError> {
    let mut loader = Loader { path: Path::of(&network), tensors, used: 0, error: None };
    let network = network.map(&mut loader);
    if let Some(error) = loader.error {
        return Err(error);
    }
    if tensors.len() > loader.used {
        let ids = ids(&network);
        let extra = tensors.keys().find(|&name| !ids.contains_key(name));
        return Err(WeightsError::Extra(extra.cloned().unwrap_or_default()));
    }
    Ok(network)
}

/// Each parameter by its PyTorch name.
pub fn ids(network: &Network) -> BTreeMap<String, ParamId> {
    let mut names = Names { path: Path::of(network), found: Vec::new() };
    network.visit(&mut names);
    names.found.into_iter().collect()
}

/// Learnable numbers in a network on an autodiff device; running statistics are not among them.
pub fn parameters(network: &Network) -> usize {
    struct Count(usize);
    impl ModuleVisitor for Count {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = param.val();
            if tensor.is_require_grad() {
                self.0 += tensor.shape().num_elements();
            }
        }
    }
    let mut count = Count(0);
    network.visit(&mut count);
    count.0
}

/// The position of a traversal, and its PyTorch name.
struct Path {
    kind: NetworkKind,
    parts: Vec<String>,
}

impl Path {
    fn of(network: &Network) -> Self {
        Self { kind: network.kind(), parts: Vec::new() }
    }

    /// Our fields carry PyTorch's names but where Rust has none such: stages count from 1 and
    /// are called `layer1`, the members of a shortcut are numbered.
    fn pytorch_name(&self) -> String {
        let (shortcut, head) = match self.kind {
            NetworkKind::ConvNet | NetworkKind::ResNet18 => ("shortcut", "linear"),
            NetworkKind::ResNet32 => ("downsample", "fc"),
        };
        // The first part is the kind of network.
        let mut parts = self.parts.iter().skip(1).map(String::as_str);
        let mut name = Vec::new();
        while let Some(part) = parts.next() {
            match part {
                "layers" => {
                    let stage = parts.next().and_then(|stage| stage.parse::<usize>().ok());
                    name.push(format!("layer{}", stage.unwrap_or_default() + 1));
                }
                "projection" => {
                    let member = if parts.next() == Some("conv") { 0 } else { 1 };
                    name.push(format!("{shortcut}.{member}"));
                }
                "head" => name.push(head.to_owned()),
                other => name.push(other.to_owned()),
            }
        }
        name.join(".")
    }
}

struct Collector<M> {
    path: Path,
    map: M,
    found: Vec<(String, Vec<usize>)>,
    reads: Reads,
}

impl<M: TensorMap> ModuleVisitor for Collector<M> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.parts.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.parts.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let shape = value.dims().to_vec();
        if self.map.read(param.id, value, &mut self.reads) {
            self.found.push((self.path.pytorch_name(), shape));
        }
    }
}

struct Names {
    path: Path,
    found: Vec<(String, ParamId)>,
}

impl ModuleVisitor for Names {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.parts.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.parts.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push((self.path.pytorch_name(), param.id));
    }
}

struct Loader<'a> {
    path: Path,
    tensors: &'a BTreeMap<String, HostTensor>,
    used: usize,
    error: Option<WeightsError>,
}

impl ModuleMapper for Loader<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.parts.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.parts.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.pytorch_name();
        let needed = param.val().dims();
        match self.tensors.get(&name) {
            None => self.error.get_or_insert(WeightsError::Missing(name)),
            Some(tensor) if tensor.shape != needed => {
                self.error.get_or_insert(WeightsError::Shape {
                    name,
                    given: tensor.shape.clone(),
                    needed: needed.to_vec(),
                })
            }
            Some(tensor) => {
                self.used += 1;
                let data = TensorData::new(tensor.values.clone(), needed);
                return param.map(|old| {
                    let needs_grad = old.is_require_grad();
                    Tensor::from_data(data, &old.device()).set_require_grad(needs_grad)
                });
            }
        };
        param
    }
}

//! State dicts as `torch.save` writes them (`.pt`, `.pth`), plain or in a training script's
//! checkpoint.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::tensor::{DType, TensorData};
use pytorch_reader::{DType as FileType, PytorchReader, Tensor};

use crate::model::file::ModelFile;
use crate::model::weights::HostTensor;

/// Where training scripts keep the state dict beside other things; kuangliu's under `net`.
const WRAPPERS: [&str; 6] = ["", "state_dict.", "model_state_dict.", "model.", "net.", "network."];
/// Networks that trained on several GPUs carry it before each name.
const PARALLEL: &str = "module.";
/// Tensors by which a state dict of one of our networks is known: its first layer's.
const STEMS: [&str; 2] = ["c1.weight", "conv1.weight"];
/// What `torch.save` begins its archives with.
const ZIP: &[u8] = b"PK\x03\x04";

/// Whether it is PyTorch's to read.
pub fn is_one(path: &Path, bytes: &[u8]) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    ["pt", "pth"].iter().any(|known| extension == *known) || bytes.starts_with(ZIP)
}

/// Reads a state dict.
///
/// # Errors
/// When the file is damaged or holds something else.
pub fn read(path: &Path) -> Result<ModelFile> {
    let tensors = PytorchReader::new(path).context("it is no PyTorch file")?.into_tensors();
    let prefix = prefix(&tensors);
    let mut model =
        ModelFile { description: None, tensors: BTreeMap::new(), counts: BTreeMap::new() };
    for (name, tensor) in &tensors {
        let Some(name) = name.strip_prefix(&prefix) else {
            continue;
        };
        let values = tensor.read().context("it is damaged")?;
        let data = TensorData::from_bytes_vec(values, tensor.shape().to_vec(), dtype(tensor)?);
        if tensor.dtype() == FileType::I64 {
            let count = data.iter::<i64>().next().unwrap_or_default();
            model.counts.insert(name.to_owned(), count);
        } else {
            let (shape, values) = (tensor.shape().to_vec(), data.iter().collect());
            model.tensors.insert(name.to_owned(), HostTensor { shape, values });
        }
    }
    ensure!(!model.tensors.is_empty(), "it holds no weights");
    Ok(model)
}

/// What stands before the names of the network's tensors.
fn prefix(tensors: &HashMap<String, Tensor>) -> String {
    let candidates = WRAPPERS
        .iter()
        .flat_map(|wrapper| ["", PARALLEL].map(|parallel| format!("{wrapper}{parallel}")));
    let has_stem =
        |prefix: &String| STEMS.iter().any(|stem| tensors.contains_key(&format!("{prefix}{stem}")));
    candidates.into_iter().find(has_stem).unwrap_or_default()
}

fn dtype(tensor: &Tensor) -> Result<DType> {
    Ok(match tensor.dtype() {
        FileType::F64 => DType::F64,
        FileType::F32 => DType::F32,
        FileType::F16 => DType::F16,
        FileType::BF16 => DType::BF16,
        FileType::I64 => DType::I64,
        other => {
            anyhow::bail!("the tensor “{}” is of type {other:?}; weights are floats", tensor.name)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that `torch.save` itself wrote: a part of LPIPS (Zhang et al. 2018), in the format
    /// before PyTorch 1.6. Newer ones are imitated in `tests/cli`.
    #[test]
    fn a_file_of_pytorch_itself_is_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lpips/alex.pth");
        let model = read(&path).unwrap();
        let shapes: Vec<_> =
            model.tensors.iter().map(|(name, tensor)| (name.as_str(), &tensor.shape[..])).collect();
        assert_eq!(
            shapes,
            [
                ("lin0.model.1.weight", &[1, 64, 1, 1][..]),
                ("lin1.model.1.weight", &[1, 192, 1, 1]),
                ("lin2.model.1.weight", &[1, 384, 1, 1]),
                ("lin3.model.1.weight", &[1, 256, 1, 1]),
                ("lin4.model.1.weight", &[1, 256, 1, 1]),
            ]
        );
        // Weights of distances: none is negative, and some are zero.
        for tensor in model.tensors.values() {
            assert!(tensor.values.iter().all(|&value| (0.0..10.0).contains(&value)));
            assert!(tensor.values.iter().any(|&value| value > 0.01));
        }
    }
}

//! The tensors of a safetensors file, in and out.

use std::collections::HashMap;

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::file::FileError;
use super::weights::HostTensor;

/// The key of our own entry in the metadata.
const KEY: &str = "proden";

/// A safetensors file, and what it says under [`KEY`].
pub(crate) fn open(bytes: &[u8]) -> Result<(Option<String>, SafeTensors<'_>), FileError> {
    let broken = |error| match error {
        SafeTensorError::MetadataIncompleteBuffer => FileError::CutShort,
        error => FileError::NotSafetensors(error.to_string()),
    };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
    let text = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY)).cloned();
    Ok((text, SafeTensors::deserialize(bytes).map_err(broken)?))
}

/// The bytes of a tensor that must be of a type.
pub(crate) fn bytes_of<'a>(
    name: &str,
    view: &TensorView<'a>,
    needed: Dtype,
) -> Result<&'a [u8], FileError> {
    if view.dtype() == needed {
        return Ok(view.data());
    }
    let needed = match needed {
        Dtype::I64 => "I64",
        Dtype::F64 => "F64",
        Dtype::U8 => "U8",
        _ => "F32, F16 or BF16",
    };
    Err(FileError::WrongType {
        name: name.to_owned(),
        dtype: format!("{:?}", view.dtype()),
        needed,
    })
}

/// The numbers of a tensor, whatever their precision.
pub(crate) fn floats(name: &str, view: &TensorView) -> Result<HostTensor, FileError> {
    let (halves, _) = view.data().as_chunks::<2>();
    let values = match view.dtype() {
        Dtype::F16 => halves.iter().map(|&half| f16::from_le_bytes(half).to_f32()).collect(),
        Dtype::BF16 => halves.iter().map(|&half| bf16::from_le_bytes(half).to_f32()).collect(),
        _ => {
            let (words, _) = bytes_of(name, view, Dtype::F32)?.as_chunks::<4>();
            words.iter().map(|&word| f32::from_le_bytes(word)).collect()
        }
    };
    Ok(HostTensor { shape: view.shape().to_vec(), values })
}

/// Tensors on their way into a file.
#[derive(Default)]
pub(crate) struct Parts(Vec<(String, Dtype, Vec<usize>, Vec<u8>)>);

impl Parts {
    pub fn add(
        &mut self,
        name: impl Into<String>,
        dtype: Dtype,
        shape: Vec<usize>,
        bytes: Vec<u8>,
    ) {
        self.0.push((name.into(), dtype, shape, bytes));
    }

    pub fn add_floats(&mut self, name: impl Into<String>, tensor: &HostTensor) {
        let bytes = tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.add(name, Dtype::F32, tensor.shape.clone(), bytes);
    }

    /// In half the bytes, each number rounded to the nearest that they can hold.
    pub fn add_halves(&mut self, name: String, tensor: &HostTensor) -> Result<(), FileError> {
        let mut bytes = Vec::with_capacity(tensor.values.len() * 2);
        for &value in &tensor.values {
            let half = f16::from_f32(value);
            if value.is_finite() && !half.is_finite() {
                return Err(FileError::TooLargeForHalf(name));
            }
            bytes.extend(half.to_le_bytes());
        }
        self.add(name, Dtype::F16, tensor.shape.clone(), bytes);
        Ok(())
    }

    pub fn to_bytes(&self, description: Option<String>) -> Result<Vec<u8>, FileError> {
        let broken = |error: SafeTensorError| FileError::Inconsistent(error.to_string());
        let views = self.0.iter().map(|(name, dtype, shape, bytes)| {
            Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes)?))
        });
        let views: Vec<_> = views.collect::<Result<_, _>>().map_err(broken)?;
        let metadata = description.map(|text| HashMap::from([(KEY.to_owned(), text)]));
        safetensors::serialize(views, metadata).map_err(broken)
    }
}

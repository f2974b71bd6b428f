//! State dicts as `torch.save` writes them: a zip with a pickle of the structure (protocol 2, as
//! CPython's `Lib/pickletools.py` describes it) and a file for each tensor.

use flate2::Crc;

/// Name, kind of storage, shape, bytes.
pub type Tensor = (String, &'static str, Vec<usize>, Vec<u8>);
pub type Tensors = Vec<Tensor>;

/// A file of tensors, in a dictionary under `wrapper` where one is named, and beside it what
/// training scripts keep there.
pub fn file(tensors: &Tensors, wrapper: Option<&str>, prefix: &str) -> Vec<u8> {
    let mut pickle = b"\x80\x02}(".to_vec();
    if let Some(wrapper) = wrapper {
        text(&mut pickle, "epoch");
        number(&mut pickle, 3);
        text(&mut pickle, wrapper);
        pickle.extend(b"}(");
    }
    for (key, tensor) in tensors.iter().enumerate() {
        text(&mut pickle, &format!("{prefix}{}", tensor.0));
        rebuild(&mut pickle, &key.to_string(), tensor);
    }
    pickle.extend(if wrapper.is_some() { &b"uu."[..] } else { b"u." });
    let mut files =
        vec![("a/data.pkl".to_owned(), pickle), ("a/byteorder".to_owned(), b"little".to_vec())];
    for (key, (.., bytes)) in tensors.iter().enumerate() {
        files.push((format!("a/data/{key}"), bytes.clone()));
    }
    files.push(("a/version".to_owned(), b"3\n".to_vec()));
    zip(&files)
}

/// The upper half of each float.
pub fn as_bfloat16((name, kind, shape, bytes): &Tensor) -> Tensor {
    if *kind != "FloatStorage" {
        return (name.clone(), kind, shape.clone(), bytes.clone());
    }
    let halves = bytes.chunks_exact(4).flat_map(|float| [float[2], float[3]]);
    (name.clone(), "BFloat16Storage", shape.clone(), halves.collect())
}

/// `torch._utils._rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())`.
fn rebuild(pickle: &mut Vec<u8>, key: &str, (_, kind, shape, _): &Tensor) {
    pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
    text(pickle, "storage");
    pickle.extend(format!("ctorch\n{kind}\n").bytes());
    text(pickle, key);
    text(pickle, "cpu");
    number(pickle, shape.iter().product());
    pickle.extend(b"tQ");
    number(pickle, 0);
    let strides = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product());
    for numbers in [shape.clone(), strides.collect()] {
        pickle.push(b'(');
        numbers.into_iter().for_each(|value| number(pickle, value));
        pickle.push(b't');
    }
    pickle.extend(b"\x89ccollections\nOrderedDict\n)RtR");
}

fn text(pickle: &mut Vec<u8>, text: &str) {
    pickle.push(b'X');
    pickle.extend((text.len() as u32).to_le_bytes());
    pickle.extend(text.bytes());
}

fn number(pickle: &mut Vec<u8>, value: usize) {
    pickle.push(b'J');
    pickle.extend((value as u32).to_le_bytes());
}

/// An archive without compression (PKWARE's APPNOTE, 4.3.7, 4.3.12 and 4.3.16).
fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let mut crc = Crc::new();
        crc.update(bytes);
        let size = (bytes.len() as u32).to_le_bytes();
        // Version, flags, method, time and date; sums and sizes; the name's length, no extra.
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        common.extend(crc.sum().to_le_bytes());
        common.extend([size, size].concat());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend((archive.len() as u32).to_le_bytes());
        directory.extend(name.bytes());
        archive.extend(b"PK\x03\x04");
        archive.extend(common);
        archive.extend(name.bytes());
        archive.extend(bytes);
    }
    let (count, start) = ((files.len() as u16).to_le_bytes(), archive.len() as u32);
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].concat());
    archive.extend((directory.len() as u32).to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

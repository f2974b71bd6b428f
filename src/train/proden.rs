//! PRODEN's confidences from epoch to epoch (Lv et al. 2020, "Progressive Identification of True Labels
//! for Partial-Label Learning", ICML). What a batch makes of them is [`crate::ops::partial_loss`].

use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::data::candidates::CandidateSets;
use crate::ops;

/// Candidate sets and confidences of all training images, on the device.
///
/// The sets stay apart from the confidences: deriving them again from "confidence > 0", as the
/// authors' code does, loses a candidate for ever when its confidence underflows.
#[derive(Debug, Clone)]
pub struct Confidences {
    /// 1 in the set, `[images, classes]`.
    candidates: Tensor<2>,
    /// w_ij as of the last epoch, `[images, classes]`.
    stored: Tensor<2>,
    /// New confidences of this epoch's batches, in the order they were drawn.
    renewed: Vec<Tensor<2>>,
}

impl Confidences {
    /// Equal over each candidate set.
    pub fn uniform(sets: &CandidateSets, device: &Device) -> Self {
        let shape = [sets.len(), sets.classes()];
        let members = (0..sets.len()).flat_map(|image| sets.of(image)).map(|&m| f32::from(m));
        let upload = |values: Vec<f32>| Tensor::from_data(TensorData::new(values, shape), device);
        Self {
            candidates: upload(members.collect()),
            stored: upload(sets.uniform_confidences()),
            renewed: Vec::new(),
        }
    }

    /// Candidates and stored confidences of a batch, both `[batch, classes]`.
    pub fn batch(&self, ids: &Tensor<1, Int>) -> (Tensor<2>, Tensor<2>) {
        let rows = |table: &Tensor<2>| ops::rows_at(table.clone(), ids.clone());
        (rows(&self.candidates), rows(&self.stored))
    }

    /// Takes the new confidences of the next batch of the epoch.
    ///
    /// Tables of one size become one, as digits carry: a few are left to join at the epoch's end, however
    /// many steps it has, and no row is copied more often than there are digits.
    pub fn renew(&mut self, batch: Tensor<2>) {
        self.renewed.push(batch);
        while let [.., upper, lower] = &self.renewed[..]
            && upper.dims()[0] <= lower.dims()[0]
        {
            let both = ops::join_rows(upper.clone(), lower.clone());
            self.renewed.truncate(self.renewed.len() - 2);
            self.renewed.push(both);
        }
    }

    /// The confidences with this epoch's in place, once each image was drawn: `[images, classes]`.
    /// `order` is the epoch's.
    ///
    /// Waiting for the epoch's end is the same as storing at once, since no image is drawn
    /// twice; it needs no scatter.
    pub fn at_epoch_end(&self, order: &[usize], device: &Device) -> Tensor<2> {
        let Some(renewed) = self.renewed() else {
            return self.stored();
        };
        let mut position = vec![0_i32; order.len()];
        for (drawn, &image) in order.iter().enumerate() {
            position[image] = drawn as i32;
        }
        let position =
            Tensor::<1, Int>::from_data(TensorData::new(position, [order.len()]), device);
        ops::rows_at(renewed, position)
    }

    /// Stores what [`Self::at_epoch_end`] says.
    pub fn end_epoch(&mut self, order: &[usize], device: &Device) {
        self.stored = self.at_epoch_end(order, device);
        self.renewed.clear();
    }

    /// New confidences of this epoch so far, in the order they were drawn, `[drawn, classes]`;
    /// None where there are none.
    pub fn renewed(&self) -> Option<Tensor<2>> {
        // From the smallest, which are the last.
        let tables = self.renewed.iter().rev().cloned();
        tables.reduce(|lower, upper| ops::join_rows(upper, lower))
    }

    /// The state of an interrupted run: `stored` is `[images, classes]`, `renewed` is
    /// `[drawn, classes]`.
    pub fn restore(&mut self, stored: &[f32], renewed: &[f32], device: &Device) {
        let classes = self.stored.dims()[1];
        let upload = |values: &[f32]| {
            let shape = [values.len() / classes, classes];
            Tensor::from_data(TensorData::new(values.to_vec(), shape), device)
        };
        self.stored = upload(stored);
        self.renewed = if renewed.is_empty() { Vec::new() } else { vec![upload(renewed)] };
    }

    /// w_ij of all images, `[images, classes]`.
    pub fn stored(&self) -> Tensor<2> {
        self.stored.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::{PartialLoss, partial_loss};

    fn values(tensor: Tensor<2>) -> Vec<f32> {
        tensor.into_data().iter().collect()
    }

    /// As a network that trains says them.
    fn training(logits: Tensor<2>) -> Tensor<2> {
        Tensor::from_inner(logits)
    }

    fn tensor<const N: usize>(rows: [[f32; 3]; N]) -> Tensor<2> {
        Tensor::from_data(TensorData::from(rows), &Device::flex())
    }

    #[test]
    fn confidences_are_probabilities_within_the_set() {
        let logits = tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]);
        let candidates = tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]);
        let confidences = tensor([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]);
        let renewed = values(partial_loss(training(logits), confidences, candidates).renewed);
        let e = std::f32::consts::E;
        for (got, want) in renewed.iter().zip([1.0 / (1.0 + e), e / (1.0 + e), 0.0, 0.0, 1.0, 0.0])
        {
            assert!((got - want).abs() < 1e-6, "{renewed:?}");
        }
    }

    #[test]
    fn hopeless_candidates_do_not_become_nan() {
        // Both candidates have a probability of exp(-500), which is 0 in f32.
        let logits = tensor([[500.0, 0.0, 0.0]]);
        let candidates = tensor([[0.0, 1.0, 1.0]]);
        let PartialLoss { per_image, renewed } =
            partial_loss(training(logits), tensor([[0.0, 0.5, 0.5]]), candidates);
        assert_eq!(per_image.into_data().iter::<f32>().collect::<Vec<_>>(), [500.0]);
        assert_eq!(values(renewed), [0.0, 0.5, 0.5]);
    }

    #[test]
    fn an_epoch_stores_each_image_in_its_place() {
        let sets = CandidateSets::from_members(vec![1; 12], 3);
        let device = Device::flex();
        let mut confidences = Confidences::uniform(&sets, &device);
        confidences.renew(tensor([[2.0; 3], [0.0; 3], [3.0; 3]]));
        confidences.renew(tensor([[1.0; 3]]));
        confidences.end_epoch(&[2, 0, 3, 1], &device);
        let stored = values(confidences.stored());
        assert_eq!(stored.chunks(3).map(|row| row[0]).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 3.0]);
    }

    #[test]
    fn tables_stay_few_however_many_steps_there_are() {
        let sets = CandidateSets::from_members(vec![1; 300], 3);
        let device = Device::flex();
        let mut confidences = Confidences::uniform(&sets, &device);
        for image in 0..100 {
            confidences.renew(tensor([[image as f32; 3]]));
            assert!(confidences.renewed.len() <= 7, "{} at {image}", confidences.renewed.len());
        }
        confidences.end_epoch(&(0..100).collect::<Vec<_>>(), &device);
        let stored = values(confidences.stored());
        assert!(stored.chunks(3).enumerate().all(|(image, row)| row == [image as f32; 3]));
    }
}

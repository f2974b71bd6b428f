//! A short run of each network on the CPU, and a checksum over all that it comes to: the same on every
//! machine and in every browser.

use burn::tensor::Device;
use proden::data::images::ImageSet;
use proden::data::synthetic;
use proden::experiment::{Augmentation, Experiment, NetworkKind};
use proden::train::evaluate;
use proden::train::trainer::Trainer;

/// What the checksums are. Who changes the numbers of the CPU on purpose changes these.
const KNOWN: [(NetworkKind, f64, u32); 3] = [
    (NetworkKind::ConvNet, 0.25, 0x6627_7039),
    (NetworkKind::ResNet18, 0.125, 0x26ea_20c3),
    (NetworkKind::ResNet32, 1.0, 0x9c26_2baf),
];
/// Steps of two batches an epoch: the second epoch reads renewed confidences.
const STEPS: usize = 4;

/// Asserts that the networks' runs have the checksums that are known.
pub async fn check() {
    let data = synthetic::draw(40, 20);
    let mut found = KNOWN;
    for (model, width, sum) in &mut found {
        *sum = checksum(*model, *width, &data.train, &data.test).await;
    }
    assert_eq!(found, KNOWN);
}

/// Of losses, weights, velocities, confidences and of the scores of images that were not trained on.
async fn checksum(model: NetworkKind, width: f64, train: &ImageSet, test: &ImageSet) -> u32 {
    let augment = Augmentation::FlipCrop;
    let experiment = Experiment { model, width, augment, batch: 20, ..Experiment::default() };
    let device = Device::flex();
    let mut trainer = Trainer::new(experiment, train.clone(), &device);
    let mut hasher = crc32fast::Hasher::new();
    let mut take = |values: &[f32]| values.iter().for_each(|it| hasher.update(&it.to_le_bytes()));
    for _ in 0..STEPS {
        let loss = trainer.step().loss.into_data_async().await.expect("a loss");
        take(&loss.iter::<f32>().collect::<Vec<_>>());
        if trainer.at_epoch_end() {
            trainer.end_epoch();
        }
    }
    let checkpoint = trainer.checkpoint(&[]).await.expect("a checkpoint");
    let tensors = checkpoint.model.tensors.values().chain(checkpoint.momentum.values());
    tensors.for_each(|tensor| take(&tensor.values));
    take(&checkpoint.stored);
    let network = trainer.network_for_evaluation();
    let ids: Vec<usize> = (0..test.len()).collect();
    let scores = evaluate::scores(&network, &device, trainer.normaliser(), test, &ids).await;
    take(&scores.expect("scores"));
    hasher.finalize()
}

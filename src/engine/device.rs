//! The device to train on: asked for, found, described.

use burn::tensor::{Device, ExecutionError};

#[cfg(all(feature = "engine", target_family = "wasm"))]
use super::adapter::Trouble;
#[cfg(all(feature = "engine", target_family = "wasm"))]
use super::crew::threads;
use crate::experiment::{DeviceChoice, Setting};
use crate::protocol::{DeviceReport, Failure};

/// A device and what is known of it.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Without autodiff.
    pub device: Device,
    pub report: DeviceReport,
}

/// Finds the device that is asked for. Called once a run; the GPU, once taken, is kept.
///
/// # Errors
/// When WebGPU is asked for and not there.
pub async fn choose(choice: DeviceChoice) -> Result<Chosen, Failure> {
    match choice {
        DeviceChoice::Cpu => Ok(cpu(None)),
        DeviceChoice::WebGpu => gpu::take().await,
        DeviceChoice::Auto => gpu::take_if_real().await,
    }
}

/// The device for a network from a file, and what is to be said of it: one photo at a time is no
/// work for a GPU, so it is one only if it was asked for by name.
pub async fn for_classifying(choice: DeviceChoice) -> (Device, Option<String>) {
    if choice != DeviceChoice::WebGpu {
        return (Device::flex(), None);
    }
    match gpu::take().await {
        Ok(Chosen { device, report }) => {
            (device, Some(t!("Photos are classified on {name}.", name = report.name)))
        }
        Err(Failure { fault, .. }) => {
            (Device::flex(), Some(t!("{fault} So the CPU classifies.", fault)))
        }
    }
}

/// What to say of a device that failed in the middle of a run. If it is gone for good this never
/// returns: the engine is dying then (see [`super::worker`]), and has said so.
pub async fn failed(error: &ExecutionError) -> Failure {
    if gpu::is_lost().await {
        return std::future::pending().await;
    }
    Failure::new(
        t!("The device failed while training: {error}", error),
        t!(
            "Start again; if it happens again, choose the device “CPU” or a smaller batch size or width."
        ),
    )
    .about(Setting::Device)
}

/// What to say of a graphics card that can be used no more. Another engine gets a lost one anew, but
/// would fill a full one again.
#[cfg(all(feature = "engine", target_family = "wasm"))]
pub fn gone(trouble: &Trouble) -> Failure {
    match trouble {
        Trouble::Lost(reason) => Failure::new(
            t!("The graphics card was lost ({reason}), and the training engine with it.", reason),
            t!("Start again; if it happens again, choose the device “CPU”."),
        )
        .about(Setting::Device),
        Trouble::OutOfMemory => Failure::new(
            t!("The graphics card has no memory left for this run."),
            t!(
                "Choose a smaller batch size or width, or the device “CPU”; close what else uses the card."
            ),
        )
        .about(Setting::Batch),
    }
}

fn cpu(reason: Option<String>) -> Chosen {
    use crate::protocol::DeviceKind;

    let name = if cfg!(target_feature = "simd128") { t!("CPU with SIMD") } else { t!("CPU") };
    let report = DeviceReport {
        kind: DeviceKind::Cpu,
        name,
        reason,
        limits: vec![(t!("Threads"), threads().to_string())],
    };
    Chosen { device: Device::flex(), report }
}

/// Threads that compute.
#[cfg(not(all(feature = "engine", target_family = "wasm")))]
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A card that does not compute what the CPU does.
#[cfg(feature = "gpu")]
fn wrong(name: &str, deviation: &super::golden::Deviation) -> Failure {
    Failure::new(
        t!("{name} computes wrongly: {deviation}", name, deviation),
        t!("Choose the device “CPU”. An update of the browser or of the graphics driver may help."),
    )
    .about(Setting::Device)
}

#[cfg(not(all(feature = "engine", target_family = "wasm")))]
mod gpu {
    use super::{Chosen, Failure, cpu};
    use crate::experiment::Setting;

    pub async fn take() -> Result<Chosen, Failure> {
        native().await.ok_or_else(|| {
            let fault = t!("This build of proden has no graphics card.");
            let remedy = t!(
                "Build it with --features wgpu or --features cuda, or choose device cpu or auto."
            );
            Failure::new(fault, remedy).about(Setting::Device)
        })?
    }

    /// A build for a graphics card is made on purpose, so `auto` takes it.
    pub async fn take_if_real() -> Result<Chosen, Failure> {
        native().await.unwrap_or_else(|| Ok(cpu(None)))
    }

    /// Natively a lost device is a failed run like any other: whoever started it starts it again.
    pub async fn is_lost() -> bool {
        false
    }

    /// None where the build has none.
    async fn native() -> Option<Result<Chosen, Failure>> {
        #[cfg(feature = "cuda")]
        return Some(gpu("CUDA", burn::tensor::Device::cuda(0)).await);
        #[cfg(all(feature = "wgpu", not(feature = "cuda")))]
        return Some(match burn::tensor::Device::wgpu_options().init_async().await {
            Ok(device) => gpu("Graphics card (wgpu)", device).await,
            Err(error) => Err(Failure::new(
                t!("The graphics card could not be taken: {error}", error),
                t!("Choose device cpu."),
            )
            .about(Setting::Device)),
        });
        #[cfg(not(any(feature = "wgpu", feature = "cuda")))]
        None
    }

    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    async fn gpu(name: &str, device: burn::tensor::Device) -> Result<Chosen, Failure> {
        use crate::engine::golden;
        use crate::protocol::{DeviceKind, DeviceReport};

        golden::check(&device).await.map_err(|deviation| super::wrong(name, &deviation))?;

        let report = DeviceReport {
            kind: DeviceKind::WebGpu,
            name: name.to_owned(),
            reason: None,
            limits: Vec::new(),
        };
        Ok(Chosen { device, report })
    }
}

#[cfg(all(feature = "engine", target_family = "wasm"))]
mod gpu {
    use std::cell::{Cell, RefCell};

    use burn::tensor::Device;

    use super::{Chosen, Failure, cpu, wrong};
    use crate::engine::adapter::{self, Adapter, NoAdapter};
    use crate::engine::golden;
    use crate::experiment::Setting;
    use crate::ops::gpu::tile::suit_software_adapter;
    use crate::protocol::{DeviceKind, DeviceReport};

    thread_local! {
        /// Burn's runtime cannot be set up twice in a worker.
        static TAKEN: RefCell<Option<Device>> = const { RefCell::new(None) };
        /// Whether it computes as the CPU does.
        static IS_CHECKED: Cell<bool> = const { Cell::new(false) };
    }

    pub async fn take() -> Result<Chosen, Failure> {
        let adapter = adapter::find().await.map_err(|missing| {
            Failure::new(
                t!("WebGPU was asked for, but {missing}.", missing),
                t!("Choose the device “Automatic” or “CPU”, or use a recent Chrome, Edge, Firefox or Safari with hardware acceleration switched on."),
            )
            .about(Setting::Device)
        })?;
        let reason = adapter.is_software.then(|| {
            t!("WebGPU runs in software here, without a graphics card: expect it to be slower than the CPU.")
        });
        on(adapter, reason).await
    }

    pub async fn take_if_real() -> Result<Chosen, Failure> {
        match adapter::find().await {
            Ok(adapter) if !adapter.is_software => on(adapter, None).await.or_else(|failure| {
                Ok(cpu(Some(t!(
                    "The graphics card could not be used ({reason}), so the CPU trains.",
                    reason = failure.fault
                ))))
            }),
            Ok(adapter) => Ok(cpu(Some(t!(
                "WebGPU is here only in software ({name}), which is slower than the CPU, so the CPU trains.",
                name = adapter.name
            )))),
            Err(NoAdapter::Unsupported) => {
                Ok(cpu(Some(t!("This browser has no WebGPU, so the CPU trains."))))
            }
            Err(NoAdapter::None) => Ok(cpu(Some(t!(
                "The browser offers no graphics card for WebGPU, so the CPU trains."
            )))),
        }
    }

    pub use adapter::is_lost;

    async fn on(adapter: Adapter, reason: Option<String>) -> Result<Chosen, Failure> {
        let report = DeviceReport {
            kind: DeviceKind::WebGpu,
            name: adapter.name,
            reason,
            limits: adapter.limits,
        };
        let taken = TAKEN.with_borrow(Clone::clone);
        let device = match taken {
            Some(device) => device,
            None => set_up(adapter.is_software).await?,
        };
        // One that has failed is checked, and named, each time.
        if !IS_CHECKED.get() {
            golden::check(&device).await.map_err(|deviation| wrong(&report.name, &deviation))?;
            IS_CHECKED.set(true);
        }
        Ok(Chosen { device, report })
    }

    async fn set_up(is_software: bool) -> Result<Device, Failure> {
        suit_software_adapter(is_software);
        let device = Device::wgpu_options().init_async().await.map_err(|error| {
            Failure::new(
                t!("The graphics card could not be taken: {error}", error),
                t!("Reload the page, or choose the device “CPU”."),
            )
            .about(Setting::Device)
        })?;
        TAKEN.set(Some(device.clone()));
        Ok(device)
    }
}

//! The table of settings: one row a name, from which the form, the link, the config file and
//! the command line's flags are all made. The names are a contract (DESIGN.md, part 4).

use std::fmt;

use super::choices::{Augmentation, CandidateRule, Dataset, DeviceChoice, Method, NetworkKind};

/// The part of the form in which a setting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    Data,
    Labels,
    Network,
    Optimisation,
    Run,
}

impl Group {
    pub const ALL: &'static [Self] =
        &[Self::Data, Self::Labels, Self::Network, Self::Optimisation, Self::Run];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Labels => "Ambiguous labels",
            Self::Network => "Network",
            Self::Optimisation => "Optimisation",
            Self::Run => "Run",
        }
    }
}

/// What values a setting takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// One of `(name, title)`.
    Choice(&'static [(&'static str, &'static str)]),
    /// A real number within the bounds, both included; `step` is a hint for the form.
    Real { min: f64, max: f64, step: f64 },
    /// A whole number within the bounds, both included.
    Whole { min: u64, max: u64 },
    /// Any text that is a URL or a path.
    Url,
    /// 0 or 1.
    Flag,
}

/// A value that a setting does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct SettingError {
    pub setting: Setting,
    /// What is wrong and what would be right.
    pub problem: String,
}

/// The largest seed and count: what a JSON number holds exactly everywhere (2^53 - 1).
pub const MAX_WHOLE: u64 = (1 << 53) - 1;

macro_rules! settings {
    ($($variant:ident = $name:literal, $group:ident, $label:literal, $kind:expr, $help:literal, $source:literal;)+) => {
        /// A setting of an experiment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Setting { $($variant),+ }

        impl Setting {
            /// All settings, in the order of the form and of a link.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in links, config files and flags.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The label in the form.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }

            /// One or two sentences for a newcomer.
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help),+ }
            }

            /// Where it, or its default, is from: a paper, PyTorch, the authors' code, or our own
            /// choice and its reason.
            pub const fn source(self) -> &'static str {
                match self { $(Self::$variant => $source),+ }
            }

            pub const fn group(self) -> Group {
                match self { $(Self::$variant => Group::$group),+ }
            }

            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => $kind),+ }
            }
        }
    };
}

settings! {
    Dataset = "dataset", Data, "Images", Kind::Choice(Dataset::OPTIONS),
        "The built-in shapes need no download. CIFAR-10 and CIFAR-100 are 32×32 photos, from the static host below or from files that you give.",
        "Krizhevsky 2009, “Learning Multiple Layers of Features from Tiny Images”. The shapes are our choice, so that a first run needs no download.";
    Data = "data", Data, "Static host", Kind::Url,
        "Base URL under which cifar-10-batches-bin/ lies. Relative to this page, or another host that allows it (CORS).",
        "Our choice: the layout that the official binary archives unpack to.";
    TrainLimit = "train-limit", Data, "Training images", Kind::Whole { min: 0, max: 1_000_000 },
        "Use only the first N training images. 0 uses all.",
        "Our choice, so that a run on real photos can take minutes.";
    TestLimit = "test-limit", Data, "Test images", Kind::Whole { min: 0, max: 1_000_000 },
        "Use only the first N test images. 0 uses all.",
        "Our choice, as with the training images.";
    Augment = "augment", Data, "Augmentation", Kind::Choice(Augmentation::OPTIONS),
        "Flip and crop shows each image mirrored or shifted by up to 4 pixels, anew in every epoch.",
        "He et al. 2016, “Deep Residual Learning”, section 4.2.";
    Candidates = "candidates", Labels, "Candidate sets", Kind::Choice(CandidateRule::OPTIONS),
        "How wrong labels join the true one in an image’s candidate set. The network never learns which one is true.",
        "Lv et al. 2020, section 5; the authors’ code, -partial_type. Same superclass: Wang et al. 2022, “PiCO”.";
    Rate = "rate", Labels, "Ambiguity q", Kind::Real { min: 0.0, max: 1.0, step: 0.05 },
        "The probability with which each wrong label joins the set. 0 is ordinary supervised data; 0.9 leaves almost no hint.",
        "Lv et al. 2020, section 5 (flipping probability q); the authors’ code, -partial_rate 0.1.";
    Method = "method", Labels, "Method", Kind::Choice(Method::OPTIONS),
        "PRODEN shifts its confidence towards the candidate that the network believes. Average keeps all candidates equal. Supervised is told the truth.",
        "Lv et al. 2020, equation 8. Average is the uniform start that is never left, Supervised the upper bound.";
    Model = "model", Network, "Network", Kind::Choice(NetworkKind::OPTIONS),
        "ConvNet is the network of the PRODEN authors; the ResNets are the usual ones for CIFAR.",
        "ConvNet and ResNet-32: the authors’ code. ResNet-18: kuangliu’s pytorch-cifar, after He et al. 2016.";
    Width = "width", Network, "Width", Kind::Real { min: 0.0625, max: 2.0, step: 0.0625 },
        "Scales the number of channels in every layer. 1 is the published network; 0.125 trains about fifty times faster.",
        "Zagoruyko and Komodakis 2016, “Wide Residual Networks”: the factor k. 0.125 is our choice, for laptops.";
    Epochs = "epochs", Optimisation, "Epochs", Kind::Whole { min: 1, max: 10_000 },
        "How many times each training image is seen.",
        "Our choice: enough for the built-in pictures. The authors’ code trains 500 (-ep).";
    Batch = "batch", Optimisation, "Batch size", Kind::Whole { min: 1, max: 4_096 },
        "Images in one step of gradient descent.",
        "Our choice: 64 fits small graphics cards. The authors’ code takes 256 (-bs).";
    Lr = "lr", Optimisation, "Learning rate", Kind::Real { min: 0.0, max: 10.0, step: 0.01 },
        "Step size of stochastic gradient descent in the first epoch.",
        "torch.optim.SGD, lr; the authors’ code, -lr. 0.05 is our choice for batches of 64.";
    Momentum = "momentum", Optimisation, "Momentum", Kind::Real { min: 0.0, max: 0.9999, step: 0.05 },
        "The share of the last step that is carried into the next one.",
        "torch.optim.SGD, momentum, without dampening; 0.9 in the authors’ code.";
    Wd = "wd", Optimisation, "Weight decay", Kind::Real { min: 0.0, max: 1.0, step: 0.0001 },
        "Pulls the weights towards zero (an L2 penalty, as in PyTorch’s SGD).",
        "torch.optim.SGD, weight_decay; the authors’ code, -wd.";
    DecayStep = "decay-step", Optimisation, "Decay every", Kind::Whole { min: 1, max: 10_000 },
        "After this many epochs the learning rate is multiplied by the decay rate (StepLR).",
        "torch.optim.lr_scheduler.StepLR, step_size; the authors’ code, -decaystep.";
    DecayRate = "decay-rate", Optimisation, "Decay rate", Kind::Real { min: 0.0, max: 1.0, step: 0.05 },
        "The factor by which the learning rate falls.",
        "torch.optim.lr_scheduler.StepLR, gamma; the authors’ code, -decayrate.";
    Seed = "seed", Run, "Seed", Kind::Whole { min: 0, max: MAX_WHOLE },
        "The same seed gives the same candidate sets, weights and order of images: the same run.",
        "Our choice: one seed for all draws, so that a link repeats a run.";
    Device = "device", Run, "Device", Kind::Choice(DeviceChoice::OPTIONS),
        "Automatic takes the graphics card (WebGPU) where there is a real one, else the CPU.",
        "W3C, “WebGPU”. To leave out software adapters is our choice: they are slower than the CPU.";
    Autostart = "autostart", Run, "Start when opened", Kind::Flag,
        "A shared link with this on begins to train as soon as it is opened.",
        "Our choice: off, so that a link never costs a visitor’s battery unasked.";
}

impl Setting {
    /// The setting of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|setting| setting.name() == name)
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_a_help_and_a_source() {
        for &setting in Setting::ALL {
            for text in [setting.help(), setting.source()] {
                assert!(text.ends_with('.') && text.len() > 20, "{setting}: “{text}”");
            }
            let source = setting.source();
            // A paper has a year, PyTorch a path; what is ours gives its reason.
            let kinds = ["20", "torch.optim", "authors’ code", "Our choice", "W3C"];
            assert!(kinds.iter().any(|kind| source.contains(kind)), "{setting}: “{source}”");
            let is_ours = source.starts_with("Our choice.");
            assert!(!is_ours, "{setting} does not say why");
        }
    }
}

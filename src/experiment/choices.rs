//! The settings that are a choice among names. One table each gives the name in links, files
//! and flags, the title on the page, and the order in which the page offers them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A value that is none of a setting's names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", t!("“{given}” is not one of {known}", given, known))]
pub struct UnknownChoice {
    given: String,
    known: String,
}

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $value:literal, $title:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $value)] $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// `(name, title)` in the order of [`Self::ALL`].
            pub const OPTIONS: &'static [(&'static str, &'static str)] = &[$(($value, $title)),+];

            /// The name in links, config files and flags.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $value),+ }
            }

            /// The name that the page shows.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = UnknownChoice;

            fn from_str(given: &str) -> Result<Self, UnknownChoice> {
                match given {
                    $($value => Ok(Self::$variant),)+
                    _ => Err(UnknownChoice { given: given.to_owned(), known: [$($value),+].join(", ") }),
                }
            }
        }
    };
}

choices! {
    /// The images to train on.
    Dataset {
        Synthetic = "synthetic", "Built-in shapes";
        Cifar10 = "cifar10", "CIFAR-10";
        Cifar100 = "cifar100", "CIFAR-100";
    }
}

choices! {
    /// The architecture.
    NetworkKind {
        ConvNet = "convnet", "ConvNet (12 layers)";
        ResNet18 = "resnet18", "ResNet-18";
        ResNet32 = "resnet32", "ResNet-32";
    }
}

choices! {
    /// How the candidate sets are drawn.
    CandidateRule {
        /// Each wrong label enters a set with probability `rate`.
        Uniform = "uniform", "Uniform";
        /// Uniform, with at least one wrong label in each set, as in the authors' code.
        Uniform1 = "uniform1", "Uniform, at least one";
        /// The class after the true one enters with probability `rate`.
        Pair = "pair", "Pair";
        /// Each wrong label of the same CIFAR-100 superclass enters with probability `rate`.
        Superclass = "superclass", "Same superclass";
    }
}

choices! {
    /// What is learned from the candidate sets.
    Method {
        Proden = "proden", "PRODEN";
        /// The confidences stay uniform over the candidates.
        Average = "average", "Average (baseline)";
        /// The true labels, as an upper bound.
        Supervised = "supervised", "Supervised (upper bound)";
    }
}

choices! {
    /// Changes to the training images as they are drawn.
    Augmentation {
        None = "none", "None";
        FlipCrop = "flip-crop", "Flip and crop";
    }
}

choices! {
    /// Where to train.
    DeviceChoice {
        Auto = "auto", "Automatic";
        WebGpu = "webgpu", "WebGPU";
        Cpu = "cpu", "CPU";
    }
}

impl Dataset {
    /// The number of classes.
    pub const fn classes(self) -> usize {
        match self {
            Self::Synthetic | Self::Cifar10 => 10,
            Self::Cifar100 => 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_reads_back_its_own_name() {
        for choice in CandidateRule::ALL {
            assert_eq!(choice.name().parse(), Ok(*choice));
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = "mnist".parse::<Dataset>().unwrap_err().to_string();
        assert_eq!(error, "“mnist” is not one of synthetic, cifar10, cifar100");
    }
}

//! Our operations on the CPU.

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;

use super::shape::{ConvGeometry, ConvShape};
use super::{NetworkOps, composed};

impl NetworkOps for Flex {
    fn conv(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        geometry: ConvGeometry,
    ) -> FloatTensor<Self> {
        composed::conv::<Self>(x, weight, geometry)
    }

    fn conv_input_gradient(
        gradient: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        conv: ConvShape,
    ) -> FloatTensor<Self> {
        composed::conv_input_gradient::<Self>(gradient, weight, conv)
    }

    fn conv_weight_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        conv: ConvShape,
    ) -> FloatTensor<Self> {
        composed::conv_weight_gradient::<Self>(x, gradient, conv)
    }

    fn norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        composed::norm::<Self>(x, gamma, beta, None, slope)
    }

    fn norm_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let output = composed::norm_again::<Self>(x.clone(), statistics.clone());
        let (of_x, _, of_parameters) =
            composed::norm_gradient::<Self>(x, output, gradient, statistics, slope);
        (of_x, of_parameters)
    }

    fn norm_add(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        shortcut: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        composed::norm::<Self>(x, gamma, beta, Some(shortcut), slope)
    }

    fn norm_add_gradient(
        x: FloatTensor<Self>,
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        slope: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        composed::norm_gradient::<Self>(x, output, gradient, statistics, slope)
    }
}

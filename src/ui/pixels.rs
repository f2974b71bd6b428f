//! Small pictures from the engine onto a canvas.

use leptos::prelude::*;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

use super::state::app;
use crate::protocol::ImageSource;

/// Images are 32 by 32 pixels in three planes: u8 `[3, 32, 32]`.
pub const SIDE: usize = 32;
const PLANE: usize = SIDE * SIDE;
pub const IMAGE_BYTES: usize = 3 * PLANE;

/// A canvas with the picture on it. Style sheets scale it.
#[component]
pub fn Picture(
    /// u8 `[3, 32, 32]`
    planes: Vec<u8>,
    /// What it shows, for those who do not see it.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let canvas = NodeRef::<leptos::html::Canvas>::new();
    Effect::new(move || {
        if let Some(canvas) = canvas.get() {
            paint(&canvas, &planes);
        }
    });
    view! {
        <canvas node_ref=canvas class="picture" width=SIDE height=SIDE role="img" aria-label=label></canvas>
    }
}

/// A canvas with the picture of an image of the run, once the engine has sent it. Which image it
/// is may change: the canvas is used again.
#[component]
pub fn Thumbnail(source: ImageSource, #[prop(into)] index: Signal<Option<u32>>) -> impl IntoView {
    let thumbnails = app().scope.thumbnails;
    let canvas = NodeRef::<leptos::html::Canvas>::new();
    let planes = Memo::new(move |_| {
        index.get().and_then(|index| thumbnails.with(|them| them.get(source, index)))
    });
    Effect::new(move || {
        let Some(canvas) = canvas.get() else { return };
        match planes.get() {
            Some(planes) => paint(&canvas, &planes),
            // To set the width wipes it.
            None => canvas.set_width(SIDE as u32),
        }
    });
    view! { <canvas node_ref=canvas class="picture" width=SIDE height=SIDE></canvas> }
}

/// Leaves the canvas blank if the browser or the data do not give a picture.
fn paint(canvas: &HtmlCanvasElement, planes: &[u8]) {
    if planes.len() != IMAGE_BYTES {
        return;
    }
    let mut rgba = Vec::with_capacity(4 * PLANE);
    for pixel in 0..PLANE {
        rgba.extend([planes[pixel], planes[PLANE + pixel], planes[2 * PLANE + pixel], u8::MAX]);
    }
    let context = canvas.get_context("2d").ok().flatten();
    let context = context.and_then(|it| it.dyn_into::<CanvasRenderingContext2d>().ok());
    let image =
        ImageData::new_with_u8_clamped_array_and_sh(Clamped(&rgba), SIDE as u32, SIDE as u32);
    if let (Some(context), Ok(image)) = (context, image) {
        let _ = context.put_image_data(&image, 0.0, 0.0);
    }
}

//! The size of an element, as it changes.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::ResizeObserver;

/// Width and height of an element in pixels, within its borders; 0 until they are known.
pub fn watched_size(frame: NodeRef<leptos::html::Div>) -> RwSignal<(f64, f64)> {
    let size = RwSignal::new((0.0, 0.0));
    let measure = move || {
        if let Some(frame) = frame.get_untracked() {
            size.set((f64::from(frame.client_width()), f64::from(frame.client_height())));
        }
    };
    let on_resize = StoredValue::new_local(Closure::<dyn FnMut()>::new(measure));
    let observer = on_resize
        .with_value(|on_resize| ResizeObserver::new(on_resize.as_ref().unchecked_ref()).ok());
    let observer = StoredValue::new_local(observer);
    Effect::new(move || {
        if let Some(frame) = frame.get() {
            // The observer's first call would come in a task of its own.
            measure();
            observer.with_value(|observer| {
                if let Some(observer) = observer {
                    observer.observe(&frame);
                }
            });
        }
    });
    on_cleanup(move || {
        observer.try_with_value(|observer| {
            if let Some(observer) = observer {
                observer.disconnect();
            }
        });
    });
    size
}
